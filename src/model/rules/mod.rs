//! Rules of the chat as pure functions of facts, one subject a file: the store persists their results, and live rooms apply them.

mod mentions;
mod reactions;
pub mod settings;
pub mod succession;

pub use mentions::{MentionPlace, mention_places, mentioned_names};
pub use reactions::{Reaction, check_reaction_room};
