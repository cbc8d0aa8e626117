//! API reference texts of `chatrooms`.

mod accounts;
mod commands;
mod emoji;
mod frames;
mod links;
mod messages;
mod personal;
mod push;
mod rooms;
mod second_factor;
mod threads;
mod tokens;

use utoipa::openapi::schema::Object;

use super::{Operation, wire};
use crate::api::openapi::{About, Described, Shape, carriers, types};
use crate::model::Error;

/// Description of the dialect.
pub(super) const ABOUT: About = About {
    text: "The native dialect, used by the web UI: REST under `/api`, WebSocket at `/chat`. \
           Credentials are sent as a JSON web token in the cookie `jwt_token` (`auth_token` is \
           accepted too) or as `Authorization: Bearer`. A `userId` or `creatorId` in the body of a \
           request about messages, live rooms and new rooms is optional and must be the caller's \
           own.",
    carriers: &[carriers::JWT_COOKIE, carriers::BEARER],
    failure: Shape::of::<wire::Failure<'_>>,
};

/// Describes an operation.
#[expect(clippy::too_many_lines, reason = "one line for each operation")]
pub(super) fn describe(operation: Operation) -> Described {
    match operation {
        Operation::Register => accounts::register(),
        Operation::FindUsers => accounts::find_users(),
        Operation::Me => accounts::me(),
        Operation::ChangeMe => accounts::change_me(),
        Operation::DeleteMe => accounts::delete_me(),
        Operation::Preferences => personal::preferences(),
        Operation::ChangePreferences => personal::change_preferences(),
        Operation::Saved => personal::saved(),
        Operation::FollowedThreads => threads::followed(),
        Operation::Follows => threads::follows(),
        Operation::ReadAllThreads => threads::read_all(),
        Operation::Drafts => personal::drafts(),
        Operation::Push => push::state(),
        Operation::Subscribe => push::subscribe(),
        Operation::Unsubscribe => push::unsubscribe(),
        Operation::SecondFactor => second_factor::state(),
        Operation::SetUpSecondFactor => second_factor::set_up(),
        Operation::ConfirmSecondFactor => second_factor::confirm(),
        Operation::RenewRecoveryCodes => second_factor::renew(),
        Operation::TurnOffSecondFactor => second_factor::turn_off(),
        Operation::User => accounts::user(),
        Operation::Statuses => accounts::statuses(),
        Operation::LogIn => accounts::log_in(),
        Operation::SetUpAtLogIn => second_factor::set_up_at_log_in(),
        Operation::ConfirmAtLogIn => second_factor::confirm_at_log_in(),
        Operation::LogOut => accounts::log_out(),
        Operation::Refresh => accounts::refresh(),
        Operation::Verify => accounts::verify(),
        Operation::Sessions => accounts::sessions(),
        Operation::EndSession => accounts::end_session(),
        Operation::Tokens => tokens::list(),
        Operation::CreateToken => tokens::create(),
        Operation::RevokeToken => tokens::revoke(),
        Operation::Rooms => rooms::list(),
        Operation::CreateRoom => rooms::create(),
        Operation::Room => rooms::one(),
        Operation::ChangeSettings => rooms::change_settings(),
        Operation::DeleteRoom => rooms::delete(),
        Operation::RenameRoom => rooms::rename(),
        Operation::Join => rooms::join(),
        Operation::Connect => rooms::connect(),
        Operation::AddParticipant => rooms::add_participant(),
        Operation::RemoveParticipant => rooms::remove_participant(),
        Operation::ChangeRole => rooms::change_role(),
        Operation::ChangeEditedName => rooms::change_edited_name(),
        Operation::ChangeMine => rooms::change_mine(),
        Operation::OwnSettings => personal::own_settings(),
        Operation::ChangeOwnSettings => personal::change_own_settings(),
        Operation::History => messages::history(),
        Operation::Post => messages::post(),
        Operation::Edit => messages::edit(),
        Operation::DeleteMessage => messages::delete(),
        Operation::MarkRead => messages::mark_read(),
        Operation::MarkUnread => personal::mark_unread(),
        Operation::Readers => messages::readers(),
        Operation::Thread => messages::thread(),
        Operation::ThreadSummaries => threads::summaries(),
        Operation::FollowThread => threads::follow(),
        Operation::UnfollowThread => threads::unfollow(),
        Operation::ReadThread => threads::read(),
        Operation::LinkPreviews => links::previews(),
        Operation::LinkPicture => links::picture(),
        Operation::React => messages::react(),
        Operation::Unreact => messages::unreact(),
        Operation::Commands => commands::list(),
        Operation::RunCommand => commands::run(),
        Operation::Pins => rooms::pins(),
        Operation::Pin => rooms::pin(),
        Operation::Unpin => rooms::unpin(),
        Operation::Save => personal::save(),
        Operation::Unsave => personal::unsave(),
        Operation::Changes => messages::changes(),
        Operation::Search => messages::search(),
        Operation::Emoji => emoji::list(),
        Operation::AddEmoji => emoji::add(),
        Operation::RemoveEmoji => emoji::remove(),
        Operation::Upload => messages::upload(),
        Operation::Download => messages::download(),
        Operation::Preview => messages::preview(),
        Operation::Socket => frames::socket(),
    }
}

fn in_room(described: Described) -> Described {
    described.path("roomId", types::room(), "Key of the room").fails([Error::RoomNotFound])
}

fn limit() -> Object {
    types::number(1, Some(200), Some(50))
}

fn bad(field: &'static str) -> Error {
    Error::invalid(field, "breaks a rule")
}
