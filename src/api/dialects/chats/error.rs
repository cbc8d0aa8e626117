//! Error responses of `chats`: JSend, `fail` with a title for errors the caller can correct and
//! `error` with a message for the rest.

use std::borrow::Cow;

use warp::http::StatusCode;
use warp::reply::Response;

use super::wire;
use crate::api::respond;
use crate::model::Error;

/// Returns the documented response for an error.
pub(super) fn answer(error: &Error) -> Response {
    let (status, title) = status_and_title(error);
    if status.is_server_error() {
        return respond::failure(status, &wire::Failure::error(&title), error);
    }
    respond::failure(status, &wire::Failure::fail(&title), error)
}

fn status_and_title(error: &Error) -> (StatusCode, Cow<'static, str>) {
    let (status, title) = match error {
        Error::Invalid { field, .. } => {
            return (StatusCode::BAD_REQUEST, format!("Invalid {field}").into());
        }
        Error::Empty(field) | Error::TooLong(field, _) => {
            return (StatusCode::BAD_REQUEST, format!("Invalid {field}").into());
        }
        Error::TooFew(field) => {
            return (StatusCode::BAD_REQUEST, format!("Lack of {field}").into());
        }
        Error::Malformed(_) | Error::UnknownType(_) => (StatusCode::BAD_REQUEST, "Invalid body"),
        // Existing clients refresh their token when they get exactly this.
        Error::NoSession | Error::BadSession => (StatusCode::BAD_REQUEST, "Invalid authorization"),
        Error::SecondFactorMissing(_) => {
            return (StatusCode::BAD_REQUEST, error.to_string().into());
        }
        Error::BadCredentials { .. } | Error::SecondFactorRequired => {
            (StatusCode::BAD_REQUEST, "Invalid email or password")
        }
        Error::UserNotFound => (StatusCode::BAD_REQUEST, "Invalid userIds"),
        Error::Taken(_) => (StatusCode::BAD_REQUEST, "Invalid name"),
        Error::Forbidden
        | Error::Archived
        | Error::ReadOnly
        | Error::NotInRoom
        | Error::ParticipantNotFound
        | Error::NotJoined => (StatusCode::UNAUTHORIZED, "Unauthorized user"),
        Error::ForeignOrigin
        | Error::RegistrationClosed
        | Error::InvitationNeeded
        | Error::SecondFactorOff
        | Error::SecondFactorKept
        | Error::LocalLoginOff => (StatusCode::FORBIDDEN, "Forbidden"),
        Error::RoomNotFound | Error::MissingRoom => (StatusCode::NOT_FOUND, "Chat not found"),
        Error::NotFound
        | Error::MessageNotFound
        | Error::SessionNotFound
        | Error::MediaNotFound
        | Error::EmojiNotFound
        | Error::CommandNotFound => (StatusCode::NOT_FOUND, "Not found"),
        Error::TooManyReactions => (StatusCode::CONFLICT, "Too many reactions"),
        Error::MethodNotAllowed(_) => (StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"),
        Error::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Body too large"),
        Error::UpgradeRequired => (StatusCode::UPGRADE_REQUIRED, "Upgrade required"),
        Error::RateLimited(_) => (StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
        Error::RoomClosing | Error::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, "Temporarily unavailable")
        }
        Error::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "Internal error"),
    };
    (status, title.into())
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
        golden::same("chats", "errors.json", &answers);
    }
}
