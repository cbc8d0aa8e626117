//! Events between servers are read as they were written, also by later releases.

use std::sync::Arc;

use super::*;
use crate::model::{
    AccountFlags, Change, CommandAnswer, DraftPlace, EmojiPicture, Follow, Look, Media, MediaId,
    Message, MessageId, NotifyLevel, OwnSettings, Participant, Personal, Preferences, QuietHours,
    Reaction, ReactionCount, ReadMark, Rev, Role, Room, RoomEvent, RoomFacts, RoomId,
    RoomRetention, Seq, SessionId, SocketId, Status, Timestamp, Unsent, UserId, Visibility, Who,
};

/// What version 1 wrote; a server that cannot read this cannot work beside an older one.
const WRITTEN: &str = include_str!("v1.txt");

fn ann() -> Person {
    Person { id: UserId(1), login: "ann".to_owned(), name: "Ann Lee".to_owned() }
}

fn media() -> Media {
    Media {
        id: MediaId(9),
        name: "ab".repeat(64),
        kind: "png".to_owned(),
        owner: UserId(1),
        is_image: true,
        size: 1 << 33,
        width: Some(640),
        height: None,
        file_name: Some("책.png".to_owned()),
        created: Timestamp(1_752_589_930_245),
    }
}

fn message() -> Message {
    Message {
        room: RoomId(7),
        seq: Seq(12),
        rev: Rev(40),
        author: Who::User(ann()),
        text: "hello 책".to_owned(),
        created: Timestamp(1_752_589_930_245),
        edited: Some(Timestamp(-1)),
        deleted: None,
        reply_to: Some(Seq(11)),
        thread: None,
        client_id: Some("c1".to_owned()),
        reactions: vec![ReactionCount {
            reaction: Reaction::parse("like").unwrap(),
            users: vec!["ann".to_owned(), "bob".to_owned()],
        }],
        media: vec![media()],
    }
}

fn facts() -> RoomFacts {
    RoomFacts {
        room: Room {
            id: RoomId(7),
            name: Some("Lobby".to_owned()),
            topic: None,
            description: Some(String::new()),
            visibility: Visibility::Public,
            archived: Some(Timestamp(5)),
            read_only: true,
            owner: Some(UserId(1)),
            owner_login: "ann".to_owned(),
            created: Timestamp(3),
            last_seq: Seq(12),
            rev: Rev(40),
            facts_rev: Rev(38),
            mode_rev: Rev(2),
            retention: RoomRetention::default(),
            expired: Seq(0),
        },
        participants: vec![participant(Role::Admin), participant(Role::SubAdmin)],
    }
}

fn participant(role: Role) -> Participant {
    Participant {
        user: UserId(1),
        login: "ann".to_owned(),
        name: "Ann Lee".to_owned(),
        media: Some(media()),
        edited_name: "A".to_owned(),
        role,
        since: Rev(38),
        joined: Timestamp(4),
        account: AccountFlags { bot: true, guest: false, disabled: true },
    }
}

fn events() -> Vec<Event> {
    let at = Timestamp(1_752_589_930_245);
    let change = |by, socket, changes| {
        Event::Room(Arc::new(RoomEvent { room: RoomId(7), rev: Rev(41), at, by, socket, changes }))
    };
    let like = || Reaction::parse("like").unwrap();
    let changes = vec![
        Change::Posted(message()),
        Change::Edited(message()),
        Change::Deleted(Message { deleted: Some(at), author: Who::Deleted, ..message() }),
        Change::Reacted { seq: Seq(12), reaction: like() },
        Change::Unreacted { seq: Seq(12), reaction: like() },
        Change::Updated(facts().room),
        Change::ParticipantAdded(participant(Role::Member)),
        Change::ParticipantChanged(participant(Role::Admin)),
        Change::ParticipantRemoved(ann()),
        Change::RoomDeleted,
    ];
    let mut events: Vec<Event> = changes
        .into_iter()
        .map(|what| change(Who::User(ann()), Some(SocketId(1 << 40)), vec![what]))
        .collect();
    events.push(change(Who::Server, None, Vec::new()));
    let (room, person, user) = (RoomId(7), ann(), UserId(1));
    events.extend([
        Event::RoomAdded {
            user,
            facts: Arc::new(facts()),
            state: crate::model::LiveState::Closed,
            at,
        },
        Event::Marked {
            mark: ReadMark { room, user, seq: Seq(12), at, unread: 3 },
            person: person.clone(),
            author: UserId(2),
            participants: 40,
        },
        Event::UserChanged { user },
        Event::SessionEnded { user, sessions: vec![SessionId(4), SessionId(5)] },
        Event::Entered { room, person: person.clone(), socket: SocketId(u64::MAX), at },
        Event::Left { room, person: person.clone(), at },
        Event::Typing { room, person },
        Event::Head { room, rev: Rev(41) },
        Event::Lost { room: None },
    ]);
    events.extend(personal().map(|change| Event::Personal { user: UserId(1), change, at }));
    events.push(look());
    events.extend(threads());
    events.extend(draft_and_statuses());
    events.extend(emoji());
    events.push(late_answer());
    events.extend(retained());
    events
}

// What was added later, in this order.

fn look() -> Event {
    let look = Look {
        name: Some("Pier Nine".to_owned()),
        accent: None,
        motd: Some(String::new()),
        icon: Some("5f3a90c2d1e4b687".to_owned()),
    };
    Event::LookChanged { look: Arc::new(look), at: Timestamp(1_752_589_930_245) }
}

fn draft_and_statuses() -> [Event; 3] {
    let at = Timestamp(1_752_589_930_245);
    let place = DraftPlace { room: RoomId(7), thread: Some(Seq(3)) };
    let draft = Unsent { place, text: "책".to_owned(), reply_to: Some(Seq(12)), at };
    let (emoji, text) = (Some("🍜".to_owned()), "at lunch".to_owned());
    let status = Some(Status { emoji, text, until: Some(at) });
    let rooms = vec![RoomId(7), RoomId(9)];
    [
        Event::Personal { user: UserId(1), change: Personal::Draft(draft, Some(SocketId(4))), at },
        Event::StatusChanged { person: ann(), status, rooms, at },
        Event::StatusChanged { person: ann(), status: None, rooms: Vec::new(), at },
    ]
}

fn told() -> Told {
    let of = [Availability::Online, Availability::Away, Availability::Offline];
    let users = (1..).map(|id| UserId(id * 100)).zip(of).collect();
    Told { version: 300, whole: true, users }
}

fn emoji() -> [Event; 2] {
    let picture = EmojiPicture { file: "ab".repeat(64), id: MediaId(3) };
    [Some(picture), None].map(|picture| Event::Emoji {
        name: "parrot".to_owned(),
        picture,
        at: Timestamp(1_752_589_930_245),
    })
}

fn late_answer() -> Event {
    let (command, text) = ("deploy".to_owned(), "책 done".to_owned());
    let answer = CommandAnswer { room: RoomId(7), command, text };
    let at = Timestamp(1_752_589_930_245);
    Event::Personal { user: UserId(1), change: Personal::Answer(answer), at }
}

fn retained() -> [Event; 2] {
    let at = Timestamp(1_752_589_930_245);
    let mut facts = facts();
    facts.room.retention = RoomRetention { days: Some(90), keep_pinned: Some(false) };
    facts.room.expired = Seq(300);
    let changes = vec![Change::Updated(facts.room.clone())];
    let by = Who::Server;
    let step = RoomEvent { room: RoomId(7), rev: Rev(41), at, by, socket: None, changes };
    let (facts, state) = (Arc::new(facts), crate::model::LiveState::Closed);
    [Event::Room(Arc::new(step)), Event::RoomAdded { user: UserId(1), facts, state, at }]
}

fn threads() -> Vec<Event> {
    let (room, at) = (RoomId(7), Timestamp(1_752_589_930_245));
    let reply = || Message { thread: Some(Seq(9)), ..message() };
    let changes = vec![Change::Posted(reply()), Change::Edited(reply()), Change::Deleted(reply())];
    let by = Who::User(ann());
    let step = RoomEvent { room, rev: Rev(41), at, by, socket: None, changes };
    let first = MessageId { room, seq: Seq(9) };
    let follows = [
        Follow { root: first, following: true, read: Seq(11), unread: Some(Seq(12)) },
        Follow { root: first, following: false, read: Seq(12), unread: None },
    ];
    let told = follows.map(|follow| Event::Personal {
        user: UserId(1),
        change: Personal::Thread(follow),
        at,
    });
    [Event::Room(Arc::new(step))].into_iter().chain(told).collect()
}

fn personal() -> [Personal; 6] {
    let (room, user, at) = (RoomId(7), UserId(1), Timestamp(1_752_589_930_245));
    let quiet = QuietHours {
        from: "22:00".to_owned(),
        to: "07:00".to_owned(),
        zone: "Asia/Seoul".to_owned(),
    };
    let preferences = Preferences {
        notify: NotifyLevel::Nothing,
        keywords: vec!["책".to_owned()],
        quiet: Some(quiet),
        language: None,
    };
    let own = OwnSettings { notify: Some(NotifyLevel::Mentions), favourite: true };
    let mark = ReadMark { room, user, seq: Seq(12), at, unread: 3 };
    [
        Personal::Room(room, own),
        Personal::Room(room, OwnSettings::default()),
        Personal::Preferences(preferences),
        Personal::Preferences(Preferences::default()),
        Personal::Saved(MessageId { room, seq: Seq(12) }, true),
        Personal::Mark(mark, "ann".to_owned()),
    ]
}

#[test]
fn every_event_is_read_as_it_was_written() {
    for (count, sent) in (1..).zip(events()) {
        let bytes = event(u64::MAX, count, &sent).unwrap();
        let received = read(&bytes).unwrap();
        assert_eq!((received.server, received.count), (u64::MAX, count));
        let Said::Event(heard) = received.said else { panic!("{received:?}") };
        assert_eq!(format!("{heard:?}"), format!("{sent:?}"));
    }
    assert!(matches!(read(&beat(3)).unwrap().said, Said::Beat));
    assert!(matches!(read(&repeat(3, 70)).unwrap().said, Said::Repeat(70)));
    let Said::Ask(3, request) = read(&ask(1, 3, vec![1, 2])).unwrap().said else { panic!() };
    let Said::Answer(4, given) = read(&answer(1, 4, vec![5])).unwrap().said else { panic!() };
    assert_eq!((request, given), (vec![1, 2], vec![5]));
    assert!(matches!(read(&leaving(3)).unwrap().said, Said::Leaving));
    let Said::Available(heard) = read(&available(3, &told())).unwrap().said else { panic!() };
    assert_eq!(heard, told());
    assert!(matches!(read(&ask_available(3)).unwrap().said, Said::AskAvailable));
    assert_eq!(read_person(&person(&ann())), Some(ann()));
}

#[test]
fn the_bytes_of_version_1_stay_readable() {
    let mut written: Vec<Vec<u8>> =
        (1..).zip(events()).map(|(count, sent)| event(77, count, &sent).unwrap()).collect();
    written.extend([beat(77), repeat(77, 70), person(&ann())]);
    written.extend([ask(77, 300, vec![1, 2, 255]), answer(77, 300, vec![0]), leaving(77)]);
    written.extend([available(77, &told()), ask_available(77)]);
    let new: Vec<String> = written.iter().map(hex::encode).collect();
    let known: Vec<&str> = WRITTEN.lines().collect();
    assert!(new == known, "now written:\n{}", new.join("\n"));
}

#[test]
fn preferences_with_a_language_are_a_variant_of_their_own() {
    let new = Preferences { language: Some("ko".to_owned()), ..Preferences::default() };
    let change = Personal::Preferences(new);
    let sent = Event::Personal { user: UserId(1), change, at: Timestamp(1) };
    let bytes = event(77, 1, &sent).unwrap();
    assert!(hex::encode(&bytes).ends_with("07000000026b6f02"), "{}", hex::encode(&bytes));
    let Said::Event(heard) = read(&bytes).unwrap().said else { panic!() };
    assert_eq!(format!("{heard:?}"), format!("{sent:?}"));
}

#[test]
fn other_versions_and_damaged_messages_are_not_read() {
    let good = event(1, 1, &Event::UserChanged { user: UserId(1) }).unwrap();
    assert!(read(&good).is_some());
    let mut newer = good.clone();
    newer[0] = VERSION + 1;
    let mut longer = good.clone();
    longer.push(0);
    for bytes in [&newer[..], &longer, &good[..good.len() - 1], &[], &[VERSION]] {
        assert!(read(bytes).is_none(), "{bytes:?}");
    }
}
