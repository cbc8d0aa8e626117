//! The interface between the chat and its storage: complete operations in terms of the chat.
//!
//! Contains the traits [`Store`] and [`Sessions`], the types of their queries, and one module per
//! engine, which only [`engine`] names; all SQL of the project is in `sqlite`. No HTTP, permissions
//! or dialects. Rows, transactions and connections are not visible outside.

mod audit_notes;
pub mod cluster;
pub mod engine;
pub mod files;
pub mod grants;
mod memory;
mod query;
mod seldom;
mod sqlite;
pub mod transfer;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::model::rules::Refusal;
use crate::model::{
    Account, Attribution, AuditEntry, AuditNote, Changes, Claim, CustomEmoji, DraftPlace, Event,
    Follow, FollowedThread, Hash32, Identity, Invitation, InvitationId, Look, LookChange, LookIcon,
    Media, MediaId, Membership, Message, MessageQuery, NewEmoji, NewOutgoingWebhook,
    NewSlashCommand, NewSubscription, OutgoingWebhook, OwnChange, OwnSettings, Preferences,
    PreferencesChange, PushSubscription, ReadMark, Rev, RoomCard, RoomFacts, RoomId, Saved,
    SavedPlace, Seq, Session, SessionId, SlashCommand, SlashCommandId, SocketId, ThreadPlace,
    ThreadSummary, Timestamp, Unsent, User, UserId, WebhookChange, WebhookId, WebhookPlace, Window,
};

pub use query::{
    Added, AuditQuery, Basis, Committed, Device, Digests, Draft, Ended, Erased, FactorChange,
    Found, LeftBehind, MessageChange, MessagePage, NewInvitation, NewMedia, NewPassword, NewRoom,
    NewSession, NewUser, OwnFile, Posted, RetryAfter, RoomQuery, Settings, Thread, Ticket, Traces,
    UserChange, UserKey, UserQuery, Version, Whose,
};

pub use crate::model::Missing;
pub use crate::model::rules::{RoomChange, RoomSettings};

/// How long invitations that have expired or were revoked are still listed.
pub const ENDED_KEPT: Duration = Duration::from_hours(30 * 24);

/// Creates a key for push services: ECDSA on P-256, PKCS#8.
fn push_key() -> std::io::Result<Vec<u8>> {
    let random = ring::rand::SystemRandom::new();
    let algorithm = &ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
    let key = ring::signature::EcdsaKeyPair::generate_pkcs8(algorithm, &random);
    key.map(|key| key.as_ref().to_vec())
        .map_err(|_| std::io::Error::other("the operating system's random numbers failed"))
}

/// Maximum number of statuses that are listed.
pub const MAX_STATUSES: u32 = 1_000;

/// Why an operation was not performed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The basis of the decision has changed; decide again.
    #[error("the decision is out of date")]
    Stale,
    /// A name is taken.
    #[error("already taken")]
    Taken(Claim),
    /// An object of the operation does not exist.
    #[error("not found: {0:?}")]
    NotFound(Missing),
    /// The message belongs to another user, and only the author may change it.
    #[error("the message is another user's")]
    NotAuthor,
    /// The message has the maximum number of reactions.
    #[error("too many reactions")]
    TooManyReactions,
    /// The user has saved the maximum number of messages.
    #[error("too many saved messages")]
    TooManySaved,
    /// The user has the maximum number of drafts.
    #[error("too many drafts")]
    TooManyDrafts,
    /// The server has the maximum number of custom emoji.
    #[error("too many custom emoji")]
    TooManyEmoji,
    /// Nothing happened; may be repeated.
    #[error("the store is unavailable")]
    Unavailable,
    /// It is unknown whether it was done; repeat with the same client id.
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

/// Reply of all operations.
pub type Reply<'a, T, E = StoreError> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;

/// Users, rooms, messages. Whatever is acknowledged is durable.
pub trait Store: Send + Sync {
    // users -----------------------------------------------------------------------------------
    /// Adds a user with a unique login name, look-alike, e-mail address and identity (otherwise
    /// `Taken`), or does nothing. Ids ascend, are never reused and may have gaps.
    fn add_user(&self, new: NewUser) -> Reply<'_, User>;
    /// Adds a user and counts one use of the invitation with this secret, both or neither. Returns
    /// the invitation as of then. `NotFound(Missing::Invitation)` if it does not exist, has expired
    /// or was used as often as it permits: of two concurrent callers, one gets the last use.
    fn add_invited(&self, new: NewUser, secret: Hash32) -> Reply<'_, (User, Invitation)>;
    /// Returns a user with credentials. Deleted users are not found; disabled ones are.
    fn account<'a>(&'a self, who: UserKey<'a>) -> Reply<'a, Option<Account>>;
    /// Returns whether there is an administrator account, disabled or not.
    fn has_administrator(&self) -> Reply<'_, bool>;
    /// Returns users except deleted ones, ascending by id.
    fn users<'a>(&'a self, which: UserQuery<'a>) -> Reply<'a, Vec<User>>;
    /// Changes a user, all or nothing; a change of password, second factor, disabled or admin is
    /// visible to every later `account`. `Stale` if the second factor is not what its change says. A changed display name is sent to each room as its own
    /// `ParticipantChanged`, in the background, resumable.
    fn change_user(&self, id: UserId, change: UserChange) -> Reply<'_, User>;
    /// Returns the identities of a user in other systems, in order; none for an unknown user.
    fn identities(&self, id: UserId) -> Reply<'_, Vec<Identity>>;
    /// Adds digests to the password they belong to; does nothing if the password has changed.
    fn add_digests(&self, id: UserId, digests: Digests) -> Reply<'_, ()>;
    /// Removes the digests of all accounts; returns how many accounts had some.
    fn forget_digests(&self) -> Reply<'_, usize>;
    /// Deletes a user. At once: log-in ends, the name is released, sessions end. Then, surviving
    /// crashes, room by room: naming a successor, leaving, deleting empty private rooms.
    fn remove_user(&self, id: UserId) -> Reply<'_, ()>;
    /// Examines `count` messages of a room above `after` for what a user, deleted or not, has left
    /// there.
    fn traces(&self, user: UserId, room: RoomId, after: Seq, count: u32) -> Reply<'_, Traces>;
    /// Removes rows that only matter while their user exists and that outlive the deletion for some
    /// time: ended sessions, and read marks and names in rooms that the user has left.
    fn forget_user(&self, id: UserId) -> Reply<'_, ()>;
    /// Finds login names that contain the text in any case, at most `limit`, ascending by id.
    /// `chatrooms` also searches display names. With `near`, only users who share a room with that
    /// user.
    fn find_users<'a>(
        &'a self,
        text: &'a str,
        names_too: bool,
        near: Option<UserId>,
        limit: u32,
    ) -> Reply<'a, Vec<User>>;
    /// Returns those of these users who share a room with this one; a user always shares with
    /// themselves.
    fn acquainted<'a>(&'a self, user: UserId, with: &'a [UserId]) -> Reply<'a, Vec<UserId>>;

    /// Returns users with a status that has not ended at `now` who share a room with this user, and
    /// the user, without disabled ones, ascending by id, at most [`MAX_STATUSES`].
    fn statuses(&self, near: UserId, now: Timestamp) -> Reply<'_, Vec<User>>;

    /// Counts one use of the invitation with this secret by a user who has an account, and returns
    /// the invitation as of then. `NotFound(Missing::Invitation)` as in [`Store::add_invited`].
    fn accept_invitation(&self, user: UserId, secret: Hash32) -> Reply<'_, Invitation>;

    // invitations -----------------------------------------------------------------------------
    /// Adds an invitation, and forgets those that ended more than [`ENDED_KEPT`] ago. The secret
    /// itself is never passed to the store.
    fn add_invitation(&self, new: NewInvitation) -> Reply<'_, Invitation>;
    /// Returns all invitations, newest first, with those that ended or were revoked.
    fn invitations(&self) -> Reply<'_, Vec<Invitation>>;
    /// Returns the invitation with this secret, also if it has ended, but not if it was revoked.
    fn invitation(&self, secret: Hash32) -> Reply<'_, Option<Invitation>>;
    /// Revokes an invitation and returns it as it was; what was created with it stays. `NotFound` if
    /// it does not exist, or was revoked before.
    fn revoke_invitation(&self, id: InvitationId) -> Reply<'_, Invitation>;

    // rooms -----------------------------------------------------------------------------------
    /// Adds a room. `existed` if an unnamed room of exactly these users was requested and exists;
    /// `Taken` for a public name. Emits a `RoomAdded` for each participant.
    fn add_room(&self, new: NewRoom) -> Reply<'_, Added<RoomFacts>>;
    /// Returns a consistent state of the room that includes all changes acknowledged before the
    /// call.
    fn room(&self, id: RoomId) -> Reply<'_, Option<RoomFacts>>;
    /// Returns cards with last message, rev, seq, mark, unread, mentions, own settings.
    fn rooms<'a>(&'a self, which: RoomQuery<'a>) -> Reply<'a, Vec<RoomCard>>;
    /// Returns the pinned messages of a room, most recently pinned first.
    fn pins(&self, room: RoomId) -> Reply<'_, Vec<crate::model::Pin>>;
    /// Returns the rooms of the user, at most 10,000.
    fn rooms_of(&self, user: UserId) -> Reply<'_, Vec<RoomId>>;
    /// Returns the number of files attached to messages of the room, each counted once, and their
    /// bytes.
    fn files_of(&self, room: RoomId) -> Reply<'_, (u64, u64)>;
    /// Makes one change with one rev, atomic with its basis; `by` None: the server or its operator.
    /// The steps are those of [`plan`](crate::model::rules::plan).
    fn change_room(
        &self,
        id: RoomId,
        basis: Basis,
        by: Option<UserId>,
        change: RoomChange,
    ) -> Reply<'_, Committed>;

    // messages --------------------------------------------------------------------------------
    /// Posts a message. Posts are stored in the order in which their replies are first polled: a
    /// socket that polls each once keeps its order while many are in progress.
    ///
    /// `Stale` also if the room of the decision is gone; `NotFound` names the author who is not a
    /// participant, the message replied to, or the file. seq and rev have no gaps; durable when
    /// answered; for a used client id the first message is returned, `repeated`.
    fn post(&self, room: RoomId, basis: Basis, draft: Draft) -> Reply<'_, Posted>;
    /// Changes a message, with one rev. Idempotent where the contract requires it (the same
    /// reaction again: no change, no rev). `NotFound` for a message that is unknown or deleted,
    /// `NotAuthor` for another user's if only `by`'s own are allowed, `TooManyReactions` if it has
    /// the maximum number.
    fn change_message(
        &self,
        room: RoomId,
        seq: Seq,
        basis: Basis,
        by: Option<UserId>,
        whose: Whose,
        change: MessageChange,
    ) -> Reply<'_, Committed>;
    /// Returns a page of history, including all messages acknowledged before the call.
    fn page(&self, room: RoomId, window: Window, limit: u32) -> Reply<'_, MessagePage>;
    /// Returns the messages of a [`page`](Self::page).
    fn messages(&self, room: RoomId, window: Window, limit: u32) -> Reply<'_, Vec<Message>> {
        Box::pin(async move { Ok(self.page(room, window, limit).await?.messages) })
    }
    /// Returns the thread of a message, which may be any message of it, with its newest replies
    /// below `before`. A message without replies is a thread of its own. `NotFound` for an unknown
    /// message.
    fn thread(&self, room: RoomId, seq: Seq, before: Option<Seq>, limit: u32) -> Reply<'_, Thread>;
    /// Returns the version of a room: what `room` and `page` returned after the call is what they
    /// would return now, as long as the version is still the same. None: a change is being
    /// committed, or the store does not know of all changes.
    fn version(&self, room: RoomId) -> Option<Version>;
    /// Returns the changes after `since`, in rev order, each message once; `reset` if they are no
    /// longer known or `epoch` differs. A page ends at `limit` messages or about 256 KiB.
    fn changes<'a>(
        &'a self,
        room: RoomId,
        since: Rev,
        epoch: Option<&'a str>,
        limit: u32,
    ) -> Reply<'a, Changes>;
    /// Moves the mark to the maximum ever requested. Not part of rev. Emits `Marked` if it moved.
    /// After [`mark_unread`](Self::mark_unread) the answer is the user's own mark.
    fn mark_read(&self, room: RoomId, user: UserId, upto: Seq) -> Reply<'_, ReadMark>;
    /// Returns the marks at or above this message.
    fn readers(&self, room: RoomId, seq: Seq) -> Reply<'_, Vec<(ReadMark, String)>>;
    /// Returns messages of these rooms that match the query, in their current version, newest
    /// first by the time of their creation; paged by the store's own cursor (a total order). May lag behind (SQLite: less than a
    /// second). `NotFound` for an invalid cursor, `Unavailable` while there is no index.
    fn find_messages<'a>(
        &'a self,
        rooms: &'a [RoomId],
        query: &'a MessageQuery,
        after: Option<&'a str>,
        limit: u32,
    ) -> Reply<'a, Found>;
    /// Adds a file whose bytes are stored already. The same bytes of the same owner under the same
    /// file name are one file.
    fn add_media(&self, new: NewMedia) -> Reply<'_, Added<Media>>;
    /// Returns the newest file with these bytes, or the one with this id. None unless `reader` owns
    /// it, it is a profile picture, or it is attached to a message in a room of theirs.
    fn media<'a>(
        &'a self,
        name: &'a str,
        id: Option<MediaId>,
        reader: UserId,
    ) -> Reply<'a, Option<Media>>;
    /// Returns the size of the owner's files not used in messages or profiles, at least 4 KiB for
    /// each, the same bytes counted once.
    fn unused_media_bytes(&self, owner: UserId) -> Reply<'_, u64>;
    /// Examines `count` files above `after`: returns their number, how many of them
    /// `drop_unused_media` would remove, and where to continue.
    fn count_unused_media(
        &self,
        before: Timestamp,
        after: MediaId,
        count: u32,
    ) -> Reply<'_, (u64, u64, Option<MediaId>)>;
    /// Examines `count` files above `after` and removes those older than `before` that no message
    /// or profile uses. Returns the names without any owner left, and where to continue; None: that
    /// was the last file.
    fn drop_unused_media(
        &self,
        before: Timestamp,
        after: MediaId,
        count: u32,
    ) -> Reply<'_, (Vec<String>, Option<MediaId>)>;
    /// Returns those of these files that something outside this room uses: a message of another room,
    /// a profile or an emoji.
    fn used_elsewhere<'a>(&'a self, ids: &'a [MediaId], room: RoomId) -> Reply<'a, Vec<MediaId>>;
    /// Returns a page of about `count` files of an owner above `after`, ascending, and where to
    /// continue.
    fn own_files(
        &self,
        owner: UserId,
        after: MediaId,
        count: u32,
    ) -> Reply<'_, (Vec<OwnFile>, Option<MediaId>)>;
    /// Removes these files of an owner, of any age, unless a message, profile or emoji uses them.
    fn drop_own_files<'a>(&'a self, owner: UserId, ids: &'a [MediaId]) -> Reply<'a, ()>;
    /// Returns those of the names that have an owner.
    fn known_media<'a>(&'a self, names: &'a [String]) -> Reply<'a, Vec<String>>;
    // custom emoji ----------------------------------------------------------------------------
    /// Returns all custom emoji, ascending by name.
    fn emoji(&self) -> Reply<'_, Vec<CustomEmoji>>;
    /// Returns the custom emoji of this name.
    fn emoji_named<'a>(&'a self, name: &'a str) -> Reply<'a, Option<CustomEmoji>>;
    /// Adds a custom emoji, whose picture is a file of this user that is displayed as a picture;
    /// otherwise `NotFound`. `Taken` for a name that exists, `TooManyEmoji` beyond
    /// [`MAX_EMOJI`](crate::model::MAX_EMOJI). Emits `Emoji`. From then on everybody may read the
    /// file, and nothing removes it.
    fn add_emoji(&self, owner: UserId, new: NewEmoji) -> Reply<'_, CustomEmoji>;
    /// Removes a custom emoji and returns it; messages and reactions with its name stay. `NotFound`
    /// if there is none. Emits `Emoji`.
    fn remove_emoji<'a>(&'a self, name: &'a str) -> Reply<'a, CustomEmoji>;
    // outgoing webhooks -----------------------------------------------------------------------
    /// Returns all outgoing webhooks, ascending by id.
    fn webhooks(&self) -> Reply<'_, Vec<OutgoingWebhook>>;
    /// Adds an outgoing webhook; `Taken` for a name that exists. Ids ascend and are never reused.
    fn add_webhook(&self, new: NewOutgoingWebhook) -> Reply<'_, OutgoingWebhook>;
    /// Changes an outgoing webhook and returns it; None if there is no such one. Idempotent, as
    /// [`OutgoingWebhook::with`] says.
    fn change_webhook(
        &self,
        id: WebhookId,
        change: WebhookChange,
    ) -> Reply<'_, Option<OutgoingWebhook>>;
    /// Removes an outgoing webhook with its places and returns it; None if there is no such one.
    fn remove_webhook(&self, id: WebhookId) -> Reply<'_, Option<OutgoingWebhook>>;
    /// Notes how far a webhook has sent a room. A place only moves forward; one that is further
    /// stays, and so does the absence of one.
    fn move_webhook(&self, id: WebhookId, place: WebhookPlace) -> Reply<'_, ()>;
    /// Returns the place of a webhook of all public rooms in a room, from which it goes on; None while
    /// the room is private, archived or deleted. A room that was opened meanwhile is sent from then
    /// on, a new one from its creation, one that was imported from now on.
    fn enter_webhook(&self, id: WebhookId, room: RoomId) -> Reply<'_, Option<WebhookPlace>>;
    /// Returns who joined or left a room after `since` and up to `upto`, in order; known only of
    /// rooms of a webhook that sends it, as long as not all of these have sent it.
    fn memberships(&self, room: RoomId, since: Rev, upto: Rev) -> Reply<'_, Vec<Membership>>;
    /// Removes a room, which was deleted, from a webhook.
    fn leave_webhook(&self, id: WebhookId, room: RoomId) -> Reply<'_, ()>;
    // slash commands --------------------------------------------------------------------------
    /// Counts a late answer to the slash command of this nonce, whose address expires then; false if
    /// there were `limit` of them.
    fn count_answer<'a>(
        &'a self,
        nonce: &'a str,
        limit: u32,
        expires: Timestamp,
    ) -> Reply<'a, bool>;
    /// Takes a counted late answer back, which was not accepted.
    fn uncount_answer<'a>(&'a self, nonce: &'a str, expires: Timestamp) -> Reply<'a, ()>;
    /// Returns all slash commands, ascending by id.
    fn slash_commands(&self) -> Reply<'_, Vec<SlashCommand>>;
    /// Adds a slash command; `Taken` for a name that exists. Ids ascend and are never reused.
    fn add_slash_command(&self, new: NewSlashCommand) -> Reply<'_, SlashCommand>;
    /// Removes a slash command and returns it; None if there is no such one.
    fn remove_slash_command(&self, id: SlashCommandId) -> Reply<'_, Option<SlashCommand>>;
    /// Takes or keeps, for `life`, the lead in work that one server at a time should do; false:
    /// another server has it. It saves work, and nothing may rely on it. A server without others
    /// always has it.
    fn lead<'a>(&'a self, _work: &'a str, _life: Duration) -> Reply<'a, bool> {
        Box::pin(async { Ok(true) })
    }
    // what only the user sees; no rev -------------------------------------------------------------
    /// Changes a participant's own settings of a room and returns them. Emits `Personal` if they
    /// changed.
    fn change_mine(&self, room: RoomId, user: UserId, change: OwnChange) -> Reply<'_, OwnSettings>;
    /// Makes this message and all later ones unread for the user. Others still see how far the user
    /// had read; reading on, or posting, ends it. Returns the user's own mark; emits `Personal` if
    /// it moved back.
    fn mark_unread(&self, room: RoomId, user: UserId, from: Seq) -> Reply<'_, ReadMark>;
    /// Returns the preferences of a user; the default ones if none are stored.
    fn preferences(&self, user: UserId) -> Reply<'_, Preferences>;
    /// Changes preferences and returns them. Emits `Personal` if they changed.
    fn change_preferences(&self, user: UserId, change: PreferencesChange)
    -> Reply<'_, Preferences>;
    /// Saves a message for the user, or removes it from the saved ones (false). `NotFound` for a
    /// message that does not exist or is deleted, `TooManySaved` beyond
    /// [`MAX_SAVED`](crate::model::MAX_SAVED). Emits `Personal` if something changed.
    fn save_message(&self, room: RoomId, user: UserId, seq: Seq, saved: bool) -> Reply<'_, ()>;
    /// Returns saved messages of rooms in which the user participates, most recently saved first,
    /// without deleted ones.
    fn saved(&self, user: UserId, after: Option<SavedPlace>, limit: u32) -> Reply<'_, Vec<Saved>>;
    // threads ---------------------------------------------------------------------------------
    /// Returns what is shown of the threads that begin with the messages from `from` to `to`, both
    /// included, ascending, with the rev of the room's facts. Messages without replies that are not
    /// deleted are left out.
    fn thread_summaries(
        &self,
        room: RoomId,
        from: Seq,
        to: Seq,
    ) -> Reply<'_, (Rev, Vec<ThreadSummary>)>;
    /// Has a participant follow the thread of a message (any message of it), or no longer. Without
    /// it, those follow a thread who have started it, answer in it or are mentioned in it; who
    /// answers after this follows again. Emits `Personal` if something changed, here and there.
    fn follow_thread(
        &self,
        room: RoomId,
        user: UserId,
        seq: Seq,
        following: bool,
    ) -> Reply<'_, Follow>;
    /// Marks the thread of this message as read up to it for a participant, also one who does not
    /// follow it. The mark never moves back. Emits `Personal` if it moved.
    fn read_thread(&self, room: RoomId, user: UserId, upto: Seq) -> Reply<'_, Follow>;
    /// Returns all threads that a user follows in rooms in which they participate, in no order.
    fn follows(&self, user: UserId) -> Reply<'_, Vec<Follow>>;
    /// Returns those that have replies which are not deleted, the one with the newest reply first.
    fn followed(
        &self,
        user: UserId,
        after: Option<ThreadPlace>,
        limit: u32,
    ) -> Reply<'_, Vec<FollowedThread>>;
    /// Removes the content of the next `count` messages of a room that have expired
    /// ([`RoomChange::Expire`]), without a rev: whoever has heard that they have expired need not
    /// hear more. Pinned ones stay until they are deleted. Survives crashes: goes on where it was.
    fn erase_expired(&self, room: RoomId, count: u32) -> Reply<'_, Erased>;
    /// Returns what was remembered with [`set_retention_memo`](Self::set_retention_memo).
    fn retention_memo(&self) -> Reply<'_, Option<String>>;
    /// Remembers a text about the removal of expired messages; the last of several wins.
    fn set_retention_memo(&self, memo: String) -> Reply<'_, ()>;
    /// Returns what administrators have set of the look of the server.
    fn look(&self) -> Reply<'_, Look>;
    /// Returns the icon of the server.
    fn icon(&self) -> Reply<'_, Option<LookIcon>>;
    /// Changes the look of the server and returns what is set now. Emits `LookChanged` if it
    /// changed.
    fn change_look(&self, change: LookChange) -> Reply<'_, Look>;
    /// Returns what the user has of their own in rooms in which they do not participate any more.
    fn left_behind(&self, user: UserId) -> Reply<'_, LeftBehind>;
    /// Returns the drafts of the user in rooms in which they participate, the latest first.
    fn drafts(&self, user: UserId) -> Reply<'_, Vec<Unsent>>;
    /// Replaces the draft of a place, or removes it if the text is empty, and returns it. The last
    /// of several changes wins. `NotFound` unless the user participates in the room,
    /// `TooManyDrafts` beyond [`MAX_DRAFTS`](crate::model::MAX_DRAFTS). Emits `Personal` if
    /// something changed.
    fn change_draft(
        &self,
        user: UserId,
        place: DraftPlace,
        text: String,
        reply_to: Option<Seq>,
        socket: Option<SocketId>,
    ) -> Reply<'_, Unsent>;
    /// Returns signing key, epoch and server id.
    fn settings(&self) -> Reply<'_, Settings>;
    /// Returns this store such that each change made through it is recorded in the audit log, in
    /// the transaction of the change. What changes nothing is not recorded.
    fn attributed(&self, to: Attribution) -> Arc<dyn Store>;
    /// Records something that happens outside of the store.
    fn record(&self, by: Attribution, note: AuditNote) -> Reply<'_, ()>;
    /// Returns a page of the audit log. Entries are only removed by age.
    fn audit<'a>(&'a self, query: &'a AuditQuery) -> Reply<'a, Vec<AuditEntry>>;
    /// Takes note of an event on its way to the live rooms, which another server may have committed.
    /// An engine of one server knows all of them.
    fn noticed(&self, _event: &Event) {}
    /// Checks cheaply that the store can read; for `/health`.
    fn ping(&self) -> Reply<'_, ()>;
}

/// Sessions, one-time tickets and attempt counters.
pub trait Sessions: Send + Sync {
    /// Stores a new session; the secret itself is never passed to the store. `NotFound` for a user
    /// who may not log in.
    fn start(&self, new: NewSession) -> Reply<'_, Session>;
    /// Returns a session and extends its expiry (`life` from now, of those with a grant as
    /// [`grants`] says), written at most every five minutes. None: unknown, expired, ended, user disabled or deleted.
    fn find(&self, token: Hash32, now: Timestamp, life: Duration) -> Reply<'_, Option<Session>>;
    /// Returns the sessions of a user, newest first.
    fn list(&self, user: UserId) -> Reply<'_, Vec<Session>>;
    /// Returns the sessions of all users that have a grant, ascending by user, newest first.
    fn granted(&self) -> Reply<'_, Vec<Session>>;
    /// Returns when each of these users last used a session that is still known, ended ones too,
    /// accurate to five minutes, in the order of `users`.
    fn last_seen<'a>(&'a self, users: &'a [UserId]) -> Reply<'a, Vec<Option<Timestamp>>>;
    /// Ends sessions permanently before it returns; `SessionEnded` is emitted with the commit.
    /// Returns how many ended.
    fn end(&self, user: UserId, which: Ended) -> Reply<'_, u32>;
    /// Ends a session like [`end`](Self::end), for exactly one caller on any server: true for whom
    /// it ended. It may have ended for nobody if a server died meanwhile.
    fn end_once(&self, user: UserId, session: SessionId) -> Reply<'_, bool>;
    /// Returns the devices with which a user has logged in, as far as their sessions are still
    /// known, ended ones too; API tokens and links are none.
    fn devices(&self, user: UserId) -> Reply<'_, Vec<Device>>;
    /// Sets, replaces or removes (None) the subscription of a session to Web Push. It ends with the
    /// session. Another session of the user with the same address loses it, and beyond
    /// [`MAX_SUBSCRIPTIONS`](crate::model::MAX_SUBSCRIPTIONS) the one that was changed first gives
    /// way. `NotFound` for a session of the user that is not valid.
    fn subscribe(
        &self,
        user: UserId,
        session: SessionId,
        new: Option<NewSubscription>,
    ) -> Reply<'_, ()>;
    /// Removes a subscription whose address no longer exists; one that was replaced stays.
    fn unsubscribe<'a>(&'a self, gone: &'a PushSubscription) -> Reply<'a, ()>;
    /// Returns the subscriptions of the valid sessions of a user, the one that was changed first
    /// before the others.
    fn subscriptions(&self, user: UserId) -> Reply<'_, Vec<PushSubscription>>;
    /// Returns the users who may have a subscription, ascending; some may have none any more.
    fn subscribers(&self) -> Reply<'_, Vec<UserId>>;
    /// Returns this store such that sessions ended through it are recorded in the audit log.
    fn attributed(&self, to: Attribution) -> Arc<dyn Sessions>;
    /// Stores a one-time ticket for `life` under the hash of its secret, which is never passed to
    /// the store.
    fn issue_ticket(&self, ticket: Ticket, secret: Hash32, life: Duration) -> Reply<'_, ()>;
    /// Returns session and room of a ticket, to exactly one caller, while its session is valid.
    fn take_ticket(&self, secret: Hash32) -> Reply<'_, Option<(Session, RoomId)>>;
    /// Counts an attempt. Err, without counting, if this key has had `limit` attempts within
    /// `window`.
    fn attempt<'a>(
        &'a self,
        key: &'a str,
        limit: u32,
        window: Duration,
    ) -> Reply<'a, (), RetryAfter>;
    /// Removes the newest attempt of this key, which turned out not to count.
    fn give_back<'a>(&'a self, key: &'a str) -> Reply<'a, ()>;
}
