//! What only its user sees: own settings of rooms, preferences, saved messages, drafts, and marking
//! messages as unread. Sockets of the same user are notified.

use super::Chat;
use super::messages::{in_room, not_mine};
use crate::model::rules::check_preferences;
use crate::model::{
    DraftPlace, Error, Marked, Message, MessageRef, NewDraft, OwnChange, OwnSettings, Preferences,
    PreferencesChange, Result, RoomId, Saved, Seq, Session, SocketId, Unsent, Window, check_draft,
};
use crate::store::RoomQuery;

impl Chat {
    /// Mutes or unmutes the room for the caller.
    pub async fn mute(&self, session: &Session, room: RoomId, muted: bool) -> Result<()> {
        self.change_own_settings(session, room, OwnChange::mute(muted)).await.map(drop)
    }

    /// Returns the caller's own settings of a room.
    pub async fn own_settings(&self, session: &Session, room: RoomId) -> Result<OwnSettings> {
        self.take_part(session, room).await?;
        let cards = self.store().rooms(RoomQuery::These(session.user, &[room])).await?;
        cards.first().map(|card| card.own).ok_or(Error::RoomNotFound)
    }

    /// Changes the caller's own settings of a room and returns them.
    pub async fn change_own_settings(
        &self,
        session: &Session,
        room: RoomId,
        change: OwnChange,
    ) -> Result<OwnSettings> {
        self.take_part(session, room).await?;
        self.store().change_mine(room, session.user, change).await.map_err(not_mine)
    }

    /// Makes a message and all later ones unread for the caller; others still see how far the
    /// caller had read. Reading on, or posting, ends it.
    pub async fn mark_unread(
        &self,
        session: &Session,
        room: RoomId,
        message: MessageRef,
    ) -> Result<Marked> {
        let seq = self.existing(session, room, message).await?;
        let mark = self.store().mark_unread(room, session.user, seq).await.map_err(not_mine)?;
        Ok(Marked { mark, login: session.login.clone() })
    }

    /// Returns the caller's preferences.
    pub async fn preferences(&self, session: &Session) -> Result<Preferences> {
        Ok(self.store().preferences(session.user).await?)
    }

    /// Changes the caller's preferences and returns them.
    pub async fn change_preferences(
        &self,
        session: &Session,
        change: PreferencesChange,
    ) -> Result<Preferences> {
        let change = check_preferences(change)?;
        Ok(self.store().change_preferences(session.user, change).await?)
    }

    /// Saves a message for the caller, or removes it from the saved ones. Neither fails if it was
    /// done before.
    pub async fn save_message(
        &self,
        session: &Session,
        room: RoomId,
        message: MessageRef,
        saved: bool,
    ) -> Result<()> {
        self.take_part(session, room).await?;
        let seq = in_room(room, message)?;
        Ok(self.store().save_message(room, session.user, seq, saved).await?)
    }

    /// Returns a page of the caller's saved messages, most recently saved first: those after
    /// `after`, the position of the last one of the page before.
    pub async fn saved(
        &self,
        session: &Session,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Saved>> {
        let after = after.map(str::parse).transpose();
        let after =
            after.map_err(|()| Error::invalid("before", "is not a position in this list"))?;
        Ok(self.store().saved(session.user, after, limit).await?)
    }

    /// Returns the drafts of the caller in their rooms, the latest first.
    pub async fn drafts(&self, session: &Session) -> Result<Vec<Unsent>> {
        Ok(self.store().drafts(session.user).await?)
    }

    /// Replaces the caller's draft of a room or thread; a blank text removes it. It may be longer
    /// than a message, and be written where the caller may not post at the moment. `Invalid` if the
    /// thread is named by a reply instead of its first message. All sockets of the caller are
    /// notified but the one that saves it.
    pub async fn save_draft(
        &self,
        session: &Session,
        room: RoomId,
        draft: NewDraft,
        socket: SocketId,
    ) -> Result<Unsent> {
        self.take_part(session, room).await?;
        let text = check_draft("content", draft.text)?;
        let seq = |message: Option<MessageRef>| -> Result<Option<Seq>> {
            message.map(|message| in_room(room, message)).transpose()
        };
        let place = DraftPlace { room, thread: seq(draft.thread)? };
        let reply_to = seq(draft.reply_to)?;
        if !text.is_empty() {
            self.check_draft_place(place, reply_to).await?;
        }
        let changed = self.store().change_draft(session.user, place, text, reply_to, Some(socket));
        changed.await.map_err(not_mine)
    }

    /// Checks that the thread of a draft is named by its first message, so that nobody has two
    /// drafts of one thread, and that the message it replies to exists.
    async fn check_draft_place(&self, place: DraftPlace, reply_to: Option<Seq>) -> Result<()> {
        let DraftPlace { room, thread } = place;
        if let Some(seq) = thread
            && self.ever_posted(room, seq).await?.thread.is_some()
        {
            return Err(Error::invalid("thread", "must be the first message of a thread"));
        }
        if let Some(seq) = reply_to {
            self.ever_posted(room, seq).await?;
        }
        Ok(())
    }

    /// Returns a message, also a deleted one: what was begun below it is not lost with it.
    async fn ever_posted(&self, room: RoomId, seq: Seq) -> Result<Message> {
        let found = self.store().messages(room, Window::One(seq), 1).await?;
        found.into_iter().next().ok_or(Error::MessageNotFound)
    }
}
