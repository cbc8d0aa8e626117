//! Places for connections: a total number, and a number per address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use metrics::{counter, gauge};

use crate::model::rules::counted;

/// The limit that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum Full {
    /// The maximum number of connections of the server.
    Server,
    /// The maximum number of connections of the address, or of the network for IPv6.
    Address,
}

/// Counts connections.
#[derive(Debug)]
pub(in crate::api) struct Places {
    /// Connections and pending requests of HTTP/2.
    taken: AtomicUsize,
    by_address: Mutex<HashMap<IpAddr, usize>>,
    most: AtomicUsize,
    most_of_address: AtomicUsize,
}

/// One of all connections; released when the connection, or the WebSocket it became, ends.
#[derive(Debug)]
pub(super) struct Place {
    _total: Total,
}

/// One of what is limited in all.
#[derive(Debug)]
struct Total(Arc<Places>);

/// One of the connections of an address.
#[derive(Debug)]
pub(in crate::api) struct AddressPlace {
    places: Arc<Places>,
    address: IpAddr,
}

/// Place of a request until its response is sent.
#[derive(Debug)]
pub(in crate::api) struct RequestPlace {
    /// It counts for the address, like a connection.
    pub(in crate::api) of_address: AddressPlace,
    _total: Option<Total>,
}

impl Places {
    pub(in crate::api) fn new(most: usize, most_of_address: usize) -> Arc<Self> {
        Arc::new(Self {
            taken: AtomicUsize::new(0),
            by_address: Mutex::default(),
            most: AtomicUsize::new(most),
            most_of_address: AtomicUsize::new(most_of_address),
        })
    }

    /// Changes the limits. Connections above them stay open.
    pub(in crate::api) fn limit_to(&self, most: usize, most_of_address: usize) {
        self.most.store(most, Ordering::Relaxed);
        self.most_of_address.store(most_of_address, Ordering::Relaxed);
    }

    /// Takes a place for a connection.
    pub(super) fn take(self: &Arc<Self>) -> Result<Place, Full> {
        gauge!("chatctl_connections").increment(1);
        let place = self.total().map(|total| Place { _total: total });
        if place.is_err() {
            gauge!("chatctl_connections").decrement(1);
        }
        place
    }

    /// Takes one of all places.
    fn total(self: &Arc<Self>) -> Result<Total, Full> {
        let place = Total(Arc::clone(self));
        if self.taken.fetch_add(1, Ordering::Relaxed) + 1 > self.most.load(Ordering::Relaxed) {
            counter!("chatctl_connections_refused_total", "reason" => "server").increment(1);
            return Err(Full::Server);
        }
        Ok(place)
    }

    /// Takes a place for a request of this address. One that shares its connection with others
    /// counts in all too, because it may need an open file of its own.
    pub(in crate::api) fn take_for_request(
        self: &Arc<Self>,
        address: IpAddr,
        shares: bool,
    ) -> Result<RequestPlace, Full> {
        let total = if shares { Some(self.total()?) } else { None };
        Ok(RequestPlace { of_address: self.take_of(address)?, _total: total })
    }

    /// Takes a place for a connection of this address, or for a request or WebSocket that a proxy
    /// forwarded for it.
    pub(in crate::api) fn take_of(self: &Arc<Self>, address: IpAddr) -> Result<AddressPlace, Full> {
        let address = counted(address);
        let mut all = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(address).or_default();
        if *count >= self.most_of_address.load(Ordering::Relaxed) {
            counter!("chatctl_connections_refused_total", "reason" => "address").increment(1);
            return Err(Full::Address);
        }
        *count += 1;
        drop(all);
        Ok(AddressPlace { places: Arc::clone(self), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        gauge!("chatctl_connections").decrement(1);
    }
}

impl Drop for Total {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for AddressPlace {
    fn drop(&mut self) {
        let mut all = self.places.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_all_and_by_network_and_given_back() {
        let places = Places::new(3, 2);
        let take = |address: &str| places.take_of(address.parse().unwrap());
        let held = (take("2001:db8::1").unwrap(), take("2001:db8::2").unwrap());
        assert_eq!(take("2001:db8::3").unwrap_err(), Full::Address);
        let other = take("2001:db8:0:1::1").unwrap();
        drop(held);
        drop((take("2001:db8::3").unwrap(), other));
        assert!(places.by_address.lock().unwrap().is_empty());
        let all: Vec<_> = (0..3).map(|_| places.take().unwrap()).collect();
        assert_eq!(places.take().unwrap_err(), Full::Server);
        drop(all);
        let request = places.take_for_request("192.0.2.1".parse().unwrap(), true).unwrap();
        assert_eq!(places.taken.load(Ordering::Relaxed), 1);
        drop((request, places.take_for_request("192.0.2.1".parse().unwrap(), false).unwrap()));
        assert_eq!(places.taken.load(Ordering::Relaxed), 0);
        assert!(places.by_address.lock().unwrap().is_empty());
    }
}
