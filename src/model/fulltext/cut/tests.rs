//! The words are those of the plain rules: every cluster segmented, normalized and looked up by
//! itself, without a table.

use proptest::prelude::*;

use super::*;

/// A word, and its clusters.
type Word = (String, usize, usize);

fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    each_word(text, |word, start, end| words.push((word.to_owned(), start, end)));
    words
}

fn words_by_rule(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let (mut class, mut began, mut run) = (Class::Gap, 0, Vec::<String>::new());
    let mut count = 0;
    for (place, cluster) in text.graphemes(true).enumerate() {
        count = place + 1;
        let plain = plain_by_rule(cluster);
        let now = if plain.is_empty() {
            Class::Gap
        } else if emojis::get(cluster).is_some() {
            Class::Emoji
        } else {
            plain.chars().next().map_or(Class::Gap, script)
        };
        if now != class || now == Class::Emoji {
            end_by_rule(&mut words, class, began, place, &run);
            (class, began) = (now, place);
            run.clear();
        }
        if now != Class::Gap {
            run.push(plain);
        }
    }
    end_by_rule(&mut words, class, began, count, &run);
    words
}

fn end_by_rule(words: &mut Vec<Word>, class: Class, start: usize, end: usize, run: &[String]) {
    match class {
        Class::Gap => {}
        Class::Letter | Class::Number | Class::Emoji => words.push((run.concat(), start, end)),
        Class::Dense => {
            for (place, pair) in run.windows(2).enumerate() {
                words.push((pair.concat(), start + place, start + place + 2));
            }
            words.extend(run.last().map(|last| (last.clone(), end - 1, end)));
        }
    }
}

fn plain_by_rule(cluster: &str) -> String {
    if let Some(emoji) = emojis::get(cluster) {
        return emoji.as_str().chars().filter(|c| !is_style(*c)).collect();
    }
    let mut plain = String::new();
    for c in cluster.nfkc().flat_map(char::to_lowercase) {
        match c {
            'ё' => plain.push('е'),
            'ς' => plain.push('σ'),
            'ı' => plain.push('i'),
            'ß' => plain.push_str("ss"),
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {}
            _ if is_style(c) => {}
            _ if matches!(c.script(), Script::Latin | Script::Greek) => {
                plain.extend(std::iter::once(c).nfd().filter(|c| !is_accent(*c)));
            }
            _ if is_accent(c) => {}
            _ => plain.push(c),
        }
    }
    plain
}

/// Pieces that combine, are several characters, or have a rule of their own.
const PIECES: &[&str] = &[
    "a",
    "Z",
    "é",
    "e\u{301}",
    "\u{301}",
    "İ",
    "ß",
    "ẞ",
    "ς",
    "Ё",
    "й",
    "ﬁ",
    "½",
    "２",
    "1\u{fe0f}\u{20e3}",
    "7",
    "#",
    " ",
    "\t",
    "\r",
    "\n",
    "\r\n",
    ".",
    "-",
    "\u{ad}",
    "\u{200b}",
    "\u{200d}",
    "\u{feff}",
    "책",
    "각",
    "가",
    "\u{1107}",
    "\u{1162}",
    "\u{11a8}",
    "我",
    "爱",
    "ー",
    "ｻ",
    "ﾞ",
    "か",
    "か\u{3099}",
    "ภา",
    "ษ",
    "ำ",
    "\u{e33}",
    "हि",
    "न्",
    "दी",
    "क्ष",
    "\u{94d}",
    "\u{600}",
    "\u{110bd}",
    "ကြ",
    "👍",
    "👍🏽",
    "🏽",
    "❤",
    "❤\u{fe0f}",
    "©",
    "™",
    "👨\u{200d}👩\u{200d}👧",
    "🇰",
    "🇷",
    "🇰🇷",
    "🏴\u{e0067}\u{e0062}\u{e007f}",
    "\u{fe0f}",
    "\u{20e3}",
    "ﷺ",
    "ı",
    "\u{1f3fb}",
    "\0",
    "\u{10ffff}",
];

fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => proptest::sample::select(PIECES).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "[ -~]{1,8}",
        1 => "[가-힣]{1,4}",
        1 => "[一-龥ぁ-ヿ]{1,4}",
        1 => "[\u{300}-\u{36f}\u{900}-\u{97f}\u{e00}-\u{e7f}\u{1100}-\u{11ff}]{1,4}",
        1 => "[\u{200b}-\u{200f}\u{2600}-\u{27bf}\u{fe00}-\u{fe0f}\u{1f1e6}-\u{1f6ff}]{1,4}",
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn texts_have_the_words_of_the_rules(text in texts()) {
        prop_assert_eq!(words(&text), words_by_rule(&text));
    }
}

#[test]
fn characters_have_the_words_of_the_rules() {
    // The first three planes, the tags and a part without letters.
    for c in ('\0'..'\u{32000}').chain('\u{e0000}'..'\u{e0200}') {
        let text = String::from(c);
        assert_eq!(words(&text), words_by_rule(&text), "{}", c.escape_unicode());
    }
}

#[test]
fn neighbours_have_the_words_of_the_rules() {
    for one in PIECES {
        for other in PIECES {
            let text = format!("x{one}{other}{one}y");
            assert_eq!(words(&text), words_by_rule(&text), "{text:?}");
        }
    }
}
