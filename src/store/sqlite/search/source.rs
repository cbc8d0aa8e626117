//! Where the messages of an index come from.

use rusqlite::Result;

use super::index::Index;
use crate::model::Timestamp;

/// Messages that an index follows. Used by the thread of the index alone.
pub(in crate::store) trait Source: Send + 'static {
    /// Statements that create the tables in which the progress is kept, besides those of the index.
    const TABLES: &'static str;

    /// Returns the lowest row that a message created at this time or later can have. Some of earlier
    /// ones may be higher.
    fn row_at(time: Timestamp) -> i64;
    /// Connects to the messages. Returns the change from which a new index follows them.
    fn connect(&mut self) -> Result<i64>;
    /// Closes the connection after a failure.
    fn disconnect(&mut self);
    /// Adds the next changes to the index. Calls `pause` between some messages. None: the index does
    /// not belong to these messages.
    fn follow(&mut self, index: &mut Index, pause: &dyn Fn()) -> Result<Option<Followed>>;
}

/// What one step added to an index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct Followed {
    /// Number of new messages.
    pub(in crate::store) added: usize,
    /// The newest message in the index, for sources that number all messages.
    pub(in crate::store) newest: i64,
    /// Whether more changes wait.
    pub(in crate::store) more: bool,
}
