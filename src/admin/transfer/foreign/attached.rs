//! Message attachments of bots, which Slack and Mattermost share: titles, texts and fields in
//! addition to the text.

use std::collections::HashSet;

use serde_json::Value;

use super::super::lenient::wire;

wire! {
    /// An attachment of a message.
    Attachment {
        fallback: Option<String>,
        author_name: Option<String>,
        pretext: Option<String>,
        title: Option<String>,
        title_link: Option<String>,
        text: Option<String>,
        fields: Vec<Field>,
        image_url: Option<String>,
        from_url: Option<String>,
        original_url: Option<String>,
        is_share: bool,
        is_msg_unfurl: bool,
        blocks: Value,
        message_blocks: Value,
    }
    /// A titled field.
    Field {
        title: Option<String>,
        value: Value,
    }
}

/// Texts that Slack uses as a placeholder for blocks.
const PLACEHOLDERS: [&str; 2] = ["[no preview available]", "This content can't be displayed."];

impl Attachment {
    /// Its text, line by line; `blocks` is the text of its blocks.
    pub(in crate::admin::transfer) fn lines(&self, blocks: &str) -> Vec<String> {
        let mut lines = Vec::new();
        lines.extend(said(self.pretext.as_ref()).map(str::to_owned));
        match (said(self.title.as_ref()), said(self.title_link.as_ref())) {
            (Some(title), Some(link)) if title != link => lines.push(format!("{title} ({link})")),
            (title, link) => lines.extend(title.or(link).map(str::to_owned)),
        }
        lines.extend(said(self.text.as_ref()).map(str::to_owned));
        lines.extend(Some(blocks.to_owned()).filter(|blocks| !blocks.trim().is_empty()));
        lines.extend(self.fields.iter().filter_map(Field::line));
        if lines.is_empty() {
            lines.extend(
                said(self.fallback.as_ref()).or(said(self.image_url.as_ref())).map(str::to_owned),
            );
            return lines;
        }
        if let Some(author) = said(self.author_name.as_ref()) {
            lines.insert(0, format!("{author}:"));
        }
        lines
    }

    /// Whether it is only a preview of a link in the text. A forwarded message is not.
    pub(in crate::admin::transfer) fn is_preview_in(&self, text: &str) -> bool {
        let links = [&self.original_url, &self.from_url, &self.title_link];
        let in_text =
            |link: &str| text.contains(link) || text.contains(&link.replace('&', "&amp;"));
        !self.is_share
            && !self.is_msg_unfurl
            && links.into_iter().filter_map(|link| said(link.as_ref())).any(in_text)
    }
}

impl Field {
    fn line(&self) -> Option<String> {
        let value = match &self.value {
            Value::String(text) => text.trim().to_owned(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        match (said(self.title.as_ref()), value.is_empty()) {
            (Some(title), false) => Some(format!("{title}: {value}")),
            (Some(title), true) => Some(title.to_owned()),
            (None, false) => Some(value),
            (None, true) => None,
        }
    }
}

/// The text, unless it is blank.
pub(in crate::admin::transfer) fn said(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty() && !PLACEHOLDERS.contains(text))
}

/// The text followed by these lines, without lines that it contains already.
pub(in crate::admin::transfer) fn with_lines(text: &str, lines: Vec<String>) -> String {
    let mut out =
        if said(Some(&text.to_owned())).is_some() { text.to_owned() } else { String::new() };
    let mut there: HashSet<String> = out.lines().map(|line| line.trim().to_owned()).collect();
    for line in lines {
        if !there.contains(line.trim()) && out.trim() != line.trim() {
            super::add_line(&mut out, &line);
            there.extend(line.lines().map(|line| line.trim().to_owned()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::admin::transfer::lenient::{Lenient, Oddities};

    fn attachment(value: Value) -> Attachment {
        Attachment::read(value, &mut Oddities::default()).unwrap()
    }

    #[test]
    fn everything_that_is_said_becomes_lines() {
        for (value, lines) in [
            (
                json!({"author_name": "Bob", "text": "the words", "fallback": "Bob: the words"}),
                &["Bob:", "the words"][..],
            ),
            (
                json!({"title": "job 17", "title_link": "https://ci/17", "text": "failed"}),
                &["job 17 (https://ci/17)", "failed"],
            ),
            (
                json!({"fields": [{"title": "Branch", "value": "main"}, {"title": "Tests", "value": 3}, {"value": true}, null, {"title": "", "value": null}]}),
                &["Branch: main", "Tests: 3", "true"],
            ),
            (json!({"fallback": "only this"}), &["only this"]),
            (
                json!({"fallback": "[no preview available]", "image_url": "https://a/b.png"}),
                &["https://a/b.png"],
            ),
            (json!({"text": null, "fields": null, "fallback": 7}), &["7"]),
            (json!({}), &[]),
        ] {
            assert_eq!(attachment(value.clone()).lines(""), lines, "{value}");
        }
        assert_eq!(attachment(json!({"fallback": "x"})).lines("from blocks"), ["from blocks"]);
    }

    #[test]
    fn previews_of_links_are_told_from_messages_that_were_passed_on() {
        let text = "see <https://example.org/?a=1&amp;b=2>";
        assert!(
            attachment(json!({"from_url": "https://example.org/?a=1&b=2", "title": "Example"}))
                .is_preview_in(text)
        );
        assert!(
            !attachment(json!({"from_url": "https://example.org/?a=1&b=2", "is_share": true}))
                .is_preview_in(text)
        );
        assert!(!attachment(json!({"from_url": "https://other.org/"})).is_preview_in(text));
        assert!(!attachment(json!({"text": "job failed"})).is_preview_in(text));
    }

    #[test]
    fn lines_that_are_in_the_text_are_not_doubled() {
        let lines = || vec!["done".to_owned(), "more".to_owned()];
        assert_eq!(with_lines("done", lines()), "done\nmore");
        assert_eq!(with_lines(" ", lines()), "done\nmore");
        assert_eq!(with_lines("This content can't be displayed.", lines()), "done\nmore");
    }
}
