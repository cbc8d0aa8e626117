//! Custom emoji.

use super::bad;
use crate::api::chatrooms::wire;
use crate::api::openapi::{Described, Shape, types};
use crate::model::{Claim, Error};

pub(super) fn list() -> Described {
    Described::new("List the custom emoji of the server")
        .text(
            "Messages contain them as `:name:`, and so do reactions; a name of no emoji stays the \
             text that it is. The picture of each is downloaded with `GET /api/media/{name}`. My \
             sockets are notified of changes with `emoji_added` and `emoji_removed`.",
        )
        .answers(200, "All custom emoji, ascending by name", Shape::of::<wire::EmojiList<'_>>())
}

pub(super) fn add() -> Described {
    Described::new("Add a custom emoji")
        .text(
            "For administrators of the server, and for everybody but guests if `[rooms] \
             custom_emoji` is `everyone`. The body is the picture: PNG, JPEG, GIF or WebP, at most \
             256 KiB, with sides of at most 1,024 pixels. There can be 1,000 custom emoji.",
        )
        .query_needed(
            "name",
            types::emoji_name(),
            "2 to 64 lower-case Latin letters, digits, `_`, `-` or `+`; not the name of a built-in \
             emoji",
        )
        .raw_body()
        .answers(201, "The emoji", Shape::of::<wire::Emoji<'_>>())
        .fails([bad("name"), Error::Forbidden, Error::Taken(Claim::Emoji)])
}

pub(super) fn remove() -> Described {
    Described::new("Delete a custom emoji")
        .text(
            "For administrators of the server, and for those who have added it as long as they may \
             add emoji. Messages and reactions with its name stay, as text.",
        )
        .path("name", types::text(), "Its name, without colons")
        .empty(204, "The emoji is deleted")
        .fails([Error::Forbidden, Error::EmojiNotFound])
}
