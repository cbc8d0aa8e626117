//! What waits to be published.

use bytes::Bytes;
use tokio::sync::oneshot;

use super::channel::Channel;
use crate::model::Event;

/// A message to be published.
pub(super) enum Outgoing {
    /// An event with its number, encoded here.
    Event(Vec<Channel>, u64, Event),
    /// An encoded message.
    Bytes(Channel, Bytes),
    /// Tells when everything before it has been published, or has failed.
    Flush(oneshot::Sender<()>),
}
