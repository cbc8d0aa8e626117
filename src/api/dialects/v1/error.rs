//! Error responses of `v1`, over REST and in frames alike: `{"error":{"code": CODE}}`.

use warp::http::StatusCode;
use warp::reply::Response;

use super::wire;
use crate::api::respond;
use crate::model::Error;

/// Returns the documented response for an error.
pub(super) fn answer(error: &Error) -> Response {
    let (status, code) = status_and_code(error);
    respond::failure(status, &wire::Failure::new(code), error)
}

/// Returns the code of an error frame.
pub(super) fn code(error: &Error) -> &'static str {
    status_and_code(error).1
}

fn status_and_code(error: &Error) -> (StatusCode, &'static str) {
    match error {
        Error::Malformed(_)
        | Error::Invalid { .. }
        | Error::Empty(_)
        | Error::TooLong(..)
        | Error::TooFew(_)
        | Error::UnknownType(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid_json"),
        Error::NoSession | Error::BadSession => (StatusCode::UNAUTHORIZED, "unauthorized"),
        Error::BadCredentials { known: true }
        | Error::SecondFactorRequired
        | Error::SecondFactorMissing(_) => (StatusCode::UNPROCESSABLE_ENTITY, "wrong_credentials"),
        Error::BadCredentials { known: false } | Error::UserNotFound => {
            (StatusCode::UNPROCESSABLE_ENTITY, "user_not_found")
        }
        Error::Taken(_) => (StatusCode::UNPROCESSABLE_ENTITY, "user_already_exists"),
        Error::RegistrationClosed | Error::InvitationNeeded => {
            (StatusCode::UNPROCESSABLE_ENTITY, "registration_closed")
        }
        // A public room that the caller has not entered is "not mine".
        Error::RoomNotFound
        | Error::Forbidden
        | Error::SecondFactorOff
        | Error::SecondFactorKept
        | Error::NotInRoom
        | Error::ParticipantNotFound
        | Error::MissingRoom
        | Error::NotJoined => (StatusCode::UNPROCESSABLE_ENTITY, "room_not_found"),
        Error::ForeignOrigin | Error::Archived | Error::ReadOnly | Error::LocalLoginOff => {
            (StatusCode::FORBIDDEN, "forbidden")
        }
        Error::NotFound
        | Error::MessageNotFound
        | Error::SessionNotFound
        | Error::MediaNotFound
        | Error::EmojiNotFound
        | Error::CommandNotFound => (StatusCode::NOT_FOUND, "not_found"),
        Error::TooManyReactions => (StatusCode::CONFLICT, "too_many_reactions"),
        Error::MethodNotAllowed(_) => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        Error::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        Error::UpgradeRequired => (StatusCode::UPGRADE_REQUIRED, "upgrade_required"),
        Error::RateLimited(_) => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
        // Chat waits for a closing room; if this error occurs anyway, the client should try again.
        Error::RoomClosing | Error::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Error::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
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
        golden::same("v1", "errors.json", &answers);
    }
}
