//! The files of a Slack export, as far as they are read. Whatever is absent or of another type is as if it were not written.

use serde::{Deserialize, Deserializer};

/// An entry of users.json.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) real_name: Option<String>,
    pub(super) deleted: bool,
    pub(super) is_admin: bool,
    pub(super) is_owner: bool,
    pub(super) profile: Profile,
}

/// What users say of themselves.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Profile {
    pub(super) real_name: Option<String>,
    pub(super) display_name: Option<String>,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
}

/// An entry of channels.json, groups.json, dms.json or mpims.json.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) created: f64,
    pub(super) creator: Option<String>,
    pub(super) members: Vec<String>,
}

/// An entry of a day.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) subtype: Option<String>,
    pub(super) user: Option<String>,
    pub(super) username: Option<String>,
    pub(super) bot_id: Option<String>,
    pub(super) bot_profile: Option<Profile>,
    pub(super) user_profile: Option<Profile>,
    pub(super) text: Option<String>,
    pub(super) ts: String,
    pub(super) thread_ts: Option<String>,
    pub(super) edited: Option<Edited>,
    pub(super) reactions: Vec<Reaction>,
    pub(super) files: Vec<File>,
    #[serde(deserialize_with = "lenient")]
    pub(super) attachments: Vec<Attachment>,
}

/// When a message was edited.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Edited {
    pub(super) ts: String,
}

/// A kind of reaction.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reaction {
    pub(super) name: String,
    pub(super) users: Vec<String>,
}

/// A file that was shared.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct File {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) title: Option<String>,
    pub(super) url_private: Option<String>,
    pub(super) permalink: Option<String>,
}

/// What programs hang on their messages.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Attachment {
    pub(super) pretext: Option<String>,
    pub(super) title: Option<String>,
    pub(super) text: Option<String>,
    pub(super) fallback: Option<String>,
}

/// Programs write all sorts of things there; what is not understood is left out.
fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Attachment>, D::Error> {
    let values = Option::<Vec<serde_json::Value>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(values.into_iter().filter_map(|value| serde_json::from_value(value).ok()).collect())
}
