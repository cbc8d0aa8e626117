//! The JSON of `chats`, named as in its document.

#![expect(
    single_use_lifetimes,
    reason = "code derived by `ToSchema` names lifetimes that it uses once"
)]

mod answers;
mod bodies;
#[cfg(test)]
mod tests;

pub(super) use answers::{Chat, Failure, Opened, Refreshed, Success};
pub(super) use bodies::{ChangeChat, Credentials, LogIn, LogInName, NewChat, Refresh};
