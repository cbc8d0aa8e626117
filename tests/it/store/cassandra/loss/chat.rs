//! Posts through the engine, by several servers, and what their authors were told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chatctl::model::{Message, RoomId, Seq, User, Window};
use chatctl::store::{Basis, Draft, StoreError};
use tokio::time::{sleep, timeout};

use super::Progress;
use crate::store::{World, draft};

/// Rooms, each written by all servers.
const ROOMS: usize = 3;
/// A page of history.
const PAGE: u32 = 50;

/// The author and the rooms.
#[derive(Clone)]
pub(super) struct Scene {
    author: User,
    rooms: Vec<RoomId>,
}

pub(super) async fn scene(world: &World) -> Scene {
    let author = world.user("ann").await;
    let mut rooms = Vec::new();
    for _ in 0..ROOMS {
        rooms.push(world.private(&[&author]).await.room.id);
    }
    Scene { author, rooms }
}

fn numbered(scene: &Scene, text: &str) -> Draft {
    Draft { client_id: Some(text.to_owned()), ..draft(&scene.author, text) }
}

/// What was acknowledged: the text of each message, by room and seq.
type Acknowledged = BTreeMap<(RoomId, Seq), String>;

/// Posts until told to stop; repeats what failed with the same client id.
pub(super) async fn post(
    world: Arc<World>,
    scene: Scene,
    server: usize,
    progress: Arc<Progress>,
) -> Acknowledged {
    let mut acknowledged = Acknowledged::new();
    for n in 0.. {
        let (room, text) = (scene.rooms[n % ROOMS], format!("{server}-{n}"));
        loop {
            if progress.is_over() {
                return acknowledged;
            }
            match world.store.post(room, Basis::Nobody, numbered(&scene, &text)).await {
                Ok(posted) => {
                    assert_eq!(posted.message.text, text);
                    acknowledged.insert((room, posted.message.seq), text);
                    progress.made();
                    break;
                }
                Err(StoreError::Unavailable | StoreError::Unknown) => {}
                Err(other) => panic!("{text}: {other}"),
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
    acknowledged
}

/// Repeats a read until it succeeds.
async fn read<T>(mut once: impl AsyncFnMut() -> Result<T, StoreError>) -> T {
    let reading = async {
        loop {
            match once().await {
                Ok(read) => return read,
                Err(StoreError::Unavailable) => sleep(Duration::from_millis(200)).await,
                Err(other) => panic!("{other}"),
            }
        }
    };
    timeout(Duration::from_mins(1), reading).await.expect("it can be read")
}

async fn history(world: &World, room: RoomId) -> Vec<Message> {
    let mut all: Vec<Message> = Vec::new();
    loop {
        let after = Window::After(all.last().map_or(Seq(0), |message| message.seq));
        let page = read(async || world.store.messages(room, after, PAGE).await).await;
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

/// Compares what each server shows with what the authors were told.
pub(super) async fn check(worlds: &[Arc<World>], scene: &Scene, told: Vec<Acknowledged>) {
    let told: Acknowledged = told.into_iter().flatten().collect();
    eprintln!("{} posts acknowledged", told.len());
    let mut first: BTreeMap<RoomId, Vec<Message>> = BTreeMap::new();
    for world in worlds {
        for room in &scene.rooms {
            let all = history(world, *room).await;
            let seqs: Vec<i64> = all.iter().map(|message| message.seq.0).collect();
            assert_eq!(seqs, (1..).take(all.len()).collect::<Vec<_>>(), "no gap");
            let mut texts: Vec<&str> = all.iter().map(|message| message.text.as_str()).collect();
            texts.sort_unstable();
            texts.dedup();
            assert_eq!(texts.len(), all.len(), "nothing is there twice");
            let facts = read(async || world.store.room(*room).await).await.unwrap();
            assert_eq!(facts.room.last_seq.0, all.last().unwrap().seq.0);
            assert_eq!(
                *first.entry(*room).or_insert_with(|| all.clone()),
                all,
                "all show the same"
            );
        }
    }
    for ((room, seq), text) in &told {
        let at = usize::try_from(seq.0 - 1).unwrap();
        assert_eq!(first[room].get(at).map(|message| &message.text), Some(text), "at {seq:?}");
    }
    for ((room, seq), text) in told.iter().step_by(told.len() / 20 + 1) {
        let draft = || numbered(scene, text);
        let again = read(async || worlds[0].store.post(*room, Basis::Nobody, draft()).await).await;
        assert_eq!((again.message.seq, again.repeated), (*seq, true));
    }
}
