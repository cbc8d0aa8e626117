//! Responses to senders, as Slack documents them for incoming webhooks: one word in plain text.

use warp::http::StatusCode;
use warp::reply::Response;

use crate::api::respond;
use crate::model::Error;

/// The body of every success. Grafana and Alertmanager compare it byte by byte.
pub(super) const OK: &str = "ok";

/// Returns the response for an error. A passing fault is a 5xx: Alertmanager tries again only then.
pub(super) fn answer(error: &Error) -> Response {
    let (status, word) = status_and_word(error);
    respond::plain_failure(status, word, error)
}

fn status_and_word(error: &Error) -> (StatusCode, &'static str) {
    match error {
        Error::Empty(_) => (StatusCode::BAD_REQUEST, "no_text"),
        Error::Malformed(_)
        | Error::Invalid { .. }
        | Error::TooLong(..)
        | Error::TooFew(_)
        | Error::UnknownType(_) => (StatusCode::BAD_REQUEST, "invalid_payload"),
        Error::Forbidden
        | Error::ReadOnly
        | Error::NotInRoom
        | Error::NotJoined
        | Error::ForeignOrigin
        | Error::RegistrationClosed
        | Error::InvitationNeeded
        | Error::SecondFactorOff
        | Error::SecondFactorKept
        | Error::LocalLoginOff => (StatusCode::FORBIDDEN, "action_prohibited"),
        Error::RoomNotFound | Error::MissingRoom => (StatusCode::NOT_FOUND, "channel_not_found"),
        Error::NoSession
        | Error::BadSession
        | Error::BadCredentials { .. }
        | Error::SecondFactorRequired
        | Error::SecondFactorMissing(_)
        | Error::SessionNotFound
        | Error::UserNotFound
        | Error::ParticipantNotFound
        | Error::MessageNotFound
        | Error::MediaNotFound
        | Error::EmojiNotFound
        | Error::CommandNotFound
        | Error::NotFound => (StatusCode::NOT_FOUND, "no_service"),
        Error::MethodNotAllowed(_) => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        Error::Taken(_) | Error::TooManyReactions => (StatusCode::CONFLICT, "conflict"),
        Error::Archived => (StatusCode::GONE, "channel_is_archived"),
        Error::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large"),
        Error::UpgradeRequired => (StatusCode::UPGRADE_REQUIRED, "upgrade_required"),
        Error::RateLimited(_) => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
        Error::RoomClosing | Error::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable")
        }
        Error::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use warp::http::header::{CONTENT_TYPE, RETRY_AFTER};

    use super::*;
    use crate::api::golden;

    #[tokio::test]
    async fn every_error_is_one_word() {
        for (name, error) in golden::every_error() {
            let response = answer(&error);
            assert!(response.status().is_client_error() || response.status().is_server_error());
            assert_eq!(response.headers()[CONTENT_TYPE], "text/plain", "{name}");
            let waits = matches!(error, Error::RateLimited(_) | Error::Unavailable);
            assert_eq!(response.headers().contains_key(RETRY_AFTER), waits, "{name}");
            let word = response.into_body().collect().await.expect("a body").to_bytes();
            let good =
                !word.is_empty() && word.iter().all(|b| b.is_ascii_lowercase() || *b == b'_');
            assert!(good, "{name} {word:?}");
        }
    }

    #[test]
    fn errors_are_those_that_slack_documents() {
        for (error, status, word) in [
            (Error::Malformed(String::new()), 400, "invalid_payload"),
            (Error::Empty("text"), 400, "no_text"),
            (Error::Forbidden, 403, "action_prohibited"),
            (Error::ReadOnly, 403, "action_prohibited"),
            (Error::BadSession, 404, "no_service"),
            (Error::NotFound, 404, "no_service"),
            (Error::RoomNotFound, 404, "channel_not_found"),
            (Error::Archived, 410, "channel_is_archived"),
            (Error::TooLarge, 413, "payload_too_large"),
            (Error::Unavailable, 503, "temporarily_unavailable"),
            (Error::RoomClosing, 503, "temporarily_unavailable"),
            (Error::Internal, 500, "internal_error"),
        ] {
            let (answered, answer) = status_and_word(&error);
            assert_eq!((answered.as_u16(), answer), (status, word), "{error:?}");
        }
    }
}
