//! Names of public rooms, and unnamed rooms of the same people: clients of several servers want the
//! same ones at the same time.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::Mutant;
use super::run::{Dice, World, lock, stormy};
use crate::model::{Missing, Role, RoomId, User, Visibility};
use crate::store::cluster::Cluster;
use crate::store::{Basis, NewRoom, RoomChange, RoomQuery, Store, StoreError};

const CLIENTS: u64 = 5;
const DEEDS: u64 = 10;
const NAMES: [&str; 3] = ["Tea", "Coffee", "Water"];

/// Rooms that clients were told of.
type Rooms = Arc<Mutex<Vec<RoomId>>>;

/// Runs a seed; returns how many rooms there were, and the promises that were broken.
pub(super) fn run(seed: u64, mutant: Mutant) -> (usize, Vec<String>) {
    stormy(seed, mutant, |world, users, dice| async move {
        let known = Rooms::default();
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (world, users, known) = (Arc::clone(&world), users.clone(), known.clone());
                let dice = Dice::new(seed * 100 + number + 1);
                tokio::spawn(Client { world, users, known, dice }.work())
            })
            .collect();
        world.blows(dice).await;
        for client in clients {
            client.await.expect("a client");
        }
        world.calm().await;
        let known = lock(&known).clone();
        (known.len(), check(&world.reader().await, known).await)
    })
}

struct Client {
    world: Arc<World>,
    users: Vec<User>,
    known: Rooms,
    dice: Dice,
}

impl Client {
    async fn work(mut self) {
        for _ in 0..DEEDS {
            let server = self.world.pick(&mut self.dice);
            let known = lock(&self.known).clone();
            let deed = self.dice.roll(6);
            let name = (*self.dice.pick(&NAMES)).to_owned();
            let done = async {
                if deed < 2 || known.is_empty() {
                    let new = self.public(name);
                    self.tell(server.add_room(new).await?.value.room.id);
                } else if deed < 4 {
                    let new = self.unnamed(usize::from(deed == 3));
                    self.tell(server.add_room(new).await?.value.room.id);
                } else {
                    let room = *self.dice.pick(&known);
                    let change =
                        if deed == 4 { RoomChange::Rename(Some(name)) } else { RoomChange::Delete };
                    server.change_room(room, Basis::Nobody, None, change).await?;
                }
                Ok::<(), StoreError>(())
            };
            // Whatever it is: only what is stored in the end counts.
            drop(timeout(Duration::from_secs(4), done).await);
            sleep(Duration::from_millis(self.dice.roll(60))).await;
        }
    }

    fn tell(&self, room: RoomId) {
        lock(&self.known).push(room);
    }

    fn public(&self, name: String) -> NewRoom {
        let owner = self.users[0].id;
        NewRoom {
            name: Some(name),
            visibility: Visibility::Public,
            owner,
            participants: vec![(owner, Role::Admin)],
            reuse: false,
        }
    }

    fn unnamed(&self, without: usize) -> NewRoom {
        let people = self.users.iter().skip(without);
        let participants: Vec<_> = people.map(|user| (user.id, Role::Member)).collect();
        NewRoom {
            name: None,
            visibility: Visibility::Private,
            owner: participants[0].0,
            participants,
            reuse: true,
        }
    }
}

async fn check(reader: &Cluster, known: Vec<RoomId>) -> Vec<String> {
    let mut broken = Vec::new();
    let cards = match reader.rooms(RoomQuery::After(None, 10_000)).await {
        Ok(cards) => cards,
        Err(error) => return vec![format!("rooms cannot be listed: {error}")],
    };
    let mut ids: HashSet<RoomId> = cards.iter().map(|card| card.facts.room.id).collect();
    ids.extend(known);
    let (mut names, mut people) = (HashMap::new(), HashMap::new());
    for id in ids {
        let Ok(Some(facts)) = reader.room(id).await else { continue };
        if let (Visibility::Public, Some(name)) = (facts.room.visibility, &facts.room.name)
            && let Some(other) = names.insert(name.clone(), id)
        {
            broken.push(format!("rooms {other} and {id} are both called {name}"));
        }
        if facts.room.name.is_none() {
            let inside: Vec<_> = facts.participants.iter().map(|p| p.user).collect();
            if let Some(other) = people.insert(inside, id) {
                broken.push(format!("rooms {other} and {id} are of the same people"));
            }
        }
    }
    // A name that no room has is free.
    for name in NAMES.iter().filter(|name| !names.contains_key(**name)) {
        let user = crate::model::UserId(1);
        let new = NewRoom {
            name: Some((*name).to_owned()),
            visibility: Visibility::Public,
            owner: user,
            participants: vec![(user, Role::Admin)],
            reuse: false,
        };
        match reader.add_room(new).await {
            Ok(_) | Err(StoreError::NotFound(Missing::User)) => {}
            // Its room was added by a server that died over it: it is listed by now.
            Err(StoreError::Taken(_)) if is_listed(reader, name).await => {}
            Err(error) => broken.push(format!("{name} is free and cannot be taken: {error:?}")),
        }
    }
    broken
}

async fn is_listed(reader: &Cluster, name: &str) -> bool {
    let cards = reader.rooms(RoomQuery::Named(name, 10)).await.unwrap_or_default();
    cards.iter().any(|card| card.facts.room.visibility == Visibility::Public)
}
