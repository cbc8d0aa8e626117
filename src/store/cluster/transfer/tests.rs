//! Exports of one engine are loaded into the other one, and nothing is lost on the way.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use crate::model::rules::EVERYONE;
use crate::model::{
    Identity, MAX_EMOJI, Message, NewEmoji, NewSlashCommand, NotifyLevel, OwnChange,
    PreferencesChange, Role, RoomFacts, RoomId, Seq, UserId, Visibility, WebhookBot, WebhookSecret,
    Window, fold,
};
use crate::store::cluster::Cluster;
use crate::store::cluster::faulty::open;
use crate::store::cluster::tables::memory::Memory;
use crate::store::engine::{Embedded, Options};
use crate::store::transfer::{
    EmojiRecord, Header, Key, Kind, LastIds, Reason, Record, Report, Terms,
};
use crate::store::{
    Basis, Draft, MessageChange, NewMedia, NewRoom, NewUser, RoomChange, RoomQuery, RoomSettings,
    Store, UserChange, UserKey, UserQuery, Whose,
};

fn new_user(login: &str) -> NewUser {
    NewUser {
        login: login.to_owned(),
        folded: fold(login),
        look_alike: crate::model::skeleton(&fold(login)),
        name: format!("{login} 🌻"),
        email: Some(format!("{login}@example.org")),
        birth: Some("1999-01-31".to_owned()),
        password: format!("$argon2id${login}"),
        md5: Some("md5".to_owned()),
        sha1: None,
        admin: login == "Ann",
        bot: false,
        guest: false,
        identity: Some(Identity::oidc("https://id.example.org", login)),
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

/// Adds one of everything that an export has.
#[expect(clippy::too_many_lines, reason = "a list of everything")]
async fn fill(store: &dyn Store) {
    let mut users = Vec::new();
    for login in ["Ann", "bob", "Чо", "gone"] {
        users.push(store.add_user(new_user(login)).await.unwrap().id);
    }
    let [ann, bob, cho, gone] = users[..] else { unreachable!() };
    let file = |owner, name: &str, kind: &str| NewMedia {
        owner,
        name: name.repeat(64),
        kind: kind.to_owned(),
        is_image: kind == "png",
        size: 9,
        width: Some(3),
        height: None,
        file_name: Some("책.png".to_owned()),
    };
    let picture = store.add_media(file(ann, "ab", "png")).await.unwrap().value.id;
    let paper = store.add_media(file(ann, "cd", "pdf")).await.unwrap().value.id;
    store.add_media(file(gone, "ef", "pdf")).await.unwrap();
    store.add_emoji(ann, NewEmoji { name: "our_parrot".to_owned(), media: picture }).await.unwrap();
    let change = UserChange { media: Some(Some(picture)), ..UserChange::default() };
    store.change_user(ann, change).await.unwrap();
    let flags = UserChange { bot: Some(true), disabled: Some(true), ..UserChange::default() };
    store.change_user(cho, flags).await.unwrap();
    let everybody = vec![(ann, Role::Admin), (bob, Role::SubAdmin), (gone, Role::Member)];
    let new = |name: Option<&str>, visibility, participants: Vec<(UserId, Role)>| NewRoom {
        name: name.map(str::to_owned),
        visibility,
        owner: participants[0].0,
        participants,
        reuse: name.is_none(),
    };
    let hall = new(Some("책방"), Visibility::Public, everybody);
    let hall = store.add_room(hall).await.unwrap().value.room.id;
    let pair = new(None, Visibility::Private, vec![(bob, Role::Member), (ann, Role::Member)]);
    let pair = store.add_room(pair).await.unwrap().value.room.id;
    let lost = new(Some("lost"), Visibility::Private, vec![(bob, Role::Admin)]);
    let lost = store.add_room(lost).await.unwrap().value.room.id;
    let by = |change| store.change_room(hall, Basis::Nobody, Some(ann), change);
    by(RoomChange::Settings(RoomSettings {
        topic: Some(Some("Books".to_owned())),
        ..RoomSettings::default()
    }))
    .await
    .unwrap();
    by(RoomChange::Add(cho, Role::Member)).await.unwrap();
    by(RoomChange::EditedName(bob, "Bobby".to_owned())).await.unwrap();
    let post = |room, draft| store.post(room, Basis::Nobody, draft);
    let first = Draft {
        client_id: Some("c1".to_owned()),
        media: vec![paper],
        mentions: vec![vec!["bob".to_owned()]],
        ..draft(ann, "hello @bob")
    };
    post(hall, first).await.unwrap();
    post(hall, Draft { reply_to: Some(Seq(1)), ..draft(bob, "hi") }).await.unwrap();
    post(hall, draft(gone, "I am off")).await.unwrap();
    post(hall, draft(bob, "oops")).await.unwrap();
    let to_all = vec![vec![EVERYONE.to_owned()]];
    post(pair, Draft { mentions: to_all, ..draft(bob, "just us") }).await.unwrap();
    let change = |seq, by, change| {
        store.change_message(hall, Seq(seq), Basis::Nobody, Some(by), Whose::Any, change)
    };
    let react = |text: &str| MessageChange::React(crate::model::Reaction::stored(text.to_owned()));
    let edit = MessageChange::Edit { text: "hi!".to_owned(), mentions: Vec::new() };
    change(2, bob, edit).await.unwrap();
    change(1, bob, react("like")).await.unwrap();
    change(1, cho, react("👍")).await.unwrap();
    change(4, bob, MessageChange::Delete).await.unwrap();
    by(RoomChange::Pin(Seq(2), true)).await.unwrap();
    store.mark_read(hall, ann, Seq(2)).await.unwrap();
    store.change_mine(hall, bob, OwnChange::mute(true)).await.unwrap();
    let own = OwnChange { notify: Some(Some(NotifyLevel::Mentions)), favourite: Some(true) };
    store.change_mine(hall, ann, own).await.unwrap();
    store.mark_unread(hall, ann, Seq(2)).await.unwrap();
    store.save_message(hall, cho, Seq(2), true).await.unwrap();
    let keywords = Some(vec!["책".to_owned()]);
    let preferences = PreferencesChange { keywords, ..PreferencesChange::default() };
    store.change_preferences(bob, preferences).await.unwrap();
    for (name, rooms) in [("deploy", vec![hall]), ("everywhere", Vec::new())] {
        let bot = WebhookBot { id: cho, login: "Чо".to_owned() };
        let (description, hint) = ("Deploys".to_owned(), "[service]".to_owned());
        let (url, secret) = ("https://ops.example.org/x".to_owned(), WebhookSecret([9; 32]));
        let (name, creator) = (name.to_owned(), "Ann".to_owned());
        let new = NewSlashCommand { name, url, secret, description, hint, rooms, creator, bot };
        store.add_slash_command(new).await.unwrap();
    }
    store.change_room(lost, Basis::Nobody, Some(bob), RoomChange::Delete).await.unwrap();
    store.remove_user(gone).await.unwrap();
    // The job of the deleted user is done when the room has told it.
    while store.room(hall).await.unwrap().unwrap().participants.len() > 3 {
        tokio::task::yield_now().await;
    }
}

fn embedded(dir: &tempfile::TempDir) -> Embedded {
    let sink = tokio::sync::mpsc::channel(10_000).0;
    Embedded::open(&dir.path().join("chat.db"), &Options::default(), sink).unwrap()
}

async fn exported(dir: &tempfile::TempDir) -> Vec<Record> {
    let path = dir.path().join("chat.db");
    let export = move || {
        let mut all = Vec::new();
        Embedded::export(&path, "test", &mut |page, _| {
            all.extend(page);
            ControlFlow::Continue(())
        })
        .map(|()| all)
    };
    tokio::task::spawn_blocking(export).await.unwrap().unwrap()
}

async fn exported_by(cluster: &Cluster) -> Vec<Record> {
    let all = Arc::new(Mutex::new(Vec::new()));
    cluster
        .export("test", |page| {
            all.lock().unwrap().extend(page);
            std::future::ready(true)
        })
        .await
        .unwrap();
    Arc::into_inner(all).unwrap().into_inner().unwrap()
}

fn header(records: &[Record]) -> &Header {
    let Some(Record::Header(header)) = records.first() else { panic!("{records:?}") };
    header
}

async fn load(cluster: &Cluster, records: &[Record]) {
    let mut loader = cluster.load(header(records)).await.unwrap().unwrap();
    for some in records.chunks(3) {
        loader.take(some).await.unwrap();
    }
    loader.finish().await.unwrap();
}

async fn import(store: &Embedded, records: Vec<Record>) {
    let header = header(&records).clone();
    let keep = store.begin_import(&header.source, Some(header.ids)).await.unwrap();
    assert!(keep);
    let terms = Terms { source: header.source, native: true, keep, refuse_look_alikes: true };
    let terms = Arc::new(terms);
    store.import(Arc::clone(&terms), Arc::new(records)).await.unwrap();
    while store.finish_import(Arc::clone(&terms)).await.unwrap() {}
}

/// Returns the lines in an order that does not depend on the engine, without what identifies the
/// export.
fn lines(records: &[Record]) -> (LastIds, Vec<String>) {
    let content = records.iter().filter(|record| {
        // A job may be waiting for its last look, and the tables in which SQLite notes an import
        // are not those of its data.
        !matches!(record, Record::Header(_) | Record::Job(_) | Record::Imported(_))
    });
    let mut lines: Vec<String> =
        content.map(|record| serde_json::to_string(record).unwrap()).collect();
    lines.sort();
    (header(records).ids, lines)
}

async fn seen(store: &dyn Store) -> (Vec<RoomFacts>, Vec<Vec<Message>>) {
    let (mut facts, mut pages) = (Vec::new(), Vec::new());
    for card in store.rooms(RoomQuery::After(None, 100)).await.unwrap() {
        let room = card.facts.room.id;
        facts.push(store.room(room).await.unwrap().unwrap());
        pages.push(store.messages(room, Window::Latest, 100).await.unwrap());
        for seq in [Seq(1), Seq(2)] {
            let thread = store.thread(room, seq, None, 100).await;
            pages.push(thread.map(|thread| thread.messages).unwrap_or_default());
        }
    }
    (facts, pages)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_becomes_a_cluster() {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = embedded(&dir);
    fill(&sqlite).await;
    let records = exported(&dir).await;
    let memory = Memory::new();
    let cluster = open(&memory).await.0;
    assert!(cluster.is_empty().await.unwrap());
    load(&cluster, &records).await;
    assert_eq!(lines(&exported_by(&cluster).await), lines(&records));
    assert_eq!(seen(&cluster).await, seen(&sqlite).await);
    // It is not empty any more.
    assert!(cluster.load(header(&records)).await.unwrap().is_none());
    let ann = cluster.account(UserKey::Folded("ann")).await.unwrap().unwrap();
    let theirs = sqlite.account(UserKey::Email("ANN@example.org")).await.unwrap().unwrap();
    assert_eq!((&ann.user, ann.password, ann.md5), (&theirs.user, theirs.password, theirs.md5));
    let (here, there) = (cluster.identities(ann.user.id), sqlite.identities(ann.user.id));
    let (here, there) = (here.await.unwrap(), there.await.unwrap());
    assert_eq!((here.len(), &here), (1, &there));
    assert!(cluster.has_administrator().await.unwrap());
    assert!(cluster.add_user(new_user("ANN")).await.is_err(), "the name is taken");
    let hall = RoomId(1);
    // Both go on alike.
    for store in [&sqlite as &dyn Store, &cluster] {
        let again = Draft { client_id: Some("c1".to_owned()), ..draft(ann.user.id, "again") };
        let again = store.post(hall, Basis::Nobody, again).await.unwrap();
        assert!(again.repeated && again.message.seq == Seq(1));
        let next = store.post(hall, Basis::Nobody, draft(ann.user.id, "next")).await.unwrap();
        assert_eq!(next.message.seq, Seq(5));
        assert!(store.add_user(new_user("dan")).await.unwrap().id > UserId(4));
        let same = store.messages(hall, Window::Latest, 1).await.unwrap();
        assert_eq!(same[0].text, "next");
        let twice = NewRoom {
            name: Some("책방".to_owned()),
            visibility: Visibility::Public,
            owner: ann.user.id,
            participants: vec![(ann.user.id, Role::Admin)],
            reuse: false,
        };
        assert!(store.add_room(twice).await.is_err(), "the name is taken");
        let cards = store.rooms(RoomQuery::Of { user: UserId(2), participants: 9 }).await.unwrap();
        let told: Vec<_> = cards
            .iter()
            .map(|card| (card.facts.room.id, card.unread, card.mentions, card.own.muted()))
            .collect();
        assert_eq!(told, [(hall, 1, 0, true), (RoomId(2), 0, 0, false)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_becomes_a_database() {
    let memory = Memory::new();
    let cluster = open(&memory).await.0;
    fill(&cluster).await;
    let records = exported_by(&cluster).await;
    let dir = tempfile::tempdir().unwrap();
    let sqlite = embedded(&dir);
    import(&sqlite, records.clone()).await;
    assert_eq!(lines(&exported(&dir).await), lines(&records));
    assert_eq!(seen(&sqlite).await, seen(&cluster).await);
    let users = sqlite.users(UserQuery::After(None, 10)).await.unwrap();
    assert_eq!(users, cluster.users(UserQuery::After(None, 10)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn emoji_that_cannot_be_are_left_out_of_a_load() {
    let dir = tempfile::tempdir().unwrap();
    fill(&embedded(&dir)).await;
    let mut records = exported(&dir).await;
    let place = records.iter().position(|record| matches!(record, Record::Emoji(_))).unwrap();
    let Record::Emoji(good) = records[place].clone() else { unreachable!() };
    let is_paper = |record: &&Record| matches!(record, Record::Media(file) if file.kind == "pdf");
    let Some(Record::Media(paper)) = records.iter().find(is_paper).cloned() else {
        panic!("there is one")
    };
    let emoji = |name: &str, media: &Key| {
        Record::Emoji(EmojiRecord { name: name.to_owned(), media: media.clone(), ..good.clone() })
    };
    let bad = [
        emoji("tada", &good.media),
        emoji("our_paper", &paper.id),
        emoji("our_ghost", &Key::Number(999)),
        emoji("our_parrot", &good.media),
    ];
    let many = (0..MAX_EMOJI).map(|n| emoji(&format!("emoji_{n}"), &good.media));
    records.splice(place + 1..=place, bad.into_iter().chain(many));
    let cluster = open(&Memory::new()).await.0;
    let mut loader = cluster.load(header(&records)).await.unwrap().unwrap();
    let mut report = Report::default();
    for some in records.chunks(100) {
        report.add(loader.take(some).await.unwrap());
    }
    loader.finish().await.unwrap();
    assert_eq!(report.count(Kind::Emoji), MAX_EMOJI as u64);
    let notes = [Reason::EmojiLeftOut, Reason::Dangling].map(|reason| report.notes[&reason].count);
    assert_eq!(notes, [4, 1], "{:?}", report.notes);
    let found = cluster.emoji().await.unwrap();
    assert_eq!(found.len(), MAX_EMOJI);
    assert!(found.iter().all(|emoji| emoji.media.kind == "png"), "{:?}", found.first());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_load_is_begun_again() {
    let dir = tempfile::tempdir().unwrap();
    let sqlite = embedded(&dir);
    fill(&sqlite).await;
    let records = exported(&dir).await;
    let memory = Memory::new();
    for end in (1..records.len()).step_by(2) {
        let cluster = open(&memory).await.0;
        let mut loader = cluster.load(header(&records)).await.unwrap().unwrap();
        loader.take(&records[..end]).await.unwrap();
        cluster.close().await;
    }
    let cluster = open(&memory).await.0;
    let other = Header { source: "other".to_owned(), ..header(&records).clone() };
    assert!(cluster.load(&other).await.unwrap().is_none());
    load(&cluster, &records).await;
    assert_eq!(lines(&exported_by(&cluster).await), lines(&records));
    assert_eq!(seen(&cluster).await, seen(&sqlite).await);
}
