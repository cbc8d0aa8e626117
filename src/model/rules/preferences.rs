//! What keywords and quiet hours may be.

use std::collections::HashSet;

use super::is_blank;
use super::visible::{hidden, with_single_spaces};
use crate::model::{Error, PreferencesChange, QuietHours, Result, fold};

/// Maximum number of keywords.
const MAX_KEYWORDS: usize = 20;
/// Maximum length of a keyword in code points.
const MAX_KEYWORD: usize = 64;
/// Maximum length of the name of a time zone.
const MAX_ZONE: usize = 64;
/// Maximum length of the tag of a language.
const MAX_LANGUAGE: usize = 35;

/// Checks a change of preferences; keywords lose outer spaces and repetitions in another case.
pub fn check_preferences(mut change: PreferencesChange) -> Result<PreferencesChange> {
    if let Some(words) = change.keywords {
        change.keywords = Some(keywords(words)?);
    }
    if let Some(Some(quiet)) = &change.quiet {
        check_quiet(quiet)?;
    }
    if let Some(Some(language)) = &change.language {
        check_language(language)?;
    }
    Ok(change)
}

fn keywords(words: Vec<String>) -> Result<Vec<String>> {
    let bad = |why: &str| Error::invalid("keywords", why.to_owned());
    let mut known = HashSet::new();
    let mut kept = Vec::new();
    for word in words {
        let is_broken = hidden(word.trim()).is_some();
        let word = with_single_spaces(&word);
        if is_blank(&word) || is_broken {
            return Err(bad("must not be empty or contain control or invisible characters"));
        }
        if word.chars().count() > MAX_KEYWORD {
            return Err(bad("must have at most 64 characters each"));
        }
        if known.insert(fold(&word)) {
            kept.push(word);
        }
    }
    if kept.len() > MAX_KEYWORDS { Err(bad("must have at most 20 entries")) } else { Ok(kept) }
}

fn check_quiet(quiet: &QuietHours) -> Result<()> {
    let bad = |why: &str| Err(Error::invalid("quiet", why.to_owned()));
    if !is_time(&quiet.from) || !is_time(&quiet.to) {
        return bad("must have times such as 22:00");
    }
    if quiet.from == quiet.to {
        return bad("must have two different times");
    }
    let is_zone = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '+' | '-');
    if quiet.zone.is_empty() || quiet.zone.len() > MAX_ZONE || !quiet.zone.chars().all(is_zone) {
        return bad("must have a time zone such as Asia/Seoul");
    }
    Ok(())
}

fn check_language(tag: &str) -> Result<()> {
    let is_part = |part: &str| {
        (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric())
    };
    if tag.len() <= MAX_LANGUAGE && tag.split('-').all(is_part) {
        return Ok(());
    }
    Err(Error::invalid("language", "must be the tag of a language such as ko or zh-CN".to_owned()))
}

/// Returns whether it is `HH:MM` of one day.
fn is_time(text: &str) -> bool {
    let part = |text: &str, below: u8| {
        text.len() == 2
            && text.bytes().all(|digit| digit.is_ascii_digit())
            && text.parse::<u8>().is_ok_and(|number| number < below)
    };
    text.split_once(':').is_some_and(|(hour, minute)| part(hour, 24) && part(minute, 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Result<Option<Vec<String>>> {
        let keywords = Some(words.iter().map(|word| (*word).to_owned()).collect());
        check_preferences(PreferencesChange { keywords, ..PreferencesChange::default() })
            .map(|change| change.keywords)
    }

    fn quiet(from: &str, to: &str, zone: &str) -> Result<PreferencesChange> {
        let [from, to, zone] = [from, to, zone].map(str::to_owned);
        check_preferences(PreferencesChange {
            quiet: Some(Some(QuietHours { from, to, zone })),
            ..PreferencesChange::default()
        })
    }

    #[test]
    fn keywords_are_cleaned_and_bounded() {
        let kept = words(&["  배포 ", "Release  day", "release day", "出荷"]).unwrap().unwrap();
        assert_eq!(kept, ["배포", "Release day", "出荷"]);
        let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(words(&many[..20]).is_ok());
        let long = "책".repeat(65);
        for bad in [&many[..], &[""], &["\u{200b}"], &["a\u{200b}b"], &["a\nb"], &[long.as_str()]] {
            assert!(
                matches!(words(bad), Err(Error::Invalid { field, .. }) if field == "keywords"),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn a_language_is_a_tag() {
        let check = |tag: &str| {
            let language = Some(Some(tag.to_owned()));
            check_preferences(PreferencesChange { language, ..PreferencesChange::default() })
        };
        for good in ["en", "zh-CN", "sr-Latn-RS"] {
            assert!(check(good).is_ok(), "{good}");
        }
        let long = "en-".repeat(12) + "en";
        for bad in ["", "-", "en_US", "en US", "en-", "책", "verylongword", &long] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn quiet_hours_are_two_times_and_a_zone() {
        for (from, to, zone) in [
            ("22:00", "07:30", "Asia/Seoul"),
            ("00:00", "23:59", "Etc/GMT+9"),
            ("12:00", "13:00", "UTC"),
        ] {
            assert!(quiet(from, to, zone).is_ok(), "{from} {to} {zone}");
        }
        for (from, to, zone) in [
            ("24:00", "07:00", "UTC"),
            ("22:00", "7:00", "UTC"),
            ("22:60", "07:00", "UTC"),
            ("2200", "07:00", "UTC"),
            ("+2:00", "07:00", "UTC"),
            ("22:00", "22:00", "UTC"),
            ("22:00", "07:00", ""),
            ("22:00", "07:00", "Asia/Seoul;"),
        ] {
            assert!(
                matches!(quiet(from, to, zone), Err(Error::Invalid { field, .. }) if field == "quiet"),
                "{from} {to} {zone}"
            );
        }
    }
}
