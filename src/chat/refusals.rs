//! Lines of the log about credentials that were refused: few, however many there are.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::error;

/// Lines about refused credentials: at most ten a minute and address, then one with the number left out.
#[derive(Default)]
pub(super) struct Refusals(Mutex<Addresses>);

#[derive(Default)]
struct Addresses {
    known: HashMap<Option<IpAddr>, Refused>,
    /// Counts for all addresses that find no place.
    others: Option<Refused>,
    swept: Option<Instant>,
}

struct Refused {
    since: Instant,
    count: u32,
}

const LINES_PER_MINUTE: u32 = 10;
const MINUTE: Duration = Duration::from_mins(1);
/// Addresses that are remembered; beyond, those of past minutes go, and what is new shares one count.
const MAX_ADDRESSES: usize = 10_000;

impl Refusals {
    pub(super) fn log(&self, address: Option<IpAddr>, login: Option<&str>, what: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = all.of(address);
        if refused.since.elapsed() >= MINUTE {
            if refused.count > LINES_PER_MINUTE {
                error!("Authentication failed {} more times from the same address.", refused.count - LINES_PER_MINUTE);
            }
            *refused = Refused { since: Instant::now(), count: 0 };
        }
        refused.count += 1;
        let log = refused.count <= LINES_PER_MINUTE;
        drop(all);
        match login {
            Some(login) if log => error!(user = login, "{what}"),
            None if log => error!("{what}"),
            _ => (),
        }
    }
}

impl Addresses {
    fn of(&mut self, address: Option<IpAddr>) -> &mut Refused {
        let fresh = || Refused { since: Instant::now(), count: 0 };
        if self.known.len() >= MAX_ADDRESSES && !self.known.contains_key(&address) {
            // Once a minute is enough: before that few of them can have gone by.
            if self.swept.is_none_or(|swept| swept.elapsed() >= MINUTE) {
                self.swept = Some(Instant::now());
                self.known.retain(|_, refused| refused.since.elapsed() < MINUTE);
            }
            if self.known.len() >= MAX_ADDRESSES {
                return self.others.get_or_insert_with(fresh);
            }
        }
        self.known.entry(address).or_insert_with(fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_refusals_are_bounded() {
        let mut addresses = Addresses::default();
        for number in 0..u32::try_from(MAX_ADDRESSES).unwrap() * 2 {
            addresses.of(Some(IpAddr::from(number.to_be_bytes()))).count += 1;
        }
        assert_eq!(addresses.known.len(), MAX_ADDRESSES);
        assert_eq!(addresses.others.map(|others| others.count), u32::try_from(MAX_ADDRESSES).ok());
    }
}
