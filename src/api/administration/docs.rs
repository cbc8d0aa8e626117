//! API reference texts of administration: not a dialect, but it follows `chatrooms`.

use serde_json::{Value, json};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::audit::AuditPage;
use super::invitation::{AcceptInvitation, Accepted, CheckInvitation, Offer};
use super::reset::{CheckReset, MailReset, Owner, Reset};
use super::{Administrator, CheckSetUp, Operation, ServerFacts, SetUp, icon};
use crate::admin::{Command, items};
use crate::api::Dialect;
use crate::api::chatrooms::Chatrooms;
use crate::api::openapi::{About, Described, Shape, carriers, types};
use crate::model::{Claim, Error};

/// Description of administration.
pub(super) const ABOUT: About = About {
    text: "Facts about the server, creating the first administrator, new passwords through links, what \
           invitations offer, and administration over HTTP; credentials and errors \
           as in `chatrooms`. For users who are not server administrators, `/api/admin` answers \
           404.",
    carriers: &[carriers::JWT_COOKIE, carriers::BEARER],
    failure: Chatrooms::ABOUT.failure,
};

/// Describes an operation.
pub(super) fn describe(operation: Operation) -> Described {
    match operation {
        Operation::Server => Described::new("Get facts about the server")
            .text("What a page for logging in needs to know.")
            .open()
            .answers(200, "The facts", Shape::of::<ServerFacts>()),
        Operation::Icon => icon::describe(),
        Operation::CheckSetUp => Described::new("Check a link for the first administrator")
            .text("Tells whether `POST /api/setup` would accept the token now.")
            .open()
            .body::<CheckSetUp>()
            .empty(204, "It would")
            .fails([Error::Forbidden]),
        Operation::SetUp => Described::new("Create the first administrator")
            .text(
                "Works once, as long as there is no administrator, even if other users have \
                 registered. The token is in the link that `serve` prints.",
            )
            .open()
            .body::<SetUp>()
            .answers(201, "The administrator", Shape::of::<Administrator>())
            .fails([Error::Forbidden, Error::Taken(Claim::Login)]),
        Operation::CheckReset => check_reset(),
        Operation::Reset => reset(),
        Operation::MailReset => mail_reset(),
        Operation::CheckInvitation => check_invitation(),
        Operation::AcceptInvitation => accept_invitation(),
        Operation::OidcLogIn => super::oidc::describe_log_in(),
        Operation::OidcCallback => super::oidc::describe_callback(),
        Operation::Command => Described::new("Run an administration command")
            .text(
                "Commands have the form in which the command line sends them to the running \
                 server; commands that access files are refused with 403. Failure codes: `usage`, \
                 `not_permitted`, `not_found`, `conflict`, `unreachable`, `failed`.",
            )
            .hidden()
            .json_body(command())
            .answers(200, "Output of the command; `problems` if a check has found any", said())
            .fails([Error::Forbidden, Error::Taken(Claim::Login)]),
        Operation::Log => Described::new("Follow the log")
            .text(
                "Streams one JSON object per line until the client disconnects or is no longer \
                   an administrator.",
            )
            .hidden()
            .query(
                "level",
                types::word(&["error", "warn", "info", "debug", "trace"], "info"),
                "Minimum level",
            )
            .query("user", types::text(), "Only lines about this user")
            .query("room", types::text(), "Only lines about this room")
            .answers_as(
                200,
                "Log lines as they are written; the schema describes one line",
                "application/x-ndjson",
                Some(Shape::of::<items::Entry>()),
            )
            .fails([Error::invalid("level", "breaks a rule")]),
        Operation::Audit => audit(),
    }
}

fn check_reset() -> Described {
    Described::new("Check a link for a new password")
        .text("Tells whose password `POST /api/reset` would set with the token now.")
        .open()
        .body::<CheckReset>()
        .answers(200, "The user", Shape::of::<Owner>())
        .fails([Error::Forbidden])
}

fn reset() -> Described {
    Described::new("Set a new password through a link")
        .text(
            "Works once. An administrator creates the link, or the server mails it; the token \
             follows `#reset=` in it. Ends all sessions of the user.",
        )
        .open()
        .body::<Reset>()
        .answers(200, "The user", Shape::of::<Owner>())
        .fails([Error::Forbidden])
}

fn mail_reset() -> Described {
    Described::new("Have a link for a new password mailed")
        .text(
            "The answer is the same whether there is such an account or not. The link goes to the \
             e-mail address of the account and works once, for an hour. 404 if the server does not \
             mail links (`[auth] reset_by_mail`, `[mail]`, `[server] public_url`).",
        )
        .open()
        .body::<MailReset>()
        .empty(204, "If there is such an account with an e-mail address, a letter is under way")
        .fails([Error::NotFound])
}

fn check_invitation() -> Described {
    Described::new("Check an invitation")
        .text(
            "Tells what an invitation offers: who invites, to which rooms, until when. The token \
             follows `#invite=` in the link; `POST /api/users` creates the account.",
        )
        .open()
        .body::<CheckInvitation>()
        .answers(200, "The invitation, which may have ended", Shape::of::<Offer>())
        .fails([Error::Forbidden])
}

fn accept_invitation() -> Described {
    Described::new("Join the rooms of an invitation")
        .text(
            "For people who have an account: they join the rooms that they are not in yet, which is \
             one use, and stay members or guests as they are. `POST /api/users` creates an account.",
        )
        .body::<AcceptInvitation>()
        .answers(200, "All rooms of the invitation", Shape::of::<Accepted>())
        .fails([Error::invalid("invitation", "has been used up"), Error::Forbidden])
}

fn audit() -> Described {
    Described::new("Read the audit log")
        .text(
            "Administrative changes with who made them, from where, and what changed. Entries \
                 are only removed by age (`[audit] days`).",
        )
        .hidden()
        .query(
            "action",
            types::text(),
            "An action such as `user.disable`, or a noun such as `user`",
        )
        .query(
            "user",
            types::text(),
            "Only what this person did, or what was done to their account",
        )
        .query("since", types::timestamp(), "Only entries from this time on")
        .query("until", types::timestamp(), "Only entries before this time")
        .query("before", types::natural(), "The `cursor` of the previous page")
        .query("limit", types::number(1, Some(200), Some(50)), "Maximum number of entries")
        .answers(200, "Entries, newest first", Shape::of::<AuditPage>())
        .fails([Error::invalid("since", "breaks a rule")])
}

/// A command, with an example of each one that is available over HTTP.
fn command() -> Shape {
    Shape::of::<Command>().with_examples(examples())
}

/// A picture of one pixel.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA\
                     AABJRU5ErkJggg==";

/// Commands that succeed in any order if `bob` and `cyd` are in `room001`, and there is an outgoing
/// webhook `tickets`.
#[expect(clippy::too_many_lines, reason = "one example for each command")]
pub(in crate::api) fn examples() -> [Value; 74] {
    [
        json!({"user.list": {}}),
        json!({"user.show": {"name": "bob"}}),
        json!({"user.create": {
            "name": "dan", "password": "correct horse", "display_name": "Dan",
            "email": "dan@example.org", "if_not_exists": true,
        }}),
        json!({"user.passwd": {"name": "bob", "password": "correct horse"}}),
        json!({"user.reset_link": {"name": "bob", "expires_seconds": 7200}}),
        json!({"user.reset_second_factor": {"name": "bob"}}),
        json!({"user.without_password": {}}),
        json!({"user.rename": {"name": "bob", "to": "Bob"}}),
        json!({"user.email": {"name": "bob", "email": "bob@example.org"}}),
        json!({"user.link": {"name": "bob", "oidc": "248289761001"}}),
        json!({"user.unlink": {"name": "bob", "oidc": true}}),
        json!({"user.disable": {"name": "bob"}}),
        json!({"user.enable": {"name": "bob"}}),
        json!({"user.delete": {"name": "bob", "dry_run": true}}),
        json!({"user.erase": {"name": "bob", "dry_run": true}}),
        json!({"user.promote": {"name": "bob"}}),
        json!({"user.demote": {"name": "bob"}}),
        json!({"user.mark": {"name": "bob", "bot": true}}),
        json!({"user.sessions": {"name": "bob"}}),
        json!({"user.logout": {"name": "bob"}}),
        json!({"bot.create": {
            "name": "deploy", "display_name": "Deployments", "rooms": ["room001"], "guest": true,
            "if_not_exists": true,
        }}),
        json!({"bot.list": {}}),
        json!({"bot.delete": {"name": "gone", "if_exists": true}}),
        json!({"token.create": {
            "name": "cyd", "token": "dashboard", "scope": "read", "expires_seconds": 7_776_000,
            "if_not_exists": true,
        }}),
        json!({"token.list": {"name": "cyd"}}),
        json!({"webhook.create": {"room": "room001", "name": "Builds", "if_not_exists": true}}),
        json!({"webhook.list": {"room": "room001"}}),
        json!({"webhook.delete": {"room": "room001", "name": "Old", "if_exists": true}}),
        json!({"outgoing_webhook.create": {
            "name": "builds", "url": "https://ci.example.org/chat", "rooms": ["room001"],
            "events": ["posted", "deleted"], "if_not_exists": true,
        }}),
        json!({"outgoing_webhook.list": {}}),
        json!({"outgoing_webhook.show": {"name": "tickets"}}),
        json!({"outgoing_webhook.test": {"name": "tickets"}}),
        json!({"outgoing_webhook.enable": {"name": "tickets", "from_now": true}}),
        json!({"outgoing_webhook.disable": {"name": "tickets"}}),
        json!({"outgoing_webhook.delete": {"name": "old", "if_exists": true}}),
        json!({"slash_command.create": {
            "name": "deploy", "url": "https://ops.example.org/deploy", "rooms": ["room001"],
            "description": "Deploy a service", "hint": "[service]", "if_not_exists": true,
        }}),
        json!({"slash_command.list": {}}),
        json!({"slash_command.delete": {"name": "old", "if_exists": true}}),
        json!({"server.show": {}}),
        json!({"server.set": {"name": "Pier Nine", "accent": "#2a6fdb", "motd": ""}}),
        json!({"server.reset": {"parts": ["name", "icon"]}}),
        json!({"emoji.list": {}}),
        json!({"emoji.add": {"name": "one_pixel", "picture": PIXEL, "if_not_exists": true}}),
        json!({"emoji.delete": {"name": "old", "if_exists": true}}),
        json!({"ldap.test": {}}),
        json!({"ldap.sync": {}}),
        json!({"mail.test": {"address": "ann@example.org", "language": "ko"}}),
        json!({"token.revoke": {"name": "cyd", "token": "old", "if_exists": true}}),
        json!({"invite.create": {"rooms": ["room001"], "guest": true, "uses": 5, "expires_seconds": 60}}),
        json!({"invite.list": {}}),
        json!({"invite.revoke": {"id": 999, "if_exists": true}}),
        json!({"room.list": {"sizes": true}}),
        json!({"room.show": {"room": "room001"}}),
        json!({"room.create": {
            "name": "Library", "owner": "cyd", "public": true, "members": ["cyd"],
            "if_not_exists": true,
        }}),
        json!({"room.rename": {"room": "room001", "to": "Study"}}),
        json!({"room.settings": {
            "room": "room001", "topic": "Books", "description": "About what we read",
            "archived": false,
        }}),
        json!({"room.delete": {"room": "room001", "dry_run": true}}),
        json!({"room.members": {"room": "room001"}}),
        json!({"room.add": {
            "room": "room001", "name": "cyd", "role": "member", "if_not_exists": true,
        }}),
        json!({"room.remove": {"room": "room001", "name": "cyd", "if_exists": true}}),
        json!({"room.role": {"room": "room001", "name": "bob", "role": "sub-admin"}}),
        json!({"room.retention": {"room": "room001", "retention": "90"}}),
        json!({"retention.run": {"dry_run": true}}),
        json!({"room.purge": {"room": "room001", "older_than_days": 365, "dry_run": true}}),
        json!({"log.level": {"level": "info"}}),
        json!({"log.rotate": {}}),
        json!({"db.status": {}}),
        json!({"db.check": {}}),
        json!({"db.vacuum": {}}),
        json!({"db.reindex": {}}),
        json!({"db.stats": {}}),
        json!({"audit.list": {"action": "user", "limit": 10}}),
        json!({"status": {}}),
        json!({"doctor": {"only": ["schema"]}}),
    ]
}

/// Output of all commands; the description of each command tells which part applies.
fn said() -> Shape {
    let of_users = [
        Shape::of::<items::User>(),
        Shape::of::<items::ListedUser>(),
        Shape::of::<items::ResetLink>(),
        Shape::of::<items::Account>(),
        Shape::of::<items::Linked>(),
        Shape::of::<items::Leaving>(),
        Shape::of::<items::Erased>(),
        Shape::of::<items::Session>(),
        Shape::of::<items::LoggedOut>(),
        Shape::of::<items::Token>(),
        Shape::of::<items::Invitation>(),
    ];
    let others = vec![
        Shape::of::<items::OutgoingWebhook>(),
        Shape::of::<items::WebhookTest>(),
        Shape::of::<items::SlashCommand>(),
        Shape::of::<items::Look>(),
        Shape::of::<items::Emoji>(),
        Shape::of::<items::Linked>(),
        Shape::of::<items::LdapStep>(),
        Shape::of::<items::LdapSynced>(),
        Shape::of::<items::MailTest>(),
        Shape::of::<items::Card>(),
        Shape::of::<items::Deleted>(),
        Shape::of::<items::Member>(),
        Shape::of::<items::Removed>(),
        Shape::of::<items::Purged>(),
        Shape::of::<items::ExpiredRoom>(),
        Shape::of::<items::Level>(),
        Shape::of::<items::Database>(),
        Shape::of::<items::Problem>(),
        Shape::of::<items::Vacuumed>(),
        Shape::of::<items::Reindexed>(),
        Shape::of::<items::Stats>(),
        Shape::of::<items::AuditEntry>(),
        Shape::of::<items::Condition>(),
        Shape::of::<items::Finding>(),
    ];
    let problems = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("Problems found by a check"));
    let object = ObjectBuilder::new().property("problems", problems);
    let all = of_users.into_iter().chain(others);
    Shape::list_of_any(all, "Output items of the command").within("items", object)
}
