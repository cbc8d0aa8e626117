//! The lines of a Mattermost bulk export, as far as they are read.

use serde::Deserialize;

/// A line.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Line {
    Version {
        version: u32,
    },
    Team {},
    Channel {
        channel: Channel,
    },
    User {
        user: User,
    },
    Bot {
        bot: Bot,
    },
    Post {
        post: Post,
    },
    DirectChannel {
        direct_channel: DirectChannel,
    },
    DirectPost {
        direct_post: Post,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Channel {
    pub(super) team: String,
    pub(super) name: String,
    pub(super) display_name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct User {
    pub(super) username: String,
    pub(super) email: Option<String>,
    pub(super) nickname: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) roles: Option<String>,
    pub(super) delete_at: Option<i64>,
    pub(super) teams: Option<Vec<InTeam>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct InTeam {
    pub(super) name: String,
    pub(super) channels: Option<Vec<InChannel>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct InChannel {
    pub(super) name: String,
    pub(super) roles: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Bot {
    pub(super) username: String,
    pub(super) display_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DirectChannel {
    pub(super) members: Option<Vec<String>>,
    pub(super) participants: Option<Vec<Participant>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Participant {
    pub(super) username: String,
}

/// A post or one of its replies.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Post {
    pub(super) team: String,
    pub(super) channel: String,
    pub(super) channel_members: Option<Vec<String>>,
    pub(super) user: String,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) message: String,
    pub(super) create_at: i64,
    pub(super) edit_at: Option<i64>,
    pub(super) reactions: Option<Vec<Reaction>>,
    pub(super) replies: Option<Vec<Self>>,
    pub(super) attachments: Option<Vec<Attachment>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reaction {
    pub(super) user: String,
    pub(super) emoji_name: String,
    pub(super) create_at: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Attachment {
    pub(super) path: String,
}
