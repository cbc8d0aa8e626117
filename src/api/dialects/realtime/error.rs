//! Error responses of `realtime`: `{"status":false,"message":TEXT}`; a failed log-in is a normal
//! response, not an error.

use warp::http::StatusCode;
use warp::reply::Response;

use super::wire;
use crate::api::respond;
use crate::model::Error;

/// Returns the documented response for an error.
pub(super) fn answer(error: &Error) -> Response {
    match error {
        Error::BadCredentials { .. } | Error::SecondFactorRequired => {
            respond::json(StatusCode::OK, &wire::Status { status: false })
        }
        // A failed log-in as well, with the reason.
        Error::SecondFactorMissing(_) => {
            respond::json(StatusCode::OK, &wire::Failure::new(in_own_words(error)))
        }
        other => respond::failure(status(other), &wire::Failure::new(in_own_words(other)), other),
    }
}

/// Returns the text of an error, with this dialect's name of the login field.
fn in_own_words(error: &Error) -> String {
    let text = error.to_string();
    text.strip_prefix("userId ").map(|rest| format!("username {rest}")).unwrap_or(text)
}

fn status(error: &Error) -> StatusCode {
    match error {
        Error::Malformed(_)
        | Error::Invalid { .. }
        | Error::Empty(_)
        | Error::TooLong(..)
        | Error::TooFew(_)
        | Error::UnknownType(_)
        | Error::MissingRoom => StatusCode::BAD_REQUEST,
        Error::NoSession
        | Error::BadSession
        | Error::BadCredentials { .. }
        | Error::SecondFactorRequired
        | Error::SecondFactorMissing(_) => StatusCode::UNAUTHORIZED,
        Error::Forbidden
        | Error::Archived
        | Error::ReadOnly
        | Error::ForeignOrigin
        | Error::RegistrationClosed
        | Error::InvitationNeeded
        | Error::SecondFactorOff
        | Error::SecondFactorKept
        | Error::LocalLoginOff
        | Error::NotInRoom
        | Error::NotJoined => StatusCode::FORBIDDEN,
        Error::NotFound
        | Error::RoomNotFound
        | Error::MessageNotFound
        | Error::UserNotFound
        | Error::ParticipantNotFound
        | Error::SessionNotFound
        | Error::MediaNotFound
        | Error::EmojiNotFound
        | Error::CommandNotFound => StatusCode::NOT_FOUND,
        Error::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
        Error::Taken(_) | Error::TooManyReactions => StatusCode::CONFLICT,
        Error::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Error::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
        Error::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
        // Chat waits for a closing room; if this error occurs anyway, the client should try again.
        Error::RoomClosing | Error::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal => StatusCode::INTERNAL_SERVER_ERROR,
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
        golden::same("realtime", "errors.json", &answers);
    }

    #[test]
    fn the_login_name_is_called_as_the_client_calls_it() {
        assert_eq!(in_own_words(&Error::Empty("userId")), "username must not be empty");
        assert_eq!(in_own_words(&Error::Empty("password")), "password must not be empty");
    }
}
