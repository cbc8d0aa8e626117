//! What an HTML page says of itself: `<title>`, and the `<meta>` elements of Open Graph, of Twitter
//! cards and of HTML.

use std::borrow::Cow;
use std::collections::HashMap;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use unicode_segmentation::UnicodeSegmentation;

/// Maximum number of characters of a title or a name, without the mark of a cut.
const MAX_TITLE: usize = 200;
/// Maximum number of characters of a description.
const MAX_DESCRIPTION: usize = 300;
/// Bytes in which a page declares its encoding; the standard of HTML says 1,024, and pages need
/// more.
const DECLARES: usize = 4_096;

/// Names of `<meta>` elements, the best one first.
const TITLES: [&str; 2] = ["og:title", "twitter:title"];
const DESCRIPTIONS: [&str; 3] = ["og:description", "twitter:description", "description"];
const SITES: [&str; 2] = ["og:site_name", "application-name"];
const PICTURES: [&str; 5] =
    ["og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"];

/// What a page says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Its title, in one line; not empty.
    pub title: String,
    /// What it is about, in one line.
    pub description: Option<String>,
    /// Name of the site, in one line.
    pub site: Option<String>,
    /// Address of a picture, which may be relative to that of the page.
    pub picture: Option<String>,
}

/// Reads the beginning of a page; `charset` is what its response declares. None: it has no title.
pub fn read_page(bytes: &[u8], charset: Option<&str>) -> Option<Facts> {
    let text = decode(bytes, charset);
    let (mut title, mut in_title) = (None::<String>, false);
    let mut metas: HashMap<String, String> = HashMap::new();
    for token in tokens(text.as_bytes()) {
        match token {
            Token::StartTag(tag) if **tag.name == *b"title" => in_title = title.is_none(),
            Token::StartTag(tag) if **tag.name == *b"meta" => {
                let named = value(&tag, "property").or_else(|| value(&tag, "name"));
                if let (Some(name), Some(content)) = (named, value(&tag, "content"))
                    && !content.trim().is_empty()
                {
                    metas.entry(name.trim().to_ascii_lowercase()).or_insert(content);
                }
            }
            Token::String(part) if in_title => {
                title.get_or_insert_default().push_str(&String::from_utf8_lossy(&part));
            }
            Token::EndTag(tag) if **tag.name == *b"title" => in_title = false,
            _ => (),
        }
    }
    let best = |names: &[&str], most| names.iter().find_map(|name| clean(metas.get(*name)?, most));
    Some(Facts {
        title: best(&TITLES, MAX_TITLE).or_else(|| clean(&title?, MAX_TITLE))?,
        description: best(&DESCRIPTIONS, MAX_DESCRIPTION),
        site: best(&SITES, MAX_TITLE),
        picture: PICTURES.iter().find_map(|name| Some(metas.get(*name)?.trim().to_owned())),
    })
}

fn tokens(html: &[u8]) -> impl Iterator<Item = Token> {
    let mut emitter = DefaultEmitter::default();
    // What looks like an element in a script is none.
    emitter.naively_switch_states(true);
    Tokenizer::new_with_emitter(html, emitter).map(|token| match token {
        Ok(token) => token,
        Err(never) => match never {},
    })
}

fn value(tag: &StartTag<()>, name: &str) -> Option<String> {
    tag.attributes.get(name.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned())
}

/// Decodes a page as browsers do: by a byte order mark, by its response, by its `<meta>`; else it is
/// UTF-8, or Windows-1252 if it cannot be.
fn decode<'a>(bytes: &'a [u8], charset: Option<&str>) -> Cow<'a, str> {
    let declared = charset
        .and_then(|label| Encoding::for_label(label.as_bytes()))
        .or_else(|| declared_in(&bytes[..bytes.len().min(DECLARES)]));
    let encoding = declared.unwrap_or_else(|| {
        // The last character may be cut off.
        let is_utf8 = std::str::from_utf8(bytes).map_or_else(|e| e.error_len().is_none(), |_| true);
        if is_utf8 { UTF_8 } else { WINDOWS_1252 }
    });
    encoding.decode(bytes).0
}

/// Returns the encoding that a page declares itself. Its elements can be read before that is known,
/// since all encodings of pages contain ASCII.
fn declared_in(head: &[u8]) -> Option<&'static Encoding> {
    let label = tokens(head).find_map(|token| match token {
        Token::StartTag(tag) if **tag.name == *b"meta" => value(&tag, "charset").or_else(|| {
            let declares = value(&tag, "http-equiv")?.eq_ignore_ascii_case("content-type");
            let content = value(&tag, "content").filter(|_| declares)?.to_ascii_lowercase();
            let (_, charset) = content.split_once("charset=")?;
            let end = charset.find([';', ' ']).unwrap_or(charset.len());
            Some(charset[..end].trim_matches(['"', '\'']).to_owned())
        }),
        _ => None,
    })?;
    // A page whose `<meta>` can be read is not in UTF-16.
    Encoding::for_label(label.as_bytes()).map(Encoding::output_encoding)
}

/// Returns a text in one line of at most `most` characters; None: nothing of it can be seen.
fn clean(text: &str, most: usize) -> Option<String> {
    let hidden = |c: char| {
        // What changes the direction of the text around it, and marks of the byte order.
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let shown = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let shown: String = shown.filter(|c| !hidden(*c)).collect();
    let line = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    // One character can have any number of marks.
    let characters = line.grapheme_indices(true).nth(most).map(|(end, _)| end);
    let points = line.char_indices().nth(4 * most).map(|(end, _)| end);
    let line = match characters.into_iter().chain(points).min() {
        Some(end) => format!("{}…", line[..end].trim_end()),
        None => line,
    };
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use encoding_rs::{EUC_KR, GBK, SHIFT_JIS, UTF_16LE};

    use super::*;

    fn title(html: &str) -> Option<String> {
        read_page(html.as_bytes(), None).map(|facts| facts.title)
    }

    #[test]
    fn a_page_says_what_it_is() {
        let html = "<!doctype html><html><head><title>Plain &amp; short</title>
            <META NAME=Description CONTENT='In HTML.'>
            <meta property='og:title' content='  The
            title &#39;of it&#39; '><meta property=og:title content=Second>
            <meta name=twitter:title content=Twitter><meta property=og:site_name content='A site'>
            <meta property=og:image content=' /a.png?x=1&amp;y=2 '></head><body><p>Text";
        let wanted = Facts {
            title: "The title 'of it'".to_owned(),
            description: Some("In HTML.".to_owned()),
            site: Some("A site".to_owned()),
            picture: Some("/a.png?x=1&y=2".to_owned()),
        };
        assert_eq!(read_page(html.as_bytes(), None), Some(wanted));
    }

    #[test]
    fn a_title_of_one_character_with_many_marks_is_cut() {
        let found = title(&format!("<title>a{}</title>", "\u{301}".repeat(10_000))).unwrap();
        assert!(found.ends_with('…') && found.chars().count() < 2_000, "{}", found.len());
    }

    #[test]
    fn the_title_is_the_first_one_outside_of_scripts() {
        let script = "<script>const a = '<title>Script</title>'</script>";
        let html = format!(
            "{script}<!-- <title>x</title> --><title>\n One <b>\n</title>\
                            <svg><title>Two</title></svg>"
        );
        assert_eq!(title(&html).as_deref(), Some("One <b>"));
        assert_eq!(title("<title>Not closed").as_deref(), Some("Not closed"));
        assert_eq!(title("<meta name=twitter:title content=T>").as_deref(), Some("T"));
        for none in ["", "<title> \u{202e}\u{7} </title>", "<p>Text</p>", "{\"title\": 1}"] {
            assert_eq!(title(none), None, "{none}");
        }
    }

    #[test]
    fn long_and_disguised_texts_are_cut() {
        let long = title(&format!("<title>{}</title>", "뷁 ".repeat(300))).unwrap();
        assert_eq!((long.graphemes(true).count(), long.ends_with('…')), (MAX_TITLE, true));
        assert_eq!(title("<title>a\u{202e}b\u{7}c\u{2067}</title>").as_deref(), Some("ab c"));
    }

    #[test]
    fn pages_of_all_encodings_are_read() {
        for (encoding, text) in
            [(EUC_KR, "한국어 제목"), (GBK, "中文标题"), (SHIFT_JIS, "表示ソフト")]
        {
            let name = encoding.name();
            for (charset, meta) in [
                (Some(name), String::new()),
                (None, format!("<meta charset={name}>")),
                (
                    None,
                    format!("<meta content='text/html; charset={name}' http-equiv=Content-Type>"),
                ),
            ] {
                let html = format!("<head>{meta}<title>{text}</title>");
                let (bytes, ..) = encoding.encode(&html);
                let facts = read_page(&bytes, charset).expect("a title");
                assert_eq!(facts.title, text, "{name} {meta}");
            }
        }
        let utf16: Vec<u8> =
            "\u{feff}<title>Ж</title>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read_page(&utf16, None).unwrap().title, "Ж", "{}", UTF_16LE.name());
        assert_eq!(read_page(b"<title>caf\xe9</title>", None).unwrap().title, "café");
        assert_eq!(read_page(b"<title>caf\xc3\xa9</title>\xc3", None).unwrap().title, "café");
        assert_eq!(read_page(b"<meta charset=utf-16><title>a</title>", None).unwrap().title, "a");
        assert_eq!(read_page(b"<title>a</title>", Some("nonsense")).unwrap().title, "a");
    }
}
