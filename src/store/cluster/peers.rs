//! What the engine asks of the other servers of the cluster: to write for it into a room that many
//! write to. How they are reached is none of its business.

use std::future::Future;
use std::pin::Pin;

use crate::model::RoomId;

/// The answer of another server; None: it cannot be asked.
pub type PeerReply<'a> = Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send + 'a>>;

/// The other servers of the cluster.
///
/// All of this is a hint. Servers may have different views of which others live, requests and
/// answers may be lost, and an answer may come from a server that has been passed over meanwhile:
/// nothing is lost or stored twice by that.
pub trait Peers: Send + Sync {
    /// Returns the server that is to write into this room while several want to; None: this one,
    /// or it is not known which others live.
    fn writer(&self, room: RoomId) -> Option<u64>;
    /// Passes a request to the engine of another server
    /// ([`Cluster::forwarded`](super::Cluster::forwarded)) and returns its answer. Waits for as
    /// long as it is polled.
    fn ask(&self, server: u64, request: Vec<u8>) -> PeerReply<'_>;
    /// A server has not answered in time, or could not write: for a while, it is no writer.
    fn pass_over(&self, server: u64);
}
