//! How servers ask each other: late, sometimes in vain, with views of the others that differ, and of
//! servers that are killed or stand still.

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::time::sleep;

use super::run::{Dice, lock};
use crate::model::RoomId;
use crate::store::cluster::{Cluster, Inner, PeerReply, Peers};

/// Parts of 1,000: views that are wrong, and requests, and answers, that are lost.
const WRONG: u64 = 150;
const LOST: u64 = 100;

/// What was asked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Carried {
    pub(super) asked: usize,
    /// Requests and answers that were lost.
    pub(super) lost: usize,
}

/// The connections between all servers of a run.
#[derive(Clone)]
pub(super) struct Wires(Arc<Mutex<State>>);

struct State {
    /// Every server that was ever started.
    all: Vec<Weak<Inner>>,
    /// How many of them live.
    living: usize,
    dice: Dice,
    calm: bool,
    carried: Carried,
}

/// The connection of a server.
#[derive(Clone)]
pub(super) struct Wire {
    wires: Wires,
    /// Its place among all.
    place: Arc<Mutex<Option<u64>>>,
}

impl Wires {
    pub(super) fn new(seed: u64, living: usize) -> Self {
        let (all, dice) = (Vec::new(), Dice::new(seed ^ 0x77));
        Self(Arc::new(Mutex::new(State {
            all,
            living,
            dice,
            calm: false,
            carried: Carried::default(),
        })))
    }

    /// A connection of a server that starts.
    pub(super) fn wire(&self) -> Wire {
        Wire { wires: self.clone(), place: Arc::default() }
    }

    /// Nothing is lost any more.
    pub(super) fn calm(&self) {
        lock(&self.0).calm = true;
    }

    pub(super) fn carried(&self) -> Carried {
        lock(&self.0).carried
    }
}

impl Wire {
    /// From here on others reach this server.
    pub(super) fn reaches(&self, server: &Cluster) {
        let mut state = lock(&self.wires.0);
        *lock(&self.place) = Some(state.all.len() as u64);
        state.all.push(Arc::downgrade(&server.0));
    }

    /// Takes some time; returns whether something arrives.
    async fn carry(&self) -> bool {
        let (time, arrives) = {
            let mut state = lock(&self.wires.0);
            let time = Duration::from_micros(200 + state.dice.roll(3_000));
            let arrives = state.calm || state.dice.roll(1_000) >= LOST;
            if !arrives {
                state.carried.lost += 1;
            }
            (time, arrives)
        };
        sleep(time).await;
        arrives
    }
}

impl Peers for Wire {
    fn writer(&self, room: RoomId) -> Option<u64> {
        let mut state = lock(&self.wires.0);
        let (all, living) = (state.all.len() as u64, state.living as u64);
        let wrong = !state.calm && state.dice.roll(1_000) < WRONG;
        let chosen = if wrong {
            // Perhaps one that was killed long ago.
            state.dice.roll(all)
        } else {
            // The newest ones live, as far as this server knows.
            let first = all.saturating_sub(living);
            first + room.0.unsigned_abs() % living.min(all)
        };
        Some(chosen).filter(|chosen| Some(*chosen) != *lock(&self.place))
    }

    fn ask(&self, server: u64, request: Vec<u8>) -> PeerReply<'_> {
        Box::pin(async move {
            let asked = {
                let mut state = lock(&self.wires.0);
                state.carried.asked += 1;
                usize::try_from(server).ok().and_then(|place| state.all.get(place)?.upgrade())
            }?;
            let asked = Cluster(asked, None);
            if !self.carry().await {
                return std::future::pending().await;
            }
            // It goes on when nobody waits for it any more.
            let answer = tokio::spawn(async move { asked.forwarded(&request).await }).await;
            if self.carry().await { answer.ok().flatten() } else { std::future::pending().await }
        })
    }

    fn pass_over(&self, _server: u64) {}
}
