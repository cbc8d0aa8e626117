//! Rules for names and profile data (contract, common model): one function per kind of name.

use precis_profiles::precis_core::profile::Profile;
use precis_profiles::{UsernameCaseMapped, UsernameCasePreserved};
use time::{Date, macros::format_description};
use unicode_normalization::UnicodeNormalization;

use super::rules::{hidden, is_blank, with_single_spaces, without_hidden};
use super::{Error, Result, RoomId, Timestamp};

/// Maximum length of login, display and room names, in code points.
pub const MAX_NAME: usize = 64;
/// Maximum length of topics and descriptions of rooms, in code points.
pub const MAX_TOPIC: usize = 1_024;
/// Maximum length of an e-mail address, in bytes.
pub const MAX_EMAIL: usize = 254;
/// Maximum length of a password, in code points.
pub const MAX_PASSWORD: usize = 256;

/// Control characters that a text of several lines may have.
const LINE_BREAKS: [char; 3] = ['\n', '\r', '\t'];

/// Returns the form in which login and room names are compared: PRECIS `UsernameCaseMapped` (NFC,
/// lower case, width mapped); for text that PRECIS does not accept as a name, NFC and lower case
/// with single spaces.
pub fn fold(name: &str) -> String {
    let name = with_single_spaces(name);
    let folded = match UsernameCaseMapped::new().enforce(&name) {
        Ok(folded) => folded.into_owned(),
        Err(_) => name.nfc().collect::<String>().to_lowercase().nfc().collect(),
    };
    // PRECIS lowercases letter by letter, so that a word in capitals ends with another sigma than
    // the same word in lower case.
    if folded.contains('ς') { folded.replace('ς', "σ") } else { folded }
}

/// Returns the visual form of a folded name: letters of other scripts become the ASCII letters they
/// resemble. ASCII itself stays, so that `user1` and `userl` may both exist.
pub fn skeleton(folded: &str) -> String {
    let mut shape = String::with_capacity(folded.len());
    for c in folded.chars() {
        if c.is_ascii() {
            shape.push(c);
        } else {
            shape.extend(unicode_security::skeleton(c.encode_utf8(&mut [0; 4])));
        }
    }
    shape.to_lowercase()
}

/// Checks a login name.
pub fn check_login(field: &'static str, login: &str) -> Result<()> {
    check_length(field, login)?;
    let folded = fold(login);
    let reserved = matches!(folded.as_str(), "me" | "." | "..")
        || (folded.starts_with("room") && RoomId::parse(&folded).is_some());
    if reserved {
        return Err(Error::invalid(field, "is a reserved name"));
    }
    if login.contains('/') || UsernameCasePreserved::new().enforce(login).is_err() {
        return Err(Error::invalid(
            field,
            "may only contain letters, digits and punctuation other than /, without spaces or \
             invisible characters",
        ));
    }
    Ok(())
}

/// Checks a display name or `edited_name` (which may also be empty; the caller decides).
pub fn check_display_name(field: &'static str, name: &str) -> Result<()> {
    check_length(field, name)?;
    check_visible(field, name)
}

/// Checks the name of a room.
pub fn check_room_name(field: &'static str, name: &str) -> Result<()> {
    check_length(field, name)?;
    check_visible(field, name)
}

/// Checks the topic of a room: one line.
pub fn check_topic(field: &'static str, topic: &str) -> Result<()> {
    check_long(field, topic)?;
    check_visible(field, topic)
}

/// Checks the description of a room: may have several lines.
pub fn check_description(field: &'static str, description: &str) -> Result<()> {
    check_long(field, description)?;
    check_visible(field, &description.replace(LINE_BREAKS, " "))
}

/// Checks a short text of one line, such as the name of a token: 1 to `max` characters.
pub fn check_line(field: &'static str, text: &str, max: usize) -> Result<()> {
    if is_blank(text) || text.chars().count() > max || hidden(text).is_some() {
        let wanted =
            format!("must have 1 to {max} characters, without control or invisible characters");
        return Err(Error::invalid(field, wanted));
    }
    Ok(())
}

/// Returns a text of several lines without hidden characters in its lines.
pub fn clean_lines(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for line in text.split_inclusive(LINE_BREAKS) {
        let end = line.len() - usize::from(line.ends_with(LINE_BREAKS));
        let (shown, ending) = line.split_at(end);
        cleaned.push_str(&without_hidden(shown));
        cleaned.push_str(ending);
    }
    cleaned
}

fn check_long(field: &'static str, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::Empty(field));
    }
    if text.chars().count() > MAX_TOPIC { Err(Error::TooLong(field, MAX_TOPIC)) } else { Ok(()) }
}

/// Checks an e-mail address: one `@` with text on both sides, no white space or control characters.
pub fn check_email(field: &'static str, email: &str) -> Result<()> {
    let halves = email
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if halves
        && email.len() <= MAX_EMAIL
        && !email.contains(char::is_whitespace)
        && hidden(email).is_none()
    {
        Ok(())
    } else {
        Err(Error::invalid(field, "must be an e-mail address of at most 254 characters"))
    }
}

/// Checks a birth date: `YYYY-MM-DD`, a day of the calendar, not after `now`.
pub fn check_birth(field: &'static str, birth: &str, now: Timestamp) -> Result<()> {
    let known = birth.len() == 10
        && Date::parse(birth, format_description!("[year]-[month]-[day]")).is_ok();
    if known && birth <= now.date().as_str() {
        Ok(())
    } else {
        Err(Error::invalid(field, "must be a date YYYY-MM-DD that is not in the future"))
    }
}

/// Checks the length of a password; `min` comes from the configuration.
pub fn check_password(field: &'static str, password: &str, min: usize) -> Result<()> {
    if (min..=MAX_PASSWORD).contains(&password.chars().count()) {
        Ok(())
    } else {
        Err(Error::invalid(field, format!("must have {min} to {MAX_PASSWORD} characters")))
    }
}

fn check_length(field: &'static str, text: &str) -> Result<()> {
    if is_blank(text) {
        return Err(Error::Empty(field));
    }
    if text.chars().count() > MAX_NAME {
        return Err(Error::TooLong(field, MAX_NAME));
    }
    Ok(())
}

/// Refuses control characters, and characters that are invisible or change the text direction.
fn check_visible(field: &'static str, text: &str) -> Result<()> {
    if hidden(text).is_some() {
        Err(Error::invalid(field, "must not contain control or invisible characters"))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_of_every_script_are_taken() {
        for good in
            ["ann", "Василий", "김민지", "王雪", "a", "user.name-1_x", "ÅÄÖ", "roomy", "room"]
        {
            assert!(check_login("userId", good).is_ok(), "{good}");
        }
    }

    #[test]
    fn logins_that_break_a_rule_are_refused() {
        for bad in [
            "",
            "  ",
            "me",
            "ME",
            ".",
            "..",
            "room001",
            "Room1",
            "a b",
            "a/b",
            "a\u{0}b",
            "a\u{200b}b",
            "a\u{202e}b",
            "tab\t",
            "new\nline",
        ] {
            assert!(check_login("userId", bad).is_err(), "{bad:?}");
        }
        assert!(check_login("userId", &"x".repeat(65)).is_err());
        assert!(check_login("userId", &"책".repeat(64)).is_ok());
    }

    #[test]
    fn folding_joins_case_and_normal_forms() {
        assert_eq!(fold("Василий"), fold("василий"));
        assert_eq!(fold("Café"), fold("CAFE\u{301}"));
        assert_eq!(fold("General Talk"), fold("general talk"));
        assert_eq!(fold("Σίσυφος"), fold("ΣΊΣΥΦΟΣ"));
        assert_eq!(fold("Οδός Σίσυφος"), fold("ΟΔΌΣ ΣΊΣΥΦΟΣ"));
        assert_eq!(fold(" General \u{a0} talk"), fold("general talk"));
    }

    proptest::proptest! {
        #[test]
        fn folding_is_idempotent_and_ignores_case(
            name in "[a-zA-ZäöüÄÖÜа-яА-ЯёЁα-ωΑ-Ω가-힣一-龠ａ-ｚ0-9 ._-]{1,20}",
        ) {
            let folded = fold(&name);
            proptest::prop_assert_eq!(fold(&folded), folded.as_str());
            proptest::prop_assert_eq!(fold(&name.to_uppercase()), folded.as_str());
            proptest::prop_assert_eq!(fold(&name.to_lowercase()), folded);
        }
    }

    #[test]
    fn look_alikes_share_a_skeleton_and_ascii_does_not() {
        assert_eq!(skeleton(&fold("раура")), skeleton(&fold("paypa")));
        assert_ne!(skeleton("user1"), skeleton("userl"));
        assert_ne!(skeleton(&fold("петр")), skeleton(&fold("василий")));
    }

    #[test]
    fn births_are_days_of_the_past() {
        let now = Timestamp(1_752_589_930_245);
        assert!(check_birth("birth", "1999-01-31", now).is_ok());
        assert!(check_birth("birth", "2025-07-15", now).is_ok());
        for bad in ["2025-07-16", "1999-02-30", "1999-1-31", "31.01.1999", ""] {
            assert!(check_birth("birth", bad, now).is_err(), "{bad}");
        }
    }

    #[test]
    fn emails_have_one_at_sign_between_text() {
        assert!(check_email("email", "a@example.org").is_ok());
        for bad in ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\n", "a\u{202e}@b"] {
            assert!(check_email("email", bad).is_err(), "{bad:?}");
        }
    }
}
