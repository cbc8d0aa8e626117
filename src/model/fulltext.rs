//! Words of the search: splits a text into the words of the index, parses queries, and finds
//! matches in a text.
//!
//! Text is split into grapheme clusters, each normalized by itself (NFKC, lower case, no Latin
//! accents), so that every word knows its position in the original text. Scripts written without
//! spaces are cut into overlapping two-grams, with the last character of each run as an additional
//! word; letters and digits of other scripts form separate words; each emoji is a word.

mod cut;

use unicode_segmentation::UnicodeSegmentation;

use self::cut::{Class, each_word, script};

/// Version of the rules below: an index built with another version is rebuilt.
pub const WORDS_VERSION: i64 = 2;

/// Maximum number of different phrases in a query: each costs a scan of everything that contains
/// it.
const MAX_PHRASES: usize = 10;
/// Maximum number of words in all phrases; a run of a dense script has about as many words as
/// characters.
const MAX_WORDS: usize = 24;
/// Maximum length of a query, in grapheme clusters.
const MAX_QUERY: usize = 200;
/// Minimum number of characters for the last word of a query to match as a prefix.
const MIN_PREFIX: usize = 3;
/// Maximum length of a snippet, in code points.
const SNIPPET: usize = 160;
/// Number of code points before the first match in a snippet.
const BEFORE: usize = 40;

/// A word of a text: its clusters `start..end`.
#[derive(Debug, PartialEq, Eq)]
struct Word {
    text: String,
    start: usize,
    end: usize,
}

/// Returns the words of a text as the index stores them: separated by spaces, in the order of the
/// text.
pub fn index_words(text: &str) -> String {
    let mut words = String::with_capacity(text.len() * 2);
    each_word(text, |word, _, _| {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
    });
    words
}

/// A query: every phrase must occur, anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordQuery {
    phrases: Vec<Phrase>,
}

/// Consecutive words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// The words, at least one.
    pub words: Vec<String>,
    /// Whether the last word may match as a prefix.
    pub prefix: bool,
}

impl WordQuery {
    /// Parses user input: parts between spaces are phrases, and there are no operators. Repeated
    /// phrases count once, and anything beyond ten phrases or 24 words is ignored, which can only
    /// lead to more matches. None: there is nothing to search for.
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = text.graphemes(true).take(MAX_QUERY).collect();
        let mut phrases: Vec<Phrase> = Vec::new();
        let mut left = MAX_WORDS;
        for mut phrase in text.split_whitespace().filter_map(phrase) {
            if phrases.len() == MAX_PHRASES || left == 0 {
                break;
            }
            if phrase.words.len() > left {
                phrase.words.truncate(left);
                phrase.prefix = false;
            }
            if !phrases.contains(&phrase) {
                left -= phrase.words.len();
                phrases.push(phrase);
            }
        }
        (!phrases.is_empty()).then_some(Self { phrases })
    }

    /// Returns the phrases.
    pub fn phrases(&self) -> &[Phrase] {
        &self.phrases
    }

    /// Returns the part of the text around the first match, with the matches as ranges of code
    /// points.
    pub fn snippet(&self, text: &str) -> Snippet {
        let clusters: Vec<&str> = text.graphemes(true).collect();
        let words = cut(text);
        let mut hits: Vec<(usize, usize)> =
            self.phrases.iter().flat_map(|phrase| phrase.hits(&words)).collect();
        hits.sort_unstable();
        let first = hits.first().map_or(0, |hit| hit.0);
        let points =
            |range: &[&str]| range.iter().map(|cluster| cluster.chars().count()).sum::<usize>();
        let mut start = first;
        while start > 0 && points(clusters.get(start - 1..first).unwrap_or_default()) <= BEFORE {
            start -= 1;
        }
        let mut end = start;
        while end < clusters.len()
            && points(clusters.get(start..=end).unwrap_or_default()) <= SNIPPET
        {
            end += 1;
        }
        // Space left in the snippet is used before the match.
        while start > 0 && points(clusters.get(start - 1..end).unwrap_or_default()) <= SNIPPET {
            start -= 1;
        }
        let dots = if start > 0 { "…" } else { "" };
        let shown = clusters.get(start..end).unwrap_or_default();
        let snippet =
            format!("{dots}{}{}", shown.concat(), if end < clusters.len() { "…" } else { "" });
        let place = |cluster: usize| {
            dots.chars().count() + points(clusters.get(start..cluster).unwrap_or_default())
        };
        let mut highlights: Vec<(usize, usize)> = Vec::new();
        for (from, to) in hits {
            let (from, to) = (from.max(start), to.min(end));
            if from >= to {
                continue;
            }
            match highlights.last_mut() {
                Some(last) if place(from) <= last.1 => last.1 = last.1.max(place(to)),
                _ => highlights.push((place(from), place(to))),
            }
        }
        Snippet { text: snippet, highlights }
    }

    /// Returns whether a text matches.
    pub fn is_in(&self, text: &str) -> bool {
        let words = cut(text);
        self.phrases.iter().all(|phrase| !phrase.hits(&words).is_empty())
    }
}

impl Phrase {
    /// Returns the clusters of the text that match.
    fn hits(&self, words: &[Word]) -> Vec<(usize, usize)> {
        let Some((last, before)) = self.words.split_last() else { return Vec::new() };
        let ends = |word: &Word| {
            if self.prefix { word.text.starts_with(last.as_str()) } else { word.text == *last }
        };
        let fits = |window: &[Word]| {
            window.iter().zip(before).all(|(word, wanted)| word.text == *wanted)
                && window.last().is_some_and(ends)
        };
        let covered = |window: &[Word]| {
            let (start, end) = (
                window.first().map_or(0, |word| word.start),
                window.last().map_or((0, 0), |word| (word.start, word.end)),
            );
            // Only a prefix of a longer word was searched for.
            (
                start,
                if self.prefix { end.1.min(end.0 + last.graphemes(true).count()) } else { end.1 },
            )
        };
        words.windows(self.words.len()).filter(|window| fits(window)).map(covered).collect()
    }
}

/// A part of a text with its matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// At most about 160 code points, with `…` where text was omitted.
    pub text: String,
    /// Ranges of code points in it, ascending, not overlapping.
    pub highlights: Vec<(usize, usize)>,
}

impl Snippet {
    /// Returns the beginning of a text.
    pub fn start_of(text: &str) -> Self {
        let mut shown = String::new();
        let mut clusters = text.graphemes(true).peekable();
        let mut left = SNIPPET;
        while let Some(cluster) = clusters.next_if(|next| next.chars().count() <= left) {
            left -= cluster.chars().count();
            shown.push_str(cluster);
        }
        if clusters.peek().is_some() {
            shown.push('…');
        }
        Self { text: shown, highlights: Vec::new() }
    }
}

fn phrase(part: &str) -> Option<Phrase> {
    let mut words = cut(part);
    let last = words.last()?;
    let after_pair = words.len() > 1
        && words
            .get(words.len() - 2)
            .is_some_and(|before| before.end == last.end && before.start < last.start);
    // In the index the last character of a run follows its two-grams; a longer word may continue
    // there.
    let prefix = if after_pair {
        words.pop();
        false
    } else {
        match last.text.chars().next().map(script) {
            Some(Class::Dense) => true,
            Some(Class::Letter | Class::Number) => run_length(&words) >= MIN_PREFIX,
            _ => false,
        }
    };
    Some(Phrase { words: words.into_iter().map(|word| word.text).collect(), prefix })
}

/// Returns the number of characters of the last word, with letters and digits directly before it.
fn run_length(words: &[Word]) -> usize {
    let (mut length, mut start) = (0, None);
    for word in words.iter().rev() {
        let whole = word
            .text
            .chars()
            .next()
            .map(script)
            .is_some_and(|class| matches!(class, Class::Letter | Class::Number));
        if !whole || start.is_some_and(|start| word.end != start) {
            break;
        }
        length += word.text.chars().count();
        start = Some(word.start);
    }
    length
}

/// Splits a text into its words, in order.
fn cut(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    each_word(text, |word, start, end| words.push(Word { text: word.to_owned(), start, end }));
    words
}

#[cfg(test)]
mod tests;
