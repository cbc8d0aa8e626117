//! One-time tickets, in memory: they live for seconds and open one socket.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::model::Hash32;
use crate::store::Ticket;

/// Beyond this many the oldest goes.
const MAX_TICKETS: usize = 10_000;

/// Tickets that nobody has taken yet.
#[derive(Default)]
pub(super) struct Tickets(Mutex<HashMap<Hash32, (Ticket, Instant)>>);

impl Tickets {
    /// Keeps a ticket until `now + life`.
    pub(super) fn issue(&self, ticket: Ticket, secret: Hash32, now: Instant, life: Duration) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MAX_TICKETS {
            kept.retain(|_, (_, until)| *until > now);
        }
        if kept.len() >= MAX_TICKETS {
            let oldest = kept.iter().min_by_key(|(_, (_, until))| *until).map(|(secret, _)| *secret);
            oldest.map(|secret| kept.remove(&secret));
        }
        kept.insert(secret, (ticket, now + life));
    }

    /// Gives a ticket away, once.
    pub(super) fn take(&self, secret: Hash32, now: Instant) -> Option<Ticket> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.remove(&secret).filter(|(_, until)| *until > now).map(|(ticket, _)| ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{RoomId, SessionId, UserId};

    const TICKET: Ticket = Ticket { user: UserId(1), session: SessionId(2), room: RoomId(3) };

    const SECRET: Hash32 = Hash32([7; 32]);

    /// So many different secrets.
    fn secrets(count: usize) -> impl Iterator<Item = Hash32> {
        (0..count).map(|number| {
            let mut secret = [0; 32];
            secret[..8].copy_from_slice(&number.to_le_bytes());
            Hash32(secret)
        })
    }

    #[test]
    fn a_ticket_is_taken_once_and_in_time() {
        let (tickets, now, life) = (Tickets::default(), Instant::now(), Duration::from_mins(1));
        tickets.issue(TICKET, SECRET, now, life);
        assert_eq!(tickets.take(Hash32([8; 32]), now), None);
        assert_eq!(tickets.take(SECRET, now), Some(TICKET));
        assert_eq!(tickets.take(SECRET, now), None);
        tickets.issue(TICKET, SECRET, now, life);
        assert_eq!(tickets.take(SECRET, now + life), None);
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_goes() {
        let (tickets, now, life) = (Tickets::default(), Instant::now(), Duration::from_mins(1));
        let (first, second) = (Hash32([7; 32]), Hash32([8; 32]));
        tickets.issue(TICKET, first, now, life);
        tickets.issue(TICKET, second, now, life * 2);
        for secret in secrets(MAX_TICKETS - 1) {
            tickets.issue(TICKET, secret, now, life * 2);
        }
        assert_eq!(tickets.take(first, now), None);
        assert_eq!(tickets.take(second, now), Some(TICKET));
    }
}
