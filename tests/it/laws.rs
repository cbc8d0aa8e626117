//! Properties tested with random histories: two clients that lose their connections at random
//! always end with the state of a fresh fetch, `seq` and `rev` have no gaps, and `changes` returns
//! the changes since any `rev`.
//!
//! `PROPTEST_CASES` sets the number of histories.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;

use crate::support::{Json, Person, Server, Socket, people};

/// The next step of a history.
#[derive(Clone, Debug)]
enum Step {
    Post {
        by: usize,
    },
    /// `of` is the index of an existing message, modulo their number.
    Edit {
        of: usize,
    },
    Delete {
        of: usize,
    },
    React {
        by: usize,
        of: usize,
    },
    Unreact {
        by: usize,
        of: usize,
    },
    /// The connection breaks; frames in flight are lost.
    Lose {
        who: usize,
    },
    /// It is restored, and the client requests what it missed.
    Return {
        who: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let (who, of) = (0_usize..2, any::<usize>());
    prop_oneof![
        4 => who.clone().prop_map(|by| Step::Post { by }),
        2 => of.prop_map(|of| Step::Edit { of }),
        1 => any::<usize>().prop_map(|of| Step::Delete { of }),
        2 => (who.clone(), any::<usize>()).prop_map(|(by, of)| Step::React { by, of }),
        1 => (who.clone(), any::<usize>()).prop_map(|(by, of)| Step::Unreact { by, of }),
        1 => who.clone().prop_map(|who| Step::Lose { who }),
        2 => who.prop_map(|who| Step::Return { who }),
        1 => Just(Step::Lose { who: 0 }),
    ]
}

/// A message as known to a client.
#[derive(Clone, Debug, Default, PartialEq)]
struct Known {
    content: Option<String>,
    reactions: BTreeMap<String, BTreeSet<String>>,
}

impl Known {
    fn of(message: &Json) -> Self {
        let reactions = message["reactions"].as_array().into_iter().flatten().map(|reaction| {
            let users = reaction["userIds"].as_array().expect("users").iter().map(word).collect();
            (word(&reaction["reactionType"]), users)
        });
        Self {
            content: message["content"].as_str().map(str::to_owned),
            reactions: reactions.collect(),
        }
    }
}

/// A client: its state of one room, and the socket, if connected.
struct Mirror {
    person: Person,
    room: String,
    socket: Option<Socket>,
    rev: u64,
    messages: BTreeMap<u64, Known>,
}

impl Mirror {
    fn new(person: &Person, room: &str) -> Self {
        Self {
            person: person.clone(),
            room: room.to_owned(),
            socket: None,
            rev: 0,
            messages: BTreeMap::new(),
        }
    }

    /// Opens a socket, if there is none, and applies missed changes.
    async fn come_back(&mut self) {
        if self.socket.is_some() {
            return;
        }
        let mut socket = self.person.open().await;
        socket.send(json!({"type": "subscribe", "since": {self.room.as_str(): self.rev}})).await;
        loop {
            let frame = socket.next().await;
            let done = frame["type"] == "subscribed";
            self.hear(&frame);
            if done {
                break;
            }
        }
        self.socket = Some(socket);
    }

    /// Reads until everything up to this `rev` is received.
    async fn hear_up_to(&mut self, rev: u64) {
        let mut socket = self.socket.take().expect("a socket");
        while self.rev < rev {
            let frame = socket.next().await;
            self.hear(&frame);
        }
        self.socket = Some(socket);
    }

    fn hear(&mut self, frame: &Json) {
        if frame["room_id"] != self.room.as_str() {
            return;
        }
        let kind = word(&frame["type"]);
        if kind == "changes" {
            if frame["reset"] == true {
                self.messages.clear();
            }
            for message in frame["messages"].as_array().expect("messages") {
                self.messages.insert(number(&message["seq"]), Known::of(message));
            }
            self.rev = number(&frame["rev"]);
            return;
        }
        let Some(rev) = frame["rev"].as_u64() else { return };
        assert_eq!(rev, self.rev + 1, "live events have no gap and come once: {frame}");
        self.rev = rev;
        let Some(seq) = frame["seq"].as_u64() else { return };
        let message = self.messages.entry(seq).or_default();
        let (user, reaction) = (word(&frame["user_id"]), word(&frame["reaction_type"]));
        match kind.as_str() {
            "chat_message" | "message_edited" => {
                message.content = frame["content"].as_str().map(str::to_owned);
            }
            "message_deleted" => message.content = None,
            "reaction_added" => {
                message.reactions.entry(reaction).or_default().insert(user);
            }
            "reaction_removed" => {
                let users = message.reactions.entry(reaction.clone()).or_default();
                users.remove(&user);
                if users.is_empty() {
                    message.reactions.remove(&reaction);
                }
            }
            other => panic!("what is {other}?"),
        }
    }
}

fn word(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Json) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("no number: {value}"))
}

/// Executes one history in a room of its own and compares both clients with a fresh fetch.
#[expect(clippy::too_many_lines, reason = "one branch for each step")]
async fn live_through(people: &[Person; 2], steps: &[Step]) {
    let room = people[0].room(&[&people[1]]).await;
    let path = format!("/api/chatrooms/{room}/messages");
    let mut mirrors = [Mirror::new(&people[0], &room), Mirror::new(&people[1], &room)];
    // Key, author, and whether it still exists.
    let mut said: Vec<(String, usize, bool)> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let living: Vec<usize> = (0..said.len()).filter(|index| said[*index].2).collect();
        let pick = |of: usize| living.get(of.checked_rem(living.len()).unwrap_or(0)).copied();
        match *step {
            Step::Post { by } => {
                let message = people[by].say(&room, &format!("step {at}")).await;
                said.push((word(&message["messageId"]), by, true));
            }
            Step::Edit { of } => {
                if let Some(index) = pick(of) {
                    let (key, author, _) = &said[index];
                    people[*author]
                        .patch(
                            &format!("{path}/{key}"),
                            json!({"newContent": format!("edited at {at}")}),
                        )
                        .await
                        .is(200);
                }
            }
            Step::Delete { of } => {
                if let Some(index) = pick(of) {
                    let (key, author, there) = &mut said[index];
                    people[*author].delete(&format!("{path}/{key}")).await.is_text(204);
                    *there = false;
                }
            }
            Step::React { by, of } => {
                if let Some(index) = pick(of) {
                    let kind = ["like", "love", "👍"][at % 3];
                    people[by]
                        .post(
                            &format!("{path}/{}/reactions", said[index].0),
                            json!({"reactionType": kind}),
                        )
                        .await;
                }
            }
            Step::Unreact { by, of } => {
                if let Some(index) = pick(of) {
                    people[by]
                        .delete(&format!(
                            "{path}/{}/reactions/{}",
                            said[index].0,
                            ["like", "love"][at % 2]
                        ))
                        .await;
                }
            }
            Step::Lose { who } => mirrors[who].socket = None,
            Step::Return { who } => mirrors[who].come_back().await,
        }
    }
    let fresh =
        people[0].get(&format!("/api/chatrooms/{room}/changes?since=0&limit=200")).await.is(200);
    assert_eq!(fresh["more"], false, "a history fits into one page");
    let rev = number(&fresh["rev"]);
    let shown: BTreeMap<u64, Known> = people[0]
        .history(&room)
        .await
        .iter()
        .map(|message| (number(&message["seq"]), Known::of(message)))
        .collect();
    let seqs: Vec<u64> = shown.keys().copied().collect();
    let count = u64::try_from(said.len()).expect("few messages");
    assert_eq!(seqs, (1..=count).collect::<Vec<_>>(), "seq has no gap");
    for mirror in &mut mirrors {
        mirror.come_back().await;
        mirror.hear_up_to(rev).await;
        // Reactions to a deleted message are irrelevant; clients do not show them.
        let visible = |all: &BTreeMap<u64, Known>| -> BTreeMap<u64, Known> {
            all.iter()
                .filter(|(_, known)| known.content.is_some())
                .map(|(seq, known)| (*seq, known.clone()))
                .collect()
        };
        assert_eq!(
            visible(&mirror.messages),
            visible(&shown),
            "{} and a fresh fetch",
            mirror.person.login
        );
    }
    // From every rev: each message changed later, once, in the order of rev.
    let all: Vec<(u64, u64)> = fresh["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|message| (number(&message["rev"]), number(&message["seq"])))
        .collect();
    assert!(all.is_sorted(), "in the order of rev: {all:?}");
    for since in 0..=rev {
        let changes = people[1]
            .get(&format!("/api/chatrooms/{room}/changes?since={since}&limit=200"))
            .await
            .is(200);
        let later: Vec<(u64, u64)> = changes["messages"]
            .as_array()
            .expect("messages")
            .iter()
            .map(|message| (number(&message["rev"]), number(&message["seq"])))
            .collect();
        assert_eq!(
            later,
            all.iter().filter(|(rev, _)| *rev > since).copied().collect::<Vec<_>>(),
            "changes since {since}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_lose_their_connections_end_with_what_a_fresh_fetch_shows() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let people = people(&server, ["ann", "ben"]).await;
    let cases =
        std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(12);
    let mut runner = TestRunner::new(Config::default());
    for _ in 0..cases {
        let history = proptest::collection::vec(step(), 10..60)
            .new_tree(&mut runner)
            .expect("a history")
            .current();
        // Shown if the case fails.
        eprintln!("{history:?}");
        live_through(&people, &history).await;
    }
}
