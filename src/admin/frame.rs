//! The protocol of the control socket: frames of a kind, a length and content.
//!
//! The caller sends one `C` with a [`Command`](super::Command); the server replies with any number
//! of `I` (an item), `P` (progress) and `B` (bytes of a file), and ends with `D` (done) or `E` (a
//! [`Failure`]). All but `B` contain JSON. While a command sends nothing else, an empty `P` is sent
//! every few seconds as a keep-alive, so that a caller can detect a server that hangs.

use std::io::{self, Read};

use bytes::{BufMut, Bytes, BytesMut};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::outcome::{Failure, Reply};

/// Maximum size of the content in bytes: a command with its fields, or a part of a file.
pub const MAX: usize = 16 * 1024 * 1024;
/// Bytes before the content: the kind, and the length in network order.
pub const HEAD: usize = 5;

/// The kind of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A command.
    Command,
    /// An item.
    Item,
    /// Progress.
    Progress,
    /// Bytes of a file.
    Bytes,
    /// The command succeeded.
    Done,
    /// The command failed.
    Failure,
}

const KINDS: [(Kind, u8); 6] = [
    (Kind::Command, b'C'),
    (Kind::Item, b'I'),
    (Kind::Progress, b'P'),
    (Kind::Bytes, b'B'),
    (Kind::Done, b'D'),
    (Kind::Failure, b'E'),
];

/// Encodes a frame.
pub fn frame(kind: Kind, content: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(HEAD + content.len());
    frame.put_u8(KINDS.iter().find(|(known, _)| *known == kind).map_or(0, |(_, byte)| *byte));
    frame.put_u32(u32::try_from(content.len()).unwrap_or(u32::MAX));
    frame.put_slice(content);
    frame.freeze()
}

/// The keep-alive frame.
pub fn sign_of_life() -> Bytes {
    reply(&Reply::Progress { done: 0, total: 0 })
}

/// Whether a reply is a keep-alive.
pub fn is_sign_of_life(reply: &Reply) -> bool {
    matches!(reply, Reply::Progress { done: 0, total: 0 })
}

/// Encodes a reply.
pub fn reply(reply: &Reply) -> Bytes {
    match reply {
        Reply::Item(value) => frame(Kind::Item, value.to_string().as_bytes()),
        Reply::Progress { done, total } => {
            frame(Kind::Progress, json!([done, total]).to_string().as_bytes())
        }
        Reply::Bytes(bytes) => frame(Kind::Bytes, bytes),
    }
}

/// Encodes the result of a command.
pub fn end(ended: &Result<(), Failure>) -> Bytes {
    match ended {
        Ok(()) => frame(Kind::Done, b""),
        Err(failure) => frame(Kind::Failure, json!(failure).to_string().as_bytes()),
    }
}

/// Decodes the kind and the length of a frame.
pub fn head(head: [u8; HEAD]) -> io::Result<(Kind, usize)> {
    let [kind, length @ ..] = head;
    let kind = KINDS.iter().find(|(_, byte)| *byte == kind).map(|(kind, _)| *kind);
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    match kind {
        Some(kind) if length <= MAX => Ok((kind, length)),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the peer is not a control socket of chatctl",
        )),
    }
}

/// A frame from the server.
#[derive(Debug)]
pub enum Answer {
    /// A reply while the command runs.
    Reply(Reply),
    /// The result of the command.
    End(Result<(), Failure>),
}

/// Reads a frame from the server.
pub fn read_answer(from: &mut impl Read) -> io::Result<Answer> {
    let mut first = [0; HEAD];
    from.read_exact(&mut first)?;
    let (kind, length) = head(first)?;
    let mut content = vec![0; length];
    from.read_exact(&mut content)?;
    Ok(match kind {
        Kind::Item => Answer::Reply(Reply::Item(parse::<Value>(&content)?)),
        Kind::Progress => {
            let (done, total) = parse(&content)?;
            Answer::Reply(Reply::Progress { done, total })
        }
        Kind::Bytes => Answer::Reply(Reply::Bytes(content.into())),
        Kind::Done => Answer::End(Ok(())),
        Kind::Failure => Answer::End(Err(parse(&content)?)),
        Kind::Command => {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the control socket sent a command instead of a reply",
            ));
        }
    })
}

fn parse<T: DeserializeOwned>(content: &[u8]) -> io::Result<T> {
    serde_json::from_slice(content)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::super::outcome::Kind as Ending;
    use super::*;

    #[test]
    fn frames_survive_encoding_and_decoding() {
        let replies = [
            Reply::Item(json!({"a": "ü"})),
            Reply::Progress { done: 3, total: 0 },
            Reply::Bytes(Bytes::from_static(b"\0\xff")),
        ];
        let mut stream: Vec<u8> = replies.iter().flat_map(reply).collect();
        stream.extend(end(&Err(Failure::new(Ending::NotFound, "no"))));
        stream.extend(end(&Ok(())));
        let mut stream = stream.as_slice();
        for wanted in replies {
            assert!(
                matches!(read_answer(&mut stream).unwrap(), Answer::Reply(reply) if reply == wanted)
            );
        }
        assert!(
            matches!(read_answer(&mut stream).unwrap(), Answer::End(Err(failure)) if failure.kind == Ending::NotFound)
        );
        assert!(matches!(read_answer(&mut stream).unwrap(), Answer::End(Ok(()))));
        assert_eq!(read_answer(&mut stream).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn invalid_frames_are_refused() {
        for bad in [&b"HTTP/1.1 400"[..], b"I\xff\xff\xff\xff", b"I\0\0\0\x01{", b"C\0\0\0\x02{}"] {
            assert!(read_answer(&mut &*bad).is_err(), "{bad:?}");
        }
    }
}
