//! Blocks: the parts of a message in Slack's newer form, each with its type.

use super::link::link;
use super::mrkdwn::{bold, joined, markdown, plain};
use super::payload::Part;
use super::rich;

/// Drawn for a divider between two blocks.
const DIVIDER: &str = "———";

/// Returns the blocks of a message or attachment as lines of our formatting.
pub(super) fn lines(owner: Part<'_>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut divided = false;
    for block in owner.parts("blocks") {
        if block.text("type") == "divider" {
            divided = !lines.is_empty();
            continue;
        }
        let shown = shown(block);
        if shown.trim().is_empty() {
            continue;
        }
        if divided {
            lines.push(DIVIDER.to_owned());
            divided = false;
        }
        lines.push(shown);
    }
    lines
}

fn shown(block: Part<'_>) -> String {
    match &*block.text("type") {
        "header" => bold(&text(block.part("text"))),
        "section" => section(block),
        "context" => joined(block.parts("elements").map(element), " "),
        "actions" => joined(block.parts("elements").map(element), " · "),
        "image" => image(block),
        "rich_text" => rich::text(block),
        // Mattermost and Slack: Markdown, not mrkdwn.
        "markdown" => block.text("text").into_owned(),
        "video" => link(&block.text("title_url"), &text(block.part("title"))),
        // A type that is not known may have a text in the usual place.
        _ => text(block.part("text")),
    }
}

/// A text, fields, and a button or picture beside them.
fn section(block: Part<'_>) -> String {
    let own = [text(block.part("text"))].into_iter();
    let fields = block.parts("fields").map(text);
    let beside = [element(block.part("accessory"))].into_iter();
    joined(own.chain(fields).chain(beside), "\n")
}

/// A text object, or a text.
fn text(object: Part<'_>) -> String {
    if let Some(text) = object.as_text() {
        return markdown(text);
    }
    let text = object.text("text");
    if object.text("type") == "plain_text" { plain(&text) } else { markdown(&text) }
}

/// A part of a block: a text, a picture, or a button, which is shown if it leads to an address.
fn element(element: Part<'_>) -> String {
    match &*element.text("type") {
        "image" => image(element),
        "plain_text" | "mrkdwn" => text(element),
        _ => {
            let address = element.text("url");
            if address.is_empty() { String::new() } else { link(&address, &label(element)) }
        }
    }
}

/// Returns the text of a button: an object, or in attachments a text.
fn label(button: Part<'_>) -> String {
    let text = button.text("text");
    if text.is_empty() { plain(&button.part("text").text("text")) } else { plain(&text) }
}

fn image(image: Part<'_>) -> String {
    let title = text(image.part("title"));
    let title = if title.is_empty() { plain(&image.text("alt_text")) } else { title };
    link(&image.text("image_url"), &title)
}

/// Returns the buttons of an attachment that lead to an address.
pub(super) fn buttons(owner: Part<'_>) -> String {
    joined(owner.parts("actions").map(element), " · ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn shown_as(blocks: &Value) -> String {
        lines(Part::new(&json!({ "blocks": blocks }))).join("\n")
    }

    #[test]
    fn blocks_become_lines() {
        let blocks = json!([
            {"type": "divider"},
            {"type": "header", "text": {"type": "plain_text", "text": "New request :tada:"}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "*Ann* asks <http://a|this>"}},
            {"type": "section", "fields": [
                {"type": "mrkdwn", "text": "*Type*\nPaid"}, {"type": "plain_text", "text": "*x*"},
            ]},
            {"type": "divider"},
            {"type": "divider"},
            {"type": "context", "elements": [
                {"type": "image", "image_url": "http://a/i.png", "alt_text": "cat"},
                {"type": "mrkdwn", "text": "by *Ann*"},
            ]},
            {"type": "image", "image_url": "http://a/p.png", "alt_text": "a",
             "title": {"type": "plain_text", "text": "Plan"}},
            {"type": "actions", "elements": [
                {"type": "button", "text": {"type": "plain_text", "text": "Open"}, "url": "http://b"},
                {"type": "button", "text": {"type": "plain_text", "text": "Approve"}, "value": "1"},
                {"type": "button", "text": "Close", "url": "http://c"},
            ]},
            {"type": "markdown", "text": "**as it is** *too*"},
            {"type": "video", "title": {"type": "plain_text", "text": "Film"}, "title_url": "http://v"},
            {"type": "newer", "text": "*x*"},
            {"type": "input"},
            {"type": "divider"},
        ]);
        assert_eq!(
            shown_as(&blocks),
            "**New request 🎉**\n**Ann** asks [this](http://a)\n**Type**\nPaid\n*x*\n———\n\
             [cat](http://a/i.png) by **Ann**\n[Plan](http://a/p.png)\n\
             [Open](http://b) · [Close](http://c)\n**as it is** *too*\n[Film](http://v)\n**x**"
        );
    }

    #[test]
    fn blocks_without_content_are_left_out() {
        for blocks in [
            json!([]),
            json!(null),
            json!("text"),
            json!([null, 5, "text", [], {}]),
            json!([{"type": "divider"}, {"type": "header"}, {"type": "divider"}]),
            json!([{"type": "section", "text": null, "fields": {}, "accessory": []}]),
            json!([{"type": "image"}, {"type": "context", "elements": "x"}, {"type": "rich_text"}]),
        ] {
            assert_eq!(shown_as(&blocks), "", "{blocks}");
        }
    }

    #[test]
    fn a_section_has_something_beside_its_text() {
        let blocks = json!({"type": "section", "text": {"type": "mrkdwn", "text": "Disk full"},
            "accessory": {"type": "button", "url": "http://a", "text": {"text": "Runbook"}}});
        assert_eq!(shown_as(&blocks), "Disk full\n[Runbook](http://a)");
    }
}
