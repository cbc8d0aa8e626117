//! What the reference says of administration, which is no dialect but spoken like the native one.

use serde_json::json;
use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, SchemaType, Type};

use super::{About, Described, Shape, carriers, words};
use crate::api::Dialect;
use crate::api::administration::{Operation, SetUp};
use crate::api::chatrooms::Chatrooms;
use crate::model::{Claim, Error};

/// Administration as a whole.
pub(in crate::api) const ABOUT: About = About {
    text: "The first administrator, and what administrators do over HTTP; credentials and errors as in `chatrooms`. \
           For everybody who is no administrator of the server, `/api/admin` answers 404.",
    carriers: &[carriers::JWT_COOKIE, carriers::BEARER],
    failure: Chatrooms::ABOUT.failure,
};

/// A route.
pub(in crate::api) fn describe(operation: Operation) -> Described {
    let items = || ArrayBuilder::new().items(ObjectBuilder::new().schema_type(SchemaType::AnyValue)).build();
    match operation {
        Operation::SetUp => Described::new("Make the first administrator")
            .text("Once, while there is no user. The link that `serve` prints carries the token.")
            .open()
            .body::<SetUp>()
            .answers(201, "The administrator", made())
            .fails([Error::Forbidden, Error::Taken(Claim::Login)]),
        Operation::Command => Described::new("Carry out an administration command")
            .text(
                "As the command line gives it to the running server; commands that touch files are refused with 403. \
                 Codes of failures: `usage`, `not_permitted`, `not_found`, `conflict`, `unreachable`, `failed`.",
            )
            .hidden()
            .json_body(command())
            .answers(
                200,
                "What it said; `problems` when a check has found something",
                Shape::plain(ObjectBuilder::new().property("items", items()).property("problems", words::text()).required("items")),
            )
            .fails([Error::Forbidden, Error::Taken(Claim::Login)]),
        Operation::Log => Described::new("Read the log along")
            .text("One JSON object a line, `{time, level, user?, room?, message}`, until the reader goes or may not any more.")
            .hidden()
            .query("level", words::word(&["error", "warn", "info", "debug", "trace"], "info"), "The least level")
            .query("user", words::text(), "Lines of this user only")
            .query("room", words::text(), "Lines of this room only")
            .answers_as(200, "Lines, as they are written", "application/x-ndjson", Some(Shape::plain(words::text())))
            .fails([Error::invalid("level", "breaks a rule")]),
    }
}

fn made() -> Shape {
    let user = ObjectBuilder::new().property("userId", words::text()).property("id", words::natural());
    let user = user.property("admin", ObjectBuilder::new().schema_type(Type::Boolean)).required("userId").required("id").required("admin");
    Shape::plain(user)
}

/// One command by its name, with its fields.
fn command() -> Shape {
    let fields = ObjectBuilder::new().schema_type(Type::Object).build();
    let command = ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::RefOr(fields.into())))
        .min_properties(Some(1))
        .max_properties(Some(1))
        .examples([json!({"status": {}}), json!({"user.disable": {"name": "bob"}})]);
    Shape::plain(command)
}
