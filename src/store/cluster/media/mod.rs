//! Uploaded files: one row each, which counts, and what they are found by. Their bytes are stored
//! elsewhere.
//!
//! A file is removed when nothing has used it for a day. Whoever is about to use it first makes it
//! [fresh](attachable), so that it cannot be removed in between, and notes the room, so that its
//! message is found although the server died before it had derived anything from it.

mod adding;
mod collecting;
#[cfg(test)]
mod model_tests;
mod own;
mod reading;
mod rows;
mod stored;
mod transfer;
mod unused;
mod usage;

pub(super) use adding::add;
pub(super) use collecting::{count_unused, drop_unused, known};
pub(super) use own::{drop_own, of_owner};
pub(super) use reading::{attachable, readable};
pub(super) use stored::StoredMedia;
pub(super) use transfer::{export, load, these};
pub(super) use unused::bytes as unused_bytes;
pub(super) use usage::used_elsewhere;
