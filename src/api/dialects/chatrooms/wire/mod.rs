//! The JSON of `chatrooms`, named as in its document. All serde renames of the dialect are below.

#![expect(
    single_use_lifetimes,
    reason = "code derived by `ToSchema` names lifetimes that it uses once"
)]
#![expect(clippy::struct_field_names, reason = "fields are named as in the document")]

mod asked;
mod bodies;
mod changes;
mod commands;
mod emoji;
mod frames;
mod links;
mod messages;
mod personal;
mod push;
mod rooms;
mod second_factor;
#[cfg(test)]
mod tests;
mod threads;
mod tokens;
mod users;

pub(super) use asked::{
    Erase, Incoming, Join, KeepDraft, ReactTo, ReadUpTo, Rewrite, RoomOnly, Say, SetIdle, Since,
    WatchPresence,
};
pub(super) use bodies::{
    Caller, ChangeMe, ChangeMine, ChangeSettings, Edit, LogIn, NewParticipant, NewReaction,
    NewRoom, NewUser, Post, Rename, SetEditedName, SetRole,
};
pub(super) use changes::Changes;
pub(super) use commands::{CommandOutcome, RunCommand, SlashCommands};
pub(super) use emoji::{Emoji, EmojiList};
pub(super) use frames::{Answer, Complaint, Frame, ParticipantNow, Reacted, SubscribedRoom};
pub(super) use links::LinkPreviews;
pub(super) use messages::{
    Found, History, Message, ReactionGiven, Read, Readers, Thread, reply_key, thread_key,
};
pub(super) use personal::{
    ChangeOwn, ChangePreferences, Drafts, OwnSettings, Preferences, SavedMessages,
};
pub(super) use push::{Push, Subscribe};
pub(super) use rooms::{Card, Connected, Muted, Participant, Pins, Room, Rooms};
pub(super) use second_factor::{
    ConfirmAtLogIn, ConfirmFactor, ConfirmedAtLogIn, FactorSetUp, FactorState, RecoveryCodes,
    SetUpAtLogIn, SetUpFactor, TurnOffFactor, UseFactor,
};
pub(super) use threads::{FollowedThreads, Follows, ThreadSummaries};
pub(super) use tokens::{NewToken, Token, Tokens};
pub(super) use users::{
    Failure, LoggedIn, Media, NotVerified, Sessions, Statuses, User, Users, Verified, media_of,
};
