//! Clients of the dialects that hear a room from their entry on: `rooms`, `v1` and `realtime`.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::journal::{END, Entry, Journal, Kind};
use super::shared::{ANSWER, Member, Phase, may_end_with};
use crate::support::{Body, Heard, Json, Realtime, Rooms, Socket, V1, status};

/// A user of one of the dialects.
pub(super) enum Listener {
    Rooms(Rooms),
    V1(V1),
    Realtime(Realtime),
}

/// What a frame says.
enum Said {
    Message(String),
    /// What was sent last is stored.
    Stored,
    /// What was sent last is perhaps stored.
    Refused,
    Other,
    Strange,
}

impl Listener {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Rooms(_) | Self::V1(_) => Kind::Hears,
            Self::Realtime(_) => Kind::HearsOthers,
        }
    }

    pub(super) fn login(&self) -> &str {
        match self {
            Self::Rooms(who) => &who.login,
            Self::V1(who) => &who.login,
            Self::Realtime(who) => &who.login,
        }
    }

    /// Opens a socket that has entered the room; returns what it has heard already.
    async fn enter(&self, address: &str, room: i64) -> Result<(Socket, Vec<Json>), String> {
        let mut socket;
        let entered: fn(&Json) -> bool;
        match self {
            Self::Rooms(who) => {
                let client = who.moved_to(address);
                socket = client.try_socket(&who.login, &format!("/rooms/room{room:03}")).await?;
                entered = |frame| frame["action"] == "enter";
            }
            Self::V1(who) => {
                let client = who.moved_to(address);
                socket = client.try_socket(&who.login, &format!("/v1/rooms/{room}/chat")).await?;
                // The answer to it shows that the socket has entered.
                socket.try_send(json!({})).await;
                entered = |frame| frame["error"]["code"] == "invalid_json";
            }
            Self::Realtime(who) => {
                let client = who.moved_to(address);
                let path = format!("/Room/{room}");
                let answer = client.try_request(Method::GET, &path, Body::Nothing).await?;
                if answer.status != 200 {
                    return Err(answer.text);
                }
                let token = answer.json()["token"].clone();
                socket = client.bare().try_socket(&who.login, "/").await?;
                socket.try_send(json!({"token": token})).await;
                entered = |frame| *frame == status(true);
            }
        }
        let mut early = Vec::new();
        loop {
            match socket.listen(ANSWER).await {
                Heard::Frame(frame) if entered(&frame) => return Ok((socket, early)),
                Heard::Frame(frame) => early.push(frame),
                Heard::Nothing => return Err("no answer".to_owned()),
                Heard::End(code) => return Err(format!("closed with {code}")),
            }
        }
    }

    fn frame(&self, text: &str) -> Json {
        match self {
            Self::Rooms(_) => json!({"action": "message", "message": text}),
            Self::V1(_) => json!({"text": text}),
            Self::Realtime(_) => json!({"msg": text}),
        }
    }

    fn read(&self, frame: &Json) -> Said {
        let message = |value: &Json| value.as_str().map(|text| Said::Message(text.to_owned()));
        let failure = |value: &Json, code: &str| {
            if *value == code { Said::Refused } else { Said::Strange }
        };
        let said = match self {
            Self::Rooms(_) => match frame["action"].as_str() {
                Some("message") => message(&frame["message"]),
                Some("error") => Some(failure(&frame["error"], "Unavailable")),
                Some("join" | "leave" | "enter") => Some(Said::Other),
                _ => None,
            },
            Self::V1(_) if frame["text"].is_string() => message(&frame["text"]),
            Self::V1(_) => Some(failure(&frame["error"]["code"], "unavailable")),
            Self::Realtime(_) if *frame == status(true) => Some(Said::Stored),
            Self::Realtime(_) if *frame == status(false) => Some(Said::Refused),
            Self::Realtime(_) if frame["type"] == 0 => message(&frame["msg"]),
            Self::Realtime(_) if frame["type"] == 1 => Some(Said::Other),
            Self::Realtime(_) => None,
        };
        said.unwrap_or(Said::Strange)
    }
}

/// Posts and listens in a room until the run is over.
pub(super) async fn run(mut member: Member, who: Listener, room: i64) -> Journal {
    loop {
        let (server, address) = member.any_server();
        let entering = timeout(ANSWER, who.enter(&address, room));
        if let Ok(Ok((socket, early))) = entering.await {
            member.log(Entry::Connected { server });
            if connected(&mut member, &who, room, socket, early).await {
                return member.journal;
            }
        }
        if member.shared.phase() == Phase::Over {
            member.strange(format!("waits in vain for the end of {room}"));
            return member.journal;
        }
        sleep(Duration::from_millis(200)).await;
    }
}

/// One connection; true if the run is over.
async fn connected(
    member: &mut Member,
    who: &Listener,
    room: i64,
    mut socket: Socket,
    early: Vec<Json>,
) -> bool {
    let mut open: Option<(String, Instant)> = None;
    let mut next = member.next_post();
    let mut early = early.into_iter();
    loop {
        let phase = member.shared.phase();
        if phase == Phase::Over {
            return false;
        }
        if phase != Phase::Posting && open.is_none() {
            member.settle();
        }
        if phase == Phase::Posting && open.is_none() && Instant::now() >= next {
            if member.dice.one_in(50) {
                return false;
            }
            let text = member.new_text();
            member.log(Entry::Sent { room, text: text.clone() });
            if !socket.try_send(who.frame(&text)).await {
                return false;
            }
            open = Some((text, Instant::now()));
        }
        if open.as_ref().is_some_and(|(_, since)| since.elapsed() > ANSWER) {
            return false;
        }
        let heard = match early.next() {
            Some(frame) => Heard::Frame(frame),
            None => socket.listen(Duration::from_millis(50)).await,
        };
        let frame = match heard {
            Heard::Frame(frame) => frame,
            Heard::Nothing => continue,
            Heard::End(code) => {
                if !may_end_with(code) {
                    member.strange(format!("the socket was closed with {code}"));
                }
                return false;
            }
        };
        match who.read(&frame) {
            Said::Message(text) => {
                member.log(Entry::Heard { room, text: text.clone() });
                // The broadcast is the acknowledgement.
                if open.as_ref().is_some_and(|(sent, _)| *sent == text) {
                    open = None;
                    next = member.next_post();
                    member.acknowledged(room, &text, None);
                }
                if text.starts_with(END) {
                    return true;
                }
            }
            Said::Stored => {
                if let Some((text, _)) = open.take() {
                    member.acknowledged(room, &text, None);
                }
                next = member.next_post();
            }
            Said::Refused => {
                open = None;
                next = member.next_post();
            }
            Said::Other => (),
            Said::Strange => member.strange(frame.to_string()),
        }
    }
}
