//! The dialects with a WebSocket: entering a room, and the start of a message frame.

use super::server::Server;
use super::socket::Socket;

/// A dialect with a WebSocket.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dialect {
    Chatrooms,
    Realtime,
    Rooms,
    V1,
}

/// All dialects with a WebSocket.
pub(super) const ALL: [Dialect; 4] =
    [Dialect::Chatrooms, Dialect::Realtime, Dialect::Rooms, Dialect::V1];

impl Dialect {
    /// Opens a socket that enters the room; `room` is its key.
    pub(super) async fn enter(self, server: &Server, room: &str) -> Socket {
        let number = room.trim_start_matches("room").trim_start_matches('0');
        match self {
            Self::Chatrooms => {
                let mut socket = Socket::open(server, "/chat").await;
                socket.write(&[format!(r#"{{"type":"join_room","room_id":"{room}"}}"#)]).await;
                socket.wait_for(r#"{"type":"room_joined""#).await;
                socket
            }
            Self::Realtime => {
                let token = server.get(&format!("/Room/{number}")).await["token"]
                    .as_str()
                    .unwrap()
                    .to_owned();
                let mut socket = Socket::open(server, "/").await;
                socket.write(&[format!(r#"{{"token":"{token}"}}"#)]).await;
                socket.wait_for(r#"{"status":true"#).await;
                socket
            }
            Self::Rooms => {
                let mut socket = Socket::open(server, &format!("/rooms/{room}")).await;
                socket.wait_for(r#"{"action":"enter""#).await;
                socket
            }
            Self::V1 => {
                let mut socket = Socket::open(server, &format!("/v1/rooms/{number}/chat")).await;
                // The reply to an invalid frame shows that it has entered.
                socket.write(&["{}".to_owned()]).await;
                socket.wait_for(r#"{"error""#).await;
                socket
            }
        }
    }

    /// Returns the start of a message frame.
    pub(super) fn message(self) -> &'static [u8] {
        match self {
            Self::Chatrooms => br#"{"type":"chat_message""#,
            Self::Realtime => br#"{"type":0"#,
            Self::Rooms => br#"{"action":"message""#,
            Self::V1 => br#"{"text":"#,
        }
    }
}
