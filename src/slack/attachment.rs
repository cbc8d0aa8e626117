//! Attachments: where most programs put their message, instead of into its text.

use super::blocks::{self, buttons};
use super::link::{has_host, link};
use super::mrkdwn::{bold, joined, markdown, plain};
use super::payload::Part;
use super::signs::square;

/// Returns an attachment in our formatting. Its colour is a square before the first line after the
/// pretext.
pub(super) fn shown(attachment: Part<'_>) -> String {
    let pretext = markdown(&attachment.text("pretext"));
    let mut body = body(attachment);
    if body.is_empty() && pretext.is_empty() {
        body = plain(&attachment.text("fallback"));
    }
    let body = joined([body, footer(&attachment.text("footer"))].into_iter(), "\n");
    let Some(square) = square(&attachment.text("color")) else {
        return joined([pretext, body].into_iter(), "\n");
    };
    match (pretext.is_empty(), body.is_empty()) {
        (true, true) => String::new(),
        (false, true) => marked(square, &pretext),
        (true, false) => marked(square, &body),
        (false, false) => format!("{pretext}\n{}", marked(square, &body)),
    }
}

fn body(attachment: Part<'_>) -> String {
    let text = |name| attachment.text(name);
    let author = link(&text("author_link"), &plain(&text("author_name")));
    let title = bold(&link(&text("title_link"), &plain(&text("title"))));
    let mut lines = vec![author, title, markdown(&text("text"))];
    lines.extend(attachment.parts("fields").map(field));
    lines.extend(blocks::lines(attachment));
    let pictures = ["image_url", "thumb_url"].map(|name| text(name).into_owned());
    lines.extend(pictures.into_iter().filter(|address| has_host(address)));
    lines.push(buttons(attachment));
    joined(lines.into_iter(), "\n")
}

/// A field: its title, and the value beside or, with several lines, below it.
fn field(field: Part<'_>) -> String {
    let (title, value) = (plain(&field.text("title")), markdown(&field.text("value")));
    let title = title.trim_end_matches(':');
    if title.is_empty() {
        return value;
    }
    let between = if value.contains('\n') { '\n' } else { ' ' };
    let title = bold(&format!("{title}:"));
    if value.is_empty() { title } else { format!("{title}{between}{value}") }
}

fn footer(text: &str) -> String {
    let text = plain(text);
    if text.is_empty() || text.contains(['_', '\n', '[']) { text } else { format!("_{text}_") }
}

/// Writes the square before a text; above it if the first line is a list, quote or code, which would
/// not be one after the square.
fn marked(square: &str, text: &str) -> String {
    let begins = |marks: &[&str]| marks.iter().any(|mark| text.starts_with(mark));
    let numbered = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_numbered = numbered.len() < text.len() && numbered.starts_with(['.', ')']);
    let is_block = is_numbered || begins(&["```", ">", "- ", "* ", "+ ", "• "]);
    format!("{square}{}{text}", if is_block { '\n' } else { ' ' })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn shown_as(attachment: &Value) -> String {
        shown(Part::new(attachment))
    }

    #[test]
    fn an_attachment_is_shown_from_top_to_bottom() {
        let attachment = json!({
            "fallback": "not shown", "color": "#36a64f", "pretext": "Look, <!here>:",
            "author_name": "Ann &amp; Bob", "author_link": "http://a/ann", "author_icon": "http://a/i",
            "title": "Slack API", "title_link": "http://a/api", "text": "Optional *text*",
            "fields": [
                {"title": "Priority", "value": "High", "short": false},
                {"title": "Log:", "value": "a\nb", "short": "true"},
                {"value": "alone"}, {"title": "Empty"}, {"title": "Count", "value": 5}, null,
            ],
            "image_url": "http://a/image.png", "thumb_url": "http://a/thumb.png",
            "actions": [{"type": "button", "text": "Runbook", "url": "http://wiki/run"}],
            "footer": "Slack API", "footer_icon": "http://a/f.png", "ts": 123_456_789,
        });
        assert_eq!(
            shown_as(&attachment),
            "Look, @here:\n🟩 [Ann & Bob](http://a/ann)\n**[Slack API](http://a/api)**\n\
             Optional **text**\n**Priority:** High\n**Log:**\na\nb\nalone\n**Empty:**\n\
             **Count:** 5\nhttp://a/image.png\nhttp://a/thumb.png\n[Runbook](http://wiki/run)\n\
             _Slack API_"
        );
    }

    #[test]
    fn the_fallback_is_the_last_resort() {
        for (attachment, wanted) in [
            (json!({"fallback": "a | http://b", "text": ""}), "a | http://b"),
            (json!({"fallback": "a", "color": "good", "footer": "f"}), "🟩 a\n_f_"),
            (json!({"fallback": "a", "pretext": "p"}), "p"),
            (json!({"fallback": "a", "pretext": "p", "color": "danger"}), "🟥 p"),
            (json!({"fallback": "a", "text": "t", "color": "none"}), "t"),
            (json!({"color": "danger"}), ""),
            (json!({"footer": "my_footer"}), "my_footer"),
            (json!({"image_url": "data:x"}), ""),
            (json!({}), ""),
            (json!("text"), ""),
        ] {
            assert_eq!(shown_as(&attachment), wanted, "{attachment}");
        }
    }

    #[test]
    fn the_square_does_not_spoil_a_list() {
        for (text, wanted) in [
            ("- a\n- b", "🟥\n- a\n- b"),
            ("1. a", "🟥\n1. a"),
            ("```a```", "🟥\n```\na\n```"),
            ("&gt; a", "🟥\n> a"),
            ("12 disks", "🟥 12 disks"),
            ("*a*", "🟥 **a**"),
        ] {
            assert_eq!(shown_as(&json!({"color": "danger", "text": text})), wanted, "{text}");
        }
    }
}
