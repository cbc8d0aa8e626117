//! Tolerant JSON parsing for exports: byte order marks, truncated lists, invalid UTF-8 and lone
//! surrogates.

use std::borrow::Cow;

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::Value;

/// The UTF-8 byte order mark, which Windows programs write.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// Parses JSON. A byte order mark, invalid UTF-8 and lone surrogates are tolerated.
pub(super) fn parse(bytes: &[u8]) -> serde_json::Result<Value> {
    let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
    serde_json::from_slice(bytes)
        .or_else(|error| serde_json::from_str(&repaired(bytes)).map_err(|_| error))
}

/// The entries of a JSON list up to the first error, and the error. Null is an empty list.
pub(super) fn list(bytes: &[u8]) -> (Vec<Value>, Option<serde_json::Error>) {
    let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
    let (entries, error) = entries(bytes);
    match error {
        Some(_) => self::entries(repaired(bytes).as_bytes()),
        None => (entries, None),
    }
}

fn entries(bytes: &[u8]) -> (Vec<Value>, Option<serde_json::Error>) {
    let mut entries = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = reader.deserialize_any(Entries(&mut entries)).and_then(|()| reader.end());
    (entries, read.err())
}

struct Entries<'v>(&'v mut Vec<Value>);

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(entry) = list.next_element()? {
            self.0.push(entry);
        }
        Ok(())
    }
}

/// The text with `�` in place of invalid UTF-8 and lone surrogate escapes such as `\ud83d`, which
/// JSON parsers refuse.
fn repaired(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    if !text.contains("\\u") {
        return text;
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text.as_ref());
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let length = match (surrogate(escape), surrogate(escape.get(6..).unwrap_or_default())) {
            (Some(true), Some(false)) => 12,
            (Some(_), _) => {
                out.push_str("\\ufffd");
                rest = escape.get(6..).unwrap_or_default();
                continue;
            }
            // Skip an escaped backslash.
            (None, _) => escape.chars().take(2).map(char::len_utf8).sum(),
        };
        let (escape, after) = escape.split_at(length);
        out.push_str(escape);
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Whether an escape is a high (true) or a low (false) surrogate; None for other escapes.
fn surrogate(escape: &str) -> Option<bool> {
    let digits = escape.strip_prefix("\\u")?.get(..4)?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..=0xdbff => Some(true),
        0xdc00..=0xdfff => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn damaged_json_is_read_up_to_the_error() {
        assert_eq!(parse(b"\xef\xbb\xbf{\"a\":1}").unwrap(), json!({"a": 1}));
        assert_eq!(
            parse(br#"["\ud83d","\ud83d\ude00 \\ud83d \udc00x"]"#).unwrap(),
            json!(["\u{fffd}", "😀 \\ud83d \u{fffd}x"])
        );
        assert_eq!(parse(b"[\"a\xffb\"]").unwrap(), json!(["a\u{fffd}b"]));
        assert!(parse(b"{").is_err());
        for (bytes, read, whole) in [
            (&b"[1,2]"[..], json!([1, 2]), true),
            (b"\xef\xbb\xbfnull", json!([]), true),
            (b"[1,{\"a\":2},{\"b", json!([1, {"a": 2}]), false),
            (b"[1,2] and more", json!([1, 2]), false),
            (b"", json!([]), false),
            (b"{}", json!([]), false),
            (br#"[1,"\ud83d",3]"#, json!([1, "\u{fffd}", 3]), true),
        ] {
            let (entries, error) = list(bytes);
            assert_eq!(
                (Value::from(entries), error.is_none()),
                (read, whole),
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
    }
}
