//! The routes of webhooks and late answers, and what `chat` does with their messages.

use warp::http::header::CONTENT_TYPE;
use warp::http::{Method, StatusCode};
use warp::reply::Response;

use super::{Operation, docs, error, receive};
use crate::api::openapi::{About, Described};
use crate::api::request::Request;
use crate::api::{Dialect, Route, respond};
use crate::chat::Chat;
use crate::model::{Error, Result};
use crate::slack;

/// The paths under `/hooks`.
pub(in crate::api) struct Hooks;

impl Dialect for Hooks {
    const NAME: &'static str = "hooks";
    const COOKIE: Option<&'static str> = None;
    const PREFIXES: &'static [&'static str] = &["hooks"];
    type Operation = Operation;
    const ROUTES: &'static [Route<Operation>] = &[
        Route { method: Method::POST, template: "/hooks/{token}", operation: Operation::Post },
        Route {
            method: Method::POST,
            template: "/hooks/commands/{token}",
            operation: Operation::Answer,
        },
    ];

    async fn call(chat: Chat, operation: Operation, request: Request) -> Result<Response> {
        match operation {
            Operation::Post => post(&chat, request).await,
            Operation::Answer => answer(&chat, request).await,
        }
    }

    fn error(error: &Error) -> Response {
        error::answer(error)
    }

    const ABOUT: About = docs::ABOUT;

    fn describe(operation: Operation) -> Described {
        docs::describe(operation)
    }
}

/// A late answer to a slash command. Its body is read once it is known that one is expected.
async fn answer(chat: &Chat, mut request: Request) -> Result<Response> {
    let to = chat.open_answer(request.param("token")).await;
    let to = &to.inspect_err(|error| request.count_stranger(error))?;
    let body = request.body().await?;
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let longest = request.config.rooms.max_message_chars;
    let answer = slack::answer(kind.unwrap_or_default(), &body, longest)?;
    chat.answer_later(to, answer).await?;
    Ok(respond::plain(StatusCode::OK, error::OK))
}

async fn post(chat: &Chat, mut request: Request) -> Result<Response> {
    let hook = chat.open_webhook(request.param("token"), request.client()).await;
    let hook = &hook.inspect_err(|error| request.count_stranger(error))?;
    let body = request.body().await?;
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let longest = request.config.rooms.max_message_chars;
    let request = &request;
    let posting =
        |text| async move { chat.post_by_webhook(hook, text, request.client()).await.map(drop) };
    receive(kind.unwrap_or_default(), &body, longest, posting).await
}
