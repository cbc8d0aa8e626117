//! What the API reference says of `chats`.

use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::{Operation, wire};
use crate::api::openapi::{About, Described, Shape, carriers, types};
use crate::model::Error;

/// The dialect as a whole.
pub(super) const ABOUT: About = About {
    text: "REST below `/chats` and `/auth`: rooms and who is in them. A login travels as \
           `Authorization: Bearer <accessToken>`. Bodies are JSend; success is always 200. A \
           token that is missing, malformed, expired or revoked is 400 `Invalid authorization`, \
           decided before anything else; then come id and body, 404, 401, `Lack of userIds`, \
           `Invalid userIds`.",
    carriers: &[carriers::BEARER],
    failure: Shape::of::<wire::Failure<'_>>,
};

/// A route.
pub(super) fn describe(operation: Operation) -> Described {
    let chat = |described: Described| {
        described.path("id", types::natural(), "Number of the chat").fails([
            invalid("id"),
            Error::RoomNotFound,
            Error::Forbidden,
        ])
    };
    match operation {
        Operation::LogIn => Described::new("Log in by e-mail address or login name")
            .open()
            .body::<wire::Credentials>()
            .answers(200, "Both tokens", success(Shape::of::<wire::Opened<'_>>()))
            .fails([Error::BadCredentials { known: true }, Error::ForeignOrigin]),
        Operation::Refresh => Described::new("A fresh access token")
            .open()
            .body::<wire::Refresh>()
            .answers(
                200,
                "The token; it lives one hour unless configured otherwise, and dies with its \
                 session",
                success(Shape::of::<wire::Refreshed<'_>>()),
            )
            .fails([invalid("refreshToken"), Error::ForeignOrigin]),
        Operation::CreateChat => Described::new("Make a chat")
            .text("The caller becomes a participant, listed or not.")
            .body::<wire::NewChat>()
            .answers(200, "The chat", success(Shape::of::<wire::Chat<'_>>()))
            .fails([Error::TooFew("userIds"), Error::UserNotFound, invalid("name")]),
        Operation::Chats => Described::new("My chats")
            .query("page[size]", types::number(1, Some(100), Some(50)), "Chats on a page")
            .query("page[index]", types::number(0, None, Some(0)), "Which page")
            .query("page[order]", types::word(&["asc", "desc"], "desc"), "By id")
            .answers(200, "One page, ordered by id", success(Shape::list_of::<wire::Chat<'_>>()))
            .fails([invalid("page[size]"), invalid("page[index]"), invalid("page[order]")]),
        Operation::ChangeChat => chat(Described::new("Change name and participants in one step"))
            .text("`userIds` replaces the whole membership.")
            .body::<wire::ChangeChat>()
            .answers(200, "The chat", success(Shape::of::<wire::Chat<'_>>()))
            .fails([Error::TooFew("userIds"), Error::UserNotFound, invalid("name")]),
        Operation::DeleteChat => chat(Described::new("Delete a chat")).answers(
            200,
            "It is gone",
            success(Shape::plain(ObjectBuilder::new().schema_type(Type::Null))),
        ),
    }
}

fn invalid(field: &'static str) -> Error {
    Error::invalid(field, "breaks a rule")
}

/// JSend around what was asked for.
fn success(data: Shape) -> Shape {
    data.within(
        "data",
        ObjectBuilder::new().property("status", types::always("success")).required("status"),
    )
}
