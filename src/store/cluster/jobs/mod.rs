//! Jobs: what follows from a change of a user in each of their rooms. Any server can do it, and go
//! on with what another one has begun.
//!
//! A job is ordered before the change that it belongs to, so that none is lost, and does nothing
//! until the user has reached the version that the change writes. Each room is one commit, which
//! brings the room to what the user's row says: to repeat it does no harm.

mod queue;
mod steps;
mod worker;

pub(super) use queue::order;
pub(super) use worker::{Workers, start, stop, wake};

/// What is to be done in each room of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Tell the name, picture and flags of the user.
    Name,
    /// Pass on what only this user administers, who cannot any more.
    Succession,
    /// Leave, with the names that the user had, and pass on what they administered and owned.
    Farewell {
        /// The login name.
        login: String,
        /// The display name.
        name: String,
    },
}
