//! API reference texts of webhooks.

use utoipa::openapi::schema::{ArrayBuilder, Object, ObjectBuilder};

use super::{Operation, error};
use crate::api::openapi::{About, Described, Shape, types};
use crate::model::Error;

/// Description of webhooks.
pub(super) const ABOUT: About = About {
    text: "Incoming webhooks: programs post messages to one room, in the format of Slack and \
           Mattermost. The token in the path is the credential. Responses are one word of plain \
           text.",
    carriers: &[],
    failure: || Shape::plain(types::text()),
};

/// Describes an operation.
pub(super) fn describe(operation: Operation) -> Described {
    match operation {
        Operation::Post => {
            let described = Described::new("Post a message through a webhook").text(
                "The body is JSON, or a form whose field `payload` contains it. Unknown fields are \
                 ignored, and values of another type count as empty. `blocks` replace `text`, and \
                 `attachments` follow it. Slack's formatting becomes that of our messages; a text \
                 that is too long is cut.",
            );
            accepting(described, "Token of the webhook", "The message is posted")
        }
        Operation::Answer => {
            let described = Described::new("Answer a slash command later").text(
                "The `response_url` of the request to the program of a slash command. It accepts \
                 five answers in 30 minutes. The body is the one of an answer to that request: \
                 `response_type` is `in_channel` for a message that everybody in the room sees, \
                 otherwise the answer is shown to the sender of the command if a page is open, and \
                 not stored.",
            );
            accepting(
                described,
                "The signed end of the `response_url`",
                "The answer is posted or shown",
            )
        }
    }
}

/// A message in the format of Slack, sent to a token.
fn accepting(described: Described, token: &'static str, done: &'static str) -> Described {
    let ok = Shape::plain(types::always(error::OK));
    described
        .open()
        .path("token", types::text(), token)
        .json_body(Shape::plain(payload()))
        .answers_as(200, done, "text/plain", Some(ok))
        .fails([
            Error::Empty("text"),
            Error::Forbidden,
            Error::BadSession,
            Error::RoomNotFound,
            Error::Archived,
        ])
}

fn payload() -> Object {
    let objects = || ArrayBuilder::new().items(Object::new()).build();
    ObjectBuilder::new()
        .property("text", types::text())
        .property("response_type", types::text())
        .property("attachments", objects())
        .property("blocks", objects())
        .build()
}
