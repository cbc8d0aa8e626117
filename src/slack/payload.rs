//! Reads what senders call a payload: a JSON object, or a form with the JSON in one field. Values
//! are read leniently, because senders write numbers as texts, booleans as `"1"`, and null for
//! what they do not use.

use std::borrow::Cow;

use serde_json::Value;

use crate::model::{Error, Result};

/// Parses a body: JSON, or a form whose field `payload` contains JSON. The content decides when the
/// content type does not, or contradicts it: `curl -d` calls everything a form.
pub(super) fn parse(content_type: &str, body: &[u8]) -> Result<Value> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let value = if body.starts_with(b"{") {
        serde_json::from_slice(body)
    } else if body.starts_with(b"payload=")
        || media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    {
        let form = str::from_utf8(body)
            .map_err(|_| Error::Malformed("the form is not UTF-8".to_owned()))?;
        let (_, json) = form_urlencoded::parse(form.as_bytes())
            .find(|(name, _)| name == "payload")
            .ok_or_else(|| Error::Malformed("the form has no field payload".to_owned()))?;
        serde_json::from_str(&json)
    } else {
        serde_json::from_slice(body)
    };
    match value.map_err(|error| Error::Malformed(error.to_string()))? {
        value @ Value::Object(_) => Ok(value),
        _ => Err(Error::Malformed("the payload is not a JSON object".to_owned())),
    }
}

/// A value of the payload. A property that is missing or has another type counts as empty.
#[derive(Clone, Copy)]
pub(super) struct Part<'v>(&'v Value);

impl<'v> Part<'v> {
    /// The whole payload.
    pub(super) fn new(payload: &'v Value) -> Self {
        Self(payload)
    }

    /// Returns a property that is a text, number or boolean, without spaces around it.
    pub(super) fn text(self, name: &str) -> Cow<'v, str> {
        match self.0.get(name) {
            Some(Value::String(text)) => Cow::Borrowed(text.trim()),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Cow::Owned(value.to_string()),
            _ => Cow::Borrowed(""),
        }
    }

    /// Returns the value itself if it is a text.
    pub(super) fn as_text(self) -> Option<&'v str> {
        self.0.as_str()
    }

    /// Returns a property that contains others.
    pub(super) fn part(self, name: &str) -> Self {
        Self(self.0.get(name).unwrap_or(&Value::Null))
    }

    /// Returns the entries of a list; an object counts as a list of one.
    pub(super) fn parts(self, name: &str) -> impl Iterator<Item = Self> + use<'v> {
        let entries = match self.0.get(name) {
            Some(Value::Array(entries)) => entries.as_slice(),
            Some(object @ Value::Object(_)) => std::slice::from_ref(object),
            _ => &[],
        };
        entries.iter().map(Self)
    }

    /// Returns whether a property is true, in one of the ways in which senders write that.
    pub(super) fn flag(self, name: &str) -> bool {
        matches!(&*self.text(name), "true" | "1")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_payload_is_json_or_a_field_of_a_form() {
        let (json, form) = ("application/json; charset=utf-8", "application/x-www-form-urlencoded");
        for (content_type, body) in [
            (json, r#"{"text":"a b"}"#),
            (json, "\u{feff}{\"text\":\"a b\"}\n"),
            ("", r#"{"text":"a b"}"#),
            ("text/plain", " {\"text\":\"a b\"}"),
            (form, r#"{"text":"a b"}"#),
            (form, "payload=%7B%22text%22%3A%22a+b%22%7D"),
            (
                "Application/X-WWW-Form-URLEncoded; charset=UTF-8",
                "x=1&payload={\"text\":\"a%20b\"}",
            ),
            ("", r#"payload={"text": "a b"}"#),
        ] {
            let value = parse(content_type, body.as_bytes());
            assert_eq!(value, Ok(json!({"text": "a b"})), "{content_type} {body}");
        }
    }

    #[test]
    fn other_bodies_are_malformed() {
        let form = "application/x-www-form-urlencoded";
        for (content_type, body) in [
            ("application/json", &b""[..]),
            ("application/json", b"null"),
            ("application/json", b"[]"),
            ("application/json", b"\"text\""),
            ("application/json", b"{\"text\":"),
            ("application/json", b"{\"text\":\"\xff\"}"),
            (form, b""),
            (form, b"text=hello"),
            (form, b"payload="),
            (form, b"payload=[]"),
            (form, b"payload=\xff"),
            ("multipart/form-data; boundary=x", b"--x"),
        ] {
            let error = parse(content_type, body);
            assert!(matches!(error, Err(Error::Malformed(_))), "{content_type} {body:?}");
        }
    }

    #[test]
    fn values_are_read_leniently() {
        let payload = json!({
            "text": " a ", "number": 5, "flag": true, "null": null, "list": ["x", {"text": "b"}],
            "object": {"text": "c"}, "one": "1", "true": "true", "none": "0",
        });
        let part = Part::new(&payload);
        for (name, text) in [
            ("text", "a"),
            ("number", "5"),
            ("flag", "true"),
            ("null", ""),
            ("list", ""),
            ("x", ""),
        ] {
            assert_eq!(part.text(name), text, "{name}");
        }
        let texts = |name| part.parts(name).map(|part| part.text("text")).collect::<Vec<_>>();
        assert_eq!(texts("list"), ["", "b"]);
        assert_eq!(texts("object"), ["c"]);
        assert!(texts("text").is_empty() && texts("null").is_empty());
        assert_eq!(part.part("object").text("text"), "c");
        assert_eq!(part.part("text").part("text").text("text"), "");
        for (name, flag) in [("flag", true), ("one", true), ("true", true), ("none", false)] {
            assert_eq!(part.flag(name), flag, "{name}");
        }
    }
}
