//! Visible characters: which characters leave nothing on the screen or change the text direction,
//! and how spaces in names are normalized. Every name and every short text that is shown beside those
//! of others follows [`hidden`].

/// Returns whether nothing of the text is visible: only spaces, control characters and invisible
/// characters.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c.is_control() || is_invisible(c))
}

/// Returns a name with single spaces between its words and none around them, whichever spaces it
/// was written with.
pub fn with_single_spaces(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the first character that is a control character, is invisible, or changes the text
/// direction. Joiners, variation selectors and tags count only where they change nothing that is
/// seen: emoji and some scripts are written with them.
pub fn hidden(text: &str) -> Option<char> {
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if is_hidden(before, c, rest.peek().copied()) {
            return Some(c);
        }
        before = Some(c);
    }
    None
}

/// Returns the text without the characters that [`hidden`] finds.
pub fn without_hidden(text: &str) -> String {
    let mut text = text.to_owned();
    // What is removed may have been what a joiner joined.
    while hidden(&text).is_some() {
        let mut cleaned = String::with_capacity(text.len());
        let mut before = None;
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            if !is_hidden(before, c, rest.peek().copied()) {
                cleaned.push(c);
                before = Some(c);
            }
        }
        text = cleaned;
    }
    text
}

/// Returns whether a character between these two is hidden.
fn is_hidden(before: Option<char>, c: char, after: Option<char>) -> bool {
    if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
        return true;
    }
    if !is_invisible(c) {
        return false;
    }
    let Some(before) = before.filter(|before| !before.is_whitespace()) else { return true };
    let is_seen = |c: char| !c.is_whitespace() && !is_invisible(c);
    match c {
        '\u{200c}' | '\u{200d}' => {
            is_unjoined(before)
                || !(is_seen(before) || is_selector(before))
                || !after.is_some_and(is_seen)
        }
        c if is_selector(c) && before.is_ascii() => after != Some('\u{20e3}'),
        c if is_selector(c) => !is_seen(before) || is_unjoined(before) && !is_ideograph(before),
        '\u{e0020}'..='\u{e007f}' => !matches!(before, '\u{1f3f4}' | '\u{e0020}'..='\u{e007e}'),
        _ => true,
    }
}

/// Returns whether joiners change nothing after a letter: those of scripts without ligatures.
fn is_unjoined(c: char) -> bool {
    c.is_alphanumeric()
        && matches!(c, '\0'..='\u{58f}' | '\u{1100}'..='\u{11ff}' | '\u{1e00}'..='\u{1fff}'
            | '\u{3040}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}'
            | '\u{20000}'..='\u{3ffff}')
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Variation selectors, which choose the form of the character before them.
fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{180b}'..='\u{180d}' | '\u{e0100}'..='\u{e01ef}')
}

/// Unicode's `Default_Ignorable_Code_Point`, with the empty Braille pattern and invisible format
/// characters.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_that_are_empty_to_the_eye_are_blank() {
        for blank in [
            "",
            " ",
            "\n\t",
            "\u{200b}",
            "\u{2060}",
            "\u{2800}\u{2800}",
            "\u{3164}",
            "\u{ffa0}",
            "\u{a0}\u{3000}",
            "\u{feff}\u{202e}",
            "\u{fe0f}",
            "\u{e0001}",
            "\0",
        ] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for seen in ["a", "\u{200b}.", "ㄱ", "👨\u{200d}👩", "❤\u{fe0f}", "\u{301}", "⠁", "–"]
        {
            assert!(!is_blank(seen), "{seen:?}");
        }
    }

    #[test]
    fn hidden_characters_are_found_and_removed() {
        for (text, cleaned) in [
            ("a\u{202e}b", "ab"),
            ("\u{2066}a\u{2069}", "a"),
            ("a\u{200b}b\u{ad}", "ab"),
            ("a\tb\u{7}\u{2028}", "ab"),
            ("\u{3164}a\u{115f}\u{2800}", "a"),
            ("ann\u{200d}", "ann"),
            ("an\u{200c}n", "ann"),
            ("김\u{200d}민", "김민"),
            ("a\u{fe0f}", "a"),
            ("1\u{fe0f}", "1"),
            ("\u{fe0f}a", "a"),
            ("a\u{e0041}\u{e0042}", "a"),
            ("👩\u{200d}\u{202e}", "👩"),
        ] {
            assert!(hidden(text).is_some(), "{text:?}");
            assert_eq!(without_hidden(text), cleaned, "{text:?}");
        }
        for seen in [
            "👩\u{200d}🚀",
            "❤\u{fe0f}\u{200d}🔥 yes",
            "1\u{fe0f}\u{20e3}",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "می\u{200c}خواهم",
            "क\u{94d}\u{200d}ष",
            "葛\u{e0100}城",
            "שלום",
            "e\u{301}",
        ] {
            assert_eq!(hidden(seen), None, "{seen:?}");
            assert_eq!(without_hidden(seen), seen);
        }
    }

    #[test]
    fn spaces_are_single() {
        for (name, wanted) in [
            ("  General   talk ", "General talk"),
            ("a\u{a0}b\u{3000}c", "a b c"),
            ("a\u{2009} b", "a b"),
            ("방", "방"),
            (" ", ""),
        ] {
            assert_eq!(with_single_spaces(name), wanted);
        }
    }

    proptest! {
        #[test]
        fn spaces_stay_single(name in any::<String>()) {
            let once = with_single_spaces(&name);
            prop_assert_eq!(with_single_spaces(&once), once.as_str());
            prop_assert_eq!(is_blank(&once), is_blank(&name));
        }

        #[test]
        fn nothing_hidden_is_left(text in "(.|[\u{200b}-\u{200f}\u{fe0f}\u{202e}🏴👩\u{e0067}]){0,12}") {
            prop_assert_eq!(hidden(&without_hidden(&text)), None);
        }

        #[test]
        fn a_letter_is_seen_wherever_it_stands(
            text in "[\\u{200b}\\u{2060} \\u{3164}]{0,5}[a-zа-я가-힣][\\u{2800} ]{0,5}",
        ) {
            prop_assert!(!is_blank(&text));
        }
    }
}
