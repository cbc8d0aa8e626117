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
        Operation::Post => Described::new("Post a message through a webhook")
            .text(
                "The body is JSON, or a form whose field `payload` contains it. Unknown fields are \
                 ignored, and values of another type count as empty. `blocks` replace `text`, and \
                 `attachments` follow it. Slack's formatting becomes that of our messages; a text \
                 that is too long is cut.",
            )
            .open()
            .path("token", types::text(), "Token of the webhook")
            .json_body(Shape::plain(payload()))
            .answers_as(
                200,
                "The message is posted",
                "text/plain",
                Some(Shape::plain(types::always(error::OK))),
            )
            .fails([
                Error::Empty("text"),
                Error::Forbidden,
                Error::BadSession,
                Error::RoomNotFound,
                Error::Archived,
            ]),
        Operation::Answer => Described::new("Answer a slash command later")
            .text(
                "The `response_url` of the request to the program of a slash command. It accepts five \
                 answers in 30 minutes. The body is the one of an answer to that request: \
                 `response_type` is `in_channel` for a message that everybody in the room sees, \
                 otherwise the answer is shown to the sender of the command if a page is open, and \
                 not stored.",
            )
            .open()
            .path("token", types::text(), "The signed end of the `response_url`")
            .json_body(Shape::plain(payload()))
            .answers_as(
                200,
                "The answer is posted or shown",
                "text/plain",
                Some(Shape::plain(types::always(error::OK))),
            )
            .fails([
                Error::Empty("text"),
                Error::Forbidden,
                Error::BadSession,
                Error::RoomNotFound,
                Error::Archived,
            ]),
    }
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
