//! Slash commands.

use crate::api::chatrooms::wire;
use crate::api::openapi::{Described, Shape};
use crate::model::Error;

use super::{bad, in_room};

pub(super) fn list() -> Described {
    in_room(Described::new("List the slash commands of a room"))
        .text(
            "Those that I may send there, ascending by name; none where I may not post. \
             Administrators create them (`chatctl slash-command`).",
        )
        .answers(200, "The commands", Shape::of::<wire::SlashCommands<'_>>())
}

pub(super) fn run() -> Described {
    in_room(Described::new("Send a slash command"))
        .text(
            "The server asks the program of the command, for three seconds at most. An answer that \
             everybody sees is posted as a message of the bot of the command, and is in `message`. \
             One that only I see is in `content` and is not stored. The program can answer later, \
             too: my sockets are notified with `command_response`. A command that was sent to its \
             program is answered with 200, whatever the program has said. A message of \
             `POST /api/chatrooms/{roomId}/messages` or `chat_message` that begins with `/` is an \
             ordinary message.",
        )
        .json_body(Shape::of::<wire::RunCommand>())
        .answers(200, "What has become of it", Shape::of::<wire::CommandOutcome<'_>>())
        .fails([bad("text"), Error::Forbidden, Error::CommandNotFound, Error::MessageNotFound])
}
