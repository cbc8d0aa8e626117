//! The token in the address to which a program answers later. It says for what it is, with a
//! signature, so that nothing is stored and every server can check it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac::{self, HMAC_SHA256, Key};

use crate::model::{Error, Result, RoomId, Seq, SlashCommandId, Timestamp, UserId};

/// Bytes of the signature.
const TAG: usize = 32;
/// Bytes of a number.
const NUMBER: usize = 8;

/// Where a message in answer to a command belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AnswerPlace {
    pub(super) room: RoomId,
    /// The message to which it replies.
    pub(super) reply_to: Option<Seq>,
}

/// A command that somebody has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Invocation {
    pub(super) command: SlashCommandId,
    pub(super) place: AnswerPlace,
    /// The sender.
    pub(super) user: UserId,
    /// Until when answers are accepted.
    pub(super) expires: Timestamp,
    /// Distinguishes it from others.
    pub(super) nonce: [u8; 16],
}

impl Invocation {
    /// Returns the token, signed with this key.
    pub(super) fn sealed(&self, key: &[u8; 32]) -> String {
        let mut bytes = Vec::new();
        let AnswerPlace { room, reply_to } = self.place;
        let reply_to = reply_to.map_or(0, |seq| seq.0);
        for number in [self.command.0, room.0, reply_to, self.user.0, self.expires.0] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes.extend_from_slice(&self.nonce);
        let tag = hmac::sign(&Key::new(HMAC_SHA256, key), &bytes);
        bytes.extend_from_slice(tag.as_ref());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a token. `BadSession` if it is not signed with this key, or has expired.
    pub(super) fn opened(token: &str, key: &[u8; 32], now: Timestamp) -> Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Error::BadSession)?;
        let split = bytes.len().checked_sub(TAG).ok_or(Error::BadSession)?;
        let (said, tag) = bytes.split_at_checked(split).ok_or(Error::BadSession)?;
        hmac::verify(&Key::new(HMAC_SHA256, key), said, tag).map_err(|_| Error::BadSession)?;
        let (numbers, nonce) = said.split_at_checked(5 * NUMBER).ok_or(Error::BadSession)?;
        let mut numbers = numbers.chunks_exact(NUMBER).map(|bytes| {
            let mut number = [0; NUMBER];
            number.copy_from_slice(bytes);
            i64::from_be_bytes(number)
        });
        let mut number = || numbers.next().ok_or(Error::BadSession);
        let invocation = Self {
            command: SlashCommandId(number()?),
            place: AnswerPlace {
                room: RoomId(number()?),
                reply_to: Some(Seq(number()?)).filter(|seq| seq.0 != 0),
            },
            user: UserId(number()?),
            expires: Timestamp(number()?),
            nonce: nonce.try_into().map_err(|_| Error::BadSession)?,
        };
        if invocation.expires > now { Ok(invocation) } else { Err(Error::BadSession) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_what_it_was_made_of_until_it_expires() {
        let key = [7; 32];
        let sent = Invocation {
            command: SlashCommandId(3),
            place: AnswerPlace { room: RoomId(i64::MAX), reply_to: Some(Seq(7)) },
            user: UserId(5),
            expires: Timestamp(1000),
            nonce: [9; 16],
        };
        let token = sent.sealed(&key);
        assert_eq!(Invocation::opened(&token, &key, Timestamp(999)), Ok(sent.clone()));
        assert_eq!(Invocation::opened(&token, &key, Timestamp(1000)), Err(Error::BadSession));
        assert_eq!(Invocation::opened(&token, &[8; 32], Timestamp(1)), Err(Error::BadSession));
        let place = AnswerPlace { reply_to: None, ..sent.place };
        let plain = Invocation { place, ..sent };
        let opened = Invocation::opened(&plain.sealed(&key), &key, Timestamp(1));
        assert_eq!(opened, Ok(plain));
        for at in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            let opened = Invocation::opened(&changed, &key, Timestamp(1));
            assert_eq!(opened, Err(Error::BadSession), "{changed}");
        }
        for bad in ["", "AAAA", "!", &token[1..], &"A".repeat(118)] {
            assert_eq!(
                Invocation::opened(bad, &key, Timestamp(1)),
                Err(Error::BadSession),
                "{bad}"
            );
        }
    }
}
