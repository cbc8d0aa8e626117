//! Extracts text and author of a message from the various fields that may contain them.

use std::collections::HashMap;

use super::blocks;
use super::wire::{Message, Profile};
use crate::admin::transfer::foreign::attached::{said, with_lines};

/// Prefixes of the subtypes of room events.
const TELLS_OF_THE_ROOM: [&str; 17] = [
    "bot_add",
    "bot_disable",
    "bot_enable",
    "bot_remove",
    "channel_",
    "ekm_",
    "group_",
    "huddle_thread",
    "joiner_notification",
    "message_changed",
    "message_deleted",
    "message_replied",
    "mpim_",
    "pinned_item",
    "reminder_",
    "sh_room_",
    "tombstone",
];

/// The kind of room event, if this is not a message.
pub(super) fn is_no_message(message: &Message) -> Option<&str> {
    let told = |subtype: &&str| {
        TELLS_OF_THE_ROOM.iter().any(|told| subtype.starts_with(told))
            || *subtype == "unpinned_item"
            || *subtype == "reply_broadcast"
    };
    let other = Some(message.kind.as_str()).filter(|kind| !matches!(*kind, "message" | ""));
    message.subtype.as_deref().filter(told).or(other)
}

/// The text of the message, its blocks and its attachments in Slack markup.
pub(super) fn content(message: &Message) -> String {
    let text = said(message.text.as_ref()).unwrap_or_default();
    let comment = message.comment.as_ref().and_then(|comment| said(comment.comment.as_ref()));
    let blocks = blocks::text(&message.blocks);
    let text = match (text.is_empty(), blocks.is_empty()) {
        (true, true) => comment.unwrap_or_default().to_owned(),
        (true, false) => blocks,
        (false, true) => text.to_owned(),
        (false, false) if blocks::are_the_text(&message.blocks) => text.to_owned(),
        // For layouts of bots, the text is only the notification.
        (false, false) if letters(&blocks).contains(&letters(text)) => blocks,
        (false, false) => with_lines(text, blocks.lines().map(str::to_owned).collect()),
    };
    let attached = message.attachments.iter().filter(|attachment| !attachment.is_preview_in(&text));
    let lines = attached.flat_map(|attachment| {
        let inside = [blocks::text(&attachment.blocks), passed_on(&attachment.message_blocks)];
        let inside = if said(attachment.text.as_ref()).is_some()
            && blocks::are_the_text(&attachment.blocks)
        {
            String::new()
        } else {
            inside.join("\n")
        };
        attachment.lines(inside.trim())
    });
    with_lines(&text, lines.collect())
}

/// The blocks of forwarded messages.
fn passed_on(messages: &serde_json::Value) -> String {
    let messages = messages.as_array().map_or(&[][..], Vec::as_slice);
    messages
        .iter()
        .map(|message| blocks::text(&message["message"]["blocks"]))
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The text without markup and spaces, to compare two representations of it.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Author of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Author {
    /// A user id, or `bot:` and the name of a bot.
    pub(super) key: String,
    pub(super) login: Option<String>,
    pub(super) name: Option<String>,
    pub(super) bot: bool,
}

/// The author of a message; `bots` maps bot ids to users. A bot that posts under several names
/// counts as several authors.
pub(super) fn author(message: &Message, bots: &HashMap<String, String>) -> Author {
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let commented = message
        .comment
        .as_ref()
        .filter(|_| message.subtype.as_deref() == Some("file_comment"))
        .and_then(|comment| filled(&comment.user));
    if let Some(key) = commented.or_else(|| filled(&message.user)) {
        let profile = message.user_profile.as_ref();
        let of = |part: fn(&Profile) -> &Option<String>| {
            profile.and_then(|profile| filled(part(profile)))
        };
        let name = of(|profile| &profile.real_name).or_else(|| of(|profile| &profile.display_name));
        return Author { key, login: of(|profile| &profile.name), name, bot: false };
    }
    let profile = message.bot_profile.as_ref().and_then(|profile| filled(&profile.name));
    let called = filled(&message.username).filter(|name| Some(name) != profile.as_ref());
    let id = filled(&message.bot_id);
    if let (Some(user), None) = (id.as_ref().and_then(|id| bots.get(id)), &called) {
        return Author { key: user.clone(), login: None, name: None, bot: true };
    }
    let key = match (&id, &called) {
        (Some(id), Some(name)) => format!("bot:{id}:{name}"),
        (Some(id), None) => format!("bot:{id}"),
        (None, Some(name)) => format!("bot:{name}"),
        (None, None) => "bot:unknown".to_owned(),
    };
    let name = called.or(profile).unwrap_or_else(|| "bot".to_owned());
    Author { key, login: Some(name.clone()), name: Some(name), bot: true }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::admin::transfer::lenient::{Lenient, Oddities};

    fn message(value: Value) -> Message {
        Message::read(value, &mut Oddities::default()).unwrap()
    }

    #[test]
    fn nothing_that_is_said_is_lost() {
        let rich = json!([{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "only in blocks"}]}]}]);
        let laid_out = json!([{"type": "section", "text": {"type": "mrkdwn", "text": "deploy *done*"}}, {"type": "context", "elements": ["by ci"]}]);
        for (value, wanted) in [
            (json!({"text": "hi"}), "hi"),
            (json!({"text": "", "blocks": rich}), "only in blocks"),
            (json!({"text": "as text", "blocks": rich}), "as text"),
            (json!({"text": null, "blocks": laid_out}), "deploy *done*\nby ci"),
            (json!({"text": "deploy done", "blocks": laid_out}), "deploy *done*\nby ci"),
            (json!({"text": "news", "blocks": laid_out}), "news\ndeploy *done*\nby ci"),
            (
                json!({"text": "This content can't be displayed.", "blocks": laid_out}),
                "deploy *done*\nby ci",
            ),
            (
                json!({"text": "look at this", "attachments": [{"is_share": true, "author_name": "Bob", "text": "the forwarded words", "fallback": "Bob: the"}]}),
                "look at this\nBob:\nthe forwarded words",
            ),
            (
                json!({"text": "<https://a.org>", "attachments": [{"from_url": "https://a.org", "title": "A"}]}),
                "<https://a.org>",
            ),
            (
                json!({"text": "", "attachments": [{"fallback": "[no preview available]", "blocks": laid_out}]}),
                "deploy *done*\nby ci",
            ),
            (
                json!({"text": "", "attachments": [{"is_share": true, "message_blocks": [{"message": {"blocks": rich}}]}]}),
                "only in blocks",
            ),
            (
                json!({"text": "", "subtype": "file_comment", "comment": {"user": "U1", "comment": "nice"}}),
                "nice",
            ),
        ] {
            assert_eq!(content(&message(value.clone())), wanted, "{value}");
        }
    }

    #[test]
    fn events_of_the_room_are_told_from_messages() {
        for (subtype, told) in [
            ("channel_join", true),
            ("pinned_item", true),
            ("bot_message", false),
            ("me_message", false),
            ("something_new", false),
        ] {
            assert_eq!(
                is_no_message(&message(json!({"type": "message", "subtype": subtype}))),
                told.then_some(subtype)
            );
        }
        assert_eq!(is_no_message(&message(json!({"type": "event"}))), Some("event"));
        assert_eq!(is_no_message(&message(json!({"text": "without type"}))), None);
    }

    #[test]
    fn each_name_of_a_program_is_an_author() {
        let bots = HashMap::from([("B9".to_owned(), "U9".to_owned())]);
        for (value, key, name) in [
            (
                json!({"user": "U1", "user_profile": {"name": "ann", "real_name": "Ann"}}),
                "U1",
                Some("Ann"),
            ),
            (json!({"bot_id": "B1", "username": "ci"}), "bot:B1:ci", Some("ci")),
            (json!({"bot_id": "B1", "bot_profile": {"name": "CI"}}), "bot:B1", Some("CI")),
            (
                json!({"bot_id": "B1", "username": "CI", "bot_profile": {"name": "CI"}}),
                "bot:B1",
                Some("CI"),
            ),
            (json!({"bot_id": "B9"}), "U9", None),
            (json!({"bot_id": "B9", "username": "other"}), "bot:B9:other", Some("other")),
            (json!({"username": "hook"}), "bot:hook", Some("hook")),
            (json!({"user": ""}), "bot:unknown", Some("bot")),
            (json!({"subtype": "file_comment", "comment": {"user": "U2"}}), "U2", None),
        ] {
            let author = author(&message(value.clone()), &bots);
            assert_eq!((author.key.as_str(), author.name.as_deref()), (key, name), "{value}");
        }
    }
}
