//! The short names of emoji, as Slack and Mattermost write them.

use emojis::{Emoji, SkinTone};

/// What Slack calls otherwise than everybody else.
const OTHERWISE: [(&str, &str); 12] = [
    ("simple_smile", "slightly_smiling_face"),
    ("thinking_face", "thinking"),
    ("hugging_face", "hugs"),
    ("rolling_on_the_floor_laughing", "rofl"),
    ("face_with_rolling_eyes", "roll_eyes"),
    ("face_palm", "facepalm"),
    ("man-shrugging", "man_shrugging"),
    ("woman-shrugging", "woman_shrugging"),
    ("heavy_plus_sign", "heavy_plus_sign"),
    ("star-struck", "star_struck"),
    ("the_horns", "metal"),
    ("mostly_sunny", "sun_behind_small_cloud"),
];

/// The emoji of a short name such as `+1`, `flag-kr`, `wave::skin-tone-3`; None for those that a server has made for itself.
pub(super) fn by_name(name: &str) -> Option<&'static str> {
    let (name, tone) = name.split_once("::").map_or((name, None), |(name, tone)| (name, Some(tone)));
    let found = known(name)?;
    let tone = match tone {
        Some("skin-tone-2") => Some(SkinTone::Light),
        Some("skin-tone-3") => Some(SkinTone::MediumLight),
        Some("skin-tone-4") => Some(SkinTone::Medium),
        Some("skin-tone-5") => Some(SkinTone::MediumDark),
        Some("skin-tone-6") => Some(SkinTone::Dark),
        _ => None,
    };
    Some(tone.and_then(|tone| found.with_skin_tone(tone)).unwrap_or(found).as_str())
}

fn known(name: &str) -> Option<&'static Emoji> {
    let other = OTHERWISE.iter().find(|(slack, _)| *slack == name).map(|(_, usual)| *usual);
    emojis::get_by_shortcode(other.unwrap_or(name))
        .or_else(|| emojis::get_by_shortcode(&name.replace('-', "_")))
        .or_else(|| name.strip_prefix("flag-").and_then(emojis::get_by_shortcode))
        .or_else(|| {
            let words = name.replace(['_', '-'], " ");
            emojis::iter().find(|emoji| emoji.name() == words)
        })
}

/// The text with `:names:` as emoji, but for what stands between backticks.
pub(super) fn in_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (place, part) in text.split('`').enumerate() {
        if place > 0 {
            out.push('`');
        }
        if place % 2 == 1 { out.push_str(part) } else { plain(part, &mut out) }
    }
    out
}

fn plain(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(start) = rest.find(':') {
        let (before, after) = rest.split_at(start);
        out.push_str(before);
        let name = after.get(1..).unwrap_or_default();
        // `wave::skin-tone-3` holds colons of its own.
        let length = name.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '\'')));
        let toned = length.and_then(|at| name.get(at..)).is_some_and(|end| end.starts_with("::skin-tone-"));
        let length = if toned { length.map(|at| at + "::skin-tone-0".len()) } else { length };
        let found = length.filter(|at| *at > 0 && name.get(*at..).is_some_and(|end| end.starts_with(':'))).and_then(|at| Some((at, by_name(name.get(..at)?)?)));
        let in_word = before.ends_with(|c: char| c.is_ascii_alphanumeric());
        if let (Some((at, emoji)), false) = (found, in_word) {
            out.push_str(emoji);
            rest = name.get(at + 1..).unwrap_or_default();
        } else {
            out.push(':');
            rest = name;
        }
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_become_emoji() {
        for (name, emoji) in
            [("+1", "👍"), ("thumbsup", "👍"), ("flag-kr", "🇰🇷"), ("man-facepalming", "🤦‍♂️"), ("wave::skin-tone-3", "👋🏼"), ("thinking_face", "🤔")]
        {
            assert_eq!(by_name(name), Some(emoji), "{name}");
        }
        assert_eq!(by_name("our_own_party_parrot"), None);
        for (text, wanted) in [
            ("hi :wave::skin-tone-3: and :tada::tada:!", "hi 👋🏼 and 🎉🎉!"),
            ("at 10:30:45 `:tada:` a:100:b", "at 10:30:45 `:tada:` a:100:b"),
            (":our_own: :) 책:", ":our_own: :) 책:"),
        ] {
            assert_eq!(in_text(text), wanted);
        }
    }
}
