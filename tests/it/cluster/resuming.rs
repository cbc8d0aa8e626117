//! Clients of `chatrooms`: they know where they are in each room, resume there, and repeat what was
//! not acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::journal::{END, Entry, Journal, Seen};
use super::shared::{ANSWER, Member, Phase, may_end_with};
use crate::support::{Heard, Json, Person, Socket, number};

/// A client between its connections.
struct Native {
    member: Member,
    who: Person,
    rooms: Vec<i64>,
    /// The position in each room, as soon as it is known.
    since: BTreeMap<i64, i64>,
    epoch: Json,
    /// What is not acknowledged: it is sent until it is.
    open: Option<(i64, String)>,
    /// Room, key, text and editions of the latest message that was acknowledged.
    latest: Option<(i64, String, String, u32)>,
    ended: BTreeSet<i64>,
}

/// Posts, edits and listens in these rooms until the run is over.
pub(super) async fn run(member: Member, who: Person, rooms: Vec<i64>) -> Journal {
    let mut native = Native {
        member,
        who,
        rooms,
        since: BTreeMap::new(),
        epoch: Json::Null,
        open: None,
        latest: None,
        ended: BTreeSet::new(),
    };
    loop {
        let (server, address) = native.member.any_server();
        let there = native.who.at(&address);
        let opening = there.try_socket(native.member.name(), "/chat");
        if let Ok(Ok(socket)) = timeout(ANSWER, opening).await {
            native.member.log(Entry::Connected { server });
            if native.connected(socket).await {
                return native.member.journal;
            }
        }
        if native.member.shared.phase() == Phase::Over {
            let (ended, rooms) = (&native.ended, &native.rooms);
            let missing = format!("has heard the ends of {ended:?}, not of all of {rooms:?}");
            native.member.strange(missing);
            return native.member.journal;
        }
        sleep(Duration::from_millis(200)).await;
    }
}

impl Native {
    /// One connection; true if the run is over.
    async fn connected(&mut self, mut socket: Socket) -> bool {
        let since: BTreeMap<_, _> =
            self.since.iter().map(|(room, rev)| (key(*room), *rev)).collect();
        let mut subscribe = json!({"type": "subscribe", "since": since});
        if !self.epoch.is_null() {
            subscribe["epoch"] = self.epoch.clone();
        }
        if !socket.try_send(subscribe).await {
            return false;
        }
        let mut subscribed = false;
        let begun = Instant::now();
        let mut sent: Option<Instant> = None;
        let mut next = self.member.next_post();
        loop {
            let phase = self.member.shared.phase();
            if phase == Phase::Over {
                return false;
            }
            let silent = sent.unwrap_or(begun).elapsed() > ANSWER;
            if silent && (sent.is_some() || !subscribed) {
                return false;
            }
            if self.open.is_none() {
                sent = None;
                if phase != Phase::Posting && subscribed {
                    self.member.settle();
                }
            }
            if subscribed && sent.is_none() && Instant::now() >= next {
                if phase == Phase::Posting && self.member.dice.one_in(50) {
                    return false;
                }
                match self.act(&mut socket, phase == Phase::Posting).await {
                    Acted::OnSocket => sent = Some(Instant::now()),
                    Acted::Done => next = self.member.next_post(),
                    Acted::Cut => return false,
                }
            }
            let frame = match socket.listen(Duration::from_millis(50)).await {
                Heard::Frame(frame) => frame,
                Heard::Nothing => continue,
                Heard::End(code) => {
                    if !may_end_with(code) {
                        self.member.strange(format!("the socket was closed with {code}"));
                    }
                    return false;
                }
            };
            if frame["type"] == "subscribed" {
                subscribed = true;
            }
            if self.hears(&frame) {
                sent = None;
                next = self.member.next_post();
            }
            if self.rooms.iter().all(|room| self.ended.contains(room)) {
                return true;
            }
        }
    }

    /// Sends what is open, or something new.
    async fn act(&mut self, socket: &mut Socket, may_begin: bool) -> Acted {
        if self.open.is_none() {
            if !may_begin {
                return Acted::Done;
            }
            if self.member.dice.one_in(6) && self.latest.is_some() {
                self.edit().await;
                return Acted::Done;
            }
            let at = self.member.dice.below(self.rooms.len());
            self.open = Some((self.rooms[at], self.member.new_text()));
        }
        let Some((room, text)) = self.open.clone() else { return Acted::Done };
        self.member.log(Entry::Sent { room, text: text.clone() });
        if self.member.dice.one_in(4) {
            self.post(room, &text).await;
            return Acted::Done;
        }
        let frame = json!({
            "type": "chat_message", "room_id": key(room), "content": text, "client_id": text,
            "ref": text,
        });
        if socket.try_send(frame).await { Acted::OnSocket } else { Acted::Cut }
    }

    /// Posts with a request to any server.
    async fn post(&mut self, room: i64, text: &str) {
        let path = format!("/api/chatrooms/{}/messages", key(room));
        let body = json!({"content": text, "clientId": text});
        if let Some(message) = self.ask(Method::POST, &path, body).await {
            self.stored(room, text, &message);
        }
    }

    /// Edits the latest message with a request to any server.
    async fn edit(&mut self) {
        let Some((room, message, text, editions)) = &mut self.latest else { return };
        *editions += 1;
        let (room, text) = (*room, format!("{text}~{editions}"));
        let path = format!("/api/chatrooms/{}/messages/{message}", key(room));
        self.member.log(Entry::Sent { room, text: text.clone() });
        let body = json!({"newContent": text});
        if let Some(message) = self.ask(Method::PATCH, &path, body).await {
            let place = (integer(&message["seq"]), integer(&message["rev"]));
            self.member.acknowledged(room, &text, Some(place));
        }
    }

    /// The response to a request, if it succeeded.
    async fn ask(&mut self, method: Method, path: &str, body: Json) -> Option<Json> {
        let (_, address) = self.member.any_server();
        let there = self.who.at(&address);
        let answer = timeout(ANSWER, there.try_request(method, path, body)).await.ok()?.ok()?;
        match answer.status {
            200 | 201 => Some(answer.json()),
            503 => None,
            status => {
                self.member.strange(format!("{path} was answered with {status} {}", answer.text));
                None
            }
        }
    }

    fn stored(&mut self, room: i64, text: &str, place: &Json) {
        let message = place.get("messageId").or_else(|| place.get("message_id"));
        let message = message.and_then(Json::as_str).unwrap_or_default().to_owned();
        self.open = None;
        self.latest = Some((room, message, text.to_owned(), 0));
        let place = (integer(&place["seq"]), integer(&place["rev"]));
        self.member.acknowledged(room, text, Some(place));
    }

    /// Notes what a frame tells; true if it answers what was sent.
    fn hears(&mut self, frame: &Json) -> bool {
        let kind = frame["type"].as_str().unwrap_or_default();
        if frame["error"].is_string() {
            // Not done, or perhaps done.
            if frame["message"] != "temporarily unavailable" {
                self.member.strange(frame.to_string());
            }
            return true;
        }
        match kind {
            "connection_established" => {
                self.epoch = frame["epoch"].clone();
                return false;
            }
            "message_sent" => {
                // A late answer to what was answered otherwise means nothing.
                if let Some((room, text)) =
                    self.open.clone().filter(|(_, text)| frame["ref"] == **text)
                {
                    self.stored(room, &text, frame);
                    return true;
                }
                return false;
            }
            "subscribed" => {
                for entry in frame["rooms"].as_array().into_iter().flatten() {
                    let room = number(entry["room_id"].as_str().unwrap_or_default());
                    self.stands(room, integer(&entry["rev"]), entry["reset"] == true);
                }
                return false;
            }
            _ => (),
        }
        let Some(room) = frame["room_id"].as_str().map(number) else { return false };
        let Some(rev) = frame["rev"].as_i64().filter(|_| self.rooms.contains(&room)) else {
            return false;
        };
        if kind == "changes" {
            self.replayed(room, rev, frame);
            return false;
        }
        let text = frame["content"].as_str().map(str::to_owned);
        let message = frame["seq"].as_i64().zip(text);
        if let Some((_, text)) = &message
            && text.starts_with(END)
        {
            self.ended.insert(room);
        }
        self.since.insert(room, rev);
        self.member.log(Entry::Event { room, rev, message });
        false
    }

    fn stands(&mut self, room: i64, rev: i64, reset: bool) {
        if self.rooms.contains(&room) {
            self.since.insert(room, rev);
            self.member.log(Entry::Stands { room, rev, reset });
        }
    }

    fn replayed(&mut self, room: i64, rev: i64, frame: &Json) {
        if frame["reset"] == true {
            return self.stands(room, rev, true);
        }
        let messages = frame["messages"].as_array().into_iter().flatten().map(seen);
        let messages: Vec<_> = messages.collect();
        if messages.iter().any(|seen| seen.text.starts_with(END)) {
            self.ended.insert(room);
        }
        self.since.insert(room, rev);
        self.member.log(Entry::Changes { room, rev, messages });
    }
}

/// How something was done.
enum Acted {
    /// The answer comes on the socket.
    OnSocket,
    Done,
    /// The connection has ended.
    Cut,
}

/// A message as the native dialect shows it.
pub(super) fn seen(message: &Json) -> Seen {
    Seen {
        seq: integer(&message["seq"]),
        rev: integer(&message["rev"]),
        text: message["content"].as_str().unwrap_or_default().to_owned(),
    }
}

pub(super) fn key(room: i64) -> String {
    format!("room{room:03}")
}

/// -1 if it is none, which the checker finds.
pub(super) fn integer(value: &Json) -> i64 {
    value.as_i64().unwrap_or(-1)
}
