//! Errors as `chatrooms` says them: `{"error": code, "message": text}` over REST, and the codes of its sockets.

use warp::http::StatusCode;
use warp::reply::Response;

use super::wire;
use crate::api::respond;
use crate::model::Error;

/// The documented answer to a request that failed.
pub(super) fn answer(error: &Error) -> Response {
    let (status, code) = status_and_code(error);
    respond::failure(status, &wire::Failure { error: code, message: message(error), field: field(error) }, error)
}

/// Text for people. A bad token and a missing one read alike.
pub(super) fn message(error: &Error) -> String {
    match error {
        Error::NoSession | Error::BadSession => "JWT token is invalid".to_owned(),
        other => other.to_string(),
    }
}

fn status_and_code(error: &Error) -> (StatusCode, &'static str) {
    match error {
        Error::Malformed(_) | Error::Invalid { .. } | Error::Empty(_) | Error::TooLong(..) | Error::MissingRoom | Error::UnknownType(_) => {
            (StatusCode::BAD_REQUEST, "invalid_request")
        }
        Error::NoSession | Error::BadSession => (StatusCode::UNAUTHORIZED, "invalid_token"),
        Error::BadCredentials { .. } => (StatusCode::UNAUTHORIZED, "invalid_credentials"),
        Error::Forbidden | Error::ForeignOrigin | Error::RegistrationClosed | Error::NotInRoom | Error::NotJoined => (StatusCode::FORBIDDEN, "forbidden"),
        Error::RoomNotFound => (StatusCode::NOT_FOUND, "room_not_found"),
        Error::MessageNotFound => (StatusCode::NOT_FOUND, "message_not_found"),
        Error::UserNotFound => (StatusCode::NOT_FOUND, "user_not_found"),
        Error::ParticipantNotFound => (StatusCode::NOT_FOUND, "participant_not_found"),
        Error::SessionNotFound => (StatusCode::NOT_FOUND, "session_not_found"),
        Error::MediaNotFound => (StatusCode::NOT_FOUND, "media_not_found"),
        Error::NotFound => (StatusCode::NOT_FOUND, "not_found"),
        Error::MethodNotAllowed(_) => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        Error::Taken(_) => (StatusCode::CONFLICT, "already_exists"),
        Error::RoomClosing => (StatusCode::CONFLICT, "room_closing"),
        Error::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        Error::UpgradeRequired => (StatusCode::UPGRADE_REQUIRED, "upgrade_required"),
        Error::RateLimited(_) => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
        Error::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Error::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    }
}

/// What an `invalid_request` complains of.
fn field(error: &Error) -> Option<&'static str> {
    match error {
        Error::Malformed(_) => Some("body"),
        Error::Invalid { field, .. } | Error::Empty(field) | Error::TooLong(field, _) => Some(field),
        Error::MissingRoom => Some("roomId"),
        Error::UnknownType(_) => Some("type"),
        _ => None,
    }
}

/// The code of an error frame; it depends on what was asked.
pub(super) fn socket_code(verb: &str, error: &Error) -> &'static str {
    match error {
        Error::Malformed(_) => "message_parse_error",
        Error::Invalid { .. } => "invalid_message_format",
        Error::Empty(_) => "empty_message",
        Error::TooLong(..) | Error::TooLarge => "too_large",
        Error::UnknownType(_) => "unknown_message_type",
        Error::MissingRoom if verb == "join_room" => "missing_room_id",
        Error::RoomNotFound | Error::NotInRoom | Error::Forbidden | Error::RoomClosing if verb == "join_room" => "join_failed",
        Error::RoomNotFound | Error::NotInRoom if verb == "leave_room" => "leave_failed",
        // A room that one may not see answers like one that does not exist; to a sender both are rooms that they are not in.
        Error::RoomNotFound if verb == "chat_message" => "not_in_room",
        // Frames that name only a message say nothing of rooms.
        Error::RoomNotFound if matches!(verb, "edit_message" | "delete_message" | "add_reaction" | "remove_reaction") => "message_not_found",
        Error::RoomNotFound => "room_not_found",
        Error::MissingRoom | Error::NotInRoom => "not_in_room",
        Error::NotJoined => "leave_failed",
        Error::MessageNotFound => "message_not_found",
        Error::Forbidden | Error::ForeignOrigin | Error::RegistrationClosed | Error::NoSession | Error::BadSession | Error::BadCredentials { .. } => {
            "forbidden"
        }
        Error::RateLimited(_) => "rate_limited",
        Error::RoomClosing
        | Error::UserNotFound
        | Error::ParticipantNotFound
        | Error::SessionNotFound
        | Error::MediaNotFound
        | Error::Taken(_)
        | Error::Unavailable
        | Error::Internal
        | Error::NotFound
        | Error::MethodNotAllowed(_)
        | Error::UpgradeRequired => "room_error",
    }
}
