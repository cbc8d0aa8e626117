//! The caller's own API tokens.

use super::bad;
use crate::api::chatrooms::wire;
use crate::api::openapi::{Described, Shape, types};
use crate::model::{Claim, Error};

pub(super) fn list() -> Described {
    Described::new("List my API tokens").answers(
        200,
        "Tokens, newest first, without their secrets",
        tokens(),
    )
}

pub(super) fn create() -> Described {
    Described::new("Create an API token of mine")
        .text("Refused with 403 to API tokens, and unless `[auth] personal_tokens` is set.")
        .body::<wire::NewToken>()
        .answers(201, "The token, with its secret this once", Shape::of::<wire::Token<'_>>())
        .fails([Error::Forbidden, Error::Taken(Claim::Token), bad("name")])
}

pub(super) fn revoke() -> Described {
    Described::new("Revoke an API token of mine")
        .path("id", types::natural(), "Public id of the token")
        .empty(204, "The token and its sockets have ended")
        .fails([Error::Forbidden, Error::SessionNotFound])
}

fn tokens() -> Shape {
    Shape::of::<wire::Tokens<'_>>()
}
