//! Previews of links.

use utoipa::openapi::schema::Object;

use super::messages::of_message;
use crate::api::chatrooms::wire;
use crate::api::openapi::{Described, Shape, types};
use crate::model::Error;

pub(super) fn previews() -> Described {
    of_message(Described::new("List previews of the links in a message"))
        .text(
            "Title, description, site and picture of the pages that the first three links of the \
             message lead to. The server fetches these pages when they are first asked for, and \
             again after an hour, which may take as long as `[link_previews] timeout_seconds`. \
             Links in `<…>` and in code have no preview, nor have pages that cannot be fetched or \
             have no title. The list is empty unless `[link_previews] enabled` is set. 429: try \
             again later, since too many links are being fetched.",
        )
        .answers(200, "Previews in the order of the links", Shape::of::<wire::LinkPreviews<'_>>())
}

pub(super) fn picture() -> Described {
    let bytes = || Some(Shape::plain(Object::new()));
    of_message(Described::new("Download the picture of a preview"))
        .text("A JPEG or WebP picture of at most 320 pixels, encoded by this server.")
        .path("key", types::text(), "The `key` of the `picture`")
        .answers_as(200, "The picture", "*/*", bytes())
        .header("ETag", "Value for `If-None-Match` and `If-Range`")
        .answers_as(206, "The range requested with `Range`", "*/*", bytes())
        .header("Content-Range", "The range and the size of the picture")
        .empty(304, "Unchanged since the version in `If-None-Match`")
        .empty(416, "The range is outside of it")
        .header("Content-Range", "Size of the picture")
        .fails([Error::MediaNotFound])
}
