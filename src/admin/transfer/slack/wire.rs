//! The structures of a Slack export, as far as they are used.

use serde_json::Value;

use crate::admin::transfer::foreign::attached::Attachment;
use crate::admin::transfer::lenient::wire;

wire! {
    /// An entry of users.json.
    User {
        id: String,
        name: String,
        real_name: Option<String>,
        deleted: bool,
        is_admin: bool,
        is_owner: bool,
        is_bot: bool,
        is_restricted: bool,
        is_ultra_restricted: bool,
        profile: Profile,
    }
    /// Profile of a user.
    Profile {
        real_name: Option<String>,
        display_name: Option<String>,
        name: Option<String>,
        email: Option<String>,
        bot_id: Option<String>,
    }
    /// An entry of channels.json, groups.json, dms.json or mpims.json.
    Channel {
        id: String,
        name: String,
        created: f64,
        creator: Option<String>,
        members: Vec<String>,
        is_archived: bool,
        is_private: bool,
        is_read_only: bool,
        topic: Topic,
        purpose: Topic,
        pins: Vec<Pin>,
    }
    /// Topic or purpose of a channel.
    Topic {
        value: String,
    }
    /// A pinned message, identified by its time.
    Pin {
        id: String,
    }
    /// A message of a day.
    Message {
        kind: String = "type",
        subtype: Option<String>,
        user: Option<String>,
        username: Option<String>,
        bot_id: Option<String>,
        bot_profile: Option<Profile>,
        user_profile: Option<Profile>,
        text: Option<String>,
        ts: String,
        thread_ts: Option<String>,
        edited: Option<Edited>,
        reactions: Vec<Reaction>,
        files: Vec<File>,
        /// The single file of older exports.
        file: Option<File>,
        /// The comment of a `file_comment`.
        comment: Option<Comment>,
        attachments: Vec<Attachment>,
        blocks: Value,
        pinned_to: Vec<String>,
    }
    /// A comment on a file.
    Comment {
        user: Option<String>,
        comment: Option<String>,
    }
    /// The edit of a message.
    Edited {
        ts: String,
    }
    /// A reaction and its users.
    Reaction {
        name: String,
        users: Vec<String>,
    }
    /// A shared file.
    File {
        id: String,
        name: Option<String>,
        title: Option<String>,
        url_private: Option<String>,
        permalink: Option<String>,
    }
}
