//! Tests of what is stored.

use super::super::forwarded::{ForwardedAnswer, ForwardedAnswers, ForwardedPost, ForwardedPosts};
use super::super::logged::{Step, StoredChange, StoredCommit, StoredWho};
use super::super::orders::Order;
use super::*;
use crate::model::{Missing, SocketId};
use crate::store::{Basis, Draft, Posted};

fn media() -> StoredMedia {
    Media {
        id: MediaId(9),
        name: "ab".to_owned(),
        kind: "png".to_owned(),
        owner: UserId(3),
        is_image: true,
        size: 77,
        width: Some(4),
        height: None,
        file_name: Some("a.png".to_owned()),
        created: Timestamp(5),
    }
    .into()
}

fn message() -> StoredMessage {
    StoredMessage {
        author: 3,
        text: "hello 世界".to_owned(),
        created: 1000,
        edited: Some(2000),
        deleted: None,
        reply_to: Some(1),
        client_id: Some("c1".to_owned()),
        media: vec![media()],
        mentions: vec![4, 5],
        logged: vec![1, 7],
    }
}

fn participant() -> StoredParticipant {
    StoredParticipant {
        login: "ann".to_owned(),
        role: 2,
        edited_name: "Annie".to_owned(),
        since: 3,
        joined: 4,
    }
}

fn room() -> StoredRoom {
    StoredRoom {
        name: Some("tea".to_owned()),
        topic: None,
        description: Some("leaves".to_owned()),
        public: true,
        archived: Some(6),
        read_only: true,
        owner: Some(3),
        created: 1,
        facts_rev: 5,
        mode_rev: 4,
        users: 2,
    }
}

fn pin() -> StoredPin {
    StoredPin { by: Some(3), at: 9 }
}

fn same<T: Stored + PartialEq + std::fmt::Debug>(value: &T) {
    assert_eq!(T::decode(&value.encode().unwrap()).unwrap(), *value);
}

#[test]
fn everything_is_read_as_it_was_stored() {
    same(&message());
    same(&participant());
    same(&room());
    same(&pin());
    same(&StoredLast { seq: 1, rev: 2, message: message() });
    let steps = vec![
        Step::Posted { seq: 1, message: message() },
        Step::Edited { seq: 1, message: message() },
        Step::Deleted { seq: 1, message: message(), media: vec![9], pinned: true },
        Step::Reacted { seq: 1, user: 3, reaction: "like".to_owned() },
        Step::Unreacted { seq: 1, user: 3, reaction: "like".to_owned() },
        Step::Updated { owner: None },
        Step::Pinned { seq: 1, pin: pin() },
        Step::Unpinned { seq: 1 },
        Step::ParticipantAdded { user: 3, entered: 8, participant: participant() },
        Step::ParticipantChanged { user: 3, participant: participant() },
        Step::ParticipantRemoved { user: 3, login: "ann".to_owned(), name: "Ann".to_owned() },
        Step::RoomDeleted,
    ];
    let by = StoredWho::User { id: 3, login: "ann".to_owned(), name: "Ann".to_owned() };
    let change = |by| StoredChange { rev: 7, at: 8, by, steps: steps.clone(), room: Some(room()) };
    let changes = vec![change(by), change(StoredWho::Deleted), change(StoredWho::Server)];
    same(&StoredCommit { token: u64::MAX, changes });
}

/// Bytes that a released server may have stored must stay readable.
#[test]
fn stored_bytes_of_this_version_are_still_read() {
    let bytes = hex::decode(STORED_PIN).unwrap();
    assert_eq!(StoredPin::decode(&bytes).unwrap(), pin());
    let by = StoredWho::User { id: 3, login: "ann".to_owned(), name: "Ann".to_owned() };
    let posted = Step::Posted { seq: 1, message: message() };
    let (of_ann, of_server) = (vec![posted], vec![Step::RoomDeleted]);
    let changes = vec![
        StoredChange { rev: 1, at: 8, by, steps: of_ann, room: None },
        StoredChange { rev: 2, at: 9, by: StoredWho::Server, steps: of_server, room: Some(room()) },
    ];
    let commit = StoredCommit { token: 1, changes };
    assert_eq!(hex::encode(commit.encode().unwrap()), STORED_COMMIT);
    assert_eq!(StoredCommit::decode(&hex::decode(STORED_COMMIT).unwrap()).unwrap(), commit);
}

const STORED_PIN: &str = "01010612";
const STORED_COMMIT: &str = concat!(
    "0101020210000603616e6e03416e6e010002060c68656c6c6f20e4b896e7958cd00f01a01f00",
    "010201026331011202616203706e6706014d0104000105612e706e670a02080a02020e000412",
    "02010b0101037465610001066c656176657301010c010106020a0802",
);

/// Servers of two releases work together: what one forwards, another one reads.
#[test]
fn forwarded_posts_and_their_answers_stay_readable() {
    let draft = Draft {
        author: UserId(3),
        text: "hello".to_owned(),
        client_id: Some("c1".to_owned()),
        reply_to: Some(Seq(2)),
        media: vec![MediaId(9)],
        socket: Some(SocketId(7)),
        mentions: vec![vec!["ann".to_owned()]],
    };
    let bases =
        [Basis::Member { user: UserId(3), since: Rev(4) }, Basis::Facts(Rev(5)), Basis::Nobody];
    let posts = bases.map(|basis| ForwardedPost::of(basis, &draft)).to_vec();
    let sent = ForwardedPosts { room: 1, posts };
    let person = Person { id: UserId(3), login: "ann".to_owned(), name: "Ann".to_owned() };
    let mut posted = message().message(RoomId(1), Seq(2), Rev(7), Who::User(person));
    (posted.edited, posted.reply_to, posted.text) = (None, Some(Seq(2)), "hello".to_owned());
    let missing = |what| Err(StoreError::NotFound(what));
    let answers = [
        Ok(Posted { message: posted.clone(), repeated: false }),
        Ok(Posted { message: posted.clone(), repeated: true }),
        Err(StoreError::Stale),
        missing(Missing::Participant),
        missing(Missing::Message),
        missing(Missing::Media),
        Err(StoreError::Unknown),
    ];
    let answers = ForwardedAnswers { answers: answers.map(ForwardedAnswer::of).to_vec() };
    let both = (sent.encode().unwrap(), answers.encode().unwrap());
    assert_eq!(
        (hex::encode(&both.0).as_str(), hex::encode(&both.1).as_str()),
        (FORWARDED, ANSWERS)
    );
    assert_eq!(ForwardedPosts::decode(&both.0).unwrap(), sent);
    let Order::Post { basis, draft: read } = sent.posts[0].clone().order() else { panic!() };
    assert_eq!((basis, format!("{read:?}")), (bases[0], format!("{draft:?}")));
    let ForwardedAnswer::Posted(of) = answers.answers[0].clone() else { panic!("{answers:?}") };
    assert_eq!(of.message(RoomId(1), &draft), posted, "whoever forwards it shows the same message");
}

const FORWARDED: &str = concat!(
    "010203000608060568656c6c6f01026331010401120107010103616e6e010a060568656c6c6f0102",
    "6331010401120107010103616e6e02060568656c6c6f01026331010401120107010103616e6e",
);
const ANSWERS: &str = concat!(
    "010700040ed00f03616e6e03416e6e011202616203706e6706014d0104000105612e706e670a0104",
    "0203040506",
);

#[test]
fn models_come_back() {
    let message = message().message(RoomId(1), Seq(2), Rev(7), Who::Deleted);
    assert_eq!((message.seq, message.rev, message.reply_to), (Seq(2), Rev(7), Some(Seq(1))));
    assert_eq!(StoredMedia::from(message.media[0].clone()), media());
    for role in [Role::Member, Role::SubAdmin, Role::Admin] {
        assert_eq!(role_from(role_to(role)), role);
    }
    let there = participant().participant(UserId(3), None);
    assert_eq!(StoredParticipant::of(&there), participant());
    assert!(there.account.disabled, "a deleted user counts for nothing");
    let stored = room();
    let account = User {
        id: UserId(3),
        login: "ann".to_owned(),
        name: "Ann".to_owned(),
        email: None,
        birth: None,
        media: None,
        status: None,
        admin: false,
        disabled: false,
        bot: false,
        guest: false,
        second_factor: false,
        created: Timestamp(1),
    };
    let kept = StoredRetention { days: Some(90), keep_pinned: Some(false), expired: 300 };
    let room = stored.room(RoomId(1), (Rev(8), Seq(2)), kept, Some(&account));
    assert_eq!(StoredRoom::of(&room, 2), stored);
    assert_eq!(StoredRetention::of(&room), kept);
    assert_eq!(stored.room(RoomId(1), (Rev(8), Seq(2)), kept, None).owner, None);
    assert_eq!(named(&account, "").name, "Ann");
}

#[test]
fn buckets_begin_with_their_first_number() {
    for (rev, bucket) in [(1, 0), (500, 0), (501, 1), (1000, 1), (1001, 2)] {
        assert_eq!(bucket_of_rev(Rev(rev)), bucket, "{rev}");
    }
    assert_eq!(last_rev_of(0), Rev(500));
    for (seq, bucket) in [(1, 0), (1000, 0), (1001, 1)] {
        assert_eq!(bucket_of_seq(Seq(seq)), bucket, "{seq}");
    }
    assert!(entered(Rev(2), 0) > entered(Rev(1), usize::MAX));
    assert!(entered(Rev(2), 1) > entered(Rev(2), 0));
}

#[test]
fn mentions_are_found_in_their_column() {
    let column = message().mentions_column();
    assert!(mentions(&column, UserId(4)) && mentions(&column, UserId(5)));
    assert!(!mentions(&column, UserId(3)) && !mentions(&[], UserId(3)));
}
