//! API reference texts of `chats`.

use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::{Operation, wire};
use crate::api::openapi::{About, Described, Shape, carriers, types};
use crate::model::Error;

/// Description of the dialect.
pub(super) const ABOUT: About = About {
    text: "REST under `/chats` and `/auth`: rooms and their participants. Credentials are sent as \
           `Authorization: Bearer <accessToken>`. Bodies follow JSend; the status of every success \
           is 200. A token that is missing, malformed, expired or revoked is 400 `Invalid \
           authorization`, checked before anything else; then follow id and body, 404, 401, `Lack \
           of userIds` and `Invalid userIds`.",
    carriers: &[carriers::BEARER],
    failure: Shape::of::<wire::Failure<'_>>,
};

/// Describes an operation.
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
            .answers(200, "Access and refresh token", success(Shape::of::<wire::Opened<'_>>()))
            .fails([Error::BadCredentials { known: true }, Error::ForeignOrigin]),
        Operation::Refresh => Described::new("Refresh the access token")
            .open()
            .body::<wire::Refresh>()
            .answers(
                200,
                "The token; valid for one hour unless configured otherwise, and only as long as \
                 its session",
                success(Shape::of::<wire::Refreshed<'_>>()),
            )
            .fails([invalid("refreshToken"), Error::ForeignOrigin]),
        Operation::CreateChat => Described::new("Create a chat")
            .text("The caller always becomes a participant.")
            .body::<wire::NewChat>()
            .answers(200, "The chat", success(Shape::of::<wire::Chat<'_>>()))
            .fails([Error::TooFew("userIds"), Error::UserNotFound, invalid("name")]),
        Operation::Chats => Described::new("List my chats")
            .query("page[size]", types::number(1, Some(100), Some(50)), "Number of chats per page")
            .query(
                "page[index]",
                types::number(0, None, Some(0)),
                "Index of the page, starting at 0",
            )
            .query("page[order]", types::word(&["asc", "desc"], "desc"), "Order by id")
            .answers(
                200,
                "One page of chats, ordered by id",
                success(Shape::list_of::<wire::Chat<'_>>()),
            )
            .fails([invalid("page[size]"), invalid("page[index]"), invalid("page[order]")]),
        Operation::ChangeChat => {
            chat(Described::new("Replace the name and participants of a chat"))
                .text("`userIds` is the complete list of participants.")
                .body::<wire::ChangeChat>()
                .answers(200, "The chat", success(Shape::of::<wire::Chat<'_>>()))
                .fails([Error::TooFew("userIds"), Error::UserNotFound, invalid("name")])
        }
        Operation::DeleteChat => chat(Described::new("Delete a chat")).answers(
            200,
            "The chat is deleted",
            success(Shape::plain(ObjectBuilder::new().schema_type(Type::Null))),
        ),
    }
}

fn invalid(field: &'static str) -> Error {
    Error::invalid(field, "breaks a rule")
}

/// Wraps a schema in a JSend success.
fn success(data: Shape) -> Shape {
    data.within(
        "data",
        ObjectBuilder::new().property("status", types::always("success")).required("status"),
    )
}
