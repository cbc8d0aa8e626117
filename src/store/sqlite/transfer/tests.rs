//! Exports one database and imports it into another, repeatedly.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::model::{
    MAX_KEPT_ID, Message, MessageId, NewSlashCommand, NotifyLevel, OwnChange, PreferencesChange,
    QuietHours, Reaction, Role, RoomId, Seq, UserId, Visibility, WebhookBot, WebhookSecret, Window,
};
use crate::store::sqlite::{Options, Sqlite};
use crate::store::transfer::{
    Header, ImportedRecord, Key, Kind, LastIds, Reason, Record, Report, Terms, UserRecord,
};
use crate::store::{
    Basis, Draft, MessageChange, NewMedia, NewRoom, NewUser, RoomChange, RoomQuery, RoomSettings,
    Store, UserChange, UserQuery, Whose,
};

fn open(dir: &tempfile::TempDir) -> Sqlite {
    Sqlite::open(&dir.path().join("chat.db"), &Options::default(), tokio::sync::mpsc::channel(1).0)
        .unwrap()
}

fn user(login: &str) -> NewUser {
    NewUser {
        login: login.to_owned(),
        folded: login.to_lowercase(),
        look_alike: login.to_lowercase(),
        name: format!("{login} 🌻"),
        email: Some(format!("{login}@example.org")),
        birth: Some("1999-01-31".to_owned()),
        password: format!("$argon2id${login}"),
        md5: Some("md5".to_owned()),
        sha1: None,
        admin: login == "ann",
        bot: false,
        guest: false,
        identity: None,
    }
}

fn draft(author: UserId, text: &str) -> Draft {
    Draft {
        author,
        text: text.to_owned(),
        client_id: None,
        reply_to: None,
        media: Vec::new(),
        socket: None,
        mentions: Vec::new(),
    }
}

/// Creates one of everything.
#[expect(clippy::too_many_lines, reason = "one of everything that can be stored")]
async fn fill(store: &Sqlite) {
    let (ann, bob, cho) = (
        store.add_user(user("ann")).await.unwrap(),
        store.add_user(user("bob")).await.unwrap(),
        store.add_user(user("초")).await.unwrap(),
    );
    let participants =
        vec![(ann.id, Role::Admin), (bob.id, Role::Member), (cho.id, Role::SubAdmin)];
    let new = NewRoom {
        name: Some("책방".to_owned()),
        visibility: Visibility::Public,
        owner: ann.id,
        participants,
        reuse: false,
    };
    let room = store.add_room(new).await.unwrap().value.room.id;
    let new = NewRoom {
        name: None,
        visibility: Visibility::Private,
        owner: bob.id,
        participants: vec![(bob.id, Role::Member), (cho.id, Role::Member)],
        reuse: true,
    };
    let pair = store.add_room(new).await.unwrap().value.room.id;
    let gone = NewRoom {
        name: None,
        visibility: Visibility::Private,
        owner: bob.id,
        participants: vec![(bob.id, Role::Member)],
        reuse: false,
    };
    let gone = store.add_room(gone).await.unwrap().value.room;
    store.change_room(gone.id, Basis::Nobody, Some(bob.id), RoomChange::Delete).await.unwrap();
    let new = NewMedia {
        owner: ann.id,
        name: "ab".repeat(64),
        kind: "png".to_owned(),
        is_image: true,
        size: 7,
        width: Some(3),
        height: Some(4),
        file_name: Some("그림.png".to_owned()),
    };
    let media = store.add_media(new).await.unwrap().value;
    store
        .change_user(ann.id, UserChange { media: Some(Some(media.id)), ..UserChange::default() })
        .await
        .unwrap();
    let first = Draft {
        mentions: vec![vec!["bob".to_owned()]],
        media: vec![media.id],
        ..draft(ann.id, "@bob 만화책")
    };
    store.post(room, Basis::Nobody, first).await.unwrap();
    store.post(pair, Basis::Nobody, draft(cho.id, "안녕")).await.unwrap();
    let second = Draft {
        reply_to: Some(Seq(1)),
        client_id: Some("c1".to_owned()),
        ..draft(bob.id, "second")
    };
    store.post(room, Basis::Nobody, second).await.unwrap();
    store.post(room, Basis::Nobody, draft(cho.id, "third")).await.unwrap();
    store
        .change_message(
            room,
            Seq(1),
            Basis::Nobody,
            Some(cho.id),
            Whose::Any,
            MessageChange::React(Reaction::parse("👍").unwrap()),
        )
        .await
        .unwrap();
    store
        .change_message(
            room,
            Seq(2),
            Basis::Nobody,
            Some(bob.id),
            Whose::Any,
            MessageChange::Edit { text: "둘".to_owned(), mentions: Vec::new() },
        )
        .await
        .unwrap();
    store
        .change_message(
            room,
            Seq(3),
            Basis::Nobody,
            Some(cho.id),
            Whose::Any,
            MessageChange::Delete,
        )
        .await
        .unwrap();
    store
        .change_room(
            room,
            Basis::Nobody,
            Some(ann.id),
            RoomChange::EditedName(bob.id, "밥".to_owned()),
        )
        .await
        .unwrap();
    store.mark_read(room, bob.id, Seq(2)).await.unwrap();
    store.change_mine(room, bob.id, OwnChange::mute(true)).await.unwrap();
    let own = OwnChange { notify: Some(Some(NotifyLevel::Mentions)), favourite: Some(true) };
    store.change_mine(room, ann.id, own).await.unwrap();
    store.mark_unread(room, bob.id, Seq(2)).await.unwrap();
    store.save_message(room, bob.id, Seq(1), true).await.unwrap();
    let quiet = QuietHours {
        from: "22:00".to_owned(),
        to: "07:00".to_owned(),
        zone: "Asia/Seoul".to_owned(),
    };
    let preferences = PreferencesChange {
        notify: Some(NotifyLevel::Mentions),
        keywords: Some(vec!["책".to_owned()]),
        quiet: Some(Some(quiet)),
        language: Some(Some("ko".to_owned())),
    };
    store.change_preferences(bob.id, preferences).await.unwrap();
    store
        .change_user(cho.id, UserChange { disabled: Some(true), ..UserChange::default() })
        .await
        .unwrap();
    store
        .change_user(
            bob.id,
            UserChange { bot: Some(true), guest: Some(true), ..UserChange::default() },
        )
        .await
        .unwrap();
    let settings = RoomSettings {
        topic: Some(Some("책".to_owned())),
        description: Some(Some("what we read\nand why".to_owned())),
        read_only: Some(true),
        archived: Some(true),
        ..RoomSettings::default()
    };
    store
        .change_room(room, Basis::Nobody, Some(ann.id), RoomChange::Pin(Seq(2), true))
        .await
        .unwrap();
    store.change_room(room, Basis::Nobody, None, RoomChange::Pin(Seq(1), true)).await.unwrap();
    store
        .change_room(room, Basis::Nobody, Some(ann.id), RoomChange::Settings(settings))
        .await
        .unwrap();
    // The marks are set in steps between other commits.
    store.settle().await;
    let emoji = rusqlite::Connection::open(&store.0.path).unwrap();
    emoji
        .execute(
            "INSERT INTO emoji (name, media, created) VALUES ('our_parrot', ?1, 5)",
            [media.id.0],
        )
        .unwrap();
    for (name, rooms) in [("deploy", vec![room]), ("everywhere", Vec::new())] {
        store.add_slash_command(new_command(name, ann.id, rooms)).await.unwrap();
    }
}

fn new_command(name: &str, bot: UserId, rooms: Vec<RoomId>) -> NewSlashCommand {
    NewSlashCommand {
        name: name.to_owned(),
        url: "https://ops.example.org/x".to_owned(),
        secret: WebhookSecret([9; 32]),
        description: "Deploys".to_owned(),
        hint: "[service]".to_owned(),
        rooms,
        creator: "ann".to_owned(),
        bot: WebhookBot { id: bot, login: "ann".to_owned() },
    }
}

async fn export(store: &Sqlite) -> Vec<Record> {
    let store = store.clone();
    let read = move || {
        let mut all = Vec::new();
        let mut sink = |page: Vec<Record>, _| {
            all.extend(page);
            ControlFlow::Continue(())
        };
        Sqlite::export(&store.0.path, "test", &mut sink).unwrap();
        all
    };
    tokio::task::spawn_blocking(read).await.unwrap()
}

fn header(all: &[Record]) -> &Header {
    let Some(Record::Header(header)) = all.first() else { panic!("no header") };
    header
}

async fn import(store: &Sqlite, all: &[Record], batch: usize) -> Report {
    let header = header(all);
    let keep = store.begin_import(&header.source, Some(header.ids)).await.unwrap();
    let terms = Arc::new(Terms {
        source: header.source.clone(),
        native: true,
        keep,
        refuse_look_alikes: true,
    });
    let mut report = Report::default();
    for records in all.chunks(batch) {
        report.add(
            store.import(Arc::clone(&terms), Arc::new(records.to_vec())).await.unwrap().report,
        );
    }
    while store.finish_import(Arc::clone(&terms)).await.unwrap() {}
    report
}

fn without_header(all: &[Record]) -> &[Record] {
    &all[1..]
}

#[tokio::test]
async fn what_goes_out_comes_in_as_it_was() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (a, b) = (open(&from), open(&to));
    fill(&a).await;
    let before = export(&a).await;
    let report = import(&b, &before, 2).await;
    assert!(report.notes.is_empty(), "{report:?}");
    let after = export(&b).await;
    assert_eq!(without_header(&before), without_header(&after));
    assert_eq!(header(&before).ids, header(&after).ids, "ids that are gone are not given again");
    let again = import(&b, &before, 100).await;
    assert!(again.counts.values().all(|count| count.taken == 0), "{again:?}");
    assert_eq!(export(&b).await[1..], after[1..]);
}

#[tokio::test]
async fn an_interrupted_import_goes_on_and_a_later_one_brings_only_what_is_new() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (a, b) = (open(&from), open(&to));
    fill(&a).await;
    let before = export(&a).await;
    let header = header(&before);
    let epoch = b.settings().await.unwrap().epoch;
    let keep = b.begin_import(&header.source, Some(header.ids)).await.unwrap();
    let terms = Arc::new(Terms {
        source: header.source.clone(),
        native: true,
        keep,
        refuse_look_alikes: true,
    });
    let half = before.len() - 3;
    b.import(terms, Arc::new(before[..half].to_vec())).await.unwrap();
    b.close().await;
    let b = open(&to);
    import(&b, &before, 100).await;
    assert_eq!(without_header(&before), without_header(&export(&b).await));
    b.close().await;
    let b = open(&to);
    assert_ne!(b.settings().await.unwrap().epoch, epoch, "who has seen half of it begins anew");
    a.post(RoomId(1), Basis::Nobody, draft(UserId(2), "later")).await.unwrap();
    let report = import(&b, &export(&a).await, 100).await;
    assert_eq!((report.count(Kind::Messages), report.count(Kind::Rooms)), (1, 0));
    let last = b.messages(RoomId(1), Window::Latest, 1).await.unwrap();
    assert_eq!((last[0].seq, last[0].text.as_str()), (Seq(4), "later"));
}

#[tokio::test]
async fn others_who_were_here_before_stay_who_they_are() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (a, b) = (open(&from), open(&to));
    fill(&a).await;
    let here = b.add_user(user("Ann")).await.unwrap();
    let new = NewRoom {
        name: Some("책방".to_owned()),
        visibility: Visibility::Public,
        owner: here.id,
        participants: vec![(here.id, Role::Admin)],
        reuse: false,
    };
    let room = b.add_room(new).await.unwrap().value.room;
    b.post(room.id, Basis::Nobody, draft(here.id, "mine")).await.unwrap();
    let report = import(&b, &export(&a).await, 3).await;
    for reason in
        [Reason::LoginChanged, Reason::EmailLeftOut, Reason::AdminNotTaken, Reason::RoomRenamed]
    {
        assert_eq!(report.notes[&reason].count, 1, "{reason:?} {report:?}");
    }
    let found = b.find_users("ann", false, None, 10).await.unwrap();
    assert_eq!(found.iter().map(|user| user.login.as_str()).collect::<Vec<_>>(), ["Ann", "ann-2"]);
    let cards = b.rooms(RoomQuery::Of { user: found[1].id, participants: 10 }).await.unwrap();
    assert_eq!(cards.len(), 1);
    assert_eq!(cards[0].facts.room.name.as_deref(), Some("책방 (2)"));
    let history = b.messages(cards[0].facts.room.id, Window::Latest, 10).await.unwrap();
    let revs =
        |messages: &[Message]| messages.iter().map(|message| message.rev).collect::<Vec<_>>();
    assert_eq!(
        revs(&history),
        revs(&a.messages(RoomId(1), Window::Latest, 10).await.unwrap()),
        "clients of the room keep their place"
    );
    assert_eq!(
        (history[1].reply_to, history[0].reactions.len(), history[0].media.len()),
        (Some(Seq(1)), 1, 1)
    );
    let thread = b.thread(cards[0].facts.room.id, Seq(1), None, 10).await.unwrap();
    assert_eq!((thread.replies, &thread.messages[..]), (1, &history[1..2]));
    let mine = b.messages(room.id, Window::Latest, 10).await.unwrap();
    assert_eq!(mine.len(), 1);
}

/// An export forged by an attacker: its checksum is right.
#[tokio::test]
async fn numbers_that_no_instance_gives_are_not_kept() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (a, b) = (open(&from), open(&to));
    fill(&a).await;
    let high = MAX_KEPT_ID * 4;
    let mut all = export(&a).await;
    let gone = |key: &mut Key| {
        if key.number() == Some(1) {
            *key = Key::Number(high);
        }
    };
    for record in &mut all {
        match record {
            Record::Header(header) => header.ids = LastIds { users: i64::MAX, rooms: 5, media: -1 },
            Record::Room(room) => gone(&mut room.id),
            Record::Participant(participant) => gone(&mut participant.room),
            Record::Message(message) => {
                gone(&mut message.room);
                message.reply_to = message.reply_to.as_ref().map(|_| Key::Number(i64::MAX));
            }
            _ => {}
        }
    }
    let source = header(&all).source.clone();
    for kind in ["before", "open", "mark", "picture", "keep"] {
        all.push(Record::Imported(ImportedRecord {
            source: source.clone(),
            kind: kind.to_owned(),
            key: "nothing".to_owned(),
            id: i64::MAX,
        }));
    }
    let report = import(&b, &all, 100).await;
    assert!(report.notes.contains_key(&Reason::AnswerWithoutTarget), "{report:?}");
    let after = export(&b).await;
    for record in &after {
        match record {
            Record::Header(header) => {
                assert!(header.ids.users <= MAX_KEPT_ID && header.ids.media >= 0, "{header:?}");
            }
            Record::Room(room) => assert_ne!(room.id, Key::Number(high)),
            Record::Message(message) => {
                let (room, seq) = (message.room.number().unwrap(), message.seq.number().unwrap());
                let id = MessageId { room: RoomId(room), seq: Seq(seq) };
                assert_eq!(MessageId::parse(&id.key()), Some(id), "its number fits");
                assert_eq!(message.reply_to, None);
            }
            _ => {}
        }
    }
    let new = b.add_user(user("new")).await.unwrap();
    assert!(new.id.0 > 0, "ids are still given");
}

#[tokio::test]
async fn many_of_the_same_name_are_numbered_without_gaps() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (a, b) = (open(&from), open(&to));
    fill(&a).await;
    let mut records = export(&a).await;
    let Some(ann) = records.iter().find_map(|record| match record {
        Record::User(user) if user.login == "ann" => Some(user.clone()),
        _ => None,
    }) else {
        panic!("a user")
    };
    records.retain(|record| matches!(record, Record::Header(_)));
    let same = (100..400_i64)
        .map(|id| Record::User(UserRecord { id: Key::Number(id), email: None, ..ann.clone() }));
    records.extend(same);
    import(&b, &records, 50).await;
    let users = b.users(UserQuery::After(None, 1_000)).await.unwrap();
    let mut logins: Vec<String> = users.into_iter().map(|user| user.login).collect();
    logins.sort();
    let mut wanted: Vec<String> = (2..=300).map(|number| format!("ann-{number}")).collect();
    wanted.push("ann".to_owned());
    wanted.sort();
    assert_eq!(logins, wanted);
}

#[tokio::test]
async fn a_slash_command_keeps_to_its_rooms_and_leaves_others_alone() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (a, b) = (open(&from), open(&to));
    fill(&a).await;
    let here = b.add_user(user("dan")).await.unwrap();
    let other = WebhookSecret([1; 32]);
    let other =
        NewSlashCommand { secret: other, ..new_command("everywhere", here.id, vec![RoomId(9)]) };
    b.add_slash_command(other).await.unwrap();
    let all = export(&a).await;
    let report = import(&b, &all, 100).await;
    assert_eq!(report.count(Kind::SlashCommands), 1);
    let shown = format!("{report:?}");
    assert!(shown.contains("/everywhere: there is another one"), "{shown}");
    let found = b.slash_commands().await.unwrap();
    let names: Vec<&str> = found.iter().map(|command| &*command.name).collect();
    assert_eq!(names, ["everywhere", "deploy"]);
    assert_eq!((found[1].rooms.len(), &*found[1].bot.login), (1, "ann"));
}
