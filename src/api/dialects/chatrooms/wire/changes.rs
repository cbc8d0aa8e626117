//! Changes of a room.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Message, Room};
use crate::model::RoomChanges;

/// Changes of a room: the response of `GET …/changes` and, with `room_id`, the frame `changes`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Changes<'a> {
    epoch: &'a str,
    rev: i64,
    more: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reset: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    room: Option<Room<'a>>,
    messages: Vec<Message<'a>>,
}

impl<'a> From<&'a RoomChanges> for Changes<'a> {
    fn from(answer: &'a RoomChanges) -> Self {
        let changes = &answer.changes;
        Self {
            epoch: &changes.epoch,
            rev: changes.rev.0,
            more: changes.more,
            reset: changes.reset.then_some(true),
            room: changes.room.as_ref().map(|facts| Room::in_frame(facts, answer.state)),
            messages: changes.messages.iter().map(Message::from).collect(),
        }
    }
}

impl<'a> Changes<'a> {
    /// Builds the response of `GET …/changes`.
    pub(crate) fn in_rest(answer: &'a RoomChanges) -> Self {
        Self {
            room: answer.changes.room.as_ref().map(|facts| Room::in_rest(facts, answer.state)),
            ..Self::from(answer)
        }
    }
}
