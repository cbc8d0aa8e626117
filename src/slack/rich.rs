//! Rich text: a block whose formatting is a tree instead of marks in a text.

use super::link::link;
use super::mrkdwn::joined;
use super::payload::Part;

/// Returns a block of rich text in our formatting.
pub(super) fn text(block: Part<'_>) -> String {
    joined(block.parts("elements").map(element), "\n")
}

fn element(element: Part<'_>) -> String {
    match &*element.text("type") {
        "rich_text_list" => list(element),
        "rich_text_preformatted" => {
            let code = leaves(element, false);
            if code.trim().is_empty() { code } else { format!("```\n{}\n```", code.trim_end()) }
        }
        "rich_text_quote" => {
            let quote = leaves(element, true);
            joined(quote.lines().map(|line| format!("> {line}")), "\n")
        }
        _ => leaves(element, true),
    }
}

fn list(list: Part<'_>) -> String {
    let ordered = list.text("style") == "ordered";
    let deep = list.text("indent").parse().unwrap_or(0_usize).min(4);
    let begins = list.text("offset").parse().unwrap_or(0_u32);
    let items = list.parts("elements").map(|item| leaves(item, true));
    let items = items.filter(|item| !item.trim().is_empty()).zip(1_u32..).map(|(item, number)| {
        let mark =
            if ordered { format!("{}.", begins.saturating_add(number)) } else { "-".to_owned() };
        format!("{}{mark} {}", "  ".repeat(deep), item.replace('\n', " "))
    });
    joined(items, "\n")
}

fn leaves(owner: Part<'_>, formatted: bool) -> String {
    owner.parts("elements").map(|part| leaf(part, formatted)).collect()
}

fn leaf(leaf: Part<'_>, formatted: bool) -> String {
    let name = |sign: &str, id: &str| format!("{sign}{}", leaf.text(id));
    match &*leaf.text("type") {
        "link" if formatted => link(&leaf.text("url"), &leaf.text("text")),
        "link" => leaf.text("url").into_owned(),
        "emoji" => emoji(leaf),
        "user" => name("@", "user_id"),
        "usergroup" => name("@", "usergroup_id"),
        "broadcast" => name("@", "range"),
        "channel" => name("#", "channel_id"),
        "date" => leaf.text("fallback").into_owned(),
        "color" => leaf.text("value").into_owned(),
        // Spaces around the text separate it from its neighbours.
        _ => {
            let text = leaf.part("text").as_text().unwrap_or_default();
            if formatted { styled(text, leaf.part("style")) } else { text.to_owned() }
        }
    }
}

fn emoji(leaf: Part<'_>) -> String {
    let name = leaf.text("name");
    let found = emojis::get_by_shortcode(&name);
    found.map_or_else(|| format!(":{name}:"), |emoji| emoji.as_str().to_owned())
}

/// Writes marks around a text, inside the spaces around it.
fn styled(text: &str, style: Part<'_>) -> String {
    let inner = text.trim();
    if inner.is_empty() || inner.contains('\n') {
        return text.to_owned();
    }
    let before = text.len() - text.trim_start().len();
    let (before, rest) = text.split_at(before);
    let after = rest.get(inner.len()..).unwrap_or_default();
    let mut out = inner.to_owned();
    for (name, mark) in [("code", "`"), ("strike", "~~"), ("italic", "_"), ("bold", "**")] {
        if style.flag(name) && !inner.contains(mark) {
            out = format!("{mark}{out}{mark}");
        }
    }
    format!("{before}{out}{after}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tree_becomes_marks() {
        let block = json!({"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [
                {"type": "text", "text": "Hello "},
                {"type": "text", "text": "there ", "style": {"bold": true, "italic": true}},
                {"type": "text", "text": "x*y", "style": {"code": true}},
                {"type": "text", "text": " "},
                {"type": "emoji", "name": "tada"},
                {"type": "emoji", "name": "our_own"},
                {"type": "text", "text": " old", "style": {"strike": "1"}},
            ]},
            {"type": "rich_text_list", "style": "bullet", "elements": [
                {"type": "rich_text_section", "elements": [
                    {"type": "link", "url": "http://a", "text": "one"}]},
                {"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U1"}]},
            ]},
            {"type": "rich_text_list", "style": "ordered", "indent": 1, "offset": 2, "elements": [
                {"type": "rich_text_section", "elements": [
                    {"type": "channel", "channel_id": "C1"}, {"type": "text", "text": " x"}]},
            ]},
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "a\nb"}]},
            {"type": "rich_text_preformatted", "elements": [
                {"type": "text", "text": "let x = *y;\n"}, {"type": "link", "url": "http://a"}]},
            {"type": "rich_text_section", "elements": [
                {"type": "broadcast", "range": "here"}, {"type": "date", "fallback": "today"},
                {"type": "usergroup", "usergroup_id": "S1"}, {"type": "color", "value": "#fff"}]},
        ]});
        assert_eq!(
            text(Part::new(&block)),
            "Hello **_there_** `x*y` 🎉:our_own: ~~old~~\n- [one](http://a)\n- @U1\n  3. #C1 x\n\
             > a\n> b\n```\nlet x = *y;\nhttp://a\n```\n@heretoday@S1#fff"
        );
    }

    #[test]
    fn trees_without_content_are_empty() {
        for block in [
            json!({}),
            json!({"elements": null}),
            json!({"elements": [{"type": "rich_text_preformatted", "elements": []}]}),
            json!({"elements": [{"type": "rich_text_list", "elements": [{}], "indent": -1}]}),
            json!({"elements": [{"type": "rich_text_quote"}, [], null, "x"]}),
        ] {
            assert_eq!(text(Part::new(&block)), "", "{block}");
        }
    }
}
