//! Tests of search on several servers.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, channel};

use crate::model::{
    Event, MessageQuery, Role, RoomId, Seq, UserId, Visibility, WordQuery, fold, skeleton,
};
use crate::store::cluster::tables::Tables;
use crate::store::cluster::tables::memory::Memory;
use crate::store::cluster::{Cluster, Options, rooms};
use crate::store::sqlite::search::places::Progress;
use crate::store::{Basis, Draft, MessageChange, NewRoom, NewUser, RoomChange, Store, Whose};

/// Nothing in these tests takes this long.
const PATIENCE: Duration = Duration::from_secs(20);

struct Server {
    cluster: Cluster,
    events: Receiver<Event>,
    _dir: tempfile::TempDir,
}

impl Server {
    async fn of(tables: &Arc<Memory>, searches: bool) -> Self {
        Self::over(Arc::clone(tables) as Arc<dyn Tables>, searches).await
    }

    async fn over(tables: Arc<dyn Tables>, searches: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (sink, events) = channel(1 << 12);
        let search = searches.then(|| dir.path().join("search.db"));
        let options = Options { search, ..Options::default() };
        let cluster = Cluster::open_with(tables, sink, options).await.unwrap();
        Self { cluster, events, _dir: dir }
    }

    async fn user(&self, login: &str) -> UserId {
        let folded = fold(login);
        let new = NewUser {
            login: login.to_owned(),
            look_alike: skeleton(&folded),
            folded,
            name: login.to_owned(),
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
        self.cluster.add_user(new).await.unwrap().id
    }

    async fn room(&self, owner: UserId) -> RoomId {
        let new = NewRoom {
            name: Some("room".to_owned()),
            visibility: Visibility::Private,
            owner,
            participants: vec![(owner, Role::Member)],
            reuse: false,
        };
        self.cluster.add_room(new).await.unwrap().value.room.id
    }

    async fn say(&self, room: RoomId, author: UserId, text: &str) -> Seq {
        let draft = Draft {
            author,
            text: text.to_owned(),
            client_id: None,
            reply_to: None,
            media: Vec::new(),
            socket: None,
            mentions: Vec::new(),
        };
        self.cluster.post(room, Basis::Nobody, draft).await.unwrap().message.seq
    }

    async fn change(&self, room: RoomId, seq: Seq, by: UserId, change: MessageChange) {
        let basis = Basis::Nobody;
        self.cluster.change_message(room, seq, basis, Some(by), Whose::Own, change).await.unwrap();
    }

    /// Notices the events that another server has emitted.
    fn hears(&self, other: &mut Self) {
        while let Ok(event) = other.events.try_recv() {
            self.cluster.noticed(&event);
        }
    }

    /// Waits until nothing is known that is not in the index.
    async fn is_complete(&self) {
        let waiting = async {
            while self.cluster.search_lag() != Some(0) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "the index stays behind");
    }

    /// Waits until a search finds exactly these messages.
    async fn finds(&self, rooms: &[RoomId], word: &str, seqs: &[i64]) {
        let words = MessageQuery::from(WordQuery::parse(word).unwrap());
        let search = async {
            loop {
                let page = self.cluster.find_messages(rooms, &words, None, 100).await;
                if let Ok(page) = page
                    && page.messages.iter().map(|message| message.seq.0).eq(seqs.iter().copied())
                {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, search).await;
        assert!(found.is_ok(), "{word} is not found as {seqs:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_server_commits_is_found_when_its_event_arrives() {
    let tables = Arc::new(Memory::new());
    let mut one = Server::of(&tables, false).await;
    let ann = one.user("ann").await;
    let room = one.room(ann).await;
    one.say(room, ann, "before the start").await;
    let two = Server::of(&tables, true).await;
    // All rooms are compared at the start.
    two.finds(&[room], "start", &[1]).await;
    one.say(room, ann, "after the start").await;
    let edit = MessageChange::Edit { text: "before".to_owned(), mentions: Vec::new() };
    one.change(room, Seq(1), ann, edit).await;
    two.hears(&mut one);
    two.finds(&[room], "after", &[2]).await;
    two.finds(&[room], "start", &[2]).await;
    assert!(
        one.cluster
            .find_messages(&[room], &WordQuery::parse("start").unwrap().into(), None, 1)
            .await
            .is_err(),
        "a server without an index"
    );
    one.cluster.close().await;
    two.cluster.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_is_deleted_elsewhere_is_not_searched() {
    let tables = Arc::new(Memory::new());
    let (one, two) = (Server::of(&tables, false).await, Server::of(&tables, true).await);
    let ann = one.user("ann").await;
    let room = one.room(ann).await;
    one.say(room, ann, "secret").await;
    let step = crate::model::RoomEvent {
        room,
        rev: crate::model::Rev(2),
        at: crate::model::Timestamp(0),
        by: crate::model::Who::Server,
        socket: None,
        changes: Vec::new(),
    };
    two.cluster.noticed(&Event::Room(Arc::new(step)));
    two.finds(&[room], "secret", &[1]).await;
    one.cluster.change_room(room, Basis::Nobody, Some(ann), RoomChange::Delete).await.unwrap();
    // At once, although the index does not know.
    let words = MessageQuery::from(WordQuery::parse("secret").unwrap());
    let page = two.cluster.find_messages(&[room], &words, None, 10).await.unwrap();
    assert!(page.messages.is_empty());
    two.cluster.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_while_the_database_was_away_is_found_when_it_is_back() {
    let tables = Arc::new(Memory::new());
    let link = tables.link();
    let mut one = Server::of(&tables, false).await;
    let two = Server::over(Arc::new(link.clone()), true).await;
    let ann = one.user("ann").await;
    let room = one.room(ann).await;
    one.say(room, ann, "word one").await;
    two.hears(&mut one);
    two.finds(&[room], "word", &[1]).await;
    link.cut();
    one.say(room, ann, "word two").await;
    two.hears(&mut one);
    let words = MessageQuery::from(WordQuery::parse("word").unwrap());
    assert!(two.cluster.find_messages(&[room], &words, None, 10).await.is_err());
    assert_eq!(two.cluster.search_lag(), Some(1));
    link.open();
    two.finds(&[room], "two", &[2]).await;
    two.is_complete().await;
    assert_eq!(one.cluster.search_lag(), None, "without an index");
    // Of what is lost on the way nothing is known but that it was.
    one.say(room, ann, "three words").await;
    two.cluster.noticed(&Event::Lost { room: Some(room) });
    two.finds(&[room], "three", &[3]).await;
    two.cluster.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_the_log_no_longer_has_is_read_from_the_messages() {
    let tables = Arc::new(Memory::new());
    let server = Server::of(&tables, false).await;
    let at = &server.cluster;
    let ann = server.user("ann").await;
    let room = server.room(ann).await;
    for n in 1..=3 {
        server.say(room, ann, &format!("text {n}")).await;
    }
    server.change(room, Seq(2), ann, MessageChange::Delete).await;
    let read = async |known| {
        let read = rooms::texts(at, vec![(room, known)]).await;
        read.into_iter().filter_map(|(_, texts)| texts.unwrap()).collect::<Vec<_>>()
    };
    let texts = |read: &[rooms::Texts]| {
        let said = read.iter().flat_map(|part| part.heard.said.clone());
        said.map(|said| (said.seq.0, said.content.map(|content| content.text))).collect::<Vec<_>>()
    };
    let text = |n: i64| (n, Some(format!("text {n}")));
    let logged = read(Progress::default()).await;
    assert_eq!(texts(&logged).last(), Some(&(2, None)), "its changes in their order");
    let reached = logged[0].heard.progress.unwrap();
    assert!(!logged[0].more && read(reached).await.is_empty(), "there is nothing after it");
    tokio::time::advance(Duration::from_hours(24 * 40)).await;
    let walked = read(Progress::default()).await;
    assert_eq!(texts(&walked), [text(1), (2, None), text(3)]);
    assert_eq!((walked[0].heard.progress, walked[0].more), (Some(reached), false));
    server.say(room, ann, "text 4").await;
    assert_eq!(texts(&read(reached).await), [text(4)], "the log goes on");
}
