//! Links as our messages write them: `[label](address)`, or the address beside the label where
//! the web UI would not show that as a link (assets/js/lib).

/// Maximum length of a label, in code points, for which a link is written around it.
const MAX_LABEL: usize = 390;

/// Writes a link. Both are plain text without formatting; either may be empty.
pub(super) fn link(address: &str, label: &str) -> String {
    let address = address.trim();
    let label = label.split_whitespace().collect::<Vec<_>>().join(" ");
    if address.is_empty() || address.strip_prefix("mailto:") == Some(&label) {
        return label;
    }
    if label.is_empty() || label == address {
        return address.to_owned();
    }
    if !can_be_followed(address)
        || label.chars().count() > MAX_LABEL
        || names_another_host(&label, address)
    {
        return format!("{label} ({address})");
    }
    let (before, label) = without_brackets(&label);
    format!("{before}[{label}]({})", escaped(address))
}

/// Returns whether a `<…>` of Slack's format contains the address of a link.
pub(super) fn is_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let known = rest.starts_with("//") || matches!(scheme, "mailto" | "tel");
    known
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// Returns whether an address may be opened in a browser.
pub(super) fn can_be_followed(address: &str) -> bool {
    has_host(address) || address.starts_with("mailto:")
}

/// Returns whether an address is one of the web.
pub(super) fn has_host(address: &str) -> bool {
    let rest = ["http://", "https://"].iter().find_map(|scheme| after(address, scheme));
    rest.is_some_and(|rest| !rest.is_empty())
}

/// Returns the rest after a prefix in any case.
fn after<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Returns whether the label looks like an address of another host. Such links are deceptive, and
/// the web UI does not show them as links.
fn names_another_host(label: &str, address: &str) -> bool {
    host(label).is_some_and(|named| !named.eq_ignore_ascii_case(host(address).unwrap_or_default()))
}

/// Returns the host if the text is an address or looks like the name of a host.
fn host(text: &str) -> Option<&str> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let end = rest.find(['/', ':', '?', '#']).unwrap_or(rest.len());
    let host = rest.get(..end).unwrap_or_default().rsplit('@').next().unwrap_or_default();
    let last = host.rsplit_once('.').map(|(_, last)| last)?;
    let good = last.chars().count() >= 2
        && last.chars().all(char::is_alphabetic)
        && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.'))
        && !text.contains(' ');
    good.then_some(host)
}

/// Splits a label so that what becomes the link contains no brackets: of `[FIRING:1] DiskFull`,
/// only the second word does.
fn without_brackets(label: &str) -> (&str, String) {
    let after = label.rfind(']').map_or(0, |at| at + 1);
    let rest = label.get(after..).unwrap_or_default();
    let words = rest.trim_start();
    if words.is_empty() || words.contains('[') {
        return ("", label.replace('[', "(").replace(']', ")"));
    }
    let start = label.len() - words.len();
    (label.get(..start).unwrap_or_default(), words.to_owned())
}

/// Escapes the characters that would end the address, or begin formatting.
fn escaped(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    for c in address.chars() {
        match c {
            '(' => out.push_str("%28"),
            ')' => out.push_str("%29"),
            '*' => out.push_str("%2A"),
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            c if c.is_whitespace() => out.push_str("%20"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_written_as_the_web_ui_shows_them() {
        for (address, label, wanted) in [
            ("http://a/b", "Open", "[Open](http://a/b)"),
            ("http://a/b", "", "http://a/b"),
            ("http://a/b", "http://a/b", "http://a/b"),
            ("", "Open", "Open"),
            ("", "", ""),
            ("http://a/(b) c*", " Open \n it ", "[Open it](http://a/%28b%29%20c%2A)"),
            ("http://a/", "[FIRING:1] Disk", "[FIRING:1] [Disk](http://a/)"),
            ("http://a/", "[FIRING:1]  (Disk db1)", "[FIRING:1] [(Disk db1)](http://a/)"),
            ("http://a/", "[db]", "[(db)](http://a/)"),
            ("http://a/", "x [db] [y", "[x (db) (y](http://a/)"),
            ("http://a.example/x", "b.example", "b.example (http://a.example/x)"),
            ("http://a.example/x", "https://b.example/", "https://b.example/ (http://a.example/x)"),
            ("http://a.example/x", "a.example", "[a.example](http://a.example/x)"),
            ("https://u@A.example:8/x", "a.example/y", "[a.example/y](https://u@A.example:8/x)"),
            ("mailto:a@b.example", "a@b.example", "a@b.example"),
            ("mailto:a@b.example", "Ann", "[Ann](mailto:a@b.example)"),
            ("javascript:alert(1)", "Ann", "Ann (javascript:alert(1))"),
            ("/relative", "Ann", "Ann (/relative)"),
            ("http://", "Ann", "Ann (http://)"),
        ] {
            assert_eq!(link(address, label), wanted, "{address} {label}");
        }
        let long = "x".repeat(MAX_LABEL + 1);
        assert_eq!(link("http://a", &long), format!("{long} (http://a)"));
    }

    #[test]
    fn addresses_have_a_scheme() {
        for good in ["http://a", "https://a/b?c", "mailto:a@b", "tel:+1", "ssh+git://x"] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["90 %", "", "a", "T: Foo", "std::vec", "://x", "a b://c", "!here", "@U1"] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
