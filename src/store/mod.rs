//! The seam between the chat and whatever keeps it: whole operations in the language of chat.
//!
//! What may live here: the traits [`Store`] and [`Sessions`], the types of their questions, and
//! below them one module per engine, which only [`engine`] names; all SQL of the project is in
//! `sqlite`. No HTTP, no permission, no dialect. Nothing above may see rows, transactions or
//! connections.

pub mod engine;
pub mod files;
mod memory;
mod query;
mod sqlite;
pub mod transfer;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::model::rules::Refusal;
use crate::model::{
    Account, Changes, Claim, Hash32, Media, MediaId, Message, ReadMark, Rev, RoomCard, RoomFacts,
    RoomId, Seq, Session, Timestamp, User, UserId, Window, WordQuery,
};

pub use query::{
    Added, Basis, Committed, Digests, Draft, Ended, Found, MessageChange, NewMedia, NewPassword,
    NewRoom, NewSession, NewUser, Posted, RetryAfter, RoomQuery, Settings, Ticket, UserChange,
    UserKey, UserQuery, Whose,
};

pub use crate::model::Missing;
pub use crate::model::rules::{RoomChange, RoomSettings};

/// Why the store did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// What the decision rested on has changed; decide again.
    #[error("the decision is out of date")]
    Stale,
    /// A name is taken.
    #[error("already taken")]
    Taken(Claim),
    /// Something that was named is not there.
    #[error("not found: {0:?}")]
    NotFound(Missing),
    /// The message is another user's, and only the author's own was allowed.
    #[error("the message is another user's")]
    NotAuthor,
    /// The message has no room for another reaction.
    #[error("too many reactions")]
    TooManyReactions,
    /// Nothing happened; may be repeated.
    #[error("the store is unavailable")]
    Unavailable,
    /// It may or may not have happened; repeat with the same client id.
    #[error("the outcome is unknown")]
    Unknown,
}

impl From<Refusal> for StoreError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound(missing) => Self::NotFound(missing),
            Refusal::Taken(claim) => Self::Taken(claim),
        }
    }
}

/// What every verb answers.
pub type Reply<'a, T, E = StoreError> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;

/// Users, rooms, messages. What is acknowledged is durable.
pub trait Store: Send + Sync {
    // users ----------------------------------------------------------------------------------------------------
    /// Unique in login, look-alike and e-mail (`Taken`), or nothing happens. Ids ascend, are never
    /// reused, may skip.
    fn add_user(&self, new: NewUser) -> Reply<'_, User>;
    /// With credentials. Deleted users are not found; disabled ones are.
    fn account<'a>(&'a self, who: UserKey<'a>) -> Reply<'a, Option<Account>>;
    /// Whether there is an account that may administer the server, disabled or not.
    fn has_administrator(&self) -> Reply<'_, bool>;
    /// Deleted users are left out; ascending by id.
    fn users<'a>(&'a self, which: UserQuery<'a>) -> Reply<'a, Vec<User>>;
    /// All or nothing; a change of password, disabled or admin is seen by every later `account`.
    /// A changed display name reaches each room as a `ParticipantChanged` of its own, in the
    /// background, resumable.
    fn change_user(&self, id: UserId, change: UserChange) -> Reply<'_, User>;
    /// Adds digests to the password that they were made of; nothing happens when the account has
    /// another by now.
    fn add_digests(&self, id: UserId, digests: Digests) -> Reply<'_, ()>;
    /// Takes the digests of all accounts away; answers how many had some.
    fn forget_digests(&self) -> Reply<'_, usize>;
    /// At once: no log-in, name free, sessions ended. Then, surviving crashes, room by room:
    /// successor, leave, empty private rooms deleted.
    fn remove_user(&self, id: UserId) -> Reply<'_, ()>;
    /// Login names that contain the text, any case; at most `limit`, ascending by id. `chatrooms`
    /// also looks at display names. With `near`, only those who share a room with that user.
    fn find_users<'a>(
        &'a self,
        text: &'a str,
        names_too: bool,
        near: Option<UserId>,
        limit: u32,
    ) -> Reply<'a, Vec<User>>;
    /// Those of these users who share a room with this one; oneself always does.
    fn acquainted<'a>(&'a self, user: UserId, with: &'a [UserId]) -> Reply<'a, Vec<UserId>>;

    // rooms ----------------------------------------------------------------------------------------------------
    /// `existed` when a nameless room of exactly these people was asked for and is there; `Taken`
    /// for a public name. Emits a `RoomAdded` for each participant.
    fn add_room(&self, new: NewRoom) -> Reply<'_, Added<RoomFacts>>;
    /// One moment of the room, not older than any change acknowledged before the call.
    fn room(&self, id: RoomId) -> Reply<'_, Option<RoomFacts>>;
    /// Cards with last message, rev, seq, mark, unread, mentions, muted.
    fn rooms<'a>(&'a self, which: RoomQuery<'a>) -> Reply<'a, Vec<RoomCard>>;
    /// Pinned messages of a room, those pinned last first.
    fn pins(&self, room: RoomId) -> Reply<'_, Vec<crate::model::Pin>>;
    /// Rooms that the user takes part in, at most 10,000.
    fn rooms_of(&self, user: UserId) -> Reply<'_, Vec<RoomId>>;
    /// How many files hang on messages of the room, each counted once, and their bytes.
    fn files_of(&self, room: RoomId) -> Reply<'_, (u64, u64)>;
    /// One change, one rev, atomic with its basis; `by` None: the server or its operator; the steps are those of
    /// [`plan`](crate::model::rules::plan).
    fn change_room(
        &self,
        id: RoomId,
        basis: Basis,
        by: Option<UserId>,
        change: RoomChange,
    ) -> Reply<'_, Committed>;

    // messages -------------------------------------------------------------------------------------------------
    /// Posts are stored in the order in which their answers are first polled: a socket that polls
    /// each once keeps its order while many are under way.
    ///
    /// `Stale` also when the room of such a decision is gone; `NotFound` names the author who takes
    /// no part, the answered message or the file. seq and rev follow without gap; durable when
    /// answered; a used client id answers the first message, `repeated`.
    fn post(&self, room: RoomId, basis: Basis, draft: Draft) -> Reply<'_, Posted>;
    /// One rev. Idempotent where the contract says so (the same reaction again: no change, no
    /// rev). `NotFound` for a message that is unknown or deleted, `NotAuthor` for another user's
    /// where only `by`'s own is allowed, `TooManyReactions` for one that is full of them.
    fn change_message(
        &self,
        room: RoomId,
        seq: Seq,
        basis: Basis,
        by: Option<UserId>,
        whose: Whose,
        change: MessageChange,
    ) -> Reply<'_, Committed>;
    /// Ascending by seq; sees everything acknowledged before the call.
    fn messages(&self, room: RoomId, window: Window, limit: u32) -> Reply<'_, Vec<Message>>;
    /// What changed after `since`, in rev order, each message once; `reset` when that is no longer
    /// known or `epoch` is another. A page ends at `limit` messages or about 256 KiB.
    fn changes<'a>(
        &'a self,
        room: RoomId,
        since: Rev,
        epoch: Option<&'a str>,
        limit: u32,
    ) -> Reply<'a, Changes>;
    /// The mark is the maximum ever asked for. Not part of rev. Emits `Marked` when it moved.
    fn mark_read(&self, room: RoomId, user: UserId, upto: Seq) -> Reply<'_, ReadMark>;
    /// Marks at or above this message.
    fn readers(&self, room: RoomId, seq: Seq) -> Reply<'_, Vec<(ReadMark, String)>>;
    /// Messages of the given rooms that hold the words, as they are now, newest first; paged by the
    /// store's own cursor (a total order). May lag behind (SQLite: under a second). `NotFound`
    /// for a cursor that is none, `Unavailable` while there is no index.
    fn find_messages<'a>(
        &'a self,
        rooms: &'a [RoomId],
        words: &'a WordQuery,
        after: Option<&'a str>,
        limit: u32,
    ) -> Reply<'a, Found>;
    /// A file whose bytes are kept already. The same bytes of the same owner under the same file
    /// name are one file.
    fn add_media(&self, new: NewMedia) -> Reply<'_, Added<Media>>;
    /// The newest of these bytes, or the one with this id. None unless `reader` owns it, it is a
    /// profile picture, or it hangs on a message of a room of theirs.
    fn media<'a>(
        &'a self,
        name: &'a str,
        id: Option<MediaId>,
        reader: UserId,
    ) -> Reply<'a, Option<Media>>;
    /// Bytes of the owner's files that no message and no profile refers to, at least 4 KiB for
    /// each, the same bytes counted once.
    fn unused_media_bytes(&self, owner: UserId) -> Reply<'_, u64>;
    /// Looks at `count` files above `after`: how many there were, how many of them
    /// `drop_unused_media` would forget, and where to go on.
    fn count_unused_media(
        &self,
        before: Timestamp,
        after: MediaId,
        count: u32,
    ) -> Reply<'_, (u64, u64, Option<MediaId>)>;
    /// Looks at `count` files above `after` and forgets those older than `before` that no message
    /// and no profile refers to. Answers the names that no owner has any more, and where to go
    /// on; None: that was the last one.
    fn drop_unused_media(
        &self,
        before: Timestamp,
        after: MediaId,
        count: u32,
    ) -> Reply<'_, (Vec<String>, Option<MediaId>)>;
    /// Those of the names that somebody has.
    fn known_media<'a>(&'a self, names: &'a [String]) -> Reply<'a, Vec<String>>;
    /// My own switch in a room; no rev.
    fn change_mine(&self, room: RoomId, user: UserId, muted: bool) -> Reply<'_, ()>;
    /// Signing key, epoch, server id.
    fn settings(&self) -> Reply<'_, Settings>;
    /// Cheap proof that the store can read; for `/health`.
    fn ping(&self) -> Reply<'_, ()>;
}

/// Sessions, one-time tickets and attempt counters.
pub trait Sessions: Send + Sync {
    /// Stores a new session; the secret itself is never given to the store. `NotFound` for a user
    /// who may not log in.
    fn start(&self, new: NewSession) -> Reply<'_, Session>;
    /// Slides the expiry (`life` from now), written at most every five minutes. None: unknown,
    /// expired, ended, user disabled or deleted.
    fn find(&self, token: Hash32, now: Timestamp, life: Duration) -> Reply<'_, Option<Session>>;
    /// Newest first.
    fn list(&self, user: UserId) -> Reply<'_, Vec<Session>>;
    /// Ended for good before it answers; `SessionEnded` goes out with the commit. Answers how many
    /// ended.
    fn end(&self, user: UserId, which: Ended) -> Reply<'_, u32>;
    /// Keeps a one-time ticket for `life` under the hash of its secret, which is never given to the
    /// store.
    fn issue_ticket(&self, ticket: Ticket, secret: Hash32, life: Duration) -> Reply<'_, ()>;
    /// Session and room of a ticket: some for exactly one caller, while its session is valid.
    fn take_ticket(&self, secret: Hash32) -> Reply<'_, Option<(Session, RoomId)>>;
    /// Counts one attempt. Err, and nothing is counted, when this key has had `limit` of them
    /// within `window` already.
    fn attempt<'a>(
        &'a self,
        key: &'a str,
        limit: u32,
        window: Duration,
    ) -> Reply<'a, (), RetryAfter>;
    /// Takes back the newest attempt of this key: it turned out to be none that counts.
    fn give_back<'a>(&'a self, key: &'a str) -> Reply<'a, ()>;
}
