//! Finished WebSocket frames: what is written to a socket, byte for byte.

use bytes::{BufMut, Bytes, BytesMut};

/// First byte of an unfragmented text frame (RFC 6455, section 5.2: FIN, opcode 1).
const TEXT: u8 = 0x81;
/// Longest length that fits into the second byte.
const SHORT: usize = 125;

/// Complete frames of a server, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frames {
    /// Header and payload of each frame.
    pub bytes: Bytes,
    /// Number of frames.
    pub count: usize,
    /// Whether the bytes are a chunk of a room, which is counted once for all sockets.
    pub shared: bool,
}

impl Frames {
    /// One text frame.
    pub fn text(payload: &str) -> Self {
        let mut bytes = BytesMut::with_capacity(payload.len() + 10);
        put_text(&mut bytes, payload);
        Self { bytes: bytes.freeze(), count: 1, shared: false }
    }

    /// Returns whether there is no frame.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// Appends a text frame. A server's frames are not masked.
pub(super) fn put_text(to: &mut BytesMut, payload: &str) {
    to.put_u8(TEXT);
    match u16::try_from(payload.len()) {
        #[expect(clippy::cast_possible_truncation, reason = "at most 125")]
        Ok(length) if payload.len() <= SHORT => to.put_u8(length as u8),
        Ok(length) => {
            to.put_u8(126);
            to.put_u16(length);
        }
        Err(_) => {
            to.put_u8(127);
            to.put_u64(payload.len() as u64);
        }
    }
    to.put_slice(payload.as_bytes());
}

#[cfg(test)]
pub(crate) mod tests {
    use bytes::Buf;

    use super::*;

    /// Returns the payloads of text frames.
    pub(crate) fn payloads(mut bytes: Bytes) -> Vec<String> {
        let mut payloads = Vec::new();
        while bytes.has_remaining() {
            assert_eq!(bytes.get_u8(), TEXT);
            let length = match bytes.get_u8() {
                126 => usize::from(bytes.get_u16()),
                127 => usize::try_from(bytes.get_u64()).unwrap(),
                short => usize::from(short),
            };
            payloads.push(String::from_utf8(bytes.split_to(length).to_vec()).unwrap());
        }
        payloads
    }

    #[tokio::test]
    async fn frames_are_those_of_the_library() {
        use futures_util::SinkExt;
        use tokio::io::AsyncReadExt;
        use tokio_tungstenite::WebSocketStream;
        use tokio_tungstenite::tungstenite::Message;
        use tokio_tungstenite::tungstenite::protocol::Role;
        for length in [0, 1, 125, 126, 65_535, 65_536, 70_000] {
            let text = "ж".repeat(length / 2) + &"x".repeat(length % 2);
            let (near, mut far) = tokio::io::duplex(100_000);
            let mut library = WebSocketStream::from_raw_socket(near, Role::Server, None).await;
            library.send(Message::text(text.clone())).await.unwrap();
            drop(library);
            let mut expected = Vec::new();
            far.read_to_end(&mut expected).await.unwrap();
            assert_eq!(Frames::text(&text).bytes, expected, "{length}");
            assert_eq!(payloads(Frames::text(&text).bytes), [text]);
        }
    }
}
