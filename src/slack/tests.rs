//! Bodies as programs send them, and what becomes of them.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const MAX: usize = 4000;

#[track_caller]
fn read_json(payload: &Value) -> Result<String> {
    read(JSON, payload.to_string().as_bytes(), MAX)
}

fn text_of(payload: &Value) -> String {
    read_json(payload).expect("a message")
}

/// Reads each body in tests/fixtures/hooks, and compares it with the text file beside it.
#[test]
fn programs_are_understood() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hooks");
    let mut read_so_far = 0;
    for entry in fs::read_dir(&folder).expect("the fixtures") {
        let path = entry.expect("an entry").path();
        let content_type = match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => "application/json; charset=utf-8",
            Some("form") => FORM,
            _ => continue,
        };
        let body = fs::read(&path).expect("a body");
        let message = read(content_type, &body, MAX).expect("a message");
        let wanted = fs::read_to_string(path.with_extension("md")).expect("the text");
        assert_eq!(message, wanted.trim_end(), "{}", path.display());
        read_so_far += 1;
    }
    assert!(read_so_far >= 15, "{read_so_far} fixtures");
}

#[test]
fn a_message_without_content_has_no_text() {
    for payload in [
        json!({}),
        json!({"text": null}),
        json!({"text": " \n\u{200b}", "attachments": []}),
        json!({"text": "\u{0}\u{1}", "attachments": null, "blocks": "x"}),
        json!({"attachments": [{}, null, {"color": "danger", "ts": 5, "footer": ""}]}),
        json!({"blocks": [{"type": "divider"}], "username": "Ann", "channel": "#ops"}),
    ] {
        assert_eq!(read_json(&payload), Err(Error::Empty("text")), "{payload}");
    }
}

#[test]
fn the_last_resort_is_the_fallback() {
    assert_eq!(text_of(&json!({"text": "", "fallback": "a &amp; b"})), "a & b");
    assert_eq!(
        text_of(&json!({"attachments": {"fallback": "only <http://a|this>"}})),
        "only [this](http://a)"
    );
}

#[test]
fn blocks_replace_the_text_and_not_the_attachments() {
    let header = json!({"type": "header", "text": {"type": "plain_text", "text": "Title"}});
    let payload = json!({"text": "summary", "blocks": [header], "attachments": [{"text": "more"}]});
    assert_eq!(text_of(&payload), "**Title**\nmore");
    assert_eq!(text_of(&json!({"text": "summary", "blocks": [{"type": "input"}]})), "summary");
}

#[test]
fn a_text_that_an_attachment_repeats_is_shown_once() {
    for (text, shown) in [
        ("[db] Down", "🟥 **[db] Down**\nmore"),
        ("*[db] Down*", "🟥 **[db] Down**\nmore"),
        ("more", "🟥 **[db] Down**\nmore"),
        ("[db]", "[db]\n🟥 **[db] Down**\nmore"),
        ("!", "!\n🟥 **[db] Down**\nmore"),
    ] {
        let attachment = json!({"color": "danger", "title": "[db] Down", "text": "more"});
        assert_eq!(text_of(&json!({"text": text, "attachments": [attachment]})), shown, "{text}");
    }
}

#[test]
fn control_characters_and_empty_lines_are_removed() {
    let payload = json!({"text": "\r\n a\u{0}\u{7}b\tc  \r\n\n\n\n\u{8}\nd\re\n\n"});
    assert_eq!(text_of(&payload), "ab\tc\n\nd\ne");
}

#[test]
fn long_texts_are_cut_between_characters() {
    let family = "👨\u{200d}👩\u{200d}👧";
    for (text, max, wanted) in [
        ("12345", 5, "12345"),
        ("123456", 5, "1234…"),
        ("123 456", 5, "123…"),
        ("책책책책", 3, "책책…"),
        (&format!("a{family}b"), 7, &format!("a{family}b")),
        (&format!("a{family}bc"), 7, &format!("a{family}…")),
        (&format!("a{family}bc"), 6, "a…"),
        ("e\u{301}\u{301}\u{301}", 2, "e\u{301}"),
    ] {
        assert_eq!(cut(text, max), wanted, "{text} {max}");
    }
    let long = text_of(&json!({"text": "x".repeat(100_000)}));
    assert_eq!(long.chars().count(), MAX);
}

#[test]
fn large_bodies_of_marks_do_no_harm() {
    let marks = [
        "*", "*a", "* ", "`", "```", "``` ", "` `` ", "<", "<http:", "<a|", "&", "&amp;", ":",
        ":a:", "http", "http://", "## ", "~a *b ", "~", "[", "[]", "\n", "> ", "- ", "*a* ",
        "``a` ", "\u{301}",
    ];
    for mark in marks {
        let text = mark.repeat(30_000 / mark.len());
        let attachments = [json!({"text": text, "title": text, "title_link": "http://a"})];
        let payload = json!({"text": text, "attachments": attachments, "fallback": "x"});
        let message = read_json(&payload).expect("a message");
        assert!(message.chars().count() <= MAX, "{mark:?}");
    }
    let deep = format!("{}{}", "{\"blocks\":[{\"elements\":".repeat(60), "1");
    assert!(matches!(read(JSON, deep.as_bytes(), MAX), Err(Error::Malformed(_))));
}

#[track_caller]
fn check(result: &Result<String>, max: usize) {
    match result {
        Ok(text) => {
            assert!(crate::model::check_text("text", text, max).is_ok(), "{text:?}");
            assert!(!text.contains(|c: char| c.is_control() && !"\n\t".contains(c)), "{text:?}");
        }
        Err(error) => assert!(matches!(error, Error::Malformed(_) | Error::Empty(_)), "{error:?}"),
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "([*_~`<>&|:@#!\\[\\]()a가 \n👍-]|http://|&amp;|```|<!here>|:tada:){0,40}",
    ]
}

/// Any JSON, with the names that mean something.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
        prop::sample::select(vec!["section", "header", "rich_text", "rich_text_list", "danger"])
            .prop_map(Value::from),
    ];
    let names = prop::sample::select(vec![
        "text",
        "attachments",
        "blocks",
        "type",
        "fields",
        "elements",
        "title",
        "title_link",
        "value",
        "color",
        "username",
        "fallback",
        "pretext",
        "style",
        "url",
        "props",
        "card",
        "accessory",
    ]);
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_body_does_harm(body in any::<Vec<u8>>(), form in any::<bool>(), max in 1_usize..50) {
        check(&read(if form { FORM } else { JSON }, &body, max), max);
    }

    #[test]
    fn no_payload_does_harm(value in any_value(), max in 1_usize..200) {
        check(&read(JSON, value.to_string().as_bytes(), max), max);
    }

    #[test]
    fn no_text_does_harm(text in any_text(), max in 1_usize..200) {
        let payload = json!({"text": text, "username": text, "attachments": [
            {"title": text, "title_link": text, "text": text, "fields": [{"title": text, "value": text}]},
        ]});
        check(&read(JSON, payload.to_string().as_bytes(), max), max);
    }

    #[test]
    fn a_plain_text_arrives_as_it_is(text in "[a-zA-Z0-9가-힣,.?!() -]{0,60}[a-z가-힣]") {
        let payload = json!({"text": text});
        prop_assert_eq!(text_of(&payload), text.trim());
    }
}

#[test]
fn answers_to_commands_are_payloads_or_plain_text() {
    let json = "application/json; charset=utf-8";
    for (content_type, body, in_channel, text) in [
        ("", "", false, None),
        (json, " \n", false, None),
        (json, "{}", false, None),
        (json, r#"{"response_type":"in_channel"}"#, true, None),
        (json, r#"{"text":"*Done*"}"#, false, Some("**Done**")),
        (json, r#"{"response_type":"ephemeral","text":"Done"}"#, false, Some("Done")),
        (json, r#"{"response_type":"in_channel","text":"Done"}"#, true, Some("Done")),
        ("text/plain", r#"{"response_type":"in_channel","text":"Done"}"#, true, Some("Done")),
        (json, r#"{"text":"","attachments":[{"title":"Build 7"}]}"#, false, Some("**Build 7**")),
        ("text/plain", "Done: <http://a|log>\n", false, Some("Done: [log](http://a)")),
        ("text/plain", "{done}", false, Some("{done}")),
        ("", "\u{feff}Done", false, Some("Done")),
    ] {
        let wanted = ProgramAnswer { in_channel, text: text.map(str::to_owned) };
        assert_eq!(
            answer(content_type, body.as_bytes(), 4000),
            Ok(wanted),
            "{content_type} {body}"
        );
    }
    for body in ["[]", "{", "done"] {
        let refused = answer(json, body.as_bytes(), 4000);
        assert!(matches!(refused, Err(Error::Malformed(_))), "{body}: {refused:?}");
    }
    let cut = answer("text/plain", "abcdef".as_bytes(), 4);
    assert_eq!(cut.unwrap().text.as_deref(), Some("abc\u{2026}"));
}
