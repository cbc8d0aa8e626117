//! The use cases: one method for each, shared by all dialects and the command line.
//!
//! [`Chat`] is the one handle that adapters hold; it is cheap to clone. All permissions are in
//! [`access`]. No HTTP, no SQL, no texts of a dialect.

pub mod access;
mod accounts;
mod api_tokens;
mod attempts;
mod availability;
mod bots;
mod caller;
mod connection;
mod digests;
mod directory;
mod dispatcher;
mod emoji;
mod erasure;
mod external;
mod guesses;
mod hashing;
mod history;
mod identities;
mod invitations;
mod letters;
mod link_previews;
mod log_in;
mod look;
mod media;
mod membership;
mod mentions;
mod messages;
mod new_device;
mod oidc_log_in;
mod operator;
mod outgoing;
mod pages;
mod participants;
mod pins;
mod preferences;
mod push;
mod refusals;
mod reset_links;
mod reset_mail;
mod retention;
mod rooms;
mod search;
mod second_factor;
mod session_cache;
mod sessions;
mod setup;
mod slash_commands;
mod statuses;
mod threads;
mod tickets;
mod tokens;
mod turns;
mod webhooks;
#[cfg(test)]
pub(crate) mod world;

use std::sync::{Arc, Mutex, OnceLock};

use tokio::sync::Semaphore;

use access::Actor;
use directory::Directories;
use guesses::Undecided;
use hashing::Hasher;
use look::Looks;
use media::Uploads;
use outgoing::Signals;
use pages::Pages;
use push::Push;
use session_cache::SessionCache;
use tokens::Keys;
use turns::Turns;

use crate::config::current::Current;
use crate::config::{self, Config};
use crate::live::{Bus, Hub};
use crate::model::{
    Attribution, Error, MAX_DRAFTS, MAX_EMOJI, MAX_SAVED, Result, Session, Timestamp, User,
};
use crate::oidc::Oidc;
use crate::store::files::Files;
use crate::store::{Missing, Sessions, Settings, Store, StoreError};
use crate::unfurl::Unfurl;

pub use crate::store::files::FileStream;
pub use access::Use;
pub use accounts::{NewStatus, ProfileChange, Registration};
pub use api_tokens::{CreatedToken, NewToken};
pub use bots::NewBot;
pub use caller::{Caller, Operator};
pub use connection::{ConnectedRoom, Connection, Later};
pub use directory::{AccountOutlook, Outlook, Synced, Unsynced};
pub use dispatcher::{Dispatcher, QUEUE as EVENT_QUEUE};
pub use emoji::EmojiList;
pub use external::NoAccount;
pub use hashing::{is_password_hash, unusable_password};
pub use invitations::{CreatedInvitation, INVITATION_LIFE, Invited, NewInvite, Refused};
pub use letters::{InvitationLetter, Language};
pub use link_previews::LinkPreview;
pub use look::{LookPart, NewLook};
pub use media::{Download, ErasedFiles, MediaHold, PERMISSION, UNUSED_FOR};
pub use membership::{Membership, Replacement, RoomPage};
pub use oidc_log_in::NotLoggedIn;
pub use operator::AccountChange;
pub use outgoing::{NewOutgoing, Tested};
pub use push::{PushInbox, PushNumbers, PushState};
pub use reset_links::{LINK_LIFE, MAX_LINK_LIFE, ResetLink};
pub use retention::{ExpiredMessages, GoesOn, Jump, RetainedRoom, RetentionMemo, RetentionRun};
pub use rooms::{CreatorRole, LISTED, People, RoomPlan};
pub use search::{Hit, Hits, Search};
pub use second_factor::{FactorSetUp, FactorState};
pub use slash_commands::{
    CommandOutcome, CommandSaid, LATE_ANSWERS, LateAnswer, MAX_LATE_ANSWERS, NewCommand,
    SentCommand,
};

pub use crate::store::{AuditQuery, Posted, RoomSettings, Thread};

/// A session authenticated by a credential.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// The session.
    pub session: Session,
    /// Expiry of the token; None for opaque session ids.
    pub token_expires: Option<Timestamp>,
}

/// The result of a log-in.
pub struct LoggedIn {
    /// The new session.
    pub session: Session,
    /// Secret of the session: 40 hexadecimal digits. Sent to the client once, stored only as a
    /// hash.
    pub secret: String,
    /// The user of the session.
    pub user: User,
}

/// A JSON web token.
pub struct Token {
    /// The encoded token.
    pub text: String,
    /// Expiry of the token.
    pub expires: Timestamp,
    /// Expiry of the session (Max-Age of the cookie) if it is not used before.
    pub session_expires: Timestamp,
    /// Login name of the user.
    pub login: String,
}

/// All use cases behind one handle.
#[derive(Clone)]
pub struct Chat(Arc<Inner>);

/// The parts a [`Chat`] is assembled from.
pub struct Parts {
    /// Users, rooms, messages.
    pub store: Arc<dyn Store>,
    /// Sessions, tickets, attempts.
    pub sessions: Arc<dyn Sessions>,
    /// Presence and transient events.
    pub bus: Arc<dyn Bus>,
    /// Sockets and live rooms.
    pub hub: Arc<Hub>,
    /// Where new messages wait to notify devices.
    pub push: PushInbox,
    /// The bytes of uploaded files.
    pub files: Files,
    /// Settings kept in the store.
    pub settings: Settings,
    /// Returns the id of this server.
    pub server_id: String,
}

struct Inner {
    store: Arc<dyn Store>,
    sessions: Arc<dyn Sessions>,
    bus: Arc<dyn Bus>,
    hub: Arc<Hub>,
    uploads: Uploads,
    hasher: Hasher,
    keys: Keys,
    cache: SessionCache,
    looks: Looks,
    pages: Pages,
    undecided: Undecided,
    oidc: Oidc,
    /// A permit for each letter that is under way.
    letters: Arc<Semaphore>,
    turns: Turns,
    directories: Directories,
    unfurl: Unfurl,
    /// Whose links are being fetched.
    fetches: Turns,
    /// Wakes the tasks of outgoing webhooks.
    outgoing: Signals,
    push: Push,
    /// Where the server listens, once it does.
    addresses: OnceLock<Vec<String>>,
    epoch: String,
    server_id: String,
    /// The configuration in effect, for what may change while the server runs.
    config: Current,
    rooms: config::Rooms,
    /// Invitation of the first administrator.
    invitation: Mutex<Option<setup::Invitation>>,
}

impl Chat {
    /// Assembles the chat and starts the hashing threads. Must be called within a tokio runtime.
    pub fn new(parts: Parts, current: Current) -> Result<Self> {
        let config = current.get();
        let Parts { store, sessions, bus, hub, push, files, settings, server_id } = parts;
        let uploads = Uploads::new(files, settings.instance, &config.media);
        let unfurl = Unfurl::new(uploads.previewer());
        let forgetting = unfurl.clone();
        current.follow(move |_| forgetting.forget());
        Ok(Self(Arc::new(Inner {
            store,
            sessions,
            bus,
            hub,
            uploads,
            hasher: Hasher::start(config.auth.hash_threads)?,
            keys: Keys::new(&settings.signing_key),
            cache: SessionCache::default(),
            looks: Looks::default(),
            pages: Pages::default(),
            undecided: Undecided::default(),
            oidc: Oidc::default(),
            letters: Arc::new(Semaphore::new(reset_mail::AT_ONCE)),
            turns: Turns::default(),
            directories: Directories::default(),
            unfurl,
            fetches: Turns::default(),
            outgoing: Signals::default(),
            push: Push::new(push, &settings.push_key)?,
            addresses: OnceLock::new(),
            epoch: settings.epoch,
            server_id,
            rooms: config.rooms.clone(),
            config: current,
            invitation: Mutex::default(),
        })))
    }

    /// The epoch of the database: changes when it is restored.
    pub fn epoch(&self) -> &str {
        &self.0.epoch
    }

    /// Returns the id of this server.
    pub fn server_id(&self) -> &str {
        &self.0.server_id
    }

    /// Says where the server listens, for addresses that it gives to other programs if no public one
    /// is configured.
    pub fn listens_at(&self, addresses: &[String]) {
        // A second call would be for the same server.
        drop(self.0.addresses.set(addresses.to_vec()));
    }

    /// Returns whether store and bus respond, in this order.
    pub async fn health(&self) -> (bool, bool) {
        (self.store().ping().await.is_ok(), self.0.bus.ping().await.is_ok())
    }

    /// Returns whether other servers are heard, if there are any.
    pub fn hears(&self) -> bool {
        !self.0.bus.hearing().deaf
    }

    /// The configuration as it is now.
    fn config(&self) -> Arc<Config> {
        self.0.config.get()
    }

    fn store(&self) -> &dyn Store {
        &*self.0.store
    }

    fn sessions(&self) -> &dyn Sessions {
        &*self.0.sessions
    }

    /// The store, which records changes that are attributed to somebody.
    fn store_for(&self, to: Option<Attribution>) -> Arc<dyn Store> {
        match to {
            Some(to) => self.0.store.attributed(to),
            None => Arc::clone(&self.0.store),
        }
    }

    fn sessions_for(&self, to: Option<Attribution>) -> Arc<dyn Sessions> {
        match to {
            Some(to) => self.0.sessions.attributed(to),
            None => Arc::clone(&self.0.sessions),
        }
    }
}

/// The caller of a session, for [`access`].
fn actor(session: &Session) -> Actor {
    Caller::from(session).actor()
}

impl From<StoreError> for Error {
    /// Converts a store error where nothing more specific is known. `Stale` is decided again before
    /// it gets here.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Taken(claim) => Self::Taken(claim),
            StoreError::NotFound(Missing::User) => Self::UserNotFound,
            StoreError::NotFound(Missing::Room) => Self::RoomNotFound,
            StoreError::NotFound(Missing::Message) => Self::MessageNotFound,
            StoreError::NotFound(Missing::Media) => Self::MediaNotFound,
            StoreError::NotFound(Missing::Participant) => Self::ParticipantNotFound,
            StoreError::NotFound(Missing::Session) => Self::SessionNotFound,
            StoreError::NotFound(Missing::Invitation) => {
                Self::invalid("invitation", "has expired or has been used up")
            }
            StoreError::NotFound(Missing::Cursor) => {
                Self::invalid("cursor", "is not a position in this list")
            }
            StoreError::NotFound(Missing::Emoji) => Self::EmojiNotFound,
            StoreError::TooManyReactions => Self::TooManyReactions,
            StoreError::TooManyEmoji => Self::invalid(
                "name",
                format!("cannot be added: there are {MAX_EMOJI} custom emoji; delete some first"),
            ),
            StoreError::TooManySaved => Self::invalid(
                "messageId",
                format!("cannot be saved: {MAX_SAVED} messages are saved; remove some first"),
            ),
            StoreError::TooManyDrafts => Self::invalid(
                "content",
                format!("cannot be kept: there are {MAX_DRAFTS} drafts; remove some first"),
            ),
            StoreError::NotAuthor => Self::Forbidden,
            StoreError::Stale | StoreError::Unavailable => Self::Unavailable,
            StoreError::Unknown => {
                tracing::error!("it is unknown whether a write was committed");
                Self::Unavailable
            }
        }
    }
}
