//! Rules of the chat that stand on their own: pure functions, one subject a file.

mod mentions;
mod reactions;

pub use mentions::{MentionPlace, mention_places, mentioned_names};
pub use reactions::{Reaction, check_reaction_room};
