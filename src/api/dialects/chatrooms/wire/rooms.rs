//! Rooms and participants.

use serde::Serialize;
use utoipa::ToSchema;

use super::Message;
use super::users::Media;
use crate::api::openapi::types;
use crate::api::wire::{RoomKey, Seconds};
use crate::chat::ConnectedRoom;
use crate::model::{self, LiveState, NotifyLevel, Pin, RoomCard, RoomFacts, RoomState};

/// A participant.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Participant<'a> {
    user_id: &'a str,
    #[serde(rename = "edited_name")]
    edited_name: &'a str,
    #[schema(schema_with = types::role)]
    role: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    media: Option<Media<'a>>,
    /// Only present for bots.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    bot: Option<bool>,
    /// Only present for guests.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    guest: Option<bool>,
}

impl<'a> From<&'a model::Participant> for Participant<'a> {
    fn from(participant: &'a model::Participant) -> Self {
        let account = participant.account;
        Self {
            bot: account.bot.then_some(true),
            guest: account.guest.then_some(true),
            ..Self::in_frame(participant)
        }
    }
}

impl<'a> Participant<'a> {
    /// Builds the form used in frames, with only the documented keys.
    fn in_frame(participant: &'a model::Participant) -> Self {
        Self {
            user_id: &participant.login,
            edited_name: &participant.edited_name,
            role: participant.role.as_str(),
            name: &participant.name,
            media: participant.media.as_ref().map(Media::from),
            bot: None,
            guest: None,
        }
    }
}

/// A room. Without an owner `ownerId` is `""`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Room<'a> {
    room_id: RoomKey,
    #[schema(required)]
    name: Option<&'a str>,
    created_at: Seconds,
    participants: Vec<Participant<'a>>,
    user_count: usize,
    owner_id: &'a str,
    #[schema(schema_with = types::visibility)]
    visibility: &'static str,
    #[schema(schema_with = types::live_state)]
    state: &'static str,
    rev: i64,
    last_seq: i64,
    #[serde(flatten)]
    settings: Settings<'a>,
}

/// Room settings: present where they are set, in REST only.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Settings<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    topic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<&'a str>,
    /// Only admins and sub-admins may post.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    read_only: Option<bool>,
    /// Nobody may post, join or be added.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    archived: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    archived_at: Option<Seconds>,
    /// Days for which messages are kept, 0: for ever; absent: as `GET /api/server` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    retention_days: Option<u32>,
    /// Whether pinned messages are kept for longer; absent: as `GET /api/server` says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    keep_pinned: Option<bool>,
    /// Seq of the newest message that has expired: history begins after it. Absent: none has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expired_seq: Option<i64>,
}

impl<'a> From<&'a model::Room> for Settings<'a> {
    fn from(room: &'a model::Room) -> Self {
        Self {
            topic: room.topic.as_deref(),
            description: room.description.as_deref(),
            read_only: room.read_only.then_some(true),
            archived: room.archived.map(|_| true),
            archived_at: room.archived.map(Seconds),
            retention_days: room.retention.days,
            keep_pinned: room.retention.keep_pinned,
            expired_seq: Some(room.expired.0).filter(|seq| *seq > 0),
        }
    }
}

impl<'a> Room<'a> {
    /// Builds a room with all participants for frames, with only the documented keys.
    pub(crate) fn in_frame(facts: &'a RoomFacts, state: LiveState) -> Self {
        Self::new(facts, state, Participant::in_frame, Settings::default())
    }

    /// Builds a room with all participants for REST.
    pub(crate) fn in_rest(facts: &'a RoomFacts, state: LiveState) -> Self {
        Self::new(facts, state, Participant::from, Settings::from(&facts.room))
    }

    fn new(
        facts: &'a RoomFacts,
        state: LiveState,
        participant: impl Fn(&'a model::Participant) -> Participant<'a>,
        settings: Settings<'a>,
    ) -> Self {
        let room = &facts.room;
        Self {
            room_id: room.id.into(),
            name: room.name.as_deref(),
            created_at: room.created.into(),
            participants: facts.participants.iter().map(participant).collect(),
            user_count: facts.participants.len(),
            owner_id: &room.owner_login,
            visibility: room.visibility.as_str(),
            state: state.as_str(),
            rev: room.rev.0,
            last_seq: room.last_seq.0,
            settings,
        }
    }

    fn of_card(card: &'a RoomCard, state: LiveState) -> Self {
        Self { user_count: card.user_count as usize, ..Self::in_rest(&card.facts, state) }
    }
}

impl<'a> From<&'a RoomState> for Room<'a> {
    fn from(room: &'a RoomState) -> Self {
        Self::in_rest(&room.facts, room.state)
    }
}

/// A room in a list. The directory omits personal fields and those for participants.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Card<'a> {
    #[serde(flatten)]
    room: Room<'a>,
    #[serde(flatten)]
    #[schema(value_type = Mine<'_>)]
    mine: Option<Mine<'a>>,
}

/// Personal fields: present in the caller's rooms, omitted in the directory.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Mine<'a> {
    #[schema(required = false)]
    unread_count: u32,
    #[schema(required = false)]
    mention_count: u32,
    #[schema(required = false)]
    muted: bool,
    /// Level of notifications; absent: the user's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = types::notify_level, required = false)]
    notify: Option<&'static str>,
    /// Only present for favourites.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    favourite: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_message: Option<LastMessage<'a>>,
}

/// The newest message of a room, with the name of its author.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LastMessage<'a> {
    #[serde(flatten)]
    message: Message<'a>,
    sender_name: &'a str,
}

impl<'a> Card<'a> {
    /// A room of the caller.
    pub(crate) fn mine((card, state): &'a (RoomCard, LiveState)) -> Self {
        let mine = Mine {
            unread_count: card.unread,
            mention_count: card.mentions,
            muted: card.own.muted(),
            notify: card.own.notify.map(NotifyLevel::as_str),
            favourite: card.own.favourite.then_some(true),
            last_message: card.last_message.as_ref().map(|message| LastMessage {
                message: message.into(),
                sender_name: message.author.name(),
            }),
        };
        Self { room: Room::of_card(card, *state), mine: Some(mine) }
    }

    /// A room of the directory.
    pub(crate) fn public((card, state): &'a (RoomCard, LiveState)) -> Self {
        Self { room: Room::of_card(card, *state), mine: None }
    }
}

/// `GET /api/chatrooms`
#[derive(Serialize, ToSchema)]
pub(crate) struct Rooms<'a> {
    /// In the requested order.
    pub(crate) chatrooms: Vec<Card<'a>>,
}

/// `GET …/pins`
#[derive(Serialize, ToSchema)]
pub(crate) struct Pins<'a> {
    pins: Vec<Pinned<'a>>,
}

/// A pinned message, with the user (absent if unknown) and the time.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Pinned<'a> {
    message: Message<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    user_id: Option<&'a str>,
    pinned_at: Seconds,
}

impl<'a> From<&'a [Pin]> for Pins<'a> {
    fn from(pins: &'a [Pin]) -> Self {
        let pinned = |pin: &'a Pin| Pinned {
            message: (&pin.message).into(),
            user_id: pin.by.as_ref().map(model::Who::login),
            pinned_at: pin.at.into(),
        };
        Self { pins: pins.iter().map(pinned).collect() }
    }
}

/// `POST …/connect`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connected<'a> {
    room_id: RoomKey,
    #[schema(schema_with = types::live_state)]
    state: &'static str,
    participants: Vec<Participant<'a>>,
    online: &'a [String],
    online_count: u32,
    websocket: &'static str,
}

impl<'a> From<&'a ConnectedRoom> for Connected<'a> {
    fn from(connected: &'a ConnectedRoom) -> Self {
        let Room { room_id, state, participants, .. } = Room::from(&connected.room);
        Self {
            room_id,
            state,
            participants,
            online: &connected.online,
            online_count: connected.online_count,
            websocket: "/chat",
        }
    }
}

/// `PATCH …/me`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Muted {
    pub(crate) room_id: RoomKey,
    pub(crate) muted: bool,
}
