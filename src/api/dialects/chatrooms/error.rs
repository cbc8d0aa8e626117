//! Error responses of `chatrooms`: `{"error": code, "message": text}` over REST, and the error
//! codes of its sockets.

use warp::http::StatusCode;
use warp::reply::Response;

use super::wire;
use crate::api::respond;
use crate::model::Error;

/// Returns the documented response for an error.
pub(super) fn answer(error: &Error) -> Response {
    let (status, code) = status_and_code(error);
    respond::failure(
        status,
        &wire::Failure { error: code, message: message(error), field: field(error) },
        error,
    )
}

/// Returns the response with `"valid": false` of `GET /verify`.
pub(super) fn not_verified(error: &Error) -> Response {
    let (status, code) = status_and_code(error);
    respond::failure(
        status,
        &wire::NotVerified { valid: false, error: code, message: message(error) },
        error,
    )
}

/// Returns a text for users. A bad token and a missing one have the same text.
pub(super) fn message(error: &Error) -> String {
    match error {
        Error::NoSession | Error::BadSession => "JWT token is invalid".to_owned(),
        other => other.to_string(),
    }
}

fn status_and_code(error: &Error) -> (StatusCode, &'static str) {
    match error {
        Error::Malformed(_)
        | Error::Invalid { .. }
        | Error::Empty(_)
        | Error::TooLong(..)
        | Error::TooFew(_)
        | Error::MissingRoom
        | Error::UnknownType(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
        Error::NoSession | Error::BadSession => (StatusCode::UNAUTHORIZED, "invalid_token"),
        Error::BadCredentials { .. } => (StatusCode::UNAUTHORIZED, "invalid_credentials"),
        Error::SecondFactorRequired => (StatusCode::UNAUTHORIZED, "second_factor_required"),
        Error::SecondFactorMissing(_) => (StatusCode::UNAUTHORIZED, "second_factor_setup_required"),
        Error::Forbidden
        | Error::Archived
        | Error::ReadOnly
        | Error::ForeignOrigin
        | Error::RegistrationClosed
        | Error::InvitationNeeded
        | Error::SecondFactorOff
        | Error::SecondFactorKept
        | Error::NotInRoom
        | Error::NotJoined => (StatusCode::FORBIDDEN, "forbidden"),
        Error::LocalLoginOff => (StatusCode::FORBIDDEN, "local_login_off"),
        Error::RoomNotFound => (StatusCode::NOT_FOUND, "room_not_found"),
        Error::MessageNotFound => (StatusCode::NOT_FOUND, "message_not_found"),
        Error::UserNotFound => (StatusCode::NOT_FOUND, "user_not_found"),
        Error::ParticipantNotFound => (StatusCode::NOT_FOUND, "participant_not_found"),
        Error::SessionNotFound => (StatusCode::NOT_FOUND, "session_not_found"),
        Error::MediaNotFound => (StatusCode::NOT_FOUND, "media_not_found"),
        Error::EmojiNotFound => (StatusCode::NOT_FOUND, "emoji_not_found"),
        Error::CommandNotFound => (StatusCode::NOT_FOUND, "command_not_found"),
        Error::NotFound => (StatusCode::NOT_FOUND, "not_found"),
        Error::MethodNotAllowed(_) => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        Error::Taken(_) => (StatusCode::CONFLICT, "already_exists"),
        Error::TooManyReactions => (StatusCode::CONFLICT, "too_many_reactions"),
        Error::RoomClosing => (StatusCode::CONFLICT, "room_closing"),
        Error::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        Error::UpgradeRequired => (StatusCode::UPGRADE_REQUIRED, "upgrade_required"),
        Error::RateLimited(_) => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
        Error::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Error::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    }
}

/// Returns the field of an `invalid_request`.
fn field(error: &Error) -> Option<&str> {
    match error {
        Error::Malformed(_) => Some("body"),
        Error::Invalid { field, .. } => Some(field),
        Error::Empty(field) | Error::TooLong(field, _) | Error::TooFew(field) => Some(field),
        Error::MissingRoom => Some("roomId"),
        Error::UnknownType(_) => Some("type"),
        _ => None,
    }
}

/// Returns the code of an error frame, which depends on the request.
pub(super) fn socket_code(verb: &str, error: &Error) -> &'static str {
    match error {
        Error::Malformed(_) => "message_parse_error",
        Error::Invalid { .. } | Error::TooFew(_) => "invalid_message_format",
        Error::Empty(_) => "empty_message",
        Error::TooLong(..) | Error::TooLarge => "too_large",
        Error::UnknownType(_) => "unknown_message_type",
        Error::MissingRoom if verb == "join_room" => "missing_room_id",
        Error::RoomNotFound
        | Error::NotInRoom
        | Error::Forbidden
        | Error::Archived
        | Error::RoomClosing
            if verb == "join_room" =>
        {
            "join_failed"
        }
        Error::RoomNotFound | Error::NotInRoom if verb == "leave_room" => "leave_failed",
        // A room that the sender may not see is answered like one that does not exist; for posts
        // both are rooms that the sender is not in.
        Error::RoomNotFound if verb == "chat_message" => "not_in_room",
        // Frames that only name a message have no error code for rooms.
        Error::RoomNotFound
            if matches!(
                verb,
                "edit_message" | "delete_message" | "add_reaction" | "remove_reaction"
            ) =>
        {
            "message_not_found"
        }
        Error::RoomNotFound => "room_not_found",
        Error::MissingRoom | Error::NotInRoom => "not_in_room",
        Error::NotJoined => "leave_failed",
        Error::MessageNotFound => "message_not_found",
        Error::Forbidden
        | Error::Archived
        | Error::ReadOnly
        | Error::ForeignOrigin
        | Error::RegistrationClosed
        | Error::InvitationNeeded
        | Error::SecondFactorOff
        | Error::SecondFactorKept
        | Error::LocalLoginOff
        | Error::NoSession
        | Error::BadSession
        | Error::BadCredentials { .. }
        | Error::SecondFactorRequired
        | Error::SecondFactorMissing(_) => "forbidden",
        Error::RateLimited(_) => "rate_limited",
        Error::TooManyReactions => "too_many_reactions",
        Error::RoomClosing
        | Error::UserNotFound
        | Error::ParticipantNotFound
        | Error::SessionNotFound
        | Error::MediaNotFound
        | Error::EmojiNotFound
        | Error::CommandNotFound
        | Error::Taken(_)
        | Error::Unavailable
        | Error::Internal
        | Error::NotFound
        | Error::MethodNotAllowed(_)
        | Error::UpgradeRequired => "room_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::golden;

    #[tokio::test]
    async fn every_error_has_its_documented_answer() {
        let mut answers = serde_json::Map::new();
        for (name, error) in golden::every_error() {
            answers.insert(name.to_owned(), golden::taken_apart(answer(&error)).await);
        }
        golden::same("chatrooms", "errors.json", &answers);
    }

    #[test]
    fn socket_codes_depend_on_what_was_asked() {
        let errors = golden::every_error();
        let table = golden::sample("chatrooms", "socket-codes.json");
        for (verb, codes) in table.as_object().unwrap() {
            for (name, code) in codes.as_object().unwrap() {
                let (_, error) = errors.iter().find(|(known, _)| known == name).unwrap();
                assert_eq!(socket_code(verb, error), code.as_str().unwrap(), "{verb} {name}");
            }
        }
    }

    #[test]
    fn sockets_know_the_documented_codes_only() {
        let documented = [
            "invalid_message_format",
            "message_parse_error",
            "missing_room_id",
            "join_failed",
            "room_error",
            "not_in_room",
            "leave_failed",
            "empty_message",
            "room_not_found",
            "unknown_message_type",
            "forbidden",
            "message_not_found",
            "too_large",
            "rate_limited",
            "too_many_reactions",
        ];
        for verb in [
            "",
            "join_room",
            "leave_room",
            "chat_message",
            "edit_message",
            "mark_read",
            "subscribe",
        ] {
            for (name, error) in golden::every_error() {
                assert!(documented.contains(&socket_code(verb, &error)), "{verb} {name}");
            }
        }
    }
}
