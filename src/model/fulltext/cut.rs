//! Splits a text into grapheme clusters and those into words; every message passes through here.
//!
//! Nearly every cluster is a single character, and what a single character becomes never depends
//! on its neighbours: it is computed once and kept in a table. Only characters that may combine
//! with the next one are segmented, normalized and looked up one cluster at a time.

use std::sync::OnceLock;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};
use unicode_script::{Script, UnicodeScript};
use unicode_segmentation::UnicodeSegmentation;

/// Class of a grapheme cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Class {
    /// Of a script without spaces.
    Dense,
    /// Letters of other scripts.
    Letter,
    /// Digits; separate words, so that a version number is found without letters around it.
    Number,
    Emoji,
    #[default]
    Gap,
}

/// Passes each word of a text to `found`, in order, with its clusters `start..end`.
pub(super) fn each_word(text: &str, found: impl FnMut(&str, usize, usize)) {
    let mut run = Run::new(found);
    let mut chars = text.char_indices().map(|(at, c)| (at, Letter::of(c))).peekable();
    while let Some((from, first)) = chars.next() {
        if first.alone
            && chars.peek().is_none_or(|(_, next)| next.alone)
            && let Some(plain) = first.plain
        {
            run.push(first.class, plain.encode_utf8(&mut [0; 4]));
            continue;
        }
        let mut before = first;
        while let Some((_, next)) = chars.next_if(|(_, next)| !(before.alone && next.alone)) {
            before = next;
        }
        let to = chars.peek().map_or(text.len(), |(at, _)| *at);
        for cluster in text.get(from..to).unwrap_or_default().graphemes(true) {
            run.push_cluster(cluster);
        }
    }
    run.end();
}

/// Consecutive clusters of one class.
struct Run<F> {
    class: Class,
    /// Position of its first cluster, and of the next one.
    start: usize,
    place: usize,
    /// Plain form of its clusters, and where that of the last one begins.
    text: String,
    last: usize,
    /// Reused by [`Run::push_cluster`].
    plain: String,
    found: F,
}

impl<F: FnMut(&str, usize, usize)> Run<F> {
    fn new(found: F) -> Self {
        let (class, text, plain) = (Class::Gap, String::new(), String::new());
        Self { class, start: 0, place: 0, text, last: 0, plain, found }
    }

    fn push_cluster(&mut self, cluster: &str) {
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        self.push(simplify(cluster, &mut plain), &plain);
        self.plain = plain;
    }

    fn push(&mut self, class: Class, plain: &str) {
        if class != self.class || class == Class::Emoji {
            self.end();
            (self.class, self.start) = (class, self.place);
        }
        if class != Class::Gap {
            let before = std::mem::replace(&mut self.last, self.text.len());
            self.text.push_str(plain);
            if class == Class::Dense && self.last > 0 {
                (self.found)(&self.text[before..], self.place - 1, self.place + 1);
            }
        }
        self.place += 1;
    }

    fn end(&mut self) {
        match self.class {
            Class::Gap => {}
            Class::Letter | Class::Number | Class::Emoji => {
                (self.found)(&self.text, self.start, self.place);
            }
            Class::Dense => (self.found)(&self.text[self.last..], self.place - 1, self.place),
        }
        self.text.clear();
        self.last = 0;
    }
}

/// A character as a cluster.
#[derive(Clone, Copy, Debug, Default)]
struct Letter {
    class: Class,
    /// Whether there is a boundary between it and every other such character.
    alone: bool,
    /// Its plain form, if that is one character; unused in gaps.
    plain: Option<char>,
}

/// Number of characters per page of the table.
const PAGE: usize = 256;
const PAGES: usize = 0x11_0000 / PAGE;

/// All characters. A page is computed when one of its characters is first seen, since most scripts
/// never are.
static LETTERS: [OnceLock<Box<[Letter; PAGE]>>; PAGES] = [const { OnceLock::new() }; PAGES];

impl Letter {
    fn of(c: char) -> Self {
        let code = c as usize;
        let page = LETTERS[code / PAGE].get_or_init(|| {
            let first = u32::from(c) / 256 * 256;
            let letter = |code| char::from_u32(code).map(Self::describe).unwrap_or_default();
            Box::new(std::array::from_fn(|at| letter(first + u32::try_from(at).unwrap_or(0))))
        });
        page[code % PAGE]
    }

    fn describe(c: char) -> Self {
        let mut plain = String::new();
        let class = simplify(c.encode_utf8(&mut [0; 4]), &mut plain);
        let mut chars = plain.chars();
        let plain = match (class, chars.next(), chars.next()) {
            (Class::Gap, ..) => Some(c),
            (_, Some(one), None) => Some(one),
            _ => None,
        };
        Self { class, alone: is_alone(c), plain }
    }
}

/// Returns whether a character neither combines with a letter, a Hangul syllable, itself or a line
/// feed before or after it. Characters of which that is true never combine with each other: what
/// joins several of them, such as a zero width joiner, itself combines with a letter.
fn is_alone(c: char) -> bool {
    let text: String = ['a', c, 'a', '가', c, '가', '각', c, '각', c, c, '\n'].iter().collect();
    text.graphemes(true).count() == 12
}

/// Appends a cluster as the index has it; an emoji without its skin tone or style.
fn simplify(cluster: &str, plain: &mut String) -> Class {
    if let Some(emoji) = emojis::get(cluster) {
        plain.extend(emoji.as_str().chars().filter(|c| !is_style(*c)));
        return if plain.is_empty() { Class::Gap } else { Class::Emoji };
    }
    if is_nfkc_quick(cluster.chars()) == IsNormalized::Yes {
        fold(cluster.chars(), plain);
    } else {
        fold(cluster.nfkc(), plain);
    }
    plain.chars().next().map_or(Class::Gap, script)
}

fn fold(normalized: impl Iterator<Item = char>, plain: &mut String) {
    for c in normalized.flat_map(char::to_lowercase) {
        match c {
            '\0'..='\x7f' => plain.push(c),
            'ё' => plain.push('е'),
            'ς' => plain.push('σ'),
            'ı' => plain.push('i'),
            'ß' => plain.push_str("ss"),
            // Invisible characters and style selectors are ignored.
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {}
            _ if is_style(c) => {}
            _ if matches!(c.script(), Script::Latin | Script::Greek) => {
                plain.extend(std::iter::once(c).nfd().filter(|c| !is_accent(*c)));
            }
            _ if is_accent(c) => {}
            _ => plain.push(c),
        }
    }
}

/// Returns the class of a cluster that is no emoji, by its first character.
pub(super) fn script(first: char) -> Class {
    match first.script() {
        Script::Han
        | Script::Hiragana
        | Script::Katakana
        | Script::Hangul
        | Script::Bopomofo
        | Script::Thai
        | Script::Lao
        | Script::Khmer
        | Script::Myanmar
        | Script::Tibetan => Class::Dense,
        // The long vowel sign belongs to both kana.
        _ if first == 'ー' => Class::Dense,
        _ if first.is_numeric() => Class::Number,
        _ if first.is_alphanumeric() => Class::Letter,
        _ => Class::Gap,
    }
}

fn is_style(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

#[cfg(test)]
mod tests;
