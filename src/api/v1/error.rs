//! `{"error":{"code": CODE}}`.

use serde::Serialize;
use warp::http::StatusCode;
use warp::reply::Response;

use super::super::respond;
use crate::model::{Claim, Error};

/// The error body, on REST and on the socket.
#[derive(Serialize)]
pub(super) struct Body {
    error: Code,
}

#[derive(Serialize)]
struct Code {
    code: &'static str,
}

pub(super) fn body(error: &Error) -> Body {
    Body { error: Code { code: describe(error).1 } }
}

pub(super) fn response(error: &Error) -> Response {
    respond::json(describe(error).0, &body(error))
}

fn describe(error: &Error) -> (StatusCode, &'static str) {
    const INPUT: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
    match error {
        Error::Malformed(_) | Error::Invalid { .. } | Error::Empty(_) | Error::TooLong(..) | Error::MissingRoom | Error::UnknownType(_) => {
            (INPUT, "invalid_json")
        }
        Error::NoSession | Error::BadSession => (StatusCode::UNAUTHORIZED, "unauthorized"),
        Error::BadCredentials { known: true } => (INPUT, "wrong_credentials"),
        Error::BadCredentials { known: false } | Error::UserNotFound | Error::ParticipantNotFound => (INPUT, "user_not_found"),
        Error::Taken(Claim::Login | Claim::Email) => (INPUT, "user_already_exists"),
        // Not to be part of a room is not to know of it.
        Error::RoomNotFound
        | Error::NotInRoom
        | Error::NotJoined
        | Error::Forbidden
        | Error::RoomClosing
        | Error::MessageNotFound
        | Error::Taken(Claim::RoomName | Claim::Participant) => (INPUT, "room_not_found"),
        Error::RegistrationClosed => (INPUT, "registration_closed"),
        Error::ForeignOrigin => (StatusCode::FORBIDDEN, "forbidden"),
        Error::NotFound | Error::SessionNotFound | Error::MediaNotFound => (StatusCode::NOT_FOUND, "not_found"),
        Error::MethodNotAllowed(_) => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        Error::UpgradeRequired => (StatusCode::UPGRADE_REQUIRED, "upgrade_required"),
        Error::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        Error::RateLimited(_) => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
        Error::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Error::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    }
}
