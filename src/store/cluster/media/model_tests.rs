//! Posts that use a file while the collector of another server removes unused ones, under faults.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::rows::{self, Kept};
use crate::model::{
    Media, MediaId, Message, Missing, Role, RoomId, Timestamp, User, UserId, Visibility, Window,
};
use crate::store::cluster::faulty::open;
use crate::store::cluster::tables::memory::{Faults, Memory};
use crate::store::cluster::{Cluster, ids, rooms};
use crate::store::{Basis, Draft, NewMedia, NewRoom, NewUser, Posted, Store, StoreError};

const SEEDS: u64 = 200;
/// Age at which unused files are removed.
const DAY: Duration = Duration::from_hours(24);
/// Longer than any operation takes that ends.
const PATIENCE: Duration = Duration::from_secs(30);

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

async fn room(at: &Cluster, ann: &User) -> RoomId {
    let new = NewRoom {
        name: Some("talk".to_owned()),
        visibility: Visibility::Private,
        owner: ann.id,
        participants: vec![(ann.id, Role::Admin)],
        reuse: false,
    };
    at.add_room(new).await.unwrap().value.room.id
}

fn name(n: u8) -> String {
    format!("{n:02x}").repeat(64)
}

fn upload(owner: UserId, n: u8) -> NewMedia {
    NewMedia {
        owner,
        name: name(n),
        kind: "png".to_owned(),
        is_image: true,
        size: 9,
        width: Some(3),
        height: Some(4),
        file_name: None,
    }
}

/// A file that was uploaded so long ago.
async fn aged(at: &Cluster, owner: UserId, age: Duration) -> Media {
    let NewMedia { name, kind, is_image, size, width, height, file_name, .. } = upload(owner, 1);
    let id = MediaId(ids::take(at, ids::Kind::Media).await.unwrap());
    let created = Timestamp::now().minus(age);
    let media = Media { id, name, kind, owner, is_image, size, width, height, file_name, created };
    rows::insert(at, &media).await.unwrap();
    media
}

async fn post(
    at: Cluster,
    room: RoomId,
    author: UserId,
    media: MediaId,
) -> Result<Posted, StoreError> {
    let draft = Draft {
        author,
        text: "look".to_owned(),
        client_id: Some("one".to_owned()),
        reply_to: None,
        media: vec![media],
        socket: None,
        mentions: Vec::new(),
    };
    at.post(room, Basis::Nobody, draft).await
}

/// Removes what is unused at this time, whatever fails; returns the names without an owner.
async fn collect(at: Cluster, now: Timestamp) -> Vec<String> {
    for _ in 0..100 {
        if let Ok((names, _)) = at.drop_unused_media(now.minus(DAY), MediaId(0), 500).await {
            return names;
        }
    }
    panic!("nothing works");
}

async fn messages(at: &Cluster, room: RoomId) -> Vec<Message> {
    rooms::bring_up_to_date(at, room).await.unwrap();
    at.messages(room, Window::Latest, 10).await.unwrap()
}

/// Whatever has a message has a file, and nobody removed its bytes.
async fn check(at: &Cluster, room: RoomId, media: &Media, gone: &[String]) -> bool {
    let posted = messages(at, room).await;
    let kept: Option<Kept> = rows::read(at, media.id).await.unwrap();
    if posted.iter().any(|message| message.media.iter().any(|file| file.id == media.id)) {
        assert!(kept.is_some(), "the row of an attached file was removed");
        assert!(gone.is_empty(), "the bytes of an attached file were removed");
        let found = at.media(&media.name, None, media.owner).await.unwrap();
        assert_eq!(found.map(|found| found.id), Some(media.id));
        return true;
    }
    assert!(posted.iter().all(|message| message.media.is_empty()), "{posted:?}");
    false
}

#[tokio::test(start_paused = true)]
async fn a_post_and_the_collector_never_both_win() {
    let mut won = (0, 0);
    for seed in 0..SEEDS {
        eprintln!("seed {seed}");
        let memory = Memory::with_faults(Faults::none(seed));
        let ((one, _), (two, _)) = (open(&memory).await, open(&memory).await);
        let ann = user(&one, "ann").await;
        let room = room(&one, &ann).await;
        let media = aged(&one, ann.id, DAY + Duration::from_hours(1)).await;
        if seed % 2 == 1 {
            memory.set_faults(Faults::often(seed));
        }
        let posting = tokio::spawn(timeout(PATIENCE, post(one.clone(), room, ann.id, media.id)));
        sleep(Duration::from_millis(seed % 20)).await;
        let gone = collect(two.clone(), Timestamp::now()).await;
        let posted = posting.await.unwrap();
        sleep(Duration::from_mins(1)).await;
        memory.calm();
        let there = check(&two, room, &media, &gone).await;
        match posted {
            Ok(Ok(_)) => assert!(there, "an acknowledged message has lost its file"),
            Ok(Err(StoreError::NotFound(missing))) => {
                assert_eq!((missing, there), (Missing::Media, false));
            }
            // It may have happened.
            Ok(Err(_)) | Err(_) => assert!(seed % 2 == 1, "{posted:?}"),
        }
        if there { won.0 += 1 } else { won.1 += 1 }
    }
    assert!(won.0 > 5 && won.1 > 5, "both happen: {won:?}");
}

#[tokio::test(start_paused = true)]
async fn a_file_stays_whose_message_was_committed_by_a_server_that_died() {
    let mut found = 0;
    for seed in 0..SEEDS {
        eprintln!("seed {seed}");
        let memory = Memory::with_faults(Faults::none(seed));
        let ((one, link), (two, _)) = (open(&memory).await, open(&memory).await);
        let ann = user(&one, "ann").await;
        let room = room(&one, &ann).await;
        let media = one.add_media(upload(ann.id, 1)).await.unwrap().value;
        let posting = tokio::spawn(post(one.clone(), room, ann.id, media.id));
        sleep(Duration::from_millis(seed % 80)).await;
        link.kill();
        posting.abort();
        sleep(Duration::from_secs(1)).await;
        // Nobody opens the room for a day.
        let later = Timestamp::now().plus(DAY + Duration::from_hours(1));
        let gone = collect(two.clone(), later).await;
        found += usize::from(check(&two, room, &media, &gone).await);
    }
    assert!(found > 20, "{found} were committed");
}

#[tokio::test(start_paused = true)]
async fn many_used_files_cost_nothing_at_the_next_upload() {
    let memory = Memory::new();
    let (one, _) = open(&memory).await;
    let ann = user(&one, "ann").await;
    let room = room(&one, &ann).await;
    let unused = async || one.unused_media_bytes(ann.id).await.unwrap();
    let media = one.add_media(upload(ann.id, 1)).await.unwrap().value;
    one.add_media(upload(ann.id, 2)).await.unwrap();
    assert_eq!(unused().await, 2 * 4_096);
    post(one.clone(), room, ann.id, media.id).await.unwrap();
    assert_eq!(unused().await, 4_096);
    // Uploaded again: a used file stays used, an unused one counts once.
    for n in [1, 2] {
        one.add_media(upload(ann.id, n)).await.unwrap();
    }
    assert_eq!(unused().await, 4_096);
    let later = Timestamp::now().plus(DAY + Duration::from_hours(1));
    assert_eq!(collect(one.clone(), later).await, [name(2)]);
    assert_eq!(unused().await, 0);
    one.add_media(upload(ann.id, 2)).await.unwrap();
    assert_eq!(unused().await, 4_096);
}

#[tokio::test(start_paused = true)]
async fn one_server_at_a_time_leads() {
    let memory = Memory::new();
    let ((one, _), (two, _)) = (open(&memory).await, open(&memory).await);
    let (work, life) = ("media", Duration::from_mins(5));
    assert!(one.lead(work, life).await.unwrap());
    assert!(!two.lead(work, life).await.unwrap());
    assert!(one.lead(work, life).await.unwrap(), "it goes on");
    assert!(two.lead("other", life).await.unwrap(), "other work");
    sleep(life.saturating_sub(Duration::from_secs(1))).await;
    assert!(!two.lead(work, life).await.unwrap());
    sleep(Duration::from_secs(2)).await;
    assert!(two.lead(work, life).await.unwrap(), "it was not heard of");
    assert!(!one.lead(work, life).await.unwrap());
}
