//! Jobs under faults: another server goes on with what one has begun.

use std::time::Duration;

use crate::model::{Role, RoomId, User, Visibility};
use crate::store::cluster::Cluster;
use crate::store::cluster::faulty::open;
use crate::store::cluster::tables::memory::{Faults, Memory};
use crate::store::{NewRoom, NewUser, Store, UserChange, UserKey};

const SEEDS: u64 = 10;
const ROOMS: usize = 12;

async fn user(at: &Cluster, login: &str) -> User {
    let new = NewUser {
        login: login.to_owned(),
        folded: login.to_owned(),
        look_alike: login.to_owned(),
        name: login.to_owned(),
        email: None,
        birth: None,
        password: "p".to_owned(),
        md5: None,
        sha1: None,
        admin: false,
        bot: false,
        guest: false,
        identity: None,
    };
    at.add_user(new).await.unwrap()
}

async fn rooms(at: &Cluster, ann: &User, ben: &User) -> Vec<RoomId> {
    let mut rooms = Vec::new();
    for _ in 0..ROOMS {
        let new = NewRoom {
            name: Some("talk".to_owned()),
            visibility: Visibility::Private,
            owner: ann.id,
            participants: vec![(ann.id, Role::Admin), (ben.id, Role::Member)],
            reuse: false,
        };
        rooms.push(at.add_room(new).await.unwrap().value.room.id);
    }
    rooms
}

#[tokio::test(start_paused = true)]
async fn another_server_goes_on_with_a_farewell_and_a_new_name() {
    for seed in 0..SEEDS {
        eprintln!("seed {seed}");
        let memory = Memory::with_faults(Faults::none(seed));
        let ((one, link), (two, _)) = (open(&memory).await, open(&memory).await);
        let (ann, ben) = (user(&one, "ann").await, user(&one, "ben").await);
        let rooms = rooms(&one, &ann, &ben).await;
        memory.set_faults(Faults::often(seed));
        let name = UserChange { name: Some("Benjamin".to_owned()), ..UserChange::default() };
        while two.change_user(ben.id, name.clone()).await.is_err() {}
        // An unknown outcome may be a success: then she is not found again.
        drop(one.remove_user(ann.id).await);
        tokio::time::sleep(Duration::from_millis(20 * seed)).await;
        link.kill();
        while !matches!(two.account(UserKey::Id(ann.id)).await, Ok(None)) {
            drop(two.remove_user(ann.id).await);
        }
        // Longer than a lease.
        tokio::time::sleep(Duration::from_mins(1)).await;
        memory.calm();
        tokio::time::sleep(Duration::from_mins(1)).await;
        for room in rooms {
            let facts = two.room(room).await.unwrap().unwrap();
            let [left] = &facts.participants[..] else { panic!("seed {seed}: {facts:?}") };
            assert_eq!(
                (left.user, left.role, left.name.as_str(), facts.room.owner),
                (ben.id, Role::Admin, "Benjamin", Some(ben.id)),
                "seed {seed}"
            );
        }
    }
}
