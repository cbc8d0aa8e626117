//! Mentions in a text: the login names that could begin at each `@`. The caller knows who is a
//! participant; for each `@` only the longest name of a participant counts.

use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};

use crate::model::{MAX_NAME, fold};

/// Maximum number of names compared for one text. Each costs a lookup inside the writer's
/// transaction, so a text full of `@` must not cost more than one that mentions many users: a
/// hundred of them, each followed by punctuation.
const MAX_CANDIDATES: usize = 256;

/// An `@` at which a login name may begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MentionPlace<'t> {
    /// Position of the `@`, in bytes.
    pub at: usize,
    /// Possible names, as written, longest first; never empty.
    pub candidates: Vec<&'t str>,
}

/// Returns each `@` that may begin a mention, in the order of the text.
pub fn mention_places(text: &str) -> impl Iterator<Item = MentionPlace<'_>> {
    text.match_indices('@').filter_map(|(at, sign)| {
        let (before, after) = (text.get(..at)?, text.get(at + sign.len()..)?);
        if before
            .chars()
            .next_back()
            .is_some_and(|c| (c.is_alphanumeric() || is_combining_mark(c)) && !is_unspaced(c))
        {
            return None;
        }
        let candidates = candidates(after);
        (!candidates.is_empty()).then_some(MentionPlace { at, candidates })
    })
}

/// Returns the folded login names that could begin at each `@` of the text, longest first.
pub fn mentioned_names(text: &str) -> Vec<Vec<String>> {
    let (mut names, mut left) = (Vec::new(), MAX_CANDIDATES);
    for place in mention_places(text) {
        let Some(rest) = left.checked_sub(place.candidates.len()) else { break };
        left = rest;
        let mut folded: Vec<String> = place.candidates.iter().map(|name| fold(name)).collect();
        folded.dedup();
        names.push(folded);
    }
    names
}

/// A mention of many participants at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// `@here`: participants who are online.
    Here,
    /// `@all`: all participants.
    All,
}

/// Name that stands for all participants among the names given to the store. No login name contains
/// a slash.
pub const EVERYONE: &str = "/all";

/// Returns whom a text calls, if anybody: `@all` or `@here`, in any case, where it does not mention
/// a participant of that name. `@all` prevails. As for [`mentioned_names`], only so many names are
/// compared.
pub fn call(text: &str, is_participant: impl Fn(&str) -> bool) -> Option<Call> {
    let mut left = MAX_CANDIDATES;
    let places = mention_places(text).map_while(|place| {
        left = left.checked_sub(place.candidates.len())?;
        Some(place)
    });
    let calls = places.filter_map(|place| {
        let mut names = place.candidates.iter().map(|name| fold(name));
        let found =
            names.find(|name| matches!(name.as_str(), "all" | "here") || is_participant(name));
        match found.filter(|name| !is_participant(name))?.as_str() {
            "all" => Some(Call::All),
            _ => Some(Call::Here),
        }
    });
    calls.max()
}

/// Returns prefixes of the text that could be a name, longest first. Only the maximum length of a
/// name is examined.
fn candidates(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut chars = text.char_indices();
    for _ in 0..=MAX_NAME {
        let Some((end, c)) = chars.next() else {
            found.extend(text.get(..).filter(|name| !name.is_empty()));
            break;
        };
        let part = is_part_of_name(c);
        if end > 0 && (!part || may_end_before(c)) {
            found.extend(text.get(..end));
        }
        if !part {
            break;
        }
    }
    found.reverse();
    found
}

/// Returns whether a name may end before this character: at punctuation, and at scripts whose
/// particles follow without a space.
fn may_end_before(c: char) -> bool {
    !(c.is_alphanumeric() || is_combining_mark(c)) || is_unspaced(c)
}

/// Returns whether login names may contain it, by itself or between certain letters.
fn is_part_of_name(c: char) -> bool {
    let joins = matches!(
        c,
        '\u{b7}' | '\u{375}' | '\u{5f3}' | '\u{5f4}' | '\u{200c}' | '\u{200d}' | '\u{30fb}'
    );
    (c.is_ascii_graphic() && c != '/') || c.is_alphanumeric() || is_combining_mark(c) || joins
}

/// Returns whether it belongs to a script without spaces.
pub(super) fn is_unspaced(c: char) -> bool {
    // The long vowel sign belongs to both kana.
    matches!(c.script(), Script::Hangul | Script::Hiragana | Script::Katakana | Script::Han)
        || matches!(c, '\u{30fc}' | '\u{ff70}')
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;

    use super::*;

    /// Returns the participants mentioned.
    fn mentioned<'p>(text: &str, participants: &[&'p str]) -> Vec<&'p str> {
        let known = |name: &String| participants.iter().copied().find(|login| fold(login) == *name);
        mentioned_names(text)
            .iter()
            .filter_map(|candidates| candidates.iter().find_map(known))
            .collect()
    }

    #[test]
    fn the_longest_login_of_a_participant_counts_and_no_other() {
        let all = [
            "ann",
            "bob",
            "bob-2",
            "bob.lee",
            "Σίσυφος",
            "o'neill",
            "김민지",
            "김민",
            "田中",
            "サーバー",
            "Петр",
            "ann@example.org",
            "josé",
        ];
        for (text, wanted) in [
            ("hi @Ann, and @bob!", &["ann", "bob"][..]),
            ("@bob.lee hi", &["bob.lee"]),
            ("@bob-2 hi", &["bob-2"]),
            ("@bob. @bob's (@bob) @bob", &["bob", "bob", "bob", "bob"]),
            ("@bobby @bob2", &[]),
            ("@o'neill's", &["o'neill"]),
            ("@bob/@ann", &["bob", "ann"]),
            ("mail ann@example.org", &[]),
            ("@ann@example.org", &["ann@example.org"]),
            ("x@ann Ж@ann ไ@ann 1@ann é@ann e\u{301}@ann", &[]),
            (".@ann _@ann @@ann", &["ann", "ann", "ann"]),
            ("@김민지님 @김민지!", &["김민지", "김민지"]),
            ("@김민정님", &["김민"]),
            ("안녕@김민지", &["김민지"]),
            ("@田中さん、@田中。", &["田中", "田中"]),
            ("@annさん @ann님 @ann的", &["ann", "ann", "ann"]),
            ("@サーバーさん", &["サーバー"]),
            ("@田中x", &["田中"][..0]),
            ("@петра @Петр,", &["Петр"]),
            ("@JOSE\u{301} @jose\u{301}", &["josé", "josé"]),
            ("@jose", &[]),
            ("@", &[]),
            ("", &[]),
        ] {
            assert_eq!(mentioned(text, &all), wanted, "{text}");
        }
        assert_eq!(
            mentioned("@bob.lee", &["ann", "bob"]),
            ["bob"],
            "nobody is called bob.lee here"
        );
    }

    #[test]
    fn everybody_is_called_unless_somebody_has_that_name() {
        for (text, wanted) in [
            ("@all", Some(Call::All)),
            ("hey @All, look", Some(Call::All)),
            ("@all님 안녕", Some(Call::All)),
            ("(@here)", Some(Call::Here)),
            ("@here and @all", Some(Call::All)),
            ("@allen @hereby x@all all", None),
            ("@all.staff", Some(Call::All)),
            ("@everyone", None),
        ] {
            assert_eq!(call(text, |_| false), wanted, "{text}");
        }
        assert_eq!(call("@all", |name| name == "all"), None);
        assert_eq!(call("@all.staff", |name| name == "all.staff"), None);
        assert_eq!(call("@here @all", |name| name == "all"), Some(Call::Here));
    }

    #[test]
    fn no_name_is_longer_than_names_are() {
        let longest = "x".repeat(MAX_NAME);
        assert_eq!(mentioned_names(&format!("@{longest}")), [[longest.clone()]]);
        assert_eq!(mentioned_names(&format!("@{longest}.")).concat().last(), Some(&longest));
        assert_eq!(mentioned_names(&format!("@{longest}x")), Vec::<Vec<String>>::new());
        assert_eq!(mentioned_names(&format!("@{longest}님")), [[longest]]);
    }

    #[test]
    fn a_text_of_nothing_but_names_costs_no_more_than_its_share() {
        for evil in ["@a.", "a.", "@가.", "가", "@", "."] {
            let names = mentioned_names(&format!("@{}", evil.repeat(4000)));
            assert!(names.iter().map(Vec::len).sum::<usize>() <= MAX_CANDIDATES, "{evil}");
            assert!(names.iter().flatten().all(|name| name.chars().count() <= MAX_NAME), "{evil}");
            let compared = Cell::new(0);
            call(&format!("@{}", evil.repeat(4000)), |_| {
                compared.set(compared.get() + 1);
                false
            });
            assert!(compared.get() <= MAX_CANDIDATES, "{evil}");
        }
        let everybody: String =
            (0..100).map(|n| format!("@user{n}, ")).collect::<Vec<_>>().concat();
        assert_eq!(mentioned_names(&everybody).len(), 100);
    }

    proptest! {
        #[test]
        fn a_name_between_delimiters_is_mentioned(
            name in "[a-z가-힣ぁ-ん一-龠а-я][a-z0-9가-힣ぁ-ん一-龠а-я._-]{0,62}",
            end in "[ ,!?)\n。、]",
            before in "[ (\n.]",
        ) {
            let text = format!("{before}@{name}{end}x");
            prop_assert_eq!(mentioned(&text, &[&name]), [name.as_str()]);
        }

        #[test]
        fn candidates_begin_at_their_sign_and_shrink(text in "[@a가._ -]{0,200}") {
            for place in mention_places(&text) {
                prop_assert!(place.candidates.windows(2).all(|pair| pair[0].len() > pair[1].len()));
                let after = &text[place.at + 1..];
                prop_assert!(place.candidates.iter().all(|name| after.starts_with(name)));
            }
        }

        #[test]
        fn no_text_does_harm(text in any::<String>()) {
            let _ = mentioned_names(&text);
        }
    }
}
