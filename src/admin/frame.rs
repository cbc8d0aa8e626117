//! How the control socket speaks: frames of a kind, a length and a content.
//!
//! The caller sends one `C` with a [`Command`](super::Command); back come any number of `I` (an
//! item), `P` (progress) and `B` (bytes of a file), and at the end `D` (done) or `E` (a
//! [`Failure`]). All but `B` are JSON. While a command has nothing to say, a `P` of nothing comes
//! every few seconds, so that a caller can tell a server that works from one that hangs.

use std::io::{self, Read};

use bytes::{BufMut, Bytes, BytesMut};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::outcome::{Failure, Reply};

/// Largest content: a command with all that it names, or a part of a file.
pub const MAX: usize = 16 * 1024 * 1024;
/// Bytes before the content: the kind, and the length in network order.
pub const HEAD: usize = 5;

/// What a frame is.
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
    /// Done.
    Done,
    /// Why not.
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

/// A frame, ready to be sent.
pub fn frame(kind: Kind, content: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(HEAD + content.len());
    frame.put_u8(KINDS.iter().find(|(known, _)| *known == kind).map_or(0, |(_, byte)| *byte));
    frame.put_u32(u32::try_from(content.len()).unwrap_or(u32::MAX));
    frame.put_slice(content);
    frame.freeze()
}

/// What a server that works sends while a command has nothing to say.
pub fn sign_of_life() -> Bytes {
    reply(&Reply::Progress { done: 0, total: 0 })
}

/// Whether a reply says only that the server works.
pub fn is_sign_of_life(reply: &Reply) -> bool {
    matches!(reply, Reply::Progress { done: 0, total: 0 })
}

/// The frame that says a reply.
pub fn reply(reply: &Reply) -> Bytes {
    match reply {
        Reply::Item(value) => frame(Kind::Item, value.to_string().as_bytes()),
        Reply::Progress { done, total } => {
            frame(Kind::Progress, json!([done, total]).to_string().as_bytes())
        }
        Reply::Bytes(bytes) => frame(Kind::Bytes, bytes),
    }
}

/// The frame that says how it ended.
pub fn end(ended: &Result<(), Failure>) -> Bytes {
    match ended {
        Ok(()) => frame(Kind::Done, b""),
        Err(failure) => frame(Kind::Failure, json!(failure).to_string().as_bytes()),
    }
}

/// What a frame's first bytes announce.
pub fn head(head: [u8; HEAD]) -> io::Result<(Kind, usize)> {
    let [kind, length @ ..] = head;
    let kind = KINDS.iter().find(|(_, byte)| *byte == kind).map(|(kind, _)| *kind);
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    match kind {
        Some(kind) if length <= MAX => Ok((kind, length)),
        _ => {
            Err(io::Error::new(io::ErrorKind::InvalidData, "this is no control socket of chatctl"))
        }
    }
}

/// What comes back.
#[derive(Debug)]
pub enum Answer {
    /// On the way.
    Reply(Reply),
    /// At the end.
    End(Result<(), Failure>),
}

/// Reads what comes back.
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
                "the control socket asks instead of answering",
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
    fn what_is_said_arrives() {
        let said = [
            Reply::Item(json!({"a": "ü"})),
            Reply::Progress { done: 3, total: 0 },
            Reply::Bytes(Bytes::from_static(b"\0\xff")),
        ];
        let mut stream: Vec<u8> = said.iter().flat_map(reply).collect();
        stream.extend(end(&Err(Failure::new(Ending::NotFound, "no"))));
        stream.extend(end(&Ok(())));
        let mut stream = stream.as_slice();
        for wanted in said {
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
    fn what_is_no_frame_is_refused() {
        for bad in [&b"HTTP/1.1 400"[..], b"I\xff\xff\xff\xff", b"I\0\0\0\x01{", b"C\0\0\0\x02{}"] {
            assert!(read_answer(&mut &*bad).is_err(), "{bad:?}");
        }
    }
}
