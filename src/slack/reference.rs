//! What Slack's text format writes in angle brackets: links, users, rooms, commands and dates.
//! Angle brackets around anything else are plain text.

use super::link::{is_address, link};

/// A reference in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    /// An address, with the label or an empty one.
    Link(String, String),
    /// What stands for something else, as text: `@ann`, `#ops`.
    Name(String),
}

impl Reference {
    /// Returns it as our messages write it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Link(address, label) => link(address, label),
            Self::Name(name) => name.clone(),
        }
    }

    /// Returns it as plain text, for code.
    pub(super) fn plain(self) -> String {
        match self {
            Self::Link(address, label) if label.is_empty() || label == address => address,
            Self::Link(address, label) => format!("{label} ({address})"),
            Self::Name(name) => name,
        }
    }
}

/// Reads the reference at the beginning of the text, which starts with `<`. Returns its length in
/// bytes too.
pub(super) fn read(text: &str) -> Option<(Reference, usize)> {
    let rest = text.strip_prefix('<')?;
    let end = rest.find(['<', '>', '\n'])?;
    let (inner, after) = rest.split_at_checked(end)?;
    if !after.starts_with('>') {
        return None;
    }
    let (target, label) = inner.split_once('|').unwrap_or((inner, ""));
    let label = decoded(label.trim());
    let sign = target.chars().next()?;
    let id = target.strip_prefix(sign)?;
    let name = |prefix: &str, id: &str| {
        let name = if label.is_empty() { id } else { &label };
        let bare = name.strip_prefix(prefix).unwrap_or(name);
        Some(Reference::Name(format!("{prefix}{bare}")))
    };
    let reference = match sign {
        '@' | '#' if id.is_empty() || id.contains(char::is_whitespace) => None,
        '@' => name("@", id),
        '#' => name("#", id),
        '!' => command(id, &label),
        _ if is_address(target) && !target.contains(char::is_whitespace) => {
            Some(Reference::Link(decoded(target), label))
        }
        _ => None,
    }?;
    // Both brackets are one byte long.
    Some((reference, end + 2))
}

/// Reads a command: `here`, `subteam^ID`, `date^…`.
fn command(command: &str, label: &str) -> Option<Reference> {
    let word = command.split('^').next().unwrap_or_default();
    if word.is_empty() || !word.chars().all(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let name = match word {
        "here" | "channel" | "everyone" | "group" => format!("@{word}"),
        _ if !label.is_empty() => label.to_owned(),
        "subteam" => command.replacen("subteam^", "@", 1),
        _ => word.to_owned(),
    };
    Some(Reference::Name(name))
}

/// Replaces the three characters that senders must escape.
pub(super) fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let (c, length) = entity(after).unwrap_or(('&', 1));
        out.push(c);
        rest = after.get(length..).unwrap_or_default();
    }
    out + rest
}

/// Reads the escaped character at the beginning of the text, and its length in bytes.
pub(super) fn entity(text: &str) -> Option<(char, usize)> {
    [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')]
        .into_iter()
        .find_map(|(escape, c)| text.starts_with(escape).then_some((c, escape.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_links_or_names() {
        for (text, shown, plain) in [
            ("<http://a/?b&amp;c>", "http://a/?b&c", "http://a/?b&c"),
            ("<http://a|x &lt;y&gt;>", "[x <y>](http://a)", "x <y> (http://a)"),
            ("<http://a|>", "http://a", "http://a"),
            ("<mailto:a@b.example|a@b.example>", "a@b.example", "a@b.example (mailto:a@b.example)"),
            ("<@U1>", "@U1", "@U1"),
            ("<@U1|ann>", "@ann", "@ann"),
            ("<@U1|@ann>", "@ann", "@ann"),
            ("<#C1|ops>", "#ops", "#ops"),
            ("<#C1>", "#C1", "#C1"),
            ("<!here>", "@here", "@here"),
            ("<!here|here>", "@here", "@here"),
            ("<!channel>", "@channel", "@channel"),
            ("<!everyone|@everyone>", "@everyone", "@everyone"),
            ("<!subteam^S1|@ops>", "@ops", "@ops"),
            ("<!subteam^S1>", "@S1", "@S1"),
            ("<!date^1392734382^{date}^http://a|Feb 18>", "Feb 18", "Feb 18"),
            ("<!date^1392734382^{date}>", "date", "date"),
        ] {
            let (reference, length) = read(&format!("{text} <rest>")).expect(text);
            assert_eq!(length, text.len(), "{text}");
            assert_eq!(reference.shown(), shown, "{text}");
            assert_eq!(reference.plain(), plain, "{text}");
        }
    }

    #[test]
    fn other_angle_brackets_are_text() {
        for text in
            ["<", "<>", "<90 %>", "<http://a", "<http://a\n>", "<a<b>", "<!>", "<!-- x -->", "<@>"]
        {
            assert_eq!(read(text), None, "{text}");
        }
        for text in ["<T>", "<# 1>", "<http://a b>", "", "x"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn escapes_are_decoded_once() {
        assert_eq!(decoded("a &amp;lt; &lt;b&gt; &copy; &"), "a &lt; <b> &copy; &");
    }
}
