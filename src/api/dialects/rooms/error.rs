//! Error responses of `rooms`, over REST and in frames alike: `{"error": CODE, "error_message":
//! TEXT}`.

use warp::http::StatusCode;
use warp::reply::Response;

use super::wire;
use crate::api::respond;
use crate::model::Error;

/// Method of a room's path besides the WebSocket.
const OF_A_ROOM: &str = "DELETE";

/// Returns the documented response for an error.
pub(super) fn answer(error: &Error) -> Response {
    if *error == Error::UpgradeRequired {
        // Without a handshake GET does not exist for rooms.
        return answer(&Error::MethodNotAllowed(OF_A_ROOM.to_owned()));
    }
    let (status, _) = status_and_code(error);
    respond::failure(status, &failure(error), error)
}

/// Returns code and text, for bodies and frames.
pub(super) fn failure(error: &Error) -> wire::Failure {
    let (_, code) = status_and_code(error);
    wire::Failure { error: code, error_message: format!("{code}: {}", in_own_words(error)) }
}

/// Renames fields of an error to this dialect's names.
fn in_own_words(error: &Error) -> Error {
    let own = |field: &str| match field {
        "content" => Some("message"),
        "userId" => Some("user_id"),
        _ => None,
    };
    match error {
        Error::Invalid { field, why } => {
            own(field).map(|field| Error::invalid(field, why.as_str()))
        }
        Error::Empty(field) => own(field).map(Error::Empty),
        Error::TooLong(field, max) => own(field).map(|field| Error::TooLong(field, *max)),
        _ => None,
    }
    .unwrap_or_else(|| error.clone())
}

fn status_and_code(error: &Error) -> (StatusCode, &'static str) {
    match error {
        Error::Malformed(_)
        | Error::Invalid { .. }
        | Error::Empty(_)
        | Error::TooLong(..)
        | Error::TooFew(_)
        | Error::UnknownType(_)
        | Error::MissingRoom
        | Error::RoomNotFound
        | Error::UserNotFound
        | Error::ParticipantNotFound => (StatusCode::BAD_REQUEST, "InvalidParameter"),
        Error::Taken(_) => (StatusCode::BAD_REQUEST, "AlreadyExist"),
        Error::NoSession
        | Error::ForeignOrigin
        | Error::RegistrationClosed
        | Error::InvitationNeeded
        | Error::SecondFactorOff
        | Error::SecondFactorKept
        | Error::LocalLoginOff => (StatusCode::FORBIDDEN, "Forbidden"),
        // This protocol does not distinguish unknown sessions from forbidden actions.
        Error::BadSession
        | Error::Forbidden
        | Error::Archived
        | Error::ReadOnly
        | Error::NotInRoom
        | Error::NotJoined => (StatusCode::UNAUTHORIZED, "Unauthorized"),
        Error::BadCredentials { .. }
        | Error::SecondFactorRequired
        | Error::SecondFactorMissing(_)
        | Error::NotFound
        | Error::MessageNotFound
        | Error::SessionNotFound
        | Error::MediaNotFound
        | Error::EmojiNotFound
        | Error::CommandNotFound => (StatusCode::NOT_FOUND, "NotFound"),
        Error::TooManyReactions => (StatusCode::CONFLICT, "TooManyReactions"),
        Error::MethodNotAllowed(_) | Error::UpgradeRequired => {
            (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed")
        }
        Error::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "TooLarge"),
        Error::RateLimited(_) => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequests"),
        // Chat waits for a closing room; if this error occurs anyway, the client should try again.
        Error::RoomClosing | Error::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Unavailable"),
        Error::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
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
        golden::same("rooms", "errors.json", &answers);
    }
}
