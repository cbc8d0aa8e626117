//! The JSON of `chats`, spelled as its document spells it.

#![expect(
    single_use_lifetimes,
    reason = "what `ToSchema` derives names lifetimes that it uses once"
)]

mod answers;
mod bodies;
#[cfg(test)]
mod tests;

pub(super) use answers::{Chat, Failure, Opened, Refreshed, Success};
pub(super) use bodies::{ChangeChat, Credentials, LogIn, LogInName, NewChat, Refresh};
