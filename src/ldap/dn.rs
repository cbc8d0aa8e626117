//! Distinguished names in one form, so that two ways to write the same name are equal.

/// Characters that a value of a name must not contain without an escape (RFC 4514).
const SPECIAL: &str = ",+\"\\<>;=";

/// Returns a name in lower case, without spaces around its parts, and with escapes written in one
/// way. It is still a valid name. Directories compare the values of names regardless of case.
pub(super) fn normalised(dn: &str) -> String {
    let mut parts = Vec::new();
    for part in divided(dn, ",;") {
        let mut values: Vec<String> = divided(part, "+").into_iter().map(value).collect();
        // A part of several values has no order.
        values.sort_unstable();
        parts.push(values.join("+"));
    }
    parts.join(",")
}

/// Returns one `type=value` of a name.
fn value(text: &str) -> String {
    let (kind, value) = text.split_once('=').unwrap_or((text, ""));
    let kind = kind.trim().to_ascii_lowercase();
    let plain = unescaped(value).to_lowercase();
    let spaced = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{kind}={}", escaped(&spaced))
}

/// Divides at separators that have no backslash before them.
fn divided<'a>(text: &'a str, separators: &str) -> Vec<&'a str> {
    let (mut parts, mut begin, mut is_escaped) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        if is_escaped {
            is_escaped = false;
        } else if c == '\\' {
            is_escaped = true;
        } else if separators.contains(c) {
            parts.push(&text[begin..at]);
            begin = at + c.len_utf8();
        }
    }
    parts.push(&text[begin..]);
    parts
}

/// Resolves `\,` and `\2C`. Bytes that are no text are replaced.
fn unescaped(value: &str) -> String {
    let bytes = value.trim_start().as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let hexadecimal = bytes.get(at + 1..at + 3).and_then(|digits| hex::decode(digits).ok());
        match (byte, hexadecimal, bytes.get(at + 1)) {
            (b'\\', Some(decoded), _) => {
                plain.extend(decoded);
                at += 3;
            }
            (b'\\', None, Some(next)) => {
                plain.push(*next);
                at += 2;
            }
            _ => {
                plain.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for (at, c) in value.char_indices() {
        if SPECIAL.contains(c) || (at == 0 && c == '#') {
            text.push('\\');
        }
        text.push(c);
    }
    text.replace('\0', "\\00")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ways_to_write_a_name_are_equal() {
        for (one, other) in [
            ("UID=Ann, OU=People , dc=Example,dc=ORG", "uid=ann,ou=people,dc=example,dc=org"),
            ("cn=Smith\\, Ann,dc=x", "CN=smith\\2c  ann;DC=x"),
            ("cn=Jürgen,dc=x", "cn=J\\C3\\BCrgen,dc=x"),
            ("cn=a+uid=b,dc=x", "uid=B + cn=A,dc=x"),
        ] {
            assert_eq!(normalised(one), normalised(other), "{one}");
        }
        for (one, other) in
            [("cn=a,dc=x", "cn=b,dc=x"), ("cn=a\\,dc=x", "cn=a,dc=x"), ("cn=a+b=c", "cn=a\\+b=c")]
        {
            assert_ne!(normalised(one), normalised(other), "{one}");
        }
        assert_eq!(normalised("CN=\\#1 \\\\ \\\"x\\\", DC=y"), "cn=\\#1 \\\\ \\\"x\\\",dc=y");
        assert_eq!(normalised(""), "=");
    }

    #[test]
    fn a_normalised_name_stays_as_it_is() {
        for dn in ["cn=a\\, b+uid=c,dc=x", "cn=\\ a\\ ,dc=x", "cn=\\\\,dc=x", "cn=\\", "cn=a\\0"] {
            let once = normalised(dn);
            assert_eq!(normalised(&once), once, "{dn}");
        }
    }
}
