//! Uploaded files: one row each, which counts, and what they are found by. Their bytes are stored
//! elsewhere.
//!
//! A file is removed when nothing has used it for a day. Whoever is about to use it first makes it
//! [fresh](attachable), so that it cannot be removed in between.

mod adding;
mod collecting;
mod reading;
mod rows;
mod stored;
mod transfer;
mod usage;

pub(super) use adding::add;
pub(super) use collecting::{count_unused, drop_unused, known, unused_bytes};
pub(super) use reading::{attachable, readable};
pub(super) use stored::StoredMedia;
pub(super) use transfer::{export, load, these};
