//! The request of a command to its program: the form of Slack, signed as outgoing webhooks are.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Response, Url};

use crate::chat::outgoing::sign;
use crate::egress::{Egress, chain};
use crate::model::{CommandProblem, ProgramAnswer, SlashCommand, Timestamp};
use crate::slack;

/// How long a program may take for its first answer, as with Slack.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of the longest answer.
const LONGEST: usize = 64 * 1024;

/// Why there is no answer: what the sender is told, and the reason for the log.
pub(super) type Failed = (CommandProblem, String);

/// Sends the fields to the program, and returns what it answers, cut to `max` characters. The name in
/// the address is resolved once, and redirects are not followed.
pub(super) async fn send(
    egress: Egress,
    command: &SlashCommand,
    fields: &[(&str, String)],
    max: usize,
) -> Result<ProgramAnswer, Failed> {
    let sent = tokio::time::timeout(PATIENCE, try_send(egress, command, fields, max)).await;
    sent.unwrap_or_else(|_| {
        let why = format!("it did not answer within {} s", PATIENCE.as_secs());
        Err((CommandProblem::TimedOut, why))
    })
}

async fn try_send(
    egress: Egress,
    command: &SlashCommand,
    fields: &[(&str, String)],
    max: usize,
) -> Result<ProgramAnswer, Failed> {
    let unreachable = |why: String| (CommandProblem::Unreachable, why);
    let url = Url::parse(&command.url).map_err(|error| unreachable(error.to_string()))?;
    let client = egress.client(&url).await.map_err(unreachable)?;
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| unreachable(error.to_string()))?;
    let id = format!("msg_{}", hex::encode(random));
    let seconds = Timestamp::now().unix_seconds();
    let answer = client
        .post(url)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("webhook-id", &id)
        .header("webhook-timestamp", seconds.to_string())
        .header("webhook-signature", sign::signature(&command.secret.0, &id, seconds, &body))
        .body(body)
        .send()
        .await
        // The address may contain a secret.
        .map_err(|error| unreachable(chain(&error.without_url())))?;
    let status = answer.status();
    if !status.is_success() {
        let code = status.as_u16();
        return Err((CommandProblem::Status(code), format!("the program answered {code}")));
    }
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().to_owned();
    let body = read(answer).await?;
    slack::answer(&kind, &body, max)
        .map_err(|error| (CommandProblem::Unreadable, format!("its answer is no JSON: {error}")))
}

async fn read(mut answer: Response) -> Result<Vec<u8>, Failed> {
    let mut body = Vec::new();
    loop {
        let chunk = answer.chunk().await;
        let chunk =
            chunk.map_err(|error| (CommandProblem::Unreadable, chain(&error.without_url())))?;
        let Some(chunk) = chunk else { return Ok(body) };
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST {
            let why = format!("its answer has more than {LONGEST} bytes");
            return Err((CommandProblem::TooLong, why));
        }
    }
}
