//! Sessions and tickets under faults, and under clocks that differ.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{end, end_once, find, issue_ticket, list, start, take_ticket};
use crate::model::{Hash32, RoomId, SessionId, Timestamp, UserId};
use crate::store::cluster::Cluster;
use crate::store::cluster::faulty::open;
use crate::store::cluster::tables::memory::{Faults, Memory};
use crate::store::{
    Ended, NewPassword, NewSession, NewUser, Store, StoreError, Ticket, UserChange,
};

const SEEDS: u64 = 40;
const LIFE: Duration = Duration::from_hours(24);

async fn user(at: &Cluster) -> UserId {
    let new = NewUser {
        login: "ann".to_owned(),
        folded: "ann".to_owned(),
        look_alike: "ann".to_owned(),
        name: "ann".to_owned(),
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
    at.add_user(new).await.unwrap().id
}

fn new(user: UserId, secret: u8, now: Timestamp) -> NewSession {
    let token = Hash32([secret; 32]);
    let (device, life) = (String::new(), LIFE);
    NewSession { user, token, device, address: None, now, life, grant: None, vouched: false }
}

/// Repeats what failed.
async fn done<T, F: Future<Output = Result<T, StoreError>>>(mut act: impl FnMut() -> F) -> T {
    loop {
        match act().await {
            Ok(value) => return value,
            Err(StoreError::Unavailable | StoreError::Unknown) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_end_wins_over_every_use_on_any_server() {
    let mut found_again = 0;
    for seed in 0..SEEDS {
        eprintln!("seed {seed}");
        let memory = Memory::with_faults(Faults::none(seed));
        let (one, two) = (open(&memory).await.0, open(&memory).await.0);
        let ann = user(&one).await;
        memory.set_faults(Faults { writes: 200, ..Faults::often(seed) });
        let began = Timestamp::now();
        let mut sessions: BTreeMap<u8, SessionId> = BTreeMap::new();
        let mut secrets = 0..;
        while sessions.len() < 6
            && let Some(secret) = secrets.next()
        {
            if let Ok(started) = start(&one, new(ann, secret, began)).await {
                sessions.insert(secret, started.id);
            }
        }
        let secrets: Vec<u8> = sessions.keys().copied().collect();
        // One server uses them all the time, an hour ahead; the other one ends some.
        let all = secrets.clone();
        let using = tokio::spawn(async move {
            for minute in 0..60 {
                for secret in &all {
                    let now = began.plus(Duration::from_mins(60 + 6 * minute));
                    drop(find(&two, Hash32([*secret; 32]), now, LIFE).await);
                }
            }
            two
        });
        for secret in secrets.iter().skip(1).step_by(2) {
            done(|| end(&one, ann, Ended::One(sessions[secret]))).await;
        }
        let two = using.await.unwrap();
        memory.calm();
        tokio::time::sleep(Duration::from_secs(5)).await;
        for (n, secret) in secrets.into_iter().enumerate() {
            let (server, now) = ([&one, &two][n % 2], began.plus(Duration::from_hours(6)));
            let found = find(server, Hash32([secret; 32]), now, LIFE).await.unwrap();
            assert_eq!(found.is_some(), n % 2 == 0, "seed {seed}, session {secret}");
            found_again += usize::from(found.is_some_and(|session| session.seen > began));
        }
        // Those whose start was answered: others may have been started too.
        let mut listed = list(&one, ann).await.unwrap();
        listed.retain(|session| sessions.values().any(|id| *id == session.id));
        assert_eq!(listed.len(), 3, "seed {seed}");
    }
    assert!(found_again > 0);
}

#[tokio::test(start_paused = true)]
async fn a_new_password_ends_sessions_even_if_their_rows_cannot_be_written() {
    let memory = Memory::new();
    let (one, two) = (open(&memory).await.0, open(&memory).await.0);
    let ann = user(&one).await;
    let now = Timestamp::now();
    let kept = start(&two, new(ann, 1, now)).await.unwrap();
    start(&two, new(ann, 2, now)).await.unwrap();
    // Every plain write fails; the conditional write of the user is none.
    memory.set_faults(Faults { writes: 1000, ..Faults::none(7) });
    let password =
        NewPassword { password: "new".to_owned(), md5: None, sha1: None, keep: Some(kept.id) };
    let change = UserChange { password: Some(password), ..UserChange::default() };
    one.change_user(ann, change).await.unwrap();
    memory.calm();
    let found = async |secret| find(&two, Hash32([secret; 32]), now, LIFE).await.unwrap();
    assert_eq!(found(1).await.map(|session| session.id), Some(kept.id));
    assert_eq!(found(2).await, None);
    assert_eq!(list(&two, ann).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_is_ended_by_at_most_one_server_under_faults() {
    let mut ended = 0;
    for seed in 0..SEEDS {
        eprintln!("seed {seed}");
        let memory = Memory::with_faults(Faults::none(seed));
        let (one, two) = (open(&memory).await.0, open(&memory).await.0);
        let ann = user(&one).await;
        let session = start(&one, new(ann, 1, Timestamp::now())).await.unwrap().id;
        memory.set_faults(Faults::often(seed));
        let enders: Vec<_> = [one.clone(), two.clone(), one, two]
            .into_iter()
            .map(|server| tokio::spawn(async move { end_once(&server, ann, session).await }))
            .collect();
        let mut winners = 0;
        for ender in enders {
            winners += usize::from(matches!(ender.await.unwrap(), Ok(true)));
        }
        assert!(winners <= 1, "seed {seed}: {winners}");
        ended += winners;
    }
    assert!(ended > 0);
}

#[tokio::test(start_paused = true)]
async fn a_ticket_is_taken_at_most_once_under_faults() {
    let mut taken = 0;
    for seed in 0..SEEDS {
        eprintln!("seed {seed}");
        let memory = Memory::with_faults(Faults::none(seed));
        let (one, two) = (open(&memory).await.0, open(&memory).await.0);
        let ann = user(&one).await;
        let session = start(&one, new(ann, 1, Timestamp::now())).await.unwrap();
        let ticket = Ticket { user: ann, session: session.id, room: RoomId(1) };
        let secret = Hash32([7; 32]);
        issue_ticket(&one, ticket, secret, LIFE).await.unwrap();
        memory.set_faults(Faults::often(seed));
        let takers: Vec<_> = [one.clone(), two.clone(), one, two]
            .into_iter()
            .map(|server| tokio::spawn(async move { take_ticket(&server, secret).await }))
            .collect();
        let mut times = 0;
        for taker in takers {
            times += usize::from(matches!(taker.await.unwrap(), Ok(Some(_))));
        }
        assert!(times <= 1, "seed {seed}");
        taken += times;
    }
    assert!(taken > usize::try_from(SEEDS / 2).unwrap(), "{taken}");
}
