//! The structures of a Mattermost bulk export, as far as they are used.

use serde_json::Value;

use crate::admin::transfer::foreign::attached::Attachment as Card;
use crate::admin::transfer::json;
use crate::admin::transfer::lenient::{Lenient, Oddities, wire};

/// A line.
#[derive(Debug)]
pub(super) enum Line {
    Version(i64),
    Team(Team),
    Channel(Channel),
    User(User),
    Bot(Bot),
    Emoji(Emoji),
    Post(Box<Post>),
    DirectChannel(DirectChannel),
    DirectPost(Box<Post>),
    /// A known type without use here.
    Other,
}

impl Line {
    /// Parses a line, or returns why it is invalid; also returns its invalid parts.
    pub(super) fn parse(bytes: &[u8]) -> Result<(Self, Vec<String>), String> {
        let mut value = json::parse(bytes).map_err(|error| error.to_string())?;
        let kind = value["type"].as_str().unwrap_or_default().to_owned();
        let content = value.get_mut(&kind).map(Value::take).unwrap_or_default();
        let mut odd = Oddities::default();
        let line = match kind.as_str() {
            "version" => i64::read(content, &mut odd).map(Self::Version),
            "team" => read(content, &mut odd, Self::Team),
            "channel" => read(content, &mut odd, Self::Channel),
            "user" => read(content, &mut odd, Self::User),
            "bot" => read(content, &mut odd, Self::Bot),
            "emoji" => read(content, &mut odd, Self::Emoji),
            "post" => read(content, &mut odd, |post| Self::Post(Box::new(post))),
            "direct_channel" => read(content, &mut odd, Self::DirectChannel),
            "direct_post" => read(content, &mut odd, |post| Self::DirectPost(Box::new(post))),
            "role" | "scheme" => Some(Self::Other),
            "" => return Err("a line without a type".to_owned()),
            other => return Err(format!("a line of unknown type {other:?}")),
        };
        match line {
            Some(line) => Ok((line, odd.take())),
            None => Err(format!("a line of type {kind:?} without a {kind}")),
        }
    }
}

fn read<T: Lenient>(
    content: Value,
    odd: &mut Oddities,
    line: impl FnOnce(T) -> Line,
) -> Option<Line> {
    T::read(content, odd).map(line)
}

wire! {
    Team {
        name: String,
    }
    Channel {
        team: String,
        name: String,
        display_name: String,
        kind: String = "type",
        header: String,
        purpose: String,
        deleted_at: i64,
        delete_at: i64,
    }
    User {
        username: String,
        email: Option<String>,
        nickname: Option<String>,
        first_name: Option<String>,
        last_name: Option<String>,
        roles: String,
        delete_at: i64,
        deleted_at: i64,
        create_at: i64,
        profile_image: Option<String>,
        teams: Vec<InTeam>,
    }
    InTeam {
        name: String,
        channels: Vec<InChannel>,
    }
    InChannel {
        name: String,
        roles: String,
    }
    Bot {
        username: String,
        display_name: Option<String>,
        profile_image: Option<String>,
    }
    /// A custom emoji.
    Emoji {
        name: String,
        image: String,
    }
    DirectChannel {
        members: Vec<String>,
        participants: Vec<Participant>,
        header: String,
    }
    Participant {
        username: String,
    }
    /// A post or one of its replies.
    Post {
        team: String,
        channel: String,
        channel_members: Option<Vec<String>>,
        user: String,
        kind: Option<String> = "type",
        message: String,
        props: Props,
        create_at: i64,
        edit_at: i64,
        reactions: Vec<Reaction>,
        replies: Vec<Box<Post>>,
        attachments: Vec<Attachment>,
        is_pinned: bool,
        flagged_by: Vec<String>,
        thread_followers: Vec<Value>,
        priority: Value,
    }
    /// Additional properties of a post by a bot.
    Props {
        attachments: Vec<Card>,
        from_webhook: bool,
        override_username: Option<String>,
        username: Option<String>,
        added_username: Option<String> = "addedUsername",
    }
    Reaction {
        user: String,
        emoji_name: String,
        create_at: i64,
    }
    Attachment {
        path: String,
    }
}
