//! Rules of the chat as pure functions of facts, one subject per file: no I/O and no clock. The
//! store persists their results, and live rooms apply them.

mod addresses;
mod amounts;
mod devices;
mod emoji;
mod fold;
mod mentions;
mod names;
mod preferences;
mod push;
mod reactions;
mod room;
mod settings;
pub mod succession;
mod visible;

pub use addresses::{Network, counted, forwarded_client, is_local, is_loopback_host, openable};
pub use amounts::{bytes, count};
pub use devices::{near, program_of};
pub use emoji::{check_emoji_name, emoji_in_colons};
pub use fold::Fold;
pub use mentions::{Call, EVERYONE, MentionPlace, call, mention_places, mentioned_names};
pub use names::shown_name;
pub use preferences::check_preferences;
pub use push::{Concern, first_words, has_keyword, is_pushed, is_quiet};
pub use reactions::{Reaction, check_reaction_room, one_emoji};
pub use room::{Concerned, Refusal, RoomChange, plan, plan_departure, plan_handover, plan_rename};
pub use settings::RoomSettings;
pub use visible::{hidden, is_blank, with_single_spaces, without_hidden};
