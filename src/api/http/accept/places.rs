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
    connections: AtomicUsize,
    by_address: Mutex<HashMap<IpAddr, usize>>,
    most: AtomicUsize,
    most_of_address: AtomicUsize,
}

/// One of all connections; released when the connection, or the WebSocket it became, ends.
#[derive(Debug)]
pub(super) struct Place(Arc<Places>);

/// One of the connections of an address.
#[derive(Debug)]
pub(in crate::api) struct AddressPlace {
    places: Arc<Places>,
    address: IpAddr,
}

impl Places {
    pub(in crate::api) fn new(most: usize, most_of_address: usize) -> Arc<Self> {
        Arc::new(Self {
            connections: AtomicUsize::new(0),
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
        let place = Place(Arc::clone(self));
        gauge!("chatctl_connections").increment(1);
        let total = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        if total > self.most.load(Ordering::Relaxed) {
            counter!("chatctl_connections_refused_total", "reason" => "server").increment(1);
            return Err(Full::Server);
        }
        Ok(place)
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
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
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
        assert_eq!(places.connections.load(Ordering::Relaxed), 0);
    }
}
