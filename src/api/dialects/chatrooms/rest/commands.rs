//! Slash commands.

use warp::http::StatusCode;
use warp::reply::Response;

use crate::api::chatrooms::wire;
use crate::api::request::Request;
use crate::api::respond::json;
use crate::chat::{Chat, SentCommand};
use crate::model::{MessageRef, Result};

pub(super) async fn list(chat: &Chat, request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let found = chat.room_commands(&session, request.room("roomId")).await?;
    Ok(json(StatusCode::OK, &wire::SlashCommands::from(found.as_slice())))
}

pub(super) async fn run(chat: &Chat, mut request: Request) -> Result<Response> {
    let session = request.session(chat).await?;
    let wire::RunCommand { command, text, reply_to } = request.json().await?;
    let sent = SentCommand {
        name: command,
        text: text.unwrap_or_default(),
        reply_to: reply_to.as_deref().map(MessageRef::parse),
    };
    let outcome = chat.run_command(&session, request.room("roomId"), sent).await?;
    Ok(json(StatusCode::OK, &wire::CommandOutcome::from(&outcome)))
}
