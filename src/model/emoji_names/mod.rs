//! Short names of emoji, as Slack and Mattermost know them.
//!
//! `names.txt`, written by `generate`, contains the names of the data set that both use; other
//! names are looked up among those of GitHub.

use std::collections::HashMap;
use std::sync::LazyLock;

use emojis::{Emoji, SkinTone};

static NAMES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    include_str!("names.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .collect()
});

/// Names missing in both sets.
const OTHERS: [(&str, &str); 2] =
    [("simple_smile", "slightly_smiling_face"), ("flag-uk", "flag-gb")];

/// Skin tone suffixes of Mattermost, longer ones first.
const TONES: [(&str, char); 5] = [
    ("_medium_light_skin_tone", '3'),
    ("_medium_dark_skin_tone", '5'),
    ("_light_skin_tone", '2'),
    ("_medium_skin_tone", '4'),
    ("_dark_skin_tone", '6'),
];

/// The emoji of a short name such as `+1`, `flag-kr`, `wave::skin-tone-3`, `wave_dark_skin_tone`;
/// None for custom emoji.
pub fn by_name(name: &str) -> Option<&'static str> {
    if let Some((name, tone)) = name.split_once("::") {
        return known(name).map(|found| toned(found, tone.trim_start_matches("skin-tone-")));
    }
    let mattermost = || {
        let (name, tone) =
            TONES.iter().find_map(|(ending, tone)| Some((name.strip_suffix(ending)?, tone)))?;
        known(name).map(|found| toned(found, &tone.to_string()))
    };
    known(name).map(Emoji::as_str).or_else(mattermost)
}

fn known(name: &str) -> Option<&'static Emoji> {
    let name = OTHERS.iter().find(|(other, _)| *other == name).map_or(name, |(_, usual)| usual);
    let flag = || emojis::get(&flag(name.strip_prefix("flag-")?)?);
    // Some programs use the other separator.
    let joined = || {
        [name.replace('-', "_"), name.replace('_', "-")]
            .iter()
            .find_map(|name| NAMES.get(name.as_str()).and_then(|text| emojis::get(text)))
    };
    let words = || {
        let words = name.replace(['_', '-'], " ");
        emojis::iter().find(|emoji| emoji.name() == words)
    };
    let in_set = NAMES.get(name).and_then(|text| emojis::get(text));
    in_set
        .or_else(flag)
        .or_else(|| emojis::get_by_shortcode(name))
        .or_else(joined)
        .or_else(|| emojis::get_by_shortcode(&name.replace('-', "_")))
        .or_else(words)
}

/// The flag of a two-letter country code: its letters as regional indicator symbols.
fn flag(country: &str) -> Option<String> {
    let letter = |c: char| {
        char::from_u32(u32::from('🇦') + u32::from(c).checked_sub(u32::from('a'))?)
            .filter(|_| c.is_ascii_lowercase())
    };
    if country.len() == 2 { country.chars().map(letter).collect() } else { None }
}

/// The emoji with a skin tone `2` to `6`, or `2-3` for two people.
fn toned(emoji: &'static Emoji, tone: &str) -> &'static str {
    let colours = tone.replace("skin-tone-", "").replace("::", "-");
    let tone = match colours.as_str() {
        "2" | "2-2" => SkinTone::Light,
        "3" | "3-3" => SkinTone::MediumLight,
        "4" | "4-4" => SkinTone::Medium,
        "5" | "5-5" => SkinTone::MediumDark,
        "6" | "6-6" => SkinTone::Dark,
        "2-3" => SkinTone::LightAndMediumLight,
        "2-4" => SkinTone::LightAndMedium,
        "2-5" => SkinTone::LightAndMediumDark,
        "2-6" => SkinTone::LightAndDark,
        "3-2" => SkinTone::MediumLightAndLight,
        "3-4" => SkinTone::MediumLightAndMedium,
        "3-5" => SkinTone::MediumLightAndMediumDark,
        "3-6" => SkinTone::MediumLightAndDark,
        "4-2" => SkinTone::MediumAndLight,
        "4-3" => SkinTone::MediumAndMediumLight,
        "4-5" => SkinTone::MediumAndMediumDark,
        "4-6" => SkinTone::MediumAndDark,
        "5-2" => SkinTone::MediumDarkAndLight,
        "5-3" => SkinTone::MediumDarkAndMediumLight,
        "5-4" => SkinTone::MediumDarkAndMedium,
        "5-6" => SkinTone::MediumDarkAndDark,
        "6-2" => SkinTone::DarkAndLight,
        "6-3" => SkinTone::DarkAndMediumLight,
        "6-4" => SkinTone::DarkAndMedium,
        "6-5" => SkinTone::DarkAndMediumDark,
        _ => return emoji.as_str(),
    };
    let hands = || if emoji.as_str() == "🤝" { handshake(&colours) } else { None };
    emoji.with_skin_tone(tone).or_else(hands).unwrap_or(emoji).as_str()
}

/// A handshake with two skin tones is a joined sequence of two hands.
fn handshake(tone: &str) -> Option<&'static Emoji> {
    let colour =
        |digit: &str| char::from_u32(u32::from('🏻') + digit.parse::<u32>().ok()?.checked_sub(2)?);
    let (left, right) = tone.split_once('-')?;
    emojis::get(&format!("🫱{}\u{200d}🫲{}", colour(left)?, colour(right)?))
}

/// Replaces `:names:` by emoji, except between backticks.
pub fn in_text(text: &str) -> String {
    replaced(text, &by_name)
}

/// Replaces the `:names:` that `find` knows by their emoji, except between backticks.
pub fn replaced(text: &str, find: &dyn Fn(&str) -> Option<&'static str>) -> String {
    let mut out = String::with_capacity(text.len());
    for (place, part) in text.split('`').enumerate() {
        if place > 0 {
            out.push('`');
        }
        if place % 2 == 1 { out.push_str(part) } else { plain(part, find, &mut out) }
    }
    out
}

fn plain(text: &str, find: &dyn Fn(&str) -> Option<&'static str>, out: &mut String) {
    let mut rest = text;
    while let Some(start) = rest.find(':') {
        let (before, after) = rest.split_at(start);
        out.push_str(before);
        let name = after.get(1..).unwrap_or_default();
        let in_word = before.ends_with(|c: char| c.is_ascii_alphanumeric());
        let found = if in_word {
            None
        } else {
            length(name).and_then(|at| Some((at, find(name.get(..at)?)?)))
        };
        if let Some((at, emoji)) = found {
            out.push_str(emoji);
            rest = name.get(at + 1..).unwrap_or_default();
        } else {
            out.push(':');
            rest = name;
        }
    }
    out.push_str(rest);
}

/// End of the name that begins here, if a colon follows. `wave::skin-tone-3` contains colons
/// itself.
fn length(text: &str) -> Option<usize> {
    let letters = |text: &str| {
        text.find(|c: char| {
            !(c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '\'' | '’' | '&' | '.'))
        })
    };
    let mut end = letters(text).filter(|end| *end > 0)?;
    while let Some(tone) = text
        .get(end..)
        .and_then(|rest| rest.strip_prefix("::"))
        .filter(|rest| rest.starts_with("skin-tone-"))
    {
        end += 2 + letters(tone)?;
    }
    text.get(end..).filter(|rest| rest.starts_with(':')).map(|_| end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_become_emoji() {
        for (name, emoji) in [
            ("+1", "👍"),
            ("thumbsup", "👍"),
            ("flag-kr", "🇰🇷"),
            ("flag-id", "🇮🇩"),
            ("flag-tv", "🇹🇻"),
            ("flag-england", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
            ("kr", "🇰🇷"),
            ("man-facepalming", "🤦‍♂️"),
            ("wave::skin-tone-3", "👋🏼"),
            ("thumbsup_dark_skin_tone", "👍🏿"),
            ("+1_medium_skin_tone", "👍🏽"),
            ("wave_medium_light_skin_tone", "👋🏼"),
            ("handshake::skin-tone-2-6", "🫱🏻‍🫲🏿"),
            ("handshake::skin-tone-2::skin-tone-6", "🫱🏻‍🫲🏿"),
            ("thinking_face", "🤔"),
            ("thinking", "🤔"),
            ("robot_face", "🤖"),
            ("large_green_circle", "🟢"),
            ("email", "✉️"),
            ("umbrella", "☂️"),
            ("male-doctor", "👨‍⚕️"),
            ("simple_smile", "🙂"),
        ] {
            assert_eq!(by_name(name), Some(emoji), "{name}");
        }
        for unknown in ["our_own_party_parrot", "flag-xx", "flag-책", "", "_dark_skin_tone"] {
            assert_eq!(by_name(unknown), None, "{unknown}");
        }
        for (text, wanted) in [
            ("hi :wave::skin-tone-3: and :tada::tada:!", "hi 👋🏼 and 🎉🎉!"),
            ("at 10:30:45 `:tada:` a:100:b", "at 10:30:45 `:tada:` a:100:b"),
            (":our_own: :) 책: :thumbsup_dark_skin_tone:", ":our_own: :) 책: 👍🏿"),
        ] {
            assert_eq!(in_text(text), wanted);
        }
    }

    #[test]
    fn every_name_of_the_data_set_is_the_emoji_that_it_names() {
        assert!(NAMES.len() > 1700, "{}", NAMES.len());
        for (name, emoji) in NAMES.iter() {
            let found = by_name(name).unwrap_or_else(|| panic!("{name} {emoji}"));
            assert_eq!(emojis::get(emoji).map(Emoji::as_str), Some(found), "{name}");
        }
        let flags = ('a'..='z')
            .flat_map(|a| ('a'..='z').map(move |b| format!("flag-{a}{b}")))
            .filter(|name| by_name(name).is_some())
            .count();
        assert!(
            flags >= 258,
            "the flags of the data set, and those Unicode has added since: {flags}"
        );
    }
}
