//! A WebSocket with the frames received on it.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::{Json, PATIENCE};

/// The client's end of a socket. Received frames are queued in order.
pub(crate) struct Socket {
    name: String,
    stream: WebSocketStream<TcpStream>,
    waiting: VecDeque<Json>,
    heard: Vec<String>,
    asked: u32,
}

/// What came on a socket within some time.
pub(crate) enum Heard {
    Frame(Json),
    Nothing,
    /// The connection has ended, with this code; 1006 if without one.
    End(u16),
}

/// Matches frames of one type.
pub(crate) fn is(kind: &str) -> impl Fn(&Json) -> bool + use<'_> {
    move |frame| frame["type"] == kind
}

impl Socket {
    pub(super) fn new(name: &str, stream: WebSocketStream<TcpStream>) -> Self {
        Self {
            name: name.to_owned(),
            stream,
            waiting: VecDeque::new(),
            heard: Vec::new(),
            asked: 0,
        }
    }

    /// Sends a frame.
    pub(crate) async fn send(&mut self, frame: Json) {
        self.send_text(&frame.to_string()).await;
    }

    /// Sends any text.
    pub(crate) async fn send_text(&mut self, text: &str) {
        self.send_message(Message::text(text)).await;
    }

    /// Sends any message.
    pub(crate) async fn send_message(&mut self, message: Message) {
        if let Err(error) = self.stream.send(message).await {
            self.fail(&format!("could not send: {error}"));
        }
    }

    /// Sends several frames together.
    pub(crate) async fn send_all(&mut self, frames: &[Json]) {
        for frame in frames {
            if let Err(error) = self.stream.feed(Message::text(frame.to_string())).await {
                self.fail(&format!("could not send: {error}"));
            }
        }
        if let Err(error) = self.stream.flush().await {
            self.fail(&format!("could not send: {error}"));
        }
    }

    /// Returns the next frame.
    pub(crate) async fn next(&mut self) -> Json {
        match self.waiting.pop_front() {
            Some(frame) => frame,
            None => self.read().await,
        }
    }

    /// Returns the first matching frame; earlier ones stay queued.
    pub(crate) async fn expect(&mut self, wanted: impl Fn(&Json) -> bool) -> Json {
        if let Some(at) = self.waiting.iter().position(&wanted) {
            return self.waiting.remove(at).unwrap();
        }
        loop {
            let frame = self.read().await;
            if wanted(&frame) {
                return frame;
            }
            self.waiting.push_back(frame);
        }
    }

    /// Returns the first frame of this type; earlier ones stay queued.
    pub(crate) async fn until(&mut self, kind: &str) -> Json {
        self.expect(is(kind)).await
    }

    /// Sends a frame if the connection is still open.
    pub(crate) async fn try_send(&mut self, frame: Json) -> bool {
        self.stream.send(Message::text(frame.to_string())).await.is_ok()
    }

    /// Sends a part of a fragmented message, if the connection is still open.
    pub(crate) async fn try_send_part(&mut self, first: bool, text: &str) -> bool {
        let data = if first { Data::Text } else { Data::Continue };
        let part = Frame::message(text.to_owned(), OpCode::Data(data), false);
        self.stream.feed(Message::Frame(part)).await.is_ok()
    }

    /// Sends the last part of a message, which is empty.
    pub(crate) async fn end_parts(&mut self) {
        let part = Frame::message("", OpCode::Data(Data::Continue), true);
        self.send_message(Message::Frame(part)).await;
    }

    /// Flushes unsent data, if the connection is still open.
    pub(crate) async fn push(&mut self) {
        drop(self.stream.flush().await);
    }

    /// Returns the next frame, or None if the connection has ended in any way.
    pub(crate) async fn next_or_end(&mut self) -> Option<Json> {
        if let Some(frame) = self.waiting.pop_front() {
            return Some(frame);
        }
        loop {
            match timeout(PATIENCE, self.stream.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => return Some(self.note(&text)),
                Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) => return None,
                Ok(Some(Ok(_))) => (),
                Err(_) => self.fail("waited in vain"),
            }
        }
    }

    /// Waits for the next frame for some time; does not keep it for failures, so that a socket may
    /// live long.
    pub(crate) async fn listen(&mut self, time: Duration) -> Heard {
        if let Some(frame) = self.waiting.pop_front() {
            return Heard::Frame(frame);
        }
        let frame = async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Message::Text(text))) => {
                        let frame = serde_json::from_str(&text);
                        return Heard::Frame(frame.unwrap_or_else(|_| Json::from(text.as_str())));
                    }
                    Some(Ok(Message::Close(Some(close)))) => return Heard::End(close.code.into()),
                    Some(Ok(Message::Close(None))) => return Heard::End(1005),
                    Some(Ok(_)) => (),
                    Some(Err(_)) | None => return Heard::End(1006),
                }
            }
        };
        timeout(time, frame).await.unwrap_or(Heard::Nothing)
    }

    /// Returns all frames before the first matching one, and that one.
    pub(crate) async fn all_until(&mut self, wanted: impl Fn(&Json) -> bool) -> (Vec<Json>, Json) {
        let mut before = Vec::new();
        loop {
            let frame = self.next().await;
            if wanted(&frame) {
                return (before, frame);
            }
            before.push(frame);
        }
    }

    /// Fails if a frame that matches `unwanted` arrives before one that matches `marker`.
    pub(crate) async fn silent_until(
        &mut self,
        unwanted: impl Fn(&Json) -> bool,
        marker: impl Fn(&Json) -> bool,
    ) -> Json {
        let (before, marker) = self.all_until(marker).await;
        if let Some(frame) = before.iter().find(|frame| unwanted(frame)) {
            self.fail(&format!("should not have heard {frame}"));
        }
        marker
    }

    /// Sends a frame and returns its reply.
    pub(crate) async fn ask(&mut self, mut frame: Json) -> Json {
        self.asked += 1;
        let reference = format!("ask {}", self.asked);
        frame["ref"] = json!(reference);
        self.send(frame).await;
        self.expect(|answer| answer["ref"] == reference).await
    }

    /// Sends a frame that must be refused with this code; returns the reply.
    pub(crate) async fn refused(&mut self, frame: Json, code: &str) -> Json {
        let asked = frame.to_string();
        let answer = self.ask(frame).await;
        if answer["error"] != code {
            self.fail(&format!(
                "{asked} should be refused with {code}, was answered with {answer}"
            ));
        }
        answer
    }

    /// Enters a room; returns the reply.
    pub(crate) async fn join(&mut self, room: &str) -> Json {
        let joined = self.ask(json!({"type": "join_room", "room_id": room})).await;
        if joined["type"] != "room_joined" {
            self.fail(&format!("could not enter {room}: {joined}"));
        }
        joined
    }

    /// Posts into the room joined last; returns the reply.
    pub(crate) async fn say(&mut self, text: &str) -> Json {
        let sent = self.ask(json!({"type": "chat_message", "content": text})).await;
        if sent["type"] != "message_sent" {
            self.fail(&format!("could not post: {sent}"));
        }
        sent
    }

    /// Waits for the broadcast of the message with this text.
    pub(crate) async fn hears(&mut self, text: &str) -> Json {
        self.expect(|frame| frame["type"] == "chat_message" && frame["content"] == text).await
    }

    /// Waits for the reply to a `ping`: everything sent by the server before is received, and every
    /// frame sent before was read. Returns the queued frames.
    pub(crate) async fn settle(&mut self) -> Vec<Json> {
        self.asked += 1;
        let reference = format!("ping {}", self.asked);
        self.send(json!({"type": "ping", "ref": reference})).await;
        self.all_until(|frame| frame["type"] == "pong" && frame["ref"] == reference).await.0
    }

    /// Returns the code with which the server closes the socket; earlier frames stay queued.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            match timeout(PATIENCE, self.stream.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => {
                    let frame = self.note(&text);
                    self.waiting.push_back(frame);
                }
                Ok(Some(Ok(Message::Close(Some(close))))) => return close.code.into(),
                Ok(Some(Ok(Message::Close(None)))) => return 1005,
                Ok(Some(Ok(_))) => (),
                Ok(Some(Err(_)) | None) => return 1006,
                Err(_) => self.fail("was not closed"),
            }
        }
    }

    /// Closes the socket properly.
    pub(crate) async fn close(mut self) {
        if let Err(error) = self.stream.close(None).await {
            self.fail(&format!("could not close: {error}"));
        }
        assert_eq!(self.closed().await, 1005, "the close was not answered");
    }

    /// Returns all frames heard so far.
    pub(crate) fn heard(&self) -> impl Iterator<Item = Json> {
        self.heard.iter().map(|text| serde_json::from_str(text).expect("JSON"))
    }

    /// Returns the queued frames.
    pub(crate) fn unread(&self) -> impl Iterator<Item = &Json> {
        self.waiting.iter()
    }

    async fn read(&mut self) -> Json {
        loop {
            match timeout(PATIENCE, self.stream.next()).await {
                Ok(Some(Ok(Message::Text(text)))) => return self.note(&text),
                Ok(Some(Ok(Message::Close(close)))) => self.fail(&format!("was closed: {close:?}")),
                Ok(Some(Ok(_))) => (),
                Ok(Some(Err(error))) => self.fail(&format!("broke: {error}")),
                Ok(None) => self.fail("ended"),
                Err(_) => self.fail("waited in vain"),
            }
        }
    }

    fn note(&mut self, text: &str) -> Json {
        self.heard.push(text.to_owned());
        serde_json::from_str(text)
            .unwrap_or_else(|error| self.fail(&format!("heard no JSON ({error}): {text}")))
    }

    fn fail(&self, why: &str) -> ! {
        panic!("the socket of {} {why}\nit had heard:\n  {}", self.name, self.heard.join("\n  "))
    }
}
