//! `/hooks/{token}`: incoming webhooks, and `/hooks/commands/{token}`: late answers to slash commands,
//! which are the `response_url` of a request to a program. Programs post messages to a room without a session, in the
//! format of Slack and Mattermost. Not a dialect, but errors have a format of their own, the one
//! that these programs know.
//!
//! The body decides about the text only. Room and author belong to the webhook, so that no program
//! can write elsewhere or as somebody else.

mod docs;
mod error;
mod route;

use std::future::Future;

use warp::http::StatusCode;
use warp::reply::Response;

pub(super) use self::route::Hooks;
use super::respond;
use crate::model::Result;
use crate::slack;

/// Operation of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// `POST /hooks/{token}`
    Post,
    /// `POST /hooks/commands/{token}`
    Answer,
}

/// Posts the text of the message in a body with this function, which knows the webhook, and returns
/// the response that all senders take for a success. A text longer than `max_chars` is cut.
pub(super) async fn receive<F: Future<Output = Result<()>>>(
    content_type: &str,
    body: &[u8],
    max_chars: usize,
    post: impl FnOnce(String) -> F,
) -> Result<Response> {
    post(slack::read(content_type, body, max_chars)?).await?;
    Ok(respond::plain(StatusCode::OK, error::OK))
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use warp::http::header::CONTENT_TYPE;

    use super::*;
    use crate::model::Error;

    #[tokio::test]
    async fn a_message_is_posted_and_answered_with_two_bytes() {
        let mut posted = Vec::new();
        let post = |text| {
            posted.push(text);
            std::future::ready(Ok(()))
        };
        let body = br#"{"text":"*Build* 17","username":"CI","channel":"\u0023ops"}"#;
        let response = receive("application/json", body, 4000, post).await.expect("a success");
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/plain");
        let answer = response.into_body().collect().await.expect("a body").to_bytes();
        assert_eq!(&*answer, b"ok");
        assert_eq!(posted, ["**Build** 17"]);
    }

    #[tokio::test]
    async fn nothing_is_posted_from_a_body_without_a_text() {
        for (body, wanted) in [(&b"{}"[..], "no_text"), (b"{", "invalid_payload")] {
            let post = |text| -> std::future::Ready<Result<()>> { panic!("{text}") };
            let refused = receive("application/json", body, 4000, post).await.expect_err("none");
            let answer = error::answer(&refused);
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
            let word = answer.into_body().collect().await.expect("a body").to_bytes();
            assert_eq!(&*word, wanted.as_bytes());
        }
    }

    #[tokio::test]
    async fn what_refuses_the_message_is_the_answer() {
        let post = |_| std::future::ready(Err(Error::Archived));
        let refused = receive("", b"{\"text\":\"x\"}", 4000, post).await;
        assert_eq!(refused.expect_err("refused"), Error::Archived);
    }
}
