//! Schemas of values common to all dialects, with the limits of the contract. Configurable limits
//! show their default.

use serde_json::json;
use utoipa::openapi::schema::{
    Array, ArrayBuilder, KnownFormat, Object, ObjectBuilder, SchemaFormat, SchemaType, Type,
};

use crate::config;
use crate::model::{MAX_EMAIL, MAX_NAME, MAX_PASSWORD, MAX_TOPIC};

fn string(text: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(text))
}

fn one_of(words: &[&str], text: &str) -> Object {
    string(text).enum_values(Some(words.iter().copied())).build()
}

/// Login name of a new account.
pub fn new_login() -> Object {
    let text = "Login name: letters of any script, digits and punctuation other than `/`; no white \
                space, control or invisible characters; not `me`, `.`, `..` or `room` followed by \
                a number. Unique regardless of case.";
    string(text)
        .min_length(Some(1))
        .max_length(Some(MAX_NAME))
        .pattern(Some(r"^[^\s/]+$"))
        .examples([json!("ann")])
        .build()
}

/// Login name of an existing account.
pub fn login() -> Object {
    string("Login name of a user, in any case").examples([json!("ann")]).build()
}

/// New password.
pub fn new_password() -> Object {
    let min = config::Auth::default().password_min_length;
    let text = "The minimum length is set in the configuration, `[auth] password_min_length`";
    string(text)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
        .min_length(Some(min))
        .max_length(Some(MAX_PASSWORD))
        .build()
}

/// Password at log-in.
pub fn password() -> Object {
    string("The password")
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
        .examples([json!("correct horse")])
        .build()
}

/// Password or its digest at log-in.
pub fn password_or_digest() -> Object {
    string(
        "The password, or its MD5 or SHA-1 in hexadecimal, in any case, unless `[auth] \
         digest_login = false`",
    )
    .examples([json!("correct horse")])
    .build()
}

/// Display name.
pub fn display_name() -> Object {
    string("Display name; no control or invisible characters, not blank")
        .min_length(Some(1))
        .max_length(Some(MAX_NAME))
        .build()
}

/// Optional display name; null counts as absent.
pub fn display_name_if_any() -> Object {
    nullable("Display name; the login name when absent", 1)
}

/// Name of a room.
pub fn room_name() -> Object {
    let text = "Name of the room; no control or invisible characters, not blank; unique among \
                public rooms";
    string(text).min_length(Some(1)).max_length(Some(MAX_NAME)).build()
}

/// Optional name of a room; null counts as absent.
pub fn room_name_if_any() -> Object {
    nullable("Name of the room; unique among public rooms; a room may have none", 1)
}

/// Optional topic of a room.
pub fn topic_if_any() -> Object {
    let text = "Current topic of the room, one line; no control or invisible characters; empty or \
                null: none";
    string(text).schema_type(or_null(Type::String)).max_length(Some(MAX_TOPIC)).build()
}

/// Optional description of a room.
pub fn description_if_any() -> Object {
    let text = "Purpose of the room, may have several lines; no invisible characters; empty or \
                null: none";
    string(text).schema_type(or_null(Type::String)).max_length(Some(MAX_TOPIC)).build()
}

/// Name of a participant inside one room.
pub fn edited_name() -> Object {
    string("Name used in this room only; empty: use the display name")
        .max_length(Some(MAX_NAME))
        .build()
}

fn nullable(text: &str, min: usize) -> Object {
    string(text)
        .schema_type(or_null(Type::String))
        .min_length(Some(min))
        .max_length(Some(MAX_NAME))
        .build()
}

fn or_null(kind: Type) -> SchemaType {
    SchemaType::from_iter([kind, Type::Null])
}

/// E-mail address.
pub fn email() -> Object {
    string("One `@` with text on both sides, no white space; unique regardless of case")
        .min_length(Some(3))
        .max_length(Some(MAX_EMAIL))
        .pattern(Some(r"^[^\s@]+@[^\s@]+$"))
        .build()
}

/// Optional e-mail address; may be null.
pub fn email_if_any() -> Object {
    string(
        "E-mail address: one `@` with text on both sides, no white space; unique regardless of \
         case",
    )
    .schema_type(or_null(Type::String))
    .max_length(Some(MAX_EMAIL))
    .pattern(Some(r"^[^\s@]+@[^\s@]+$"))
    .build()
}

/// Optional birth date; may be null.
pub fn birth_if_any() -> Object {
    string("Date of birth, not in the future")
        .schema_type(or_null(Type::String))
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
        .build()
}

/// Text of a message.
pub fn content() -> Object {
    let max = config::Rooms::default().max_message_chars;
    let text = "Text of a message, counted in Unicode code points; not blank, no U+0000. The limit \
                is set in the configuration, `[rooms] max_message_chars`";
    string(text).min_length(Some(1)).max_length(Some(max)).build()
}

/// Id that a client gives its message.
pub fn client_id() -> Object {
    let text = "1 to 64 printable characters: messages sent again with the same id are stored once";
    string(text).schema_type(or_null(Type::String)).min_length(Some(1)).max_length(Some(64)).build()
}

/// Ids of the caller's own files.
pub fn media_ids() -> Array {
    ArrayBuilder::new()
        .schema_type(or_null(Type::Array))
        .items(natural())
        .max_items(Some(10))
        .description(Some("Ids of the caller's own uploads"))
        .build()
}

/// Name of a custom emoji.
pub fn emoji_name() -> Object {
    string("Name of a custom emoji, without colons").pattern(Some("^[a-z0-9_+-]{2,64}$")).build()
}

/// What has become of a slash command.
pub fn command_result() -> Object {
    one_of(&["ephemeral", "in_channel", "none", "failed"], "What has become of the command")
}

/// Why a slash command has failed.
pub fn command_problem() -> Object {
    let words = ["timed_out", "unreachable", "status", "too_long", "unreadable", "not_posted"];
    one_of(&words, "Why the command has failed")
}

/// Reaction.
pub fn reaction() -> Object {
    string("`like`, `love`, `laugh`, `sad`, `angry`, one emoji, or a custom emoji as `:name:`")
        .min_length(Some(1))
        .examples([json!("like")])
        .build()
}

/// Role of a participant.
pub fn role() -> Object {
    one_of(&["admin", "sub-admin", "member"], "Role of the participant")
}

/// Optional role; `member` when absent.
pub fn role_if_any() -> Object {
    let words = [json!("admin"), json!("sub-admin"), json!("member"), json!(null)];
    string("Role of the participant; `member` when absent")
        .schema_type(or_null(Type::String))
        .enum_values(Some(words))
        .build()
}

/// Visibility of a room.
pub fn visibility() -> Object {
    one_of(
        &["public", "private"],
        "Who may see and enter the room: every signed-in user, or its participants",
    )
}

/// Optional visibility; `private` when absent.
pub fn visibility_if_any() -> Object {
    let words = [json!("public"), json!("private"), json!(null)];
    string("Who may see and enter the room; `private` when absent")
        .schema_type(or_null(Type::String))
        .enum_values(Some(words))
        .build()
}

/// Optional visibility; unchanged when absent.
pub fn visibility_if_changed() -> Object {
    let words = [json!("public"), json!("private"), json!(null)];
    string("Who may see and enter the room; unchanged when absent")
        .schema_type(or_null(Type::String))
        .enum_values(Some(words))
        .build()
}

/// Level of notifications.
pub fn notify_level() -> Object {
    one_of(&["all", "mentions", "nothing"], "Which new messages notify the user")
}

/// Level of notifications of a room; null: the user's default.
pub fn notify_if_any() -> Object {
    let words = [json!("all"), json!("mentions"), json!("nothing"), json!(null)];
    string("Which new messages notify the user; null: the default")
        .schema_type(or_null(Type::String))
        .enum_values(Some(words))
        .build()
}

/// Optional default level; unchanged when absent.
pub fn notify_if_changed() -> Object {
    let words = [json!("all"), json!("mentions"), json!("nothing"), json!(null)];
    string("Which new messages notify the user; unchanged when absent")
        .schema_type(or_null(Type::String))
        .enum_values(Some(words))
        .build()
}

/// Time of day.
pub fn time_of_day() -> Object {
    string("Time of day").pattern(Some("^([01][0-9]|2[0-3]):[0-5][0-9]$")).build()
}

/// Name of a time zone.
pub fn time_zone() -> Object {
    string("Name of a time zone in the IANA database")
        .min_length(Some(1))
        .max_length(Some(64))
        .pattern(Some("^[A-Za-z0-9/_+-]+$"))
        .build()
}

/// Tag of a language, or none.
pub fn language_if_any() -> Object {
    ObjectBuilder::new()
        .schema_type(or_null(Type::String))
        .min_length(Some(1))
        .max_length(Some(35))
        .pattern(Some("^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8})*$"))
        .description(Some("Tag of a language, such as ko or zh-CN; null: none"))
        .build()
}

/// An address with TLS.
pub fn https_url() -> Object {
    string("A URL that begins with https://")
        .min_length(Some(9))
        .max_length(Some(2_000))
        .pattern(Some("^https://"))
        .build()
}

/// Optional keywords; unchanged when absent.
pub fn keywords_if_changed() -> Array {
    let word = string("A word").min_length(Some(1)).max_length(Some(64)).build();
    ArrayBuilder::new()
        .schema_type(or_null(Type::Array))
        .items(word)
        .max_items(Some(20))
        .description(Some("Words that notify like a mention; unchanged when absent"))
        .build()
}

/// State of a live room.
pub fn live_state() -> Object {
    one_of(&["creating", "active", "idle", "closing", "closed"], "State of the live room")
}

/// Key of a room.
pub fn room_key() -> Object {
    string("Key of a room").pattern(Some("^room[0-9]{3,}$")).examples([json!("room001")]).build()
}

/// Room in a path: key or number.
pub fn room() -> Object {
    string("Key of a room: `room001`, `room1` or `1`")
        .pattern(Some("^(room)?[0-9]+$"))
        .examples([json!("room001")])
        .build()
}

/// Key of a message.
pub fn message_key() -> Object {
    string("Key of a message")
        .pattern(Some("^msg[0-9]+$"))
        .examples([json!("msg1000000001")])
        .build()
}

/// Timestamp in whole seconds.
pub fn seconds() -> Object {
    time("UTC, whole seconds", "2025-07-15T13:00:00Z")
}

/// Timestamp in milliseconds.
pub fn millis() -> Object {
    time("UTC, milliseconds", "2025-07-15T13:00:00.245Z")
}

fn time(text: &str, example: &str) -> Object {
    string(text)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .examples([json!(example)])
        .build()
}

/// Timestamp without a time zone.
pub fn seconds_without_zone() -> Object {
    string("UTC, whole seconds, no zone")
        .pattern(Some(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$"))
        .examples([json!("2015-08-05T22:18:45")])
        .build()
}

/// Opaque session id or token.
pub fn opaque() -> Object {
    string("40 hexadecimal digits").pattern(Some("^[0-9a-f]{40}$")).build()
}

/// Name under which a file is downloaded.
pub fn file_name() -> Object {
    string("SHA-512 of the stored bytes, in hexadecimal").pattern(Some("^[0-9a-f]{128}$")).build()
}

/// Integer from `min` to `max`; `usual` is the default.
pub fn number(min: i64, max: Option<i64>, usual: Option<i64>) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(min))
        .maximum(max)
        .default(usual.map(Into::into))
        .build()
}

/// Positive integer that identifies something.
pub fn natural() -> Object {
    ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)).examples([json!(1)]).build()
}

/// A timestamp in a request.
pub fn timestamp() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .examples([json!("2026-11-29T08:00:00Z")])
        .build()
}

/// A timestamp in a request, or null.
pub fn timestamp_if_any() -> Object {
    ObjectBuilder::new()
        .schema_type(or_null(Type::String))
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .build()
}

/// Text without restrictions.
pub fn text() -> Object {
    ObjectBuilder::new().schema_type(Type::String).build()
}

/// One of the given values; `usual` is the default.
pub fn word(words: &[&str], usual: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words.iter().copied()))
        .default(Some(usual.into()))
        .build()
}

/// A constant text.
pub fn always(word: &str) -> Object {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some([word])).build()
}

/// Ids of one or more users.
pub fn user_ids() -> Array {
    ArrayBuilder::new()
        .items(natural())
        .min_items(Some(1))
        .description(Some("Ids of users; duplicates count once"))
        .build()
}

/// Ids of two or more users.
pub fn two_user_ids() -> Array {
    ArrayBuilder::new()
        .items(natural())
        .min_items(Some(2))
        .description(Some("Ids of all participants, at least two; duplicates count once"))
        .build()
}
