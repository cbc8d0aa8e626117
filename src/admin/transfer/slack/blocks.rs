//! Renders Slack blocks, from the editor and from bots, as text in Slack markup.

use serde_json::Value;

/// Maximum offset of a numbered list: larger than any real one, and counting from there cannot
/// overflow.
const MAX_OFFSET: u64 = 1_000_000_000;

/// The text of the blocks; empty if there are none.
pub(super) fn text(blocks: &Value) -> String {
    let parts: Vec<String> =
        list(blocks).iter().map(block).filter(|part| !part.trim().is_empty()).collect();
    parts.join("\n")
}

/// Whether the blocks only repeat the text of the message: that is so for messages from the editor,
/// while the text of bot layouts is often only a summary.
pub(super) fn are_the_text(blocks: &Value) -> bool {
    list(blocks).iter().all(|block| kind(block) == "rich_text")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn kind(value: &Value) -> &str {
    value["type"].as_str().unwrap_or_default()
}

fn block(block: &Value) -> String {
    let mut lines = Vec::new();
    match kind(block) {
        "rich_text" => lines.extend(list(&block["elements"]).iter().map(rich)),
        "context" => lines.push(join(list(&block["elements"]).iter().map(object), " ")),
        "image" | "video" => {
            lines.extend(
                [object(&block["title"]), object(&block["alt_text"])]
                    .into_iter()
                    .find(|text| !text.is_empty()),
            );
            lines.extend(
                ["image_url", "title_url", "video_url"]
                    .into_iter()
                    .find_map(|key| block[key].as_str())
                    .map(|address| format!("<{address}>")),
            );
        }
        "table" => {
            for row in list(&block["rows"]) {
                lines.push(join(list(row).iter().map(cell), " | "));
            }
        }
        // Buttons and menus are useless without their app.
        "divider" | "actions" | "input" | "file" => {}
        // `section`, `header`, `markdown` and unknown blocks.
        _ => {
            lines.push(object(&block["text"]));
            lines.extend(list(&block["fields"]).iter().map(object));
            if block["text"].is_null() {
                lines.extend(list(&block["elements"]).iter().map(object));
            }
        }
    }
    join(lines, "\n")
}

fn cell(cell: &Value) -> String {
    if kind(cell) == "rich_text" { block(cell) } else { object(cell) }
}

/// A text object, a context image or plain text.
fn object(value: &Value) -> String {
    match value {
        Value::String(text) => escape(text),
        Value::Object(fields) => match (fields.get("text"), kind(value)) {
            (Some(Value::String(text)), "mrkdwn") => text.clone(),
            (Some(Value::String(text)), _) => escape(text),
            (Some(inner), _) => object(inner),
            (None, _) => fields.get("alt_text").map(object).unwrap_or_default(),
        },
        _ => String::new(),
    }
}

/// Renders an element of the editor.
fn rich(part: &Value) -> String {
    let inside = || list(&part["elements"]).iter().map(element).collect::<String>();
    match kind(part) {
        "rich_text_list" => {
            let indent = "    "
                .repeat(usize::try_from(part["indent"].as_u64().unwrap_or(0).min(8)).unwrap_or(0));
            let first = part["offset"].as_u64().unwrap_or(0).min(MAX_OFFSET) + 1;
            let ordered = part["style"] == "ordered";
            let mark = |number: u64| if ordered { format!("{number}.") } else { "•".to_owned() };
            let items = list(&part["elements"]).iter().zip(first..);
            join(
                items.map(|(item, number)| format!("{indent}{} {}", mark(number), rich(item))),
                "\n",
            )
        }
        "rich_text_preformatted" => format!("```\n{}\n```", inside().trim_end()),
        "rich_text_quote" => {
            inside().lines().map(|line| format!("&gt; {line}")).collect::<Vec<_>>().join("\n")
        }
        _ => inside(),
    }
}

fn element(element: &Value) -> String {
    let of = |key: &str| element[key].as_str().unwrap_or_default();
    match kind(element) {
        "text" if element["style"]["code"] == true => format!("`{}`", escape(of("text"))),
        "user" => format!("<@{}>", of("user_id")),
        "channel" => format!("<#{}>", of("channel_id")),
        "usergroup" => format!("<!subteam^{}>", of("usergroup_id")),
        "broadcast" => format!("<!{}>", of("range")),
        "link" if of("text").is_empty() => format!("<{}>", of("url")),
        "link" => format!("<{}|{}>", of("url"), escape(of("text"))),
        "emoji" => match element["skin_tone"].as_u64() {
            Some(tone) => format!(":{}::skin-tone-{tone}:", of("name")),
            None => format!(":{}:", of("name")),
        },
        "date" => escape(of("fallback")),
        "color" => escape(of("value")),
        // `text` and unknown elements with a text.
        _ => escape(of("text")),
    }
}

/// Escapes markup characters; already escaped text stays unchanged.
fn escape(text: &str) -> String {
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn join(parts: impl IntoIterator<Item = String>, between: &str) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn blocks_say_what_clients_show() {
        let section = |elements: Value| json!([{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}]);
        for (blocks, wanted) in [
            (
                section(
                    json!([{"type": "text", "text": "a < b & "}, {"type": "user", "user_id": "U1"}, {"type": "text", "text": " "}, {"type": "emoji", "name": "wave", "skin_tone": 3}]),
                ),
                "a &lt; b &amp; <@U1> :wave::skin-tone-3:",
            ),
            (
                section(
                    json!([{"type": "link", "url": "https://a.org"}, {"type": "link", "url": "https://b.org", "text": "b"}, {"type": "broadcast", "range": "here"}]),
                ),
                "<https://a.org><https://b.org|b><!here>",
            ),
            (
                json!([{"type": "rich_text", "elements": [
                {"type": "rich_text_list", "style": "ordered", "indent": 1, "elements": [
                    {"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}, {"type": "rich_text_section", "elements": [{"type": "text", "text": "two"}]}]},
                {"type": "rich_text_quote", "elements": [{"type": "text", "text": "quoted"}]},
                {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "code"}]}]}]),
                "    1. one\n    2. two\n&gt; quoted\n```\ncode\n```",
            ),
            (
                json!([{"type": "header", "text": {"type": "plain_text", "text": "Deploy & more"}}, {"type": "divider"},
                {"type": "section", "text": {"type": "mrkdwn", "text": "*done* <https://a.org|here>"}, "fields": [{"type": "mrkdwn", "text": "Host: db1"}]},
                {"type": "context", "elements": [{"type": "image", "alt_text": "logo"}, {"type": "mrkdwn", "text": "by ci"}]},
                {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Roll back"}}]}]),
                "Deploy &amp; more\n*done* <https://a.org|here>\nHost: db1\nlogo by ci",
            ),
            (
                json!([{"type": "image", "alt_text": "a graph", "image_url": "https://a.org/g.png"}]),
                "a graph\n<https://a.org/g.png>",
            ),
            (
                json!([{"type": "table", "rows": [[{"type": "raw_text", "text": "a"}, {"type": "raw_text", "text": "b"}]]}]),
                "a | b",
            ),
            (json!([{"type": "of the future", "text": "something"}, 7, null]), "something"),
            (json!(null), ""),
            (json!("text"), ""),
        ] {
            assert_eq!(text(&blocks), wanted, "{blocks}");
        }
        assert!(are_the_text(&section(json!([]))) && are_the_text(&json!(null)));
        assert!(!are_the_text(&json!([{"type": "section"}])));
    }
}
