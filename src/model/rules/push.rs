//! Which messages are sent to the devices of a user, and what of their text. The web UI applies the
//! same rules to keywords and quiet hours (`assets/js/lib/attention.js`).

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::mentions::is_unspaced;
use crate::model::NotifyLevel;

/// How a message concerns a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Concern {
    /// Level of the room that the user has chosen.
    pub own: Option<NotifyLevel>,
    /// Level of rooms without one of their own.
    pub usual: NotifyLevel,
    /// The room is an unnamed conversation of two.
    pub direct: bool,
    /// The message mentions the user, contains one of their keywords, or is in a thread that they
    /// follow.
    pub meant: bool,
}

/// Returns whether a message is sent to a device, which receives `all` that the levels name, or only
/// what is meant for its user. A level that was chosen for the room itself always counts.
pub fn is_pushed(concern: Concern, all: bool) -> bool {
    let Concern { own, usual, direct, meant } = concern;
    match own {
        Some(NotifyLevel::All) => true,
        Some(NotifyLevel::Mentions) => meant,
        Some(NotifyLevel::Nothing) => false,
        None => match usual {
            NotifyLevel::All => all || direct || meant,
            NotifyLevel::Mentions => direct || meant,
            NotifyLevel::Nothing => false,
        },
    }
}

/// Returns whether a text contains one of the keywords, as a whole word and in any case; in scripts
/// without spaces anywhere.
pub fn has_keyword(text: &str, keywords: &[String]) -> bool {
    if keywords.is_empty() {
        return false;
    }
    let text = lower(text);
    keywords.iter().any(|word| holds(&text, &lower(word)))
}

fn lower(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).collect()
}

fn holds(text: &str, word: &str) -> bool {
    let (Some(first), Some(last)) = (word.chars().next(), word.chars().next_back()) else {
        return false;
    };
    // Matches may overlap, so each place is tried.
    text.char_indices().any(|(at, _)| {
        let Some(after) = text.get(at..).and_then(|rest| rest.strip_prefix(word)) else {
            return false;
        };
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let joined_before = before.is_some_and(|before| joins(before, first));
        let joined_after = after.chars().next().is_some_and(|after| joins(last, after));
        !joined_before && !joined_after
    })
}

/// Returns whether two characters belong to one word.
fn joins(one: char, other: char) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || is_combining_mark(c);
    is_letter(one) && is_letter(other) && !is_unspaced(one) && !is_unspaced(other)
}

/// Returns whether a time of day, `HH:MM`, is within the hours from `from` to `to`.
pub fn is_quiet(from: &str, to: &str, now: &str) -> bool {
    if from < to { (from..to).contains(&now) } else { now >= from || now < to }
}

/// Returns the beginning of a text as plain words in one line: at most `most` characters, without
/// the signs of Markdown.
pub fn first_words(text: &str, most: usize) -> String {
    let mut lines = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("```")) {
        let line = line.trim();
        let line = line.trim_start_matches("> ").trim_start_matches('>');
        let heading = line.trim_start_matches('#');
        let line =
            if heading.len() < line.len() && heading.starts_with(' ') { heading } else { line };
        lines.push(without_marks(line));
    }
    let joined = lines.join(" ");
    let words: Vec<&str> = joined.split_whitespace().collect();
    let line = words.join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let cut: String = line.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// Removes pairs of marks that stand around words, and writes links as their text.
fn without_marks(line: &str) -> String {
    let mut line = links_as_text(line);
    for mark in ["**", "__", "~~", "||", "`", "*", "_"] {
        line = without_pairs(&line, mark);
    }
    line
}

/// `[text](address)` becomes `text`.
fn links_as_text(line: &str) -> String {
    let mut found = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('[') {
        found.push_str(before);
        let target = after.split_once("](").and_then(|(label, more)| {
            let (address, tail) = more.split_once(')')?;
            let is_link =
                address.starts_with("http") && !label.contains('[') && !address.contains(' ');
            is_link.then_some((label, tail))
        });
        if let Some((label, tail)) = target {
            found.push_str(label);
            rest = tail;
        } else {
            found.push('[');
            rest = after;
        }
    }
    found + rest
}

fn without_pairs(line: &str, mark: &str) -> String {
    let mut found = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(mark) {
        found.push_str(before);
        let opens = !found.chars().next_back().is_some_and(char::is_alphanumeric)
            && after.chars().next().is_some_and(|next| !next.is_whitespace());
        let inner = after.split_once(mark).filter(|(inner, tail)| {
            opens
                && !inner.is_empty()
                && !inner.ends_with(char::is_whitespace)
                && !tail.starts_with(char::is_alphanumeric)
        });
        if let Some((inner, tail)) = inner {
            found.push_str(inner);
            rest = tail;
        } else {
            found.push_str(mark);
            rest = after;
        }
    }
    found + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_say_what_is_pushed() {
        use NotifyLevel::{All, Mentions, Nothing};
        // own, usual, direct, meant: to a device for what is meant, and to one for all.
        for (own, usual, direct, meant, some, all) in [
            (None, All, false, false, false, true),
            (None, All, true, false, true, true),
            (None, All, false, true, true, true),
            (None, Mentions, false, false, false, false),
            (None, Mentions, true, false, true, true),
            (None, Mentions, false, true, true, true),
            (None, Nothing, true, true, false, false),
            (Some(All), Nothing, false, false, true, true),
            (Some(Mentions), All, true, false, false, false),
            (Some(Mentions), Nothing, false, true, true, true),
            (Some(Nothing), All, true, true, false, false),
        ] {
            let concern = Concern { own, usual, direct, meant };
            assert_eq!(
                (is_pushed(concern, false), is_pushed(concern, true)),
                (some, all),
                "{concern:?}"
            );
        }
    }

    #[test]
    fn keywords_are_whole_words_except_where_words_have_no_spaces() {
        for (text, word, found) in [
            ("The Deploy failed", "deploy", true),
            ("redeploy", "deploy", false),
            ("deploys", "deploy", false),
            ("redeploy, then deploy!", "deploy", true),
            ("배포가 끝났다", "배포", true),
            ("RELEASE 2.0.", "release 2.0", true),
            ("ÉCOLE", "e\u{301}cole", true),
            ("anything", "", false),
            ("aaa", "aa", false),
        ] {
            assert_eq!(has_keyword(text, &[word.to_owned()]), found, "{text:?} {word:?}");
        }
        assert!(!has_keyword("text", &[]));
    }

    #[test]
    fn hours_may_go_past_midnight() {
        for (from, to, now, quiet) in [
            ("22:00", "07:00", "23:59", true),
            ("22:00", "07:00", "06:59", true),
            ("22:00", "07:00", "07:00", false),
            ("22:00", "07:00", "21:59", false),
            ("12:00", "13:00", "12:00", true),
            ("12:00", "13:00", "13:00", false),
        ] {
            assert_eq!(is_quiet(from, to, now), quiet, "{from} {to} {now}");
        }
    }

    #[test]
    fn the_first_words_are_plain_and_in_one_line() {
        for (text, words) in [
            ("hello", "hello"),
            ("**bold** and _leaning_ and `code`", "bold and leaning and code"),
            ("a * b * c, snake_case_name", "a * b * c, snake_case_name"),
            ("> quoted\n\nanswer", "quoted answer"),
            ("# Title\n- one\n- two", "Title - one - two"),
            ("```rust\nlet x = 1;\n```", "let x = 1;"),
            ("see [the page](https://a.example/b) [x]", "see the page [x]"),
            ("**not closed", "**not closed"),
            ("", ""),
        ] {
            assert_eq!(first_words(text, 120), words, "{text:?}");
        }
        assert_eq!(first_words(&"가".repeat(121), 120), format!("{}…", "가".repeat(119)));
        assert_eq!(first_words(&"가".repeat(120), 120), "가".repeat(120));
    }
}
