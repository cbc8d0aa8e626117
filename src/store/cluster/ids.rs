//! Ids, taken in blocks.

/// Blocks of ids that this server has taken.
#[derive(Default)]
pub(super) struct Ids {}
