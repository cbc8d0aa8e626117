//! What the reference says of administration, which is no dialect but spoken like the native one.

use serde_json::{Value, json};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::{Administrator, Operation, SetUp};
use crate::admin::{Command, items};
use crate::api::Dialect;
use crate::api::chatrooms::Chatrooms;
use crate::api::openapi::{About, Described, Shape, carriers, types};
use crate::model::{Claim, Error};

/// Administration as a whole.
pub(super) const ABOUT: About = About {
    text: "The first administrator, and what administrators do over HTTP; credentials and errors \
           as in `chatrooms`. For everybody who is no administrator of the server, `/api/admin` \
           answers 404.",
    carriers: &[carriers::JWT_COOKIE, carriers::BEARER],
    failure: Chatrooms::ABOUT.failure,
};

/// A route.
pub(super) fn describe(operation: Operation) -> Described {
    match operation {
        Operation::SetUp => Described::new("Make the first administrator")
            .text(
                "Once, while there is no administrator, whoever has registered meanwhile. The \
                 link that `serve` prints carries the token.",
            )
            .open()
            .body::<SetUp>()
            .answers(201, "The administrator", Shape::of::<Administrator>())
            .fails([Error::Forbidden, Error::Taken(Claim::Login)]),
        Operation::Command => Described::new("Carry out an administration command")
            .text(
                "As the command line gives it to the running server; commands that touch files \
                 are refused with 403. Codes of failures: `usage`, `not_permitted`, `not_found`, \
                 `conflict`, `unreachable`, `failed`.",
            )
            .hidden()
            .json_body(command())
            .answers(200, "What it said; `problems` when a check has found something", said())
            .fails([Error::Forbidden, Error::Taken(Claim::Login)]),
        Operation::Log => Described::new("Read the log along")
            .text("One JSON object a line, until the reader goes or may not any more.")
            .hidden()
            .query(
                "level",
                types::word(&["error", "warn", "info", "debug", "trace"], "info"),
                "The least level",
            )
            .query("user", types::text(), "Lines of this user only")
            .query("room", types::text(), "Lines of this room only")
            .answers_as(
                200,
                "Lines, as they are written; the schema is that of one",
                "application/x-ndjson",
                Some(Shape::of::<items::Entry>()),
            )
            .fails([Error::invalid("level", "breaks a rule")]),
    }
}

/// A command, with an example of each that is taken over HTTP.
fn command() -> Shape {
    Shape::of::<Command>().with_examples(examples())
}

/// Commands that succeed in any order, where `bob` and `cyd` are in `room001`.
pub(in crate::api) fn examples() -> [Value; 34] {
    [
        json!({"user.list": {}}),
        json!({"user.show": {"name": "bob"}}),
        json!({"user.create": {"name": "dan", "password": "correct horse", "display_name": "Dan", "email": "dan@example.org", "if_not_exists": true}}),
        json!({"user.passwd": {"name": "bob", "password": "correct horse"}}),
        json!({"user.without_password": {}}),
        json!({"user.rename": {"name": "bob", "to": "Bob"}}),
        json!({"user.disable": {"name": "bob"}}),
        json!({"user.enable": {"name": "bob"}}),
        json!({"user.delete": {"name": "bob", "dry_run": true}}),
        json!({"user.promote": {"name": "bob"}}),
        json!({"user.demote": {"name": "bob"}}),
        json!({"user.mark": {"name": "bob", "bot": true}}),
        json!({"user.sessions": {"name": "bob"}}),
        json!({"user.logout": {"name": "bob"}}),
        json!({"room.list": {}}),
        json!({"room.show": {"room": "room001"}}),
        json!({"room.create": {"name": "Library", "owner": "cyd", "public": true, "members": ["cyd"], "if_not_exists": true}}),
        json!({"room.rename": {"room": "room001", "to": "Study"}}),
        json!({"room.settings": {"room": "room001", "topic": "Books", "description": "About what we read", "archived": false}}),
        json!({"room.delete": {"room": "room001", "dry_run": true}}),
        json!({"room.members": {"room": "room001"}}),
        json!({"room.add": {"room": "room001", "name": "cyd", "role": "member", "if_not_exists": true}}),
        json!({"room.remove": {"room": "room001", "name": "cyd", "if_exists": true}}),
        json!({"room.role": {"room": "room001", "name": "bob", "role": "sub-admin"}}),
        json!({"room.purge": {"room": "room001", "older_than_days": 365, "dry_run": true}}),
        json!({"log.level": {"level": "info"}}),
        json!({"log.rotate": {}}),
        json!({"db.status": {}}),
        json!({"db.check": {}}),
        json!({"db.vacuum": {}}),
        json!({"db.reindex": {}}),
        json!({"db.stats": {}}),
        json!({"status": {}}),
        json!({"doctor": {"only": ["schema"]}}),
    ]
}

/// What commands say: which one says what stands in the description of each.
fn said() -> Shape {
    let all = [
        Shape::of::<items::User>(),
        Shape::of::<items::Account>(),
        Shape::of::<items::Leaving>(),
        Shape::of::<items::Session>(),
        Shape::of::<items::LoggedOut>(),
        Shape::of::<items::Card>(),
        Shape::of::<items::Deleted>(),
        Shape::of::<items::Member>(),
        Shape::of::<items::Removed>(),
        Shape::of::<items::Purged>(),
        Shape::of::<items::Level>(),
        Shape::of::<items::Database>(),
        Shape::of::<items::Problem>(),
        Shape::of::<items::Vacuumed>(),
        Shape::of::<items::Reindexed>(),
        Shape::of::<items::Stats>(),
        Shape::of::<items::Condition>(),
        Shape::of::<items::Finding>(),
    ];
    let problems = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("What a check has found, in a few words"));
    let object = ObjectBuilder::new().property("problems", problems);
    Shape::list_of_any(all, "As many things as the command has to tell").within("items", object)
}
