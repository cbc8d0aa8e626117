//! Visible characters: which characters leave nothing on the screen, and how spaces in names are
//! normalized.

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
        fn a_letter_is_seen_wherever_it_stands(
            text in "[\\u{200b}\\u{2060} \\u{3164}]{0,5}[a-zа-я가-힣][\\u{2800} ]{0,5}",
        ) {
            prop_assert!(!is_blank(&text));
        }
    }
}
