//! One-time tickets in memory: they live for seconds and open one socket.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::model::{Hash32, SessionId, UserId};
use crate::store::Ticket;

/// Maximum number of unused tickets of one session; beyond it the oldest is removed.
const PER_SESSION: usize = 8;
/// Maximum number of unused tickets of one user; beyond it the oldest is removed.
const PER_USER: usize = 64;
/// Maximum number of tickets; beyond it the oldest of the user with most tickets is removed.
const MAX_TICKETS: usize = 10_000;

/// Unused tickets.
#[derive(Default)]
pub(in crate::store) struct Tickets(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    owners: HashMap<Hash32, UserId>,
    /// Oldest first.
    of: HashMap<UserId, VecDeque<Waiting>>,
}

struct Waiting {
    secret: Hash32,
    ticket: Ticket,
    until: Instant,
}

impl Tickets {
    /// Stores a ticket until `now + life`. Other users' tickets cannot displace it.
    pub(in crate::store) fn issue(
        &self,
        ticket: Ticket,
        secret: Hash32,
        now: Instant,
        life: Duration,
    ) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (user, session) = (ticket.user, ticket.session);
        kept.expire(user, now);
        kept.bound(user, Some(session), PER_SESSION);
        kept.bound(user, None, PER_USER);
        if kept.owners.len() >= MAX_TICKETS {
            let users: Vec<UserId> = kept.of.keys().copied().collect();
            for user in users {
                kept.expire(user, now);
            }
        }
        if kept.owners.len() >= MAX_TICKETS
            && let Some(greediest) =
                kept.of.iter().max_by_key(|(_, waiting)| waiting.len()).map(|(user, _)| *user)
        {
            kept.remove(greediest, 0);
        }
        kept.owners.insert(secret, user);
        kept.of.entry(user).or_default().push_back(Waiting { secret, ticket, until: now + life });
    }

    /// Returns a ticket, once.
    pub(in crate::store) fn take(&self, secret: Hash32, now: Instant) -> Option<Ticket> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let user = *kept.owners.get(&secret)?;
        let at = kept.of.get(&user)?.iter().position(|waiting| waiting.secret == secret)?;
        kept.remove(user, at).filter(|taken| taken.until > now).map(|taken| taken.ticket)
    }
}

impl Kept {
    /// Makes room for one more ticket of this user (and session), of which fewer than `most` may
    /// remain.
    fn bound(&mut self, user: UserId, session: Option<SessionId>, most: usize) {
        let Some(waiting) = self.of.get(&user) else { return };
        let mut same = waiting
            .iter()
            .enumerate()
            .filter(|(_, waiting)| session.is_none_or(|session| waiting.ticket.session == session));
        let oldest = same.next().map(|(at, _)| at);
        if same.count() + 1 >= most
            && let Some(oldest) = oldest
        {
            self.remove(user, oldest);
        }
    }

    fn expire(&mut self, user: UserId, now: Instant) {
        while let Some(at) = self
            .of
            .get(&user)
            .and_then(|waiting| waiting.iter().position(|waiting| waiting.until <= now))
        {
            self.remove(user, at);
        }
    }

    fn remove(&mut self, user: UserId, at: usize) -> Option<Waiting> {
        let waiting = self.of.get_mut(&user)?;
        let removed = waiting.remove(at)?;
        if waiting.is_empty() {
            self.of.remove(&user);
        }
        self.owners.remove(&removed.secret);
        Some(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RoomId;

    const TICKET: Ticket = Ticket { user: UserId(1), session: SessionId(2), room: RoomId(3) };

    const SECRET: Hash32 = Hash32([7; 32]);

    /// Returns this number of different secrets.
    fn secrets(count: usize) -> impl Iterator<Item = Hash32> {
        (0..count).map(|number| {
            let mut secret = [0; 32];
            secret[..8].copy_from_slice(&number.to_le_bytes());
            Hash32(secret)
        })
    }

    fn of(user: i64, session: i64) -> Ticket {
        Ticket { user: UserId(user), session: SessionId(session), room: RoomId(3) }
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
        assert!(tickets.0.lock().unwrap().of.is_empty());
    }

    #[test]
    fn a_session_has_a_few_and_its_oldest_goes() {
        let (tickets, now, life) = (Tickets::default(), Instant::now(), Duration::from_mins(1));
        let all: Vec<Hash32> = secrets(PER_SESSION + 2).collect();
        tickets.issue(of(1, 9), SECRET, now, life);
        for secret in &all {
            tickets.issue(TICKET, *secret, now, life);
        }
        let left: Vec<bool> =
            all.iter().map(|secret| tickets.take(*secret, now).is_some()).collect();
        assert_eq!(left, [vec![false; 2], vec![true; PER_SESSION]].concat());
        assert_eq!(tickets.take(SECRET, now), Some(of(1, 9)), "another session has its own");
    }

    #[test]
    fn memory_is_bounded_and_nobody_pushes_out_those_of_others() {
        let (tickets, now, life) = (Tickets::default(), Instant::now(), Duration::from_mins(1));
        tickets.issue(TICKET, SECRET, now, life);
        // Few users with very many sessions, then very many users.
        for (number, secret) in (0_i64..).zip(secrets(MAX_TICKETS * 2)) {
            let user = if number < 10_000 { 2 + number % 300 } else { 1_000 + number / 8 };
            tickets.issue(of(user, 100 + number), secret, now, life * 2);
            let kept = tickets.0.lock().unwrap();
            assert!(
                kept.owners.len() <= MAX_TICKETS
                    && kept.of.values().all(|waiting| waiting.len() <= PER_USER)
            );
        }
        assert_eq!(tickets.take(SECRET, now), Some(TICKET));
    }
}
