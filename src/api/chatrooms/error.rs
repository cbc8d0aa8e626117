//! `{"error": CODE, "message": TEXT}`, with `field` where a field is to blame.

use serde::Serialize;
use warp::http::StatusCode;
use warp::reply::Response;

use super::super::respond;
use crate::model::Error;

/// The error body of REST.
#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

pub(super) fn response(error: &Error) -> Response {
    let (status, code) = describe(error);
    let field = match error {
        Error::Invalid { field, .. } => Some(&**field),
        Error::Empty(field) | Error::TooLong(field, _) => Some(*field),
        _ => None,
    };
    respond::json(status, &Body { error: code, message: message(error), field })
}

/// What a person may read of it.
pub(super) fn message(error: &Error) -> String {
    match error {
        Error::NoSession | Error::BadSession => "JWT token is invalid".to_owned(),
        other => other.to_string(),
    }
}

/// Status and code; sockets use the code alone.
pub(super) fn describe(error: &Error) -> (StatusCode, &'static str) {
    match error {
        Error::Malformed(_) | Error::Invalid { .. } | Error::Empty(_) | Error::TooLong(..) | Error::MissingRoom | Error::UnknownType(_) | Error::NotJoined => {
            (StatusCode::BAD_REQUEST, "invalid_request")
        }
        Error::NoSession | Error::BadSession => (StatusCode::UNAUTHORIZED, "invalid_token"),
        Error::BadCredentials { .. } => (StatusCode::UNAUTHORIZED, "invalid_credentials"),
        Error::Forbidden | Error::ForeignOrigin | Error::RegistrationClosed | Error::NotInRoom => (StatusCode::FORBIDDEN, "forbidden"),
        Error::RoomNotFound => (StatusCode::NOT_FOUND, "room_not_found"),
        Error::MessageNotFound => (StatusCode::NOT_FOUND, "message_not_found"),
        Error::UserNotFound => (StatusCode::NOT_FOUND, "user_not_found"),
        Error::ParticipantNotFound => (StatusCode::NOT_FOUND, "participant_not_found"),
        Error::SessionNotFound => (StatusCode::NOT_FOUND, "session_not_found"),
        Error::MediaNotFound => (StatusCode::NOT_FOUND, "media_not_found"),
        Error::Taken(_) => (StatusCode::CONFLICT, "already_exists"),
        Error::RoomClosing => (StatusCode::CONFLICT, "room_closing"),
        Error::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        Error::RateLimited(_) => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
        Error::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Error::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        Error::NotFound => (StatusCode::NOT_FOUND, "not_found"),
        Error::MethodNotAllowed(_) => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        Error::UpgradeRequired => (StatusCode::UPGRADE_REQUIRED, "upgrade_required"),
    }
}
