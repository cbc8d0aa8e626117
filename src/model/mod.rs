//! Plain types and pure rules of the chat: ids, users, rooms, messages, events, commands, errors.
//!
//! Contains data and pure functions only: no I/O, no async, no clock, no JSON of dialects, no SQL.

mod audit;
mod availability;
mod command;
mod drafts;
mod emoji;
pub mod emoji_names;
mod error;
mod event;
mod file_names;
mod files;
mod fulltext;
mod identity;
mod ids;
mod invitation;
mod links;
mod look;
mod media;
mod message;
mod names;
mod outgoing;
mod pictures;
mod preferences;
mod push;
mod retention;
mod room;
pub mod rules;
mod search;
mod second_factor;
mod session;
mod slash;
mod status;
mod threads;
mod timestamp;
mod user;

pub use audit::{ActorKind, Attribution, AuditActor, AuditEntry, AuditNote, AuditTarget};
pub use availability::{Availability, MAX_WATCHED};
pub use command::{
    Changes, Command, Entered, Marked, MessageRef, NewDraft, NewMessage, Outcome, RoomChanges,
    RoomState, Stored, Subscription,
};
pub use drafts::{DraftPlace, MAX_DRAFT, MAX_DRAFTS, Unsent, check_draft};
pub use emoji::{CustomEmoji, MAX_EMOJI, MAX_EMOJI_BYTES, MAX_EMOJI_SIDE, NewEmoji};
pub use error::{Claim, Error, Missing, Result};
pub use event::{Change, EmojiPicture, Event, EventSink, RoomEvent};
pub use file_names::{MAX_FILE_NAME, check_file_name, clean_file_name};
pub use files::{FileKind, SNIFFED, Shown};
pub use fulltext::{Phrase, Snippet, WORDS_VERSION, WordQuery, index_words};
pub use identity::{ExternalUser, Identity, IdentitySource, MAX_SUBJECT};
pub use ids::{
    InvitationId, MessageId, RoomId, SessionId, SlashCommandId, SocketId, UserId, WebhookId,
};
pub use ids::{MAX_KEPT_ID, MediaId, Rev, Seq};
pub use invitation::{Invitation, Spent};
pub use links::{MAX_PREVIEWS, preview_links};
pub use look::{Look, LookChange, LookIcon};
pub use media::Media;
pub use message::{Message, ReactionCount, ReadMark, Window, check_client_id, check_text};
pub use names::{
    MAX_EMAIL, MAX_NAME, MAX_PASSWORD, MAX_TOPIC, check_birth, check_description,
    check_display_name, check_email, check_line, check_login, check_password, check_room_name,
    check_topic, clean_lines, fold, skeleton,
};
pub use outgoing::{
    Membership, NewOutgoingWebhook, OutgoingWebhook, WebhookBot, WebhookChange, WebhookEvent,
    WebhookPlace, WebhookProblem, WebhookSecret,
};
pub use pictures::{
    ICON_SIDES, IconPurpose, MAX_PIXELS, MAX_SIDE, Picture, Preview, Size, Thumbnail,
    clean_picture, copy_picture, icon, icon_of, preview, side_for, thumbnail,
};
pub use preferences::{
    MAX_SAVED, NotifyLevel, OwnChange, OwnSettings, Personal, Preferences, PreferencesChange,
    QuietHours, Saved, SavedPlace,
};
pub use push::{
    MAX_ENDPOINT, MAX_SUBSCRIPTIONS, NewSubscription, Notice, PUSH_KEY_BYTES, PUSH_SECRET_BYTES,
    PushSubscription,
};
pub use retention::{MAX_RETENTION_DAYS, Retention, RoomRetention};
pub use room::{LiveState, Participant, Pin, Role, Room, RoomCard, RoomFacts, Visibility};
pub use rules::{
    MentionPlace, Reaction, check_emoji_name, check_reaction_room, emoji_in_colons, hidden,
    is_blank, mention_places, mentioned_names, with_single_spaces, without_hidden,
};
pub use search::{Has, MessageQuery, Searchable};
pub use second_factor::{
    RECOVERY_BYTES, RECOVERY_CODES, SECRET_BYTES, SecondFactor, recovery_code, recovery_hash,
    secret_text,
};
pub use session::{Client, Credential, Grant, Hash32, Scope, Session};
pub use slash::{
    CommandAnswer, CommandProblem, NewSlashCommand, ProgramAnswer, SlashCommand,
    check_command_help, check_command_name,
};
pub use status::{MAX_STATUS, Status};
pub use threads::{Follow, FollowedThread, REPLIERS, ThreadPlace, ThreadSummary};
pub use timestamp::Timestamp;
pub use user::{Account, AccountFlags, Person, User, Who};
