//! Everything that a user has left, for their export and its erasure. Only the operator may do
//! either.
//!
//! The account goes last: as long as it is there, an erasure that was interrupted can be repeated.

use tracing::info;

use super::{Chat, Operator};
use crate::model::{
    Follow, MediaId, Message, MessageId, Pin, Preferences, Reaction, Result, RoomCard, RoomId,
    Saved, SavedPlace, Seq, Unsent, User, UserId, Window,
};
use crate::store::{
    Basis, LeftBehind, MessageChange, OwnFile, RoomQuery, StoreError, Traces, UserChange, Whose,
};

/// Messages examined at once.
const EXAMINED: u32 = 1_000;

impl Chat {
    /// Returns what a user has left in the next part of a room above `after`.
    pub async fn traces_of(
        &self,
        _: &Operator,
        user: UserId,
        room: RoomId,
        after: Seq,
    ) -> Result<Traces> {
        Ok(self.store().traces(user, room, after, EXAMINED).await?)
    }

    /// Returns a page of the files of a user, and where to continue.
    pub async fn files_of_user(
        &self,
        _: &Operator,
        user: UserId,
        after: MediaId,
        limit: u32,
    ) -> Result<(Vec<OwnFile>, Option<MediaId>)> {
        Ok(self.store().own_files(user, after, limit).await?)
    }

    /// Returns the preferences of a user.
    pub async fn preferences_of(&self, _: &Operator, user: UserId) -> Result<Preferences> {
        Ok(self.store().preferences(user).await?)
    }

    /// Returns the drafts of a user, of rooms in which they participate.
    pub async fn drafts_of(&self, _: &Operator, user: UserId) -> Result<Vec<Unsent>> {
        Ok(self.store().drafts(user).await?)
    }

    /// Returns what a user has of their own in rooms that they have left.
    pub async fn left_behind(&self, _: &Operator, user: UserId) -> Result<LeftBehind> {
        Ok(self.store().left_behind(user).await?)
    }

    /// Returns a page of the messages that a user has saved.
    pub async fn saved_of(
        &self,
        _: &Operator,
        user: UserId,
        after: Option<SavedPlace>,
        limit: u32,
    ) -> Result<Vec<Saved>> {
        Ok(self.store().saved(user, after, limit).await?)
    }

    /// Returns the threads that a user follows.
    pub async fn follows_of(&self, _: &Operator, user: UserId) -> Result<Vec<Follow>> {
        Ok(self.store().follows(user).await?)
    }

    /// Returns the rooms of a user with marks and own settings, at most 10,000.
    pub async fn cards_of(&self, _: &Operator, user: UserId) -> Result<Vec<RoomCard>> {
        Ok(self.store().rooms(RoomQuery::Of { user, participants: 0 }).await?)
    }

    /// Returns the pinned messages of a room.
    pub async fn pins_of(&self, _: &Operator, room: RoomId) -> Result<Vec<Pin>> {
        Ok(self.store().pins(room).await?)
    }

    /// Returns a message of a room; None: there is none with this seq.
    pub async fn message_of(&self, _: &Operator, id: MessageId) -> Result<Option<Message>> {
        Ok(self.store().messages(id.room, Window::One(id.seq), 1).await?.pop())
    }

    /// Begins to erase a user: nobody can log in to the account any more, its sessions and API
    /// tokens end, and its profile is emptied, except for the names.
    pub async fn begin_erasure(&self, _: &Operator, user: &User) -> Result<()> {
        let change = UserChange {
            email: user.email.is_some().then_some(None),
            birth: user.birth.is_some().then_some(None),
            media: user.media.is_some().then_some(None),
            status: user.status.is_some().then_some(None),
            disabled: Some(true),
            ..UserChange::default()
        };
        let had_status = user.status.is_some();
        let user = &self.store().change_user(user.id, change).await?;
        if had_status {
            self.tell_status(user).await;
        }
        self.0.cache.forget_user(user.id);
        info!("The erasure of an account has begun.");
        Ok(())
    }

    /// Deletes the content of a message, in any room; false if it is gone already.
    pub async fn erase_message(&self, _: &Operator, id: MessageId) -> Result<bool> {
        self.change_of_erasure(id, None, MessageChange::Delete).await
    }

    /// Removes a reaction of a user, in any room; false if it is gone already.
    pub async fn erase_reaction(
        &self,
        _: &Operator,
        user: UserId,
        id: MessageId,
        reaction: Reaction,
    ) -> Result<bool> {
        self.change_of_erasure(id, Some(user), MessageChange::Unreact(reaction)).await
    }

    /// Changes a message whatever the room is like: an archived one must forget too.
    async fn change_of_erasure(
        &self,
        id: MessageId,
        by: Option<UserId>,
        change: MessageChange,
    ) -> Result<bool> {
        let MessageId { room, seq } = id;
        let changed = self.store().change_message(room, seq, Basis::Nobody, by, Whose::Any, change);
        match changed.await {
            Ok(done) => Ok(done.changed()),
            Err(StoreError::NotFound(_)) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }

    /// Deletes the account, by its id: somebody else may have its name by now. It is no error if it
    /// is gone.
    pub async fn delete_erased(&self, operator: &Operator, user: &User) -> Result<()> {
        match self.store_for(operator.attribution()).remove_user(user.id).await {
            Ok(()) | Err(StoreError::NotFound(_)) => (),
            Err(other) => return Err(other.into()),
        }
        self.0.cache.forget_user(user.id);
        info!("The account of an erased user was deleted.");
        Ok(())
    }

    /// Removes rows that would outlive the account for some time.
    pub async fn forget_user(&self, _: &Operator, user: UserId) -> Result<()> {
        Ok(self.store().forget_user(user).await?)
    }
}
