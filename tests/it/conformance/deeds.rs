//! Changes made in one dialect are immediately visible on sockets of every other, in its own
//! format.
//!
//! For each dialect and each [`Deed`] it supports: a user performs it in a public room in which a
//! socket of every dialect listens. Each socket receives exactly what its document says, or
//! nothing, and each dialect's REST shows the new state of the room.

use serde_json::json;

use super::{Actor, Dialect, Talker, as_native, dialects, talking};
use crate::support::{Client, Json, Server, number};

/// An action on a room or on a message in it.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// Renames the room.
    Rename(String),
    /// Adds this user.
    Add(Who),
    /// Enters for the first time.
    Enter,
    /// Removes this user, who has a socket in the room.
    Remove(Who),
    /// Leaves for good.
    Leave,
    /// Makes this participant a sub-admin.
    Promote(Who),
    /// Edits the first message, which is the user's own.
    Edit(String),
    /// Deletes the first message.
    Unsay,
    /// Deletes the room.
    Delete,
}

/// A user.
#[derive(Clone, Debug)]
pub(super) struct Who {
    pub(super) login: String,
    pub(super) id: i64,
}

/// How an action was performed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// Not at all: the dialect does not support it.
    Not,
    /// With a request.
    Quietly,
    /// With a socket, which entered or left the room.
    OnSocket,
}

/// A performed action.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) room: i64,
    pub(super) owner: String,
    pub(super) doer: Who,
    pub(super) deed: Deed,
    pub(super) done: Done,
}

impl Scene {
    /// `room001`
    pub(super) fn key(&self) -> String {
        format!("room{:03}", self.room)
    }

    /// Returns the user who was added (true) or removed.
    pub(super) fn moved(&self) -> Option<(&Who, bool)> {
        match &self.deed {
            Deed::Add(who) => Some((who, true)),
            Deed::Enter => Some((&self.doer, true)),
            Deed::Remove(who) => Some((who, false)),
            Deed::Leave => Some((&self.doer, false)),
            Deed::Rename(_) | Deed::Promote(_) | Deed::Edit(_) | Deed::Unsay | Deed::Delete => None,
        }
    }

    /// Returns the sockets that enter (true) and leave.
    pub(super) fn presence(&self) -> Vec<(&Who, bool)> {
        match &self.deed {
            Deed::Enter => vec![(&self.doer, true)],
            Deed::Remove(who) => vec![(who, false)],
            // The socket with which a user leaves has to enter first.
            Deed::Leave if self.done == Done::OnSocket => {
                vec![(&self.doer, true), (&self.doer, false)]
            }
            _ => Vec::new(),
        }
    }

    /// Returns the newest message afterwards.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.deed {
            Deed::Edit(text) => Some(text),
            Deed::Unsay => None,
            _ => Some(FIRST),
        }
    }
}

/// The acting user's first message.
const FIRST: &str = "said before";

/// All users on one server. The acting user is enrolled in the dialect under test.
struct Stage<'a> {
    server: &'a Server,
    owner: Box<dyn Actor>,
    doer: Box<dyn Actor>,
    /// One of each dialect, by its name.
    onlookers: Vec<Box<dyn Actor>>,
    /// One of each dialect with sockets.
    listeners: Vec<Box<dyn Talker>>,
    /// One of each dialect with sockets, to be removed.
    victims: Vec<Box<dyn Talker>>,
    rooms: usize,
}

impl<'a> Stage<'a> {
    async fn new(server: &'a Server, dialect: &dyn Dialect) -> Self {
        let owner = super::chatrooms::Chatrooms.enrol(server, "owner").await;
        let doer = dialect.enrol(server, "doer").await;
        let (mut onlookers, mut listeners, mut victims) = (Vec::new(), Vec::new(), Vec::new());
        for dialect in dialects() {
            onlookers.push(dialect.enrol(server, &format!("looks-{}", dialect.name())).await);
        }
        for dialect in talking() {
            listeners
                .push(dialect.enrol_talker(server, &format!("hears-{}", dialect.name())).await);
            victims.push(dialect.enrol_talker(server, &format!("goes-{}", dialect.name())).await);
        }
        Self { server, owner, doer, onlookers, listeners, victims, rooms: 0 }
    }

    fn native(&self, actor: &dyn Actor) -> Client {
        as_native(self.server, &actor.credential())
    }

    /// Posts as the owner, as a marker that is received last.
    async fn say(&self, room: i64, text: &str) {
        self.native(self.owner.as_ref())
            .post(&format!("/api/chatrooms/{room}/messages"), json!({"content": text}))
            .await
            .is(201);
    }

    /// Creates a public room with all of them; `victim` is present too.
    async fn room(&mut self, deed: &Deed, victim: Option<usize>) -> i64 {
        self.rooms += 1;
        let owner = self.native(self.owner.as_ref());
        let plan = json!({
            "targetUserIds": [], "name": format!("Room {}", self.rooms), "visibility": "public",
        });
        let room = number(
            owner.post("/api/chatrooms", plan).await.is(201)["roomId"].as_str().expect("a key"),
        );
        let put_in = async |login: &str, role: &str| {
            owner
                .post(
                    &format!("/api/chatrooms/{room}/participants"),
                    json!({"userId": login, "role": role}),
                )
                .await
                .is(201);
        };
        if !matches!(deed, Deed::Enter) {
            put_in(self.doer.login(), "admin").await;
            let doer = self.native(self.doer.as_ref());
            doer.post(&format!("/api/chatrooms/{room}/messages"), json!({"content": FIRST}))
                .await
                .is(201);
        }
        for onlooker in &self.onlookers {
            put_in(onlooker.login(), "member").await;
        }
        for listener in &mut self.listeners {
            put_in(listener.login(), "member").await;
            listener.enter(room).await;
        }
        if let Some(victim) = victim {
            put_in(self.victims[victim].login(), "member").await;
            self.victims[victim].enter(room).await;
        }
        self.say(room, "all are here").await;
        for socket in
            self.listeners.iter_mut().chain(victim.map(|victim| &mut self.victims[victim]))
        {
            socket.hears_until("all are here").await;
        }
        room
    }

    /// Performs the action; false if the acting user's dialect does not support it.
    async fn play(&mut self, deed: Deed, victim: Option<usize>) -> bool {
        let room = self.room(&deed, victim).await;
        let done = self.doer.does(room, &deed).await;
        if done == Done::Not {
            return false;
        }
        let doer = Who { login: self.doer.login().to_owned(), id: self.doer.id() };
        let scene = Scene { room, owner: self.owner.login().to_owned(), doer, deed, done };
        for listener in &mut self.listeners {
            eprintln!("  {} hears of {:?}", listener.login(), scene.deed);
            for wanted in listener.told(&scene) {
                assert_eq!(listener.next_undated().await, wanted, "{}", listener.login());
            }
        }
        if let Some(victim) = victim {
            self.victims[victim].loses(room).await;
        }
        if matches!(scene.deed, Deed::Delete) {
            for listener in &mut self.listeners {
                listener.is_cut_off().await;
            }
        } else {
            self.say(room, "that was all").await;
            for listener in &mut self.listeners {
                assert_eq!(
                    listener.hears_until("that was all").await,
                    Vec::<Json>::new(),
                    "{} after {:?}",
                    listener.login(),
                    scene.deed
                );
            }
        }
        for onlooker in &mut self.onlookers {
            eprintln!("  {} looks at {:?}", onlooker.login(), scene.deed);
            onlooker.sees(&scene).await;
        }
        true
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_changed_in_one_dialect_is_seen_in_every_other() {
    let mut told = Vec::new();
    for dialect in dialects() {
        let server = Server::start().await;
        let mut stage = Stage::new(&server, dialect.as_ref()).await;
        let onlooker =
            Who { login: stage.onlookers[0].login().to_owned(), id: stage.onlookers[0].id() };
        let newcomer =
            Who { login: stage.victims[0].login().to_owned(), id: stage.victims[0].id() };
        let mut deeds: Vec<(Deed, Option<usize>)> = vec![
            (Deed::Rename("Another name".to_owned()), None),
            (Deed::Add(newcomer), None),
            (Deed::Enter, None),
            (Deed::Leave, None),
            (Deed::Promote(onlooker), None),
            (Deed::Edit("said better".to_owned()), None),
            (Deed::Unsay, None),
            (Deed::Delete, None),
        ];
        deeds.extend(stage.victims.iter().enumerate().map(|(at, victim)| {
            let who = Who { login: victim.login().to_owned(), id: victim.id() };
            (Deed::Remove(who), Some(at))
        }));
        let mut words = 0;
        for (deed, victim) in deeds {
            eprintln!("in {}: {deed:?}", dialect.name());
            words += usize::from(stage.play(deed, victim).await);
        }
        told.push((dialect.name(), words));
    }
    // The native dialect supports everything; a missing implementation in another one fails too.
    assert_eq!(told, [("chatrooms", 12), ("chats", 8), ("realtime", 2), ("rooms", 3), ("v1", 1)]);
}
