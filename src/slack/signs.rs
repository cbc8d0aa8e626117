//! Signs: the colour of an attachment as a square, and the names of emoji.

/// Maximum length of a name of an emoji, in bytes.
const MAX_SHORTCODE: usize = 64;

/// Returns the square for a colour: `good`, `warning`, `danger` or a hexadecimal one, by the nearest
/// hue. None if it is neither.
pub(super) fn square(colour: &str) -> Option<&'static str> {
    match colour {
        "good" => Some("🟩"),
        "warning" => Some("🟨"),
        "danger" => Some("🟥"),
        _ => hexadecimal(colour).map(nearest),
    }
}

/// Parses `#rgb` or `#rrggbb`, also without `#`.
fn hexadecimal(colour: &str) -> Option<[i32; 3]> {
    let digits = colour.strip_prefix('#').unwrap_or(colour);
    if !digits.chars().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    let width = match digits.len() {
        3 => 1,
        6 => 2,
        _ => return None,
    };
    let part = |at: usize| {
        let digits = digits.get(at * width..(at + 1) * width)?;
        let value = i32::from_str_radix(digits, 16).ok()?;
        Some(if width == 1 { value * 17 } else { value })
    };
    Some([part(0)?, part(1)?, part(2)?])
}

fn nearest([red, green, blue]: [i32; 3]) -> &'static str {
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    let range = most - least;
    // Too dark or too grey to have a hue that anybody sees.
    if most < 40 || range * 6 < most {
        return if most < 128 { "⬛" } else { "⬜" };
    }
    let degrees = if most == red {
        60 * (green - blue) / range
    } else if most == green {
        120 + 60 * (blue - red) / range
    } else {
        240 + 60 * (red - green) / range
    };
    match degrees.rem_euclid(360) {
        20..40 if most < 160 => "🟫",
        20..40 => "🟧",
        40..70 => "🟨",
        70..170 => "🟩",
        170..255 => "🟦",
        255..320 => "🟪",
        _ => "🟥",
    }
}

/// Reads the name of an emoji at the beginning of the text, such as `:tada:`. Returns its length in
/// bytes too.
pub(super) fn emoji(text: &str) -> Option<(&'static str, usize)> {
    let rest = text.strip_prefix(':')?;
    let is_part = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_+-".contains(b);
    let length = rest.bytes().take(MAX_SHORTCODE).take_while(is_part).count();
    let name = rest.get(..length)?;
    if !rest.get(length..)?.starts_with(':') {
        return None;
    }
    // Names that Slack and Mattermost have and others do not.
    let name = match name {
        "large_green_circle" => "green_circle",
        "large_yellow_circle" => "yellow_circle",
        "large_orange_circle" => "orange_circle",
        "large_red_square" => "red_square",
        "large_green_square" => "green_square",
        name => name,
    };
    Some((emojis::get_by_shortcode(name)?.as_str(), length + 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_become_squares() {
        for (square_, colours) in [
            ("🟥", &["danger", "#D63232", "#a30200", "#e01e5a", "f00", "#FF0000"][..]),
            ("🟧", &["#daa038", "#ff8000", "#FFA500"]),
            ("🟨", &["warning", "#ffff00", "#ecb22e"]),
            ("🟩", &["good", "#2eb886", "#36a64f", "#0f0", "00ff00"]),
            ("🟦", &["#439FE0", "#00f", "#334455", "#00ffff"]),
            ("🟪", &["#800080", "#a0f"]),
            ("🟫", &["#8b4513"]),
            ("⬛", &["#000", "#333333"]),
            ("⬜", &["#fff", "#dddddd"]),
        ] {
            for colour in colours {
                assert_eq!(square(colour), Some(square_), "{colour}");
            }
        }
        for other in ["", "#", "red", "#12", "#12345", "#gggggg", "#1234567", "#é"] {
            assert_eq!(square(other), None, "{other}");
        }
    }

    #[test]
    fn names_of_emoji_become_emoji() {
        for (text, wanted) in [
            (":tada: x", Some(("🎉", 6))),
            (":white_check_mark:", Some(("✅", 18))),
            (":+1:", Some(("👍", 4))),
            (":large_green_circle:", Some(("🟢", 20))),
            (":30:45", None),
            (":not_an_emoji_name:", None),
            ("::", None),
            (":tada", None),
            (": tada:", None),
            ("", None),
        ] {
            assert_eq!(emoji(text), wanted, "{text}");
        }
        assert_eq!(emoji(&format!(":{}:", "a".repeat(1000))), None);
    }
}
