//! Messages in the format of Slack's incoming webhooks and answers to slash commands, which
//! Mattermost and most other programs speak too: from a body to the text of a message. A leaf that
//! knows nothing of requests and rooms.
//!
//! Read from the documentation of Slack and Mattermost, and from what Alertmanager, Grafana, GitLab,
//! Jenkins and Uptime Kuma send (tests/fixtures/hooks).

mod attachment;
mod blocks;
mod link;
mod mrkdwn;
mod payload;
mod reference;
mod rich;
mod signs;
#[cfg(test)]
mod tests;

use unicode_segmentation::UnicodeSegmentation;

use self::mrkdwn::{joined, markdown, plain};
use self::payload::Part;
use crate::model::{Error, ProgramAnswer, Result, is_blank};

/// Reads a body and returns the text of the message in our formatting, which fulfils the rules for
/// texts. A text longer than `max` code points is cut. `Malformed` if the body is not a payload,
/// `Empty` if nothing in it can be shown.
pub fn read(content_type: &str, body: &[u8], max: usize) -> Result<String> {
    let payload = payload::parse(content_type, body)?;
    let text = cut(&cleaned(&shown(Part::new(&payload))), max);
    if is_blank(&text) { Err(Error::Empty("text")) } else { Ok(text) }
}

/// Reads what a program answers to a slash command: a payload, or plain text, which only the sender
/// of the command sees. A text longer than `max` code points is cut. `Malformed` if the body claims
/// to be JSON and is not.
pub fn answer(content_type: &str, body: &[u8], max: usize) -> Result<ProgramAnswer> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii();
    let is_json = content_type.to_ascii_lowercase().contains("json");
    let (in_channel, text) = if body.is_empty() {
        (false, String::new())
    } else if is_json || body.starts_with(b"{") {
        match payload::parse("application/json", body) {
            Ok(payload) => {
                let part = Part::new(&payload);
                (&*part.text("response_type") == "in_channel", shown(part))
            }
            Err(error) if is_json => return Err(error),
            // A text may begin with a bracket.
            Err(_) => (false, markdown(&String::from_utf8_lossy(body))),
        }
    } else {
        (false, markdown(&String::from_utf8_lossy(body)))
    };
    let text = cut(&cleaned(&text), max);
    Ok(ProgramAnswer { in_channel, text: (!is_blank(&text)).then_some(text) })
}

/// Returns everything that the payload shows. With blocks, its text is only their summary.
fn shown(payload: Part<'_>) -> String {
    let attachments: Vec<String> = payload.parts("attachments").map(attachment::shown).collect();
    let mut lines = blocks::lines(payload);
    if lines.is_empty() {
        let text = markdown(&payload.text("text"));
        if !attachments.iter().any(|attachment| repeats(attachment, &text)) {
            lines.push(text);
        }
    }
    lines.extend(attachments);
    // Mattermost shows it beside the message.
    lines.push(markdown(&payload.part("props").text("card")));
    let text = joined(lines.into_iter(), "\n");
    if is_blank(&text) { plain(&payload.text("fallback")) } else { text }
}

/// Returns whether a line of an attachment is this text, formatted or not.
fn repeats(attachment: &str, text: &str) -> bool {
    let bare = |line: &str| line.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let text = bare(text);
    !text.is_empty() && attachment.lines().any(|line| bare(line) == text)
}

/// Removes control characters, and empty lines beyond one.
fn cleaned(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut out = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.trim().lines() {
        let line = line.trim_end().replace(|c: char| c.is_control() && c != '\t', "");
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out.trim().to_owned()
}

/// Cuts a text to `max` code points, of which the last is an ellipsis, without dividing a character
/// as readers see it.
fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let (mut end, mut left) = (0, max.saturating_sub(1));
    for (at, cluster) in text.grapheme_indices(true) {
        let Some(rest) = left.checked_sub(cluster.chars().count()) else { break };
        (left, end) = (rest, at + cluster.len());
    }
    if end == 0 {
        // One character, with more marks than fit.
        return text.chars().take(max).collect();
    }
    format!("{}…", text.get(..end).unwrap_or_default().trim_end())
}
