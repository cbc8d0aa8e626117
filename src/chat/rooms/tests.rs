//! Closing live rooms, met at a time that no client can choose.

use super::super::world::{World, enter};
use crate::config::Config;
use crate::live::{Encoder, First};
use crate::model::{Command, Error, LiveState, Outcome, RoomId};

const VOICE: Encoder = Encoder { name: "test", encode: |_| Vec::new(), personal: false };

/// A world whose live rooms close as soon as they are empty.
async fn hasty() -> World {
    let mut config = Config::default();
    config.rooms.idle_timeout_seconds = 0;
    World::new(&config).await
}

/// Waits until the room is closing. Requires that all tasks share this thread.
async fn is_closing(world: &World, room: RoomId) {
    while world.chat.0.hub.state(room) != LiveState::Closing {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_closing_room_refuses_who_names_it_and_comes_up_again_for_who_waits() {
    let world = hasty().await;
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let room = world.room(&ann, &["bob"]).await;

    world.chat.connect_room(&ann, room).await.unwrap();
    is_closing(&world, room).await;
    let refused = world.chat.bring_up(&ann, room, false, First::Nobody).await;
    assert_eq!(refused.err(), Some(Error::RoomClosing));
    assert_eq!(world.chat.0.hub.state(room), LiveState::Closing, "being refused does not wait");

    world.chat.bring_up(&ann, room, true, First::Nobody).await.unwrap();
    assert_eq!(world.chat.0.hub.state(room), LiveState::Idle, "a new live room");

    // A socket of one room is never affected, at any time.
    let mut connection = world.enter(&bob, VOICE, room).await;
    for _ in 0..20 {
        connection.run(Command::Leave { room: Some(room) }).await.unwrap();
        is_closing(&world, room).await;
        let outcome = connection.run(enter(room)).await;
        assert!(matches!(outcome, Ok(Outcome::Entered(_))), "{outcome:?}");
    }
    world.store.close().await;
}
