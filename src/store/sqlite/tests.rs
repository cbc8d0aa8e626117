//! Faults that cannot be caused from outside: a COMMIT that fails, an operation that panics, a read
//! without end.

use std::sync::atomic::AtomicBool;

use tokio::sync::mpsc::{Receiver, channel};

use super::*;
use crate::model::{
    ActorKind, AuditActor, Event, Message, MessageQuery, Role, RoomFacts, User, Visibility,
    WordQuery,
};
use crate::store::{AuditQuery, Basis, Draft, NewRoom, NewUser, Store, UserChange, UserKey};

/// A store whose commits fail while the flag is set, and the number of events it has emitted.
struct Fragile {
    store: Sqlite,
    failing: Arc<AtomicBool>,
    events: Receiver<Event>,
    _dir: tempfile::TempDir,
}

impl Fragile {
    fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chat.db");
        let conn = schema::open(&path).unwrap();
        let failing = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&failing);
        conn.commit_hook(Some(move || flag.load(Ordering::SeqCst))).unwrap();
        let (sink, events) = channel(100);
        let store = Sqlite::start(conn, &path, &Options::default(), sink).unwrap();
        Self { store, failing, events, _dir: dir }
    }

    async fn room_of(&self, user: &User) -> RoomFacts {
        let new = NewRoom {
            name: None,
            visibility: Visibility::Private,
            owner: user.id,
            participants: vec![(user.id, Role::Member)],
            reuse: false,
        };
        self.store.add_room(new).await.unwrap().value
    }

    async fn room(&self) -> (User, RoomFacts) {
        let name = "ann".to_owned();
        let new = NewUser {
            login: name.clone(),
            folded: name.clone(),
            look_alike: name.clone(),
            name,
            email: None,
            birth: None,
            password: String::new(),
            md5: None,
            sha1: None,
            admin: false,
            bot: false,
            guest: false,
            identity: None,
        };
        let user = self.store.add_user(new).await.unwrap();
        let facts = self.room_of(&user).await;
        (user, facts)
    }
}

fn draft(author: &User) -> Draft {
    Draft {
        author: author.id,
        text: "hello".to_owned(),
        client_id: Some("c1".to_owned()),
        reply_to: None,
        media: Vec::new(),
        socket: None,
        mentions: Vec::new(),
    }
}

#[tokio::test]
async fn a_failed_commit_stores_nothing_and_tells_nobody() {
    let fragile = Fragile::open();
    let (ann, facts) = fragile.room().await;
    let told = fragile.events.len();
    fragile.failing.store(true, Ordering::SeqCst);
    let (first, second, mark) = tokio::join!(
        fragile.store.post(facts.room.id, Basis::Nobody, draft(&ann)),
        fragile.store.post(facts.room.id, Basis::Nobody, draft(&ann)),
        fragile.store.mark_read(facts.room.id, ann.id, Seq(0)),
    );
    assert_eq!(
        (first.unwrap_err(), second.unwrap_err(), mark.unwrap_err()),
        (StoreError::Unavailable, StoreError::Unavailable, StoreError::Unavailable)
    );
    assert_eq!(fragile.events.len(), told);
    fragile.failing.store(false, Ordering::SeqCst);
    let posted = fragile.store.post(facts.room.id, Basis::Nobody, draft(&ann)).await.unwrap();
    assert_eq!((posted.message.seq, posted.repeated), (Seq(1), false));
    assert_eq!(fragile.events.len(), told + 1);
}

#[tokio::test]
async fn a_change_and_its_entry_in_the_audit_log_are_stored_together_or_not_at_all() {
    let fragile = Fragile::open();
    let (ann, _) = fragile.room().await;
    let (kind, name, from) = (ActorKind::Cli, "root".to_owned(), "socket".to_owned());
    let actor = AuditActor { kind, user: None, name, from };
    let by = Attribution { actor, action: "user.disable".to_owned() };
    let store = Store::attributed(&fragile.store, by);
    let disable = async || {
        let change = UserChange { disabled: Some(true), ..UserChange::default() };
        store.change_user(ann.id, change).await.map(drop)
    };
    let state = async || {
        let account = store.account(UserKey::Id(ann.id)).await.unwrap().unwrap();
        let all = AuditQuery { limit: 9, ..AuditQuery::default() };
        (account.user.disabled, store.audit(&all).await.unwrap().len())
    };
    fragile.failing.store(true, Ordering::SeqCst);
    assert_eq!(disable().await, Err(StoreError::Unavailable));
    fragile.failing.store(false, Ordering::SeqCst);
    assert_eq!(state().await, (false, 0));
    let execute = async |sql: &'static str| {
        fragile.store.write(move |work| Ok(work.conn.execute_batch(sql)?)).await.unwrap();
    };
    let trap = "CREATE TRIGGER trap BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END";
    execute(trap).await;
    assert_eq!(disable().await, Err(StoreError::Unavailable));
    assert_eq!(state().await, (false, 0), "no change without its entry");
    execute("DROP TRIGGER trap").await;
    assert_eq!(disable().await, Ok(()));
    assert_eq!(state().await, (true, 1));
    assert_eq!(disable().await, Ok(()));
    assert_eq!(state().await, (true, 1), "no entry without a change");
    // Others use the same store, and are not recorded.
    let change = UserChange { disabled: Some(false), ..UserChange::default() };
    fragile.store.change_user(ann.id, change).await.unwrap();
    assert_eq!(state().await, (false, 1));
}

#[tokio::test]
async fn a_panic_costs_only_the_operation_that_panicked() {
    let fragile = Fragile::open();
    let (ann, facts) = fragile.room().await;
    let panics = fragile.store.write(|work: &mut Work<'_>| -> Result<(), Fault> {
        work.conn.execute("DELETE FROM messages", ())?;
        panic!("as a bug would")
    });
    let (first, panicked, second) = tokio::join!(
        fragile.store.post(facts.room.id, Basis::Nobody, draft(&ann)),
        panics,
        fragile.store.post(facts.room.id, Basis::Nobody, Draft { client_id: None, ..draft(&ann) }),
    );
    assert_eq!(panicked.unwrap_err(), StoreError::Unavailable);
    assert_eq!((first.unwrap().message.seq, second.unwrap().message.seq), (Seq(1), Seq(2)));
}

#[tokio::test]
async fn a_read_without_end_is_ended() {
    let fragile = Fragile::open();
    let endless =
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
    let answer = fragile
        .store
        .read(move |conn| Ok(conn.query_row(endless, (), |row| row.get::<_, i64>(0))?))
        .await;
    assert_eq!(answer.unwrap_err(), StoreError::Unavailable);
    fragile.store.ping().await.unwrap();
}

#[tokio::test]
async fn readers_cannot_write() {
    let fragile = Fragile::open();
    let answer = fragile.store.read(|conn| Ok(conn.execute("DELETE FROM settings", ())?)).await;
    assert_eq!(answer.unwrap_err(), StoreError::Unavailable);
}

#[test]
fn every_statement_can_be_prepared_on_a_fresh_schema() {
    let dir = tempfile::tempdir().unwrap();
    let conn = schema::open(&dir.path().join("chat.db")).unwrap();
    let all = [
        accounts::STATEMENTS,
        audit::STATEMENTS,
        cards::STATEMENTS,
        counters::STATEMENTS,
        invitations::STATEMENTS,
        job_orders::STATEMENTS,
        jobs::STATEMENTS,
        marks::STATEMENTS,
        media::STATEMENTS,
        message_changes::STATEMENTS,
        retention::STATEMENTS,
        messages::STATEMENTS,
        emoji::STATEMENTS,
        look::STATEMENTS,
        outgoing::STATEMENTS,
        outgoing_rooms::STATEMENTS,
        slash_commands::STATEMENTS,
        late_answers::STATEMENTS,
        participants::STATEMENTS,
        pins::STATEMENTS,
        posting::STATEMENTS,
        preferences::STATEMENTS,
        push::STATEMENTS,
        room_changes::STATEMENTS,
        rooms::STATEMENTS,
        drafts::STATEMENTS,
        identities::STATEMENTS,
        saved::STATEMENTS,
        schema::STATEMENTS,
        search::STATEMENTS,
        sessions::STATEMENTS,
        threads::STATEMENTS,
        traces::STATEMENTS,
        upkeep::CHECKS,
        upkeep::ENDS,
        upkeep::FIGURES,
        upkeep::INSPECTIONS,
        upkeep::LOOKS,
        upkeep::RESTORED,
        upkeep::SHAPES,
        users::STATEMENTS,
        writer::STATEMENTS,
    ];
    for statement in [all.concat(), transfer::statements()].concat() {
        if let Err(error) = conn.prepare(statement) {
            panic!("{error}: {statement}");
        }
    }
}

#[tokio::test]
async fn a_search_in_many_rooms_finds_nothing_in_others() {
    let mut fragile = Fragile::open();
    let (ann, other) = fragile.room().await;
    let mut rooms = Vec::new();
    for _ in 0..20 {
        rooms.push(fragile.room_of(&ann).await.room.id);
    }
    let post = async |room| {
        let draft = Draft { client_id: None, ..draft(&ann) };
        fragile.store.post(room, Basis::Nobody, draft).await.unwrap().message.id()
    };
    let mut written = Vec::new();
    // More than the pages in which other rooms are searched, and fewer.
    for before in [40, 3, 0] {
        written.push(post(rooms[before % 20]).await);
        for _ in 0..before {
            post(other.room.id).await;
        }
        fragile.events.recv_many(&mut Vec::new(), 100).await;
    }
    written.reverse();
    let words = MessageQuery::from(WordQuery::parse("hello").unwrap());
    let search = async |rooms: &[RoomId], after: Option<&str>, limit| {
        fragile.store.find_messages(rooms, &words, after, limit).await
    };
    // The index follows within a moment.
    while search(&[other.room.id], None, 100).await.map_or(0, |page| page.messages.len()) < 43 {
        tokio::task::yield_now().await;
    }
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = search(&rooms, after.as_deref(), 2).await.unwrap();
        found.extend(page.messages.iter().map(Message::id));
        after = page.cursor;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, written);
}
