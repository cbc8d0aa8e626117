//! The links of a message for which the server may show a preview.
//!
//! They are found as the web UI finds links in a text (`assets/js/lib/preview-links.js`).

/// Maximum number of links of one message that have a preview.
pub const MAX_PREVIEWS: usize = 3;
/// Maximum length of a link with a preview, in bytes.
const LONGEST: usize = 2_000;
const SCHEMES: [&str; 2] = ["http://", "https://"];
/// Characters that end a link.
const ENDS: &str = "<>\"“”«»";
/// Characters that do not belong to a link at its end: they end a sentence or an emphasis.
const TRAILING: &str = ".,:;!?'’…。、，；：！？*_`";

/// Returns the first links of a text, each once, as they stand in it. A link in `<…>` is left out,
/// by which an author removes its preview, and so is one in code.
pub fn preview_links(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() && found.len() < MAX_PREVIEWS {
        let rest = &text[at..];
        if let run @ 1.. = leading_backticks(rest) {
            at += run + end_of_code(&rest[run..], run).unwrap_or_default();
            continue;
        }
        let link = link_at(rest);
        if link.is_empty() {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        }
        let bracketed = text[..at].ends_with('<') && rest[link.len()..].starts_with('>');
        if !bracketed && link.len() <= LONGEST && !found.contains(&link) {
            found.push(link);
        }
        at += link.len();
    }
    found
}

fn leading_backticks(text: &str) -> usize {
    text.len() - text.trim_start_matches('`').len()
}

/// Returns where code ends that began with this number of backticks; None: nothing closes it.
fn end_of_code(text: &str, run: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(next) = text[at..].find('`') {
        let length = leading_backticks(&text[at + next..]);
        at += next + length;
        if length == run {
            return Some(at);
        }
    }
    None
}

/// Returns the link with which a text begins; empty if it begins otherwise.
fn link_at(text: &str) -> &str {
    let scheme = SCHEMES.iter().find(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    let Some(scheme) = scheme else { return "" };
    let end = text.find(|c: char| c.is_whitespace() || ENDS.contains(c)).unwrap_or(text.len());
    let mut link = text[..end].trim_end_matches(|c| TRAILING.contains(c));
    // A bracket that was not opened inside belongs to the text around the link.
    while link.ends_with(')') && link.matches('(').count() < link.matches(')').count() {
        link = &link[..link.len() - 1];
    }
    if link.len() > scheme.len() { link } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_end_where_the_sentence_goes_on() {
        for (text, wanted) in [
            ("see https://a.example/x.", &["https://a.example/x"][..]),
            ("(HTTP://a.example/x_(y))", &["HTTP://a.example/x_(y)"]),
            ("[words](https://a.example/x \"title\")", &["https://a.example/x"]),
            (
                "“https://a.example”, https://b.example!",
                &["https://a.example", "https://b.example"],
            ),
            ("보기:https://예시.kr。", &["https://예시.kr"]),
            ("https://a.example https://a.example", &["https://a.example"]),
            ("http:// https://. ftp://a.example a.example", &[]),
            ("", &[]),
        ] {
            assert_eq!(preview_links(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_link_in_angle_brackets_or_code_has_no_preview() {
        for (text, wanted) in [
            ("<https://a.example/x> https://b.example", &["https://b.example"][..]),
            ("[words](<https://a.example/x>)", &[]),
            ("<https://a.example/x", &["https://a.example/x"]),
            ("<https://a.example and more>", &["https://a.example"]),
            ("`https://a.example` ``https://b.example ` ``", &[]),
            ("```\nhttps://a.example\n```\nhttps://b.example", &["https://b.example"]),
            ("` https://a.example", &["https://a.example"]),
        ] {
            assert_eq!(preview_links(text), wanted, "{text}");
        }
    }

    #[test]
    fn few_links_have_a_preview_and_none_that_is_very_long() {
        let many: Vec<_> = (0..5).map(|n| format!("https://{n}.example")).collect();
        assert_eq!(preview_links(&many.join("\n")), many[..MAX_PREVIEWS]);
        let long = format!("https://a.example/{}", "x".repeat(LONGEST));
        assert_eq!(preview_links(&format!("{long} https://b.example")), ["https://b.example"]);
    }
}
