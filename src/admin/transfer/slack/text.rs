//! Translates Slack text: resolves `<@U…>` to names, expands links, entities such as `&amp;`, and
//! emoji short names.

use std::collections::HashSet;

use crate::model::emoji_names;

/// Names of users and channels.
pub(super) struct Names<U, R> {
    pub(super) user: U,
    pub(super) room: R,
}

/// Ids of the mentioned users, each with the label in the text.
pub(super) fn mentions(text: &str) -> Vec<(String, Option<String>)> {
    let tokens =
        text.split("<@").skip(1).filter_map(|rest| rest.split_once('>')).map(|(token, _)| token);
    let parts = tokens.map(|token| {
        token.split_once('|').map_or((token, None), |(id, label)| (id, Some(unescape(label))))
    });
    parts
        .filter(|(id, _)| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        .map(|(id, label)| (id.to_owned(), label.filter(|label| !label.is_empty())))
        .collect()
}

/// Translates the text, and returns the mentioned users.
pub(super) fn translate<U, R>(text: &str, names: &Names<U, R>) -> (String, Vec<String>)
where
    U: Fn(&str) -> Option<String>,
    R: Fn(&str) -> Option<String>,
{
    let (mut out, mut mentions) = (String::with_capacity(text.len()), Mentions::default());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, after) = rest.split_at(start);
        out.push_str(&emoji_names::in_text(&unescape(before)));
        let inside = after.get(1..).unwrap_or_default();
        let Some(end) = inside.find('>') else {
            // Without a closing bracket, nothing that follows is closed either.
            rest = after;
            break;
        };
        let (token, after) = inside.split_at(end);
        out.push_str(&reference(token, names, &mut mentions));
        rest = after.get(1..).unwrap_or_default();
    }
    out.push_str(&emoji_names::in_text(&unescape(rest)));
    (out, mentions.in_order)
}

/// The users mentioned in a text, without duplicates.
#[derive(Default)]
struct Mentions {
    in_order: Vec<String>,
    known: HashSet<String>,
}

impl Mentions {
    fn add(&mut self, id: &str) {
        if self.known.insert(id.to_owned()) {
            self.in_order.push(id.to_owned());
        }
    }
}

/// Translates the content between `<` and `>`.
fn reference<U, R>(token: &str, names: &Names<U, R>, mentions: &mut Mentions) -> String
where
    U: Fn(&str) -> Option<String>,
    R: Fn(&str) -> Option<String>,
{
    let (target, label) = token
        .split_once('|')
        .map_or((token, None), |(target, label)| (target, Some(unescape(label))));
    let label = label.filter(|label| !label.is_empty());
    if let Some(id) = target.strip_prefix('@') {
        mentions.add(id);
        let name = (names.user)(id).or(label).unwrap_or_else(|| id.to_owned());
        return format!("@{name}");
    }
    if let Some(id) = target.strip_prefix('#') {
        let name = label.or_else(|| (names.room)(id)).unwrap_or_else(|| id.to_owned());
        return format!("#{name}");
    }
    if let Some(command) = target.strip_prefix('!') {
        // `!here`, `!subteam^S1|@group`, `!date^1392734382^{date}|yesterday`
        let word = command.split('^').next().unwrap_or_default();
        return match label {
            Some(label) => label,
            None => format!("@{word}"),
        };
    }
    let address = unescape(target);
    match label {
        Some(label)
            if label != address
                && address.strip_prefix("mailto:") != Some(label.as_str())
                && !same(&address, &label) =>
        {
            format!("{label} ({address})")
        }
        Some(label) => label,
        None => address,
    }
}

/// Whether the label only repeats the address: Slack writes `example.org` as a link to `http://example.org`.
fn same(address: &str, label: &str) -> bool {
    address
        .split_once("://")
        .is_some_and(|(_, rest)| rest.trim_end_matches('/') == label.trim_end_matches('/'))
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_written_out() {
        let names = Names {
            user: |id: &str| (id == "U1").then(|| "김민지".to_owned()),
            room: |id: &str| (id == "C1").then(|| "공지".to_owned()),
        };
        for (slack, ours) in [
            ("안녕 <@U1>, <@U9|bob>!", "안녕 @김민지, @bob!"),
            ("<#C1> <#C2|random> <#C3|>", "#공지 #random #C3"),
            ("<!here> <!subteam^S1|@team> <!date^1^{date}|yesterday>", "@here @team yesterday"),
            (
                "<https://a.org/?x=1&amp;y=2|our page> <https://a.org>",
                "our page (https://a.org/?x=1&y=2) https://a.org",
            ),
            ("<http://example.org|example.org> <mailto:a@b.org|a@b.org>", "example.org a@b.org"),
            ("1 &lt; 2 &amp;&amp; 3 &gt; 2, &amp;lt;", "1 < 2 && 3 > 2, &lt;"),
            (":tada: `:tada:` a < b", "🎉 `:tada:` a < b"),
            ("<@U1> <<@U1 &lt; :tada: <", "@김민지 <<@U1 < 🎉 <"),
        ] {
            assert_eq!(translate(slack, &names).0, ours, "{slack}");
        }
        assert_eq!(translate("<@U1> <@U1> <@U2>", &names).1, ["U1", "U2"]);
        // Must be linear, not quadratic.
        let open = "<".repeat(2_000_000);
        assert!(translate(&open, &names).0 == open);
        assert_eq!(
            mentions("<@U1> <@U2|bob> <@> <!here> a <@U3"),
            [("U1".to_owned(), None), ("U2".to_owned(), Some("bob".to_owned()))]
        );
    }
}
