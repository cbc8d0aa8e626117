//! Changes of a message: edit, delete, add and remove reactions.

use rusqlite::{Connection, Result, params};

use super::error::Fault;
use super::rooms::{self, Step};
use super::work::Work;
use super::{audit, media, messages, participants, pins, posting, sql, threads, users};
use crate::model::{
    Change, MessageId, Reaction, Room, RoomId, Seq, Timestamp, UserId, check_reaction_room,
};
use crate::store::{Basis, Committed, MessageChange, Missing, StoreError, Whose, audit_notes};

const TARGET: &str =
    "SELECT id, author FROM messages WHERE room = ?1 AND seq = ?2 AND deleted IS NULL";
const EDIT: &str = "UPDATE messages SET text = ?2, edited = ?3, rev = ?4 WHERE id = ?1";
const DELETE: &str =
    "UPDATE messages SET text = '', deleted = ?2, rev = ?3, media = 0, reacted = 0 WHERE id = ?1";
const KINDS: &str = "SELECT count(DISTINCT r.reaction) AS kinds, count(*) FILTER (WHERE r.user = \
                     ?2) AS own,
        max(r.reaction = ?3) AS known, max(r.reaction = ?3 AND r.user = ?2) AS given
    FROM reactions r JOIN users u ON u.id = r.user WHERE r.message = ?1 AND u.deleted IS NULL";
const REACT: &str = "INSERT INTO reactions (message, user, reaction, at) VALUES (?1, ?2, ?3, ?4) \
                     ON CONFLICT DO NOTHING";
const GIVEN: &str = "SELECT at FROM reactions WHERE message = ?1 AND user = ?2 AND reaction = ?3";
const UNREACT: &str = "DELETE FROM reactions WHERE message = ?1 AND user = ?2 AND reaction = ?3";
const REACTED: &str = "UPDATE messages SET rev = ?2, reacted = EXISTS (SELECT 1 FROM reactions \
                       WHERE message = ?1) WHERE id = ?1";
const FORGET_REACTIONS: &str = "DELETE FROM reactions WHERE message = ?1";

#[cfg(test)]
pub(super) const STATEMENTS: &[&str] =
    &[TARGET, EDIT, DELETE, KINDS, REACT, GIVEN, UNREACT, REACTED, FORGET_REACTIONS];

/// Makes one change of a message.
pub(super) fn change(
    work: &mut Work<'_>,
    id: RoomId,
    seq: Seq,
    basis: Basis,
    by: Option<UserId>,
    whose: Whose,
    change: &MessageChange,
) -> Result<Committed, Fault> {
    let room = rooms::on_basis(work.conn, id, basis)?;
    let (last_seq, at) = (room.last_seq, work.now);
    let target = sql::one(work.conn, TARGET, params![id, seq], |row| {
        Ok((row.get("id")?, row.get("author")?))
    })?;
    let Some((message, author)) = target else {
        return Err(StoreError::NotFound(Missing::Message).into());
    };
    if whose == Whose::Own && Some(author) != by {
        return Err(StoreError::NotAuthor.into());
    }
    // An expired message that is not pinned is gone, even if its content is not removed yet.
    let is_gone = seq <= room.expired && !pins::is_pinned(work.conn, id, seq)?;
    if is_gone && !matches!(change, MessageChange::Delete) {
        return Err(StoreError::NotFound(Missing::Message).into());
    }
    let target = Target { room, seq, message, author, by };
    let happened = match change {
        MessageChange::Edit { text, mentions } => target.edit(work, text, mentions)?,
        MessageChange::Delete => target.delete(work)?,
        MessageChange::React(reaction) => target.react(work, reaction)?,
        MessageChange::Unreact(reaction) => target.unreact(work, reaction)?,
    };
    let Some(happened) = happened else {
        // A repeated reaction is answered with the time of the first one.
        let given = match change {
            MessageChange::React(reaction) => target.given(work.conn, reaction)?,
            MessageChange::Edit { .. } | MessageChange::Delete | MessageChange::Unreact(_) => None,
        };
        let at = given.unwrap_or(at);
        return Ok(Committed { rev: target.room.rev, last_seq, at, changes: Vec::new() });
    };
    // What authors do to their own messages is not administration.
    if Some(author) != by && matches!(change, MessageChange::Delete) {
        audit::record(work, || {
            let login = users::one(work.conn, author)?.map(|user| user.login).unwrap_or_default();
            Ok(audit_notes::message_deleted(MessageId { room: id, seq }, &login))
        })?;
    }
    let rev = target.room.rev.next();
    Step { room: id, rev, by: participants::by(work.conn, id, by)?, socket: None }
        .message(work, happened.clone())?;
    if let Change::Edited(edited) = &happened
        && let Some(first) = edited.thread
    {
        threads::mentioned(work, id, first, seq)?;
    }
    Ok(Committed { rev, last_seq, at, changes: vec![happened] })
}

/// The message to change.
struct Target {
    room: Room,
    seq: Seq,
    /// Id of its row.
    message: i64,
    author: UserId,
    /// None: the operator, who can only delete.
    by: Option<UserId>,
}

impl Target {
    fn edit(
        &self,
        work: &Work<'_>,
        text: &str,
        mentions: &[Vec<String>],
    ) -> Result<Option<Change>> {
        sql::run(work.conn, EDIT, params![self.message, text, work.now, self.room.rev.next()])?;
        posting::forget_mentions(work.conn, self.room.id, self.seq)?;
        posting::mention(work.conn, self.room.id, self.seq, self.author, mentions)?;
        Ok(messages::one(work.conn, self.room.id, self.seq)?.map(Change::Edited))
    }

    fn delete(&self, work: &Work<'_>) -> Result<Option<Change>> {
        sql::run(work.conn, DELETE, params![self.message, work.now, self.room.rev.next()])?;
        sql::run(work.conn, FORGET_REACTIONS, [self.message])?;
        media::detach(work.conn, self.message)?;
        posting::forget_mentions(work.conn, self.room.id, self.seq)?;
        pins::unpin(work.conn, self.room.id, self.seq)?;
        Ok(messages::one(work.conn, self.room.id, self.seq)?.map(Change::Deleted))
    }

    fn react(&self, work: &Work<'_>, reaction: &Reaction) -> Result<Option<Change>, Fault> {
        let (kinds, own, known, given) =
            sql::one(work.conn, KINDS, params![self.message, self.by, reaction.as_str()], |row| {
                let is = |column| row.get::<_, Option<bool>>(column).map(Option::unwrap_or_default);
                Ok((row.get("kinds")?, row.get("own")?, is("known")?, is("given")?))
            })?
            .unwrap_or_default();
        if !given {
            check_reaction_room(kinds, known, own).map_err(|_| StoreError::TooManyReactions)?;
        }
        let given = sql::run(
            work.conn,
            REACT,
            params![self.message, self.by, reaction.as_str(), work.now],
        )?;
        Ok(self.reacted(work, given, || Change::Reacted {
            seq: self.seq,
            reaction: reaction.clone(),
        })?)
    }

    /// Returns when the caller added this reaction.
    fn given(&self, conn: &Connection, reaction: &Reaction) -> Result<Option<Timestamp>> {
        let values = params![self.message, self.by, reaction.as_str()];
        sql::one(conn, GIVEN, values, |row| row.get("at"))
    }

    fn unreact(&self, work: &Work<'_>, reaction: &Reaction) -> Result<Option<Change>> {
        let taken =
            sql::run(work.conn, UNREACT, params![self.message, self.by, reaction.as_str()])?;
        self.reacted(work, taken, || Change::Unreacted {
            seq: self.seq,
            reaction: reaction.clone(),
        })
    }

    fn reacted(
        &self,
        work: &Work<'_>,
        changed: usize,
        change: impl FnOnce() -> Change,
    ) -> Result<Option<Change>> {
        if changed == 0 {
            return Ok(None);
        }
        sql::run(work.conn, REACTED, params![self.message, self.room.rev.next()])?;
        Ok(Some(change()))
    }
}
