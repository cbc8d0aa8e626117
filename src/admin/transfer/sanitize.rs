//! Validates imported records: values that cannot be stored are cleaned or dropped, and reported.

use crate::chat::{is_password_hash, unusable_password};
/// A file name that can be stored.
pub(super) use crate::model::clean_file_name as file_name;
use crate::model::{
    FileKind, MAX_STATUS, MAX_TOPIC, Reaction, Role, SecondFactor, Shown, Status, Timestamp,
    Visibility, check_birth, check_client_id, check_description, check_display_name, check_email,
    check_login, check_topic, clean_lines, with_single_spaces, without_hidden,
};
use crate::store::transfer::{
    EmojiRecord, FactorRecord, MediaRecord, MessageRecord, ParticipantRecord, Reason, Record,
    Report, RoomRecord, UserRecord,
};

/// Maximum length of any name.
const MAX_NAME: usize = 64;
/// Larger than any count a room can reach, and small enough that sums do not overflow.
const MAX_NUMBER: i64 = 1 << 53;

/// Cleans a record so that it can be stored.
pub(super) fn sanitize(mut record: Record, report: &mut Report) -> Record {
    match &mut record {
        Record::User(user) => sound_user(user, report),
        Record::Media(media) => sound_media(media),
        Record::Room(room) => sound_room(room, report),
        Record::Participant(participant) => sound_participant(participant),
        Record::Message(message) => sound_message(message, report),
        Record::Emoji(emoji) => sound_emoji(emoji),
        // Preferences and slash commands are checked when they are read from their record.
        Record::Preferences(_)
        | Record::SlashCommand(_)
        | Record::Saved(_)
        | Record::Follow(_)
        | Record::Header(_)
        | Record::File(_)
        | Record::Imported(_)
        | Record::Job(_)
        | Record::End(_) => {}
    }
    record
}

fn sound_user(user: &mut UserRecord, report: &mut Report) {
    if user.deleted.is_some() {
        user.login.clear();
        user.password.clear();
        (user.status, user.second_factor) = (None, None);
        user.identities.clear();
        (user.email, user.birth, user.media, user.md5, user.sha1, user.admin) =
            (None, None, None, None, None, false);
        return;
    }
    let login = login(&user.login, &user.id.to_string());
    if login != user.login {
        report.note(Reason::LoginChanged, format!("{} → {login}", user.login));
        user.login = login;
    }
    let name = visible(&user.name, &user.login);
    if name != user.name {
        report.note(Reason::NameChanged, format!("{}: {name}", user.login));
        user.name = name;
    }
    if let Some(email) = user.email.take_if(|email| check_email("email", email).is_err()) {
        report.note(Reason::EmailLeftOut, format!("{}: {email}", user.login));
    }
    if let Some(birth) =
        user.birth.take_if(|birth| check_birth("birth", birth, Timestamp::now()).is_err())
    {
        report.note(Reason::BirthLeftOut, format!("{}: {birth}", user.login));
    }
    user.status = user.status.take().and_then(|status| {
        let begin = Timestamp(i64::MIN);
        let text = cut(&with_single_spaces(&status.text), MAX_STATUS);
        Status::new(status.emoji.as_deref(), &text, status.until, begin).ok().map(Into::into)
    });
    for digest in [&mut user.md5, &mut user.sha1] {
        digest.take_if(|hash| !is_password_hash(hash));
    }
    let understood = |factor: &FactorRecord| SecondFactor::try_from(factor.clone()).is_ok();
    if user.second_factor.take_if(|factor| !understood(factor)).is_some() {
        report.note(Reason::SecondFactorLeftOut, user.login.as_str());
    }
    user.identities.retain(|identity| {
        let understood = identity.identity().is_some();
        if !understood {
            report.note(Reason::IdentityLeftOut, format!("{}: {}", user.login, identity.subject));
        }
        understood
    });
    if !is_password_hash(&user.password) {
        report.note(Reason::PasswordUnusable, user.login.as_str());
        // If no random numbers are available, the hash stays empty, which prevents log-ins too.
        user.password = unusable_password().unwrap_or_default();
        user.no_password = true;
        (user.md5, user.sha1) = (None, None);
    }
}

/// The valid login name closest to the wanted one.
pub(super) fn login(wanted: &str, key: &str) -> String {
    let cleaned = || {
        wanted
            .trim()
            .chars()
            .map(|c| if c.is_whitespace() || c == '/' || c.is_control() { '-' } else { c })
            .take(MAX_NAME)
            .collect::<String>()
    };
    let letters = || {
        wanted
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))
            .take(MAX_NAME)
            .collect::<String>()
    };
    let number = || {
        format!(
            "user-{}",
            key.chars()
                .filter(char::is_ascii_alphanumeric)
                .take(MAX_NAME - 5)
                .collect::<String>()
                .to_lowercase()
        )
    };
    let good = |name: &String| check_login("login", name).is_ok();
    let candidates: [&dyn Fn() -> String; 3] = [&|| wanted.to_owned(), &cleaned, &letters];
    candidates.into_iter().map(|make| make()).find(good).unwrap_or_else(number)
}

/// The name without invisible characters, cut to the maximum length; `otherwise` if nothing is
/// left.
pub(super) fn visible(name: &str, otherwise: &str) -> String {
    let name = &with_single_spaces(name);
    if check_display_name("name", name).is_ok() {
        return name.to_owned();
    }
    let cleaned = cut(&name.replace(char::is_control, " "), MAX_NAME);
    if check_display_name("name", &cleaned).is_ok() { cleaned } else { otherwise.to_owned() }
}

fn sound_media(media: &mut MediaRecord) {
    let kind = FileKind::of(&media.kind);
    kind.ending.clone_into(&mut media.kind);
    media.image &= kind.shown == Shown::Picture;
    media.size = media.size.clamp(0, MAX_NUMBER);
    media.file_name = media.file_name.take().and_then(|name| file_name(&name));
}

fn sound_room(room: &mut RoomRecord, report: &mut Report) {
    if Visibility::parse(&room.visibility).is_none() {
        Visibility::Private.as_str().clone_into(&mut room.visibility);
    }
    if let Some(name) = &room.name {
        let better = visible(name, &room.id.to_string());
        if better != *name {
            report.note(Reason::RoomRenamed, format!("{name} → {better}"));
            room.name = Some(visible(&better, "room"));
        }
    }
    room.topic = room.topic.take().and_then(|topic| line(&topic));
    room.description = room.description.take().and_then(|text| several_lines(&text));
    room.rev = room.rev.clamp(1, MAX_NUMBER);
    room.facts_rev = room.facts_rev.clamp(1, room.rev);
}

/// A topic that can be stored; None if nothing is left.
pub(super) fn line(text: &str) -> Option<String> {
    if check_topic("topic", text).is_ok() {
        return Some(text.to_owned());
    }
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(cut(&joined, MAX_TOPIC)).filter(|topic| check_topic("topic", topic).is_ok())
}

/// A description that can be stored; None if nothing is left.
pub(super) fn several_lines(text: &str) -> Option<String> {
    if check_description("description", text).is_ok() {
        return Some(text.to_owned());
    }
    let seen: String = clean_lines(text).chars().take(MAX_TOPIC).collect();
    Some(clean_lines(&seen)).filter(|text| check_description("description", text).is_ok())
}

/// A text of one line without hidden characters, cut to this length.
fn cut(text: &str, max: usize) -> String {
    let seen: String = without_hidden(text).chars().take(max).collect();
    without_hidden(&seen)
}

/// The short name of an emoji: without colons, in lower case, without spaces.
fn sound_emoji(emoji: &mut EmojiRecord) {
    let visible = visible(emoji.name.trim_matches(':'), "emoji");
    emoji.name = visible.split_whitespace().collect::<Vec<_>>().join("_").to_lowercase();
}

fn sound_participant(participant: &mut ParticipantRecord) {
    if Role::parse(&participant.role).is_none() {
        Role::Member.as_str().clone_into(&mut participant.role);
    }
    if !participant.edited_name.is_empty() {
        participant.edited_name = visible(&participant.edited_name, "");
    }
    participant.since = participant.since.clamp(0, MAX_NUMBER);
    participant.mark = participant.mark.map(|mark| mark.clamp(0, MAX_NUMBER));
    participant.unread_from = participant.unread_from.map(|from| from.clamp(1, MAX_NUMBER));
}

fn sound_message(message: &mut MessageRecord, report: &mut Report) {
    let at = format!("message {}/{}", message.room, message.seq);
    message.rev = message.rev.clamp(0, MAX_NUMBER);
    if message.deleted.is_some() {
        message.text.clear();
        message.media.clear();
        message.mentions.clear();
        message.mentions_all = false;
        message.reactions.clear();
        message.pinned = None;
    } else if message.text.contains('\0') {
        message.text.retain(|c| c != '\0');
        report.note(Reason::TextCleaned, at.as_str());
    }
    if message.client_id.as_ref().is_some_and(|id| check_client_id("clientId", id).is_err()) {
        message.client_id = None;
    }
    message.reactions.retain_mut(|reaction| {
        if let Ok(known) = Reaction::parse(&reaction.reaction) {
            known.as_str().clone_into(&mut reaction.reaction);
            true
        } else {
            report.note(Reason::ReactionUnknown, reaction.reaction.as_str());
            false
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_stay_as_close_as_possible() {
        for (wanted, login_name) in [
            ("ann.lee", "ann.lee"),
            ("김민지", "김민지"),
            ("a b/c", "a-b-c"),
            ("🌻rose", "rose"),
            ("🌻", "user-u01"),
            ("me", "user-u01"),
            ("", "user-u01"),
        ] {
            assert_eq!(login(wanted, "U01"), login_name, "{wanted}");
        }
        assert_eq!(login(&"x".repeat(80), "U01").chars().count(), 64);
    }

    #[test]
    fn topics_become_one_line_and_descriptions_keep_theirs() {
        assert_eq!(
            line("next: 책\n see  https://example.org").as_deref(),
            Some("next: 책 see https://example.org")
        );
        assert_eq!(line("a\u{202e}b").as_deref(), Some("ab"));
        assert_eq!(line(&"x".repeat(2_000)).unwrap().chars().count(), MAX_TOPIC);
        assert_eq!((line(" \n"), several_lines("\u{200b}")), (None, None));
        assert_eq!(several_lines("one\n\ttwo\u{202e}").as_deref(), Some("one\n\ttwo"));
        let mut emoji = EmojiRecord {
            name: ":Party Parrot:".to_owned(),
            media: "m".into(),
            created: Timestamp(0),
        };
        sound_emoji(&mut emoji);
        assert_eq!(emoji.name, "party_parrot");
    }

    #[test]
    fn names_lose_invisible_characters() {
        assert_eq!(visible("지민 🌻", "x"), "지민 🌻");
        assert_eq!(visible("a\u{202e}b\nc", "x"), "ab c");
        assert_eq!(visible("\u{200b}", "x"), "x");
        assert_eq!(visible(&"책".repeat(70), "x").chars().count(), 64);
    }
}
