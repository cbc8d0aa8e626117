//! Rooms.
use super::Chat;
use crate::model::{LiveState, Participant, Result, Role, RoomCard, RoomId, RoomState, Session, UserId, Visibility};

/// The people of a room to be, as the dialect names them.
#[derive(Clone, Debug)]
pub enum People {
    /// By login name.
    Logins(Vec<String>),
    /// By number.
    Ids(Vec<UserId>),
}

/// Which role the creator of a private room has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreatorRole {
    /// Admin where three or more take part, else member (`chatrooms`).
    ByCount,
    /// Member (`chats`, `v1`).
    Member,
}

/// A room to be. The creator of a public room is its admin.
#[derive(Clone, Debug)]
pub struct RoomPlan {
    /// None: nameless.
    pub name: Option<String>,
    /// Who may see it.
    pub visibility: Visibility,
    /// Everybody in it; the caller is added.
    pub people: People,
    /// What the creator of a private room becomes.
    pub creator: CreatorRole,
    /// Answer the nameless room of exactly these people when there is one.
    pub reuse: bool,
}

/// A live room that was brought up.
#[derive(Clone, Debug)]
pub struct ConnectedRoom {
    /// Room and state.
    pub room: RoomState,
    /// Login names of those present, at most 200.
    pub online: Vec<String>,
    /// How many are present.
    pub online_count: u32,
}

impl Chat {
    /// Creates a room, or answers the one that is there (true). Unknown people: `UserNotFound`.
    pub async fn create_room(&self, session: &Session, plan: RoomPlan) -> Result<(RoomState, bool)> {
        todo!()
    }
    /// A room that the caller may see: their own, or a public one.
    pub async fn room(&self, session: &Session, room: RoomId) -> Result<RoomState> {
        todo!()
    }
    /// A room that the caller takes part in (else `RoomNotFound`).
    pub async fn my_room(&self, session: &Session, room: RoomId) -> Result<RoomState> {
        todo!()
    }
    /// My rooms, newest activity first, each with the state of its live room; at most `participants` participants a card.
    pub async fn my_rooms(&self, session: &Session, participants: u32) -> Result<Vec<(RoomCard, LiveState)>> {
        todo!()
    }
    /// Public rooms, oldest first.
    pub async fn directory(&self, session: &Session, after: RoomId, limit: u32) -> Result<Vec<(RoomCard, LiveState)>> {
        todo!()
    }
    /// Gives a room another name (None: none).
    pub async fn rename_room(&self, session: &Session, room: RoomId, name: Option<String>) -> Result<RoomState> {
        todo!()
    }
    /// Adds somebody.
    pub async fn add_participant(&self, session: &Session, room: RoomId, login: &str, role: Role) -> Result<Participant> {
        todo!()
    }
    /// Removes somebody, or leaves.
    pub async fn remove_participant(&self, session: &Session, room: RoomId, login: &str) -> Result<()> {
        todo!()
    }
    /// Gives a participant another role.
    pub async fn change_role(&self, session: &Session, room: RoomId, login: &str, role: Role) -> Result<Participant> {
        todo!()
    }
    /// Gives a participant another name inside the room; empty: back to the display name.
    pub async fn change_edited_name(&self, session: &Session, room: RoomId, login: &str, name: &str) -> Result<Participant> {
        todo!()
    }
    /// Deletes a room and all in it.
    pub async fn delete_room(&self, session: &Session, room: RoomId) -> Result<()> {
        todo!()
    }
    /// Enters a public room (or one's own): the caller is a participant afterwards. The bool: was not before.
    pub async fn join(&self, session: &Session, room: RoomId) -> Result<(RoomState, bool)> {
        todo!()
    }
    /// Brings the live room up, joining a public room.
    pub async fn connect_room(&self, session: &Session, room: RoomId) -> Result<ConnectedRoom> {
        todo!()
    }
}
