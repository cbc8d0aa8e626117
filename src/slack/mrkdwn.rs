//! From Slack's text format, mrkdwn, to the formatting of our messages: `*bold*` becomes `**bold**`,
//! `~struck~` becomes `~~struck~~`, and so on. What is already Markdown remains as it is.

use super::link::has_host;
use super::reference::{self, decoded, entity};
use super::signs::emoji;

/// Words after a fence that name the language of the code. Slack knows no languages: for it, any
/// text after the fence is the first line of the code.
const LANGUAGES: &str = "bash c console cpp css diff go html ini java javascript js json log python \
                         ruby rust sh shell sql text toml ts txt xml yaml yml";

/// Converts a text in Slack's format.
pub(super) fn markdown(text: &str) -> String {
    convert(text, true)
}

/// Converts a text in which Slack knows no formatting, but links, escapes and emoji.
pub(super) fn plain(text: &str) -> String {
    convert(text, false)
}

/// Returns the text in bold, unless it contains marks that would end that.
pub(super) fn bold(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() || text.contains(['*', '\n']) {
        text.to_owned()
    } else {
        format!("**{text}**")
    }
}

/// Joins texts that are not empty.
pub(super) fn joined(texts: impl Iterator<Item = String>, between: &str) -> String {
    texts.filter(|text| !text.trim().is_empty()).collect::<Vec<_>>().join(between)
}

fn convert(text: &str, formatted: bool) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    let mut marks = [Mark::new('*', "**"), Mark::new('~', "~~")];
    let mut before = None;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if formatted
            && before.is_none_or(|c| c == '\n')
            && let Some((title, length)) = heading(rest)
        {
            out.push_str(&bold(&markdown(title)));
            at += length;
            before = Some('#');
            continue;
        }
        if formatted && let Some((code, length)) = fence(rest) {
            push_fence(&mut out, &code, rest.get(length..).unwrap_or_default());
            at += length;
            before = Some('`');
            continue;
        }
        if let Some((shown, length)) = piece(rest, before) {
            out.push_str(&shown);
            at += length;
            before = Some('>');
            continue;
        }
        let Some(c) = rest.chars().next() else { break };
        let mark = marks.iter_mut().find(|mark| formatted && mark.theirs == c);
        if let Some(ours) = mark.and_then(|mark| mark.at(text, at, before)) {
            out.push_str(ours);
        } else {
            out.push(c);
        }
        at += c.len_utf8();
        before = Some(c);
    }
    out
}

/// A mark around text, open or not.
struct Mark {
    theirs: char,
    ours: &'static str,
    /// Position of the mark that closes the open one.
    closes: Option<usize>,
    /// Position up to which nothing closes one any more.
    barren: usize,
}

impl Mark {
    fn new(theirs: char, ours: &'static str) -> Self {
        Self { theirs, ours, closes: None, barren: 0 }
    }

    /// Returns our mark for the one at this position if it opens or closes formatting; otherwise it
    /// is text.
    fn at(&mut self, text: &str, at: usize, before: Option<char>) -> Option<&'static str> {
        if let Some(closes) = self.closes {
            let closed = closes == at;
            self.closes = self.closes.filter(|_| !closed);
            return closed.then_some(self.ours);
        }
        if at < self.barren || before.is_some_and(|c| c.is_alphanumeric() || c == self.theirs) {
            return None;
        }
        let after = text.get(at + 1..).unwrap_or_default();
        if after.starts_with(|c: char| c.is_whitespace() || c == self.theirs) {
            return None;
        }
        match closing(after, self.theirs) {
            Ok(offset) => self.closes = Some(at + 1 + offset),
            Err(offset) => self.barren = at + 1 + offset,
        }
        self.closes.map(|_| self.ours)
    }
}

/// Returns the offset of the mark that closes one before the text, or the offset up to which there is
/// none. Marks inside links and code are none.
fn closing(text: &str, mark: char) -> Result<usize, usize> {
    let (mut at, mut before) = (0, None);
    while let Some(rest) = text.get(at..) {
        let Some(c) = rest.chars().next().filter(|c| *c != '\n') else { break };
        if rest.starts_with("```") {
            break;
        }
        if let Some((_, length)) = piece(rest, before) {
            at += length;
            before = Some('>');
            continue;
        }
        let after = rest.chars().nth(1);
        let alone = after != Some(mark) && before != Some(mark);
        if c == mark
            && alone
            && before.is_some_and(|c| !c.is_whitespace())
            && !after.is_some_and(char::is_alphanumeric)
        {
            return Ok(at);
        }
        at += c.len_utf8();
        before = Some(c);
    }
    Err(at)
}

/// Reads what is converted as a whole at the beginning of the text: a reference, an escape, an
/// emoji, code, an address. Returns it as we write it, and its length in bytes.
fn piece(text: &str, before: Option<char>) -> Option<(String, usize)> {
    let in_word = before.is_some_and(char::is_alphanumeric);
    match text.as_bytes().first()? {
        b'<' => reference::read(text).map(|(reference, length)| (reference.shown(), length)),
        b'&' => entity(text).map(|(c, length)| (c.to_string(), length)),
        b':' if !in_word => emoji(text).map(|(emoji, length)| (emoji.to_owned(), length)),
        b'`' => code(text),
        b'h' | b'H' if !in_word => address(text),
        _ => None,
    }
}

/// Reads a heading of Markdown with two or more signs; in Slack's format, one may begin a text.
fn heading(text: &str) -> Option<(&str, usize)> {
    let line = text.lines().next()?;
    let title = line.trim_start_matches('#');
    let signs = line.len() - title.len();
    // No sign remains at the beginning, so that a heading contains no other.
    let words = title.trim_start_matches(['#', ' ']).trim_end();
    let good = (2..=6).contains(&signs) && title.starts_with(' ') && !words.is_empty();
    good.then_some((words, line.len()))
}

/// Reads code within a line.
fn code(text: &str) -> Option<(String, usize)> {
    let marks = text.bytes().take_while(|b| *b == b'`').count();
    if marks > 2 {
        // A fence that closes nothing is text, as a whole.
        return Some((text.get(..marks)?.to_owned(), marks));
    }
    let mut at = marks;
    // Only as far as the next mark, so that a line full of them is not read once for each.
    while let Some(found) = text.get(at..)?.find(['`', '\n']) {
        let rest = text.get(at + found..)?;
        let run = rest.bytes().take_while(|b| *b == b'`').count();
        if run == 0 {
            break;
        }
        if run == marks && found > 0 {
            let inner = code_text(text.get(marks..at + found)?);
            let mark = text.get(..marks)?;
            return Some((format!("{mark}{inner}{mark}"), at + found + marks));
        }
        at += found + run;
    }
    None
}

/// Reads an address that stands in the text as it is.
fn address(text: &str) -> Option<(String, usize)> {
    if !has_host(text) {
        return None;
    }
    let end = text.find(|c: char| c.is_whitespace() || "<>\"`".contains(c)).unwrap_or(text.len());
    let address = text.get(..end)?.trim_end_matches(['.', ',', ';', '!', '?', '*', '~', '_', ')']);
    Some((decoded(address), address.len()))
}

/// Reads a block of code. Returns what is between the fences, and the length in bytes.
fn fence(text: &str) -> Option<(String, usize)> {
    let rest = text.strip_prefix("```")?;
    let end = rest.find("```")?;
    let inner = rest.get(..end)?;
    (!inner.trim().is_empty()).then(|| (code_text(inner), end + 6))
}

/// Writes a block of code with its fences on lines of their own.
fn push_fence(out: &mut String, code: &str, after: &str) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    let (first, rest) = code.split_once('\n').unwrap_or((code, ""));
    let (language, body) = match first.trim() {
        "" => ("", rest),
        word if is_language(word) && !rest.trim().is_empty() => (word, rest),
        _ => ("", code),
    };
    out.push_str("```");
    out.push_str(language);
    out.push('\n');
    out.push_str(body.trim_end());
    out.push_str("\n```");
    if !after.trim_start_matches([' ', '\t', '\r']).starts_with('\n') && !after.trim().is_empty() {
        out.push('\n');
    }
}

fn is_language(word: &str) -> bool {
    LANGUAGES.split_whitespace().any(|language| language == word)
}

/// Converts a text inside code, where only references and escapes mean something.
fn code_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let read = reference::read(after)
            .map(|(reference, length)| (reference.plain(), length))
            .or_else(|| entity(after).map(|(c, length)| (c.to_string(), length)));
        let (shown, length) = read.unwrap_or_else(|| (after.chars().take(1).collect(), 1));
        out.push_str(&shown);
        rest = after.get(length..).unwrap_or_default();
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatting_is_translated() {
        for (theirs, ours) in [
            ("*bold* and _italic_ and ~gone~", "**bold** and _italic_ and ~~gone~~"),
            ("**bold** ~~gone~~ ***x***", "**bold** ~~gone~~ ***x***"),
            ("*a _b_ ~c~*", "**a _b_ ~~c~~**"),
            ("(*a*), *b*.", "(**a**), **b**."),
            ("2*3*4 = 24, a*b*", "2*3*4 = 24, a*b*"),
            ("* one\n* two", "* one\n* two"),
            ("• one\n- two\n1. three", "• one\n- two\n1. three"),
            ("*not\nbold*", "*not\nbold*"),
            ("* not bold*", "* not bold*"),
            ("*not bold *", "*not bold *"),
            ("*a* *b", "**a** *b"),
            ("*굵게* 끝", "**굵게** 끝"),
            ("`*a*` *b*", "`*a*` **b**"),
            ("*<http://a/*b*|c>*", "**[c](http://a/%2Ab%2A)**"),
            ("*http://a/*b*", "**http://a/*b**"),
            ("http://a/*b* *c*", "http://a/*b* **c**"),
            ("[a](http://a/x_y) *c*", "[a](http://a/x_y) **c**"),
            ("&lt;b&gt; &amp;amp;", "<b> &amp;"),
            ("disk <90 %> & full", "disk <90 %> & full"),
            ("<!here> <@U1> <#C1|ops> @ann", "@here @U1 #ops @ann"),
            (":tada: 12:30:45 a:tada:", "🎉 12:30:45 a:tada:"),
            ("> quoted\n&gt; too", "> quoted\n> too"),
            ("~5 to ~6", "~5 to ~6"),
            ("## A title\n# one\n####### x", "**A title**\n# one\n####### x"),
            ("### *A* b\n## ## c ##", "**A** b\n**c ##**"),
            ("", ""),
        ] {
            assert_eq!(markdown(theirs), ours, "{theirs}");
        }
    }

    #[test]
    fn code_is_left_alone() {
        for (theirs, ours) in [
            ("`a &lt;b&gt; *c* :tada:`", "`a <b> *c* :tada:`"),
            ("``a ` b``", "``a ` b``"),
            ("`a\nb`", "`a\nb`"),
            ("see <http://a|`x`>", "see [`x`](http://a)"),
            ("`<http://a|x>`", "`x (http://a)`"),
            ("```*a*```", "```\n*a*\n```"),
            ("x ```a\nb``` y", "x \n```\na\nb\n```\n y"),
            ("```\na\n```\nb", "```\na\n```\nb"),
            ("```json\n{}\n```", "```json\n{}\n```"),
            ("```first\nsecond```", "```\nfirst\nsecond\n```"),
            ("```json```", "```\njson\n```"),
            ("```a *b*", "```a **b**"),
            ("``````", "``````"),
        ] {
            assert_eq!(markdown(theirs), ours, "{theirs}");
        }
    }

    #[test]
    fn plain_texts_have_no_formatting() {
        assert_eq!(plain("*a* &lt; <http://a|b> :tada:"), "*a* < [b](http://a) 🎉");
        assert_eq!(bold(" a "), "**a**");
        assert_eq!(bold("a *b*"), "a *b*");
        assert_eq!(bold(""), "");
    }
}
