//! Decides one change of a message.

use std::collections::HashSet;

use super::mentions::mentioned;
use crate::model::{Change, Message, Reaction, Rev, Timestamp, UserId, check_reaction_room};
use crate::store::cluster::rooms::batch::Batch;
use crate::store::cluster::rooms::logged::Step;
use crate::store::cluster::rooms::messages::{Bare, Given};
use crate::store::cluster::rooms::stored::StoredMessage;
use crate::store::{Missing, StoreError};

/// The message to change.
pub(super) struct Target<'a> {
    pub(super) batch: &'a Batch<'a>,
    pub(super) row: &'a Bare,
    /// None: the operator, who can only delete.
    pub(super) by: Option<UserId>,
    pub(super) now: Timestamp,
    pub(super) rev: Rev,
}

impl Target<'_> {
    fn message(&self, body: StoredMessage) -> Message {
        let mut row = Bare { rev: self.rev, body, ..self.row.clone() };
        if row.is_deleted() {
            row.reactions.clear();
        }
        row.message(self.batch.room.id, &self.batch.names)
    }

    pub(super) fn edit(&self, text: &str, names: &[Vec<String>]) -> (Step, Change) {
        let mut body = self.row.body.clone();
        text.clone_into(&mut body.text);
        body.edited = Some(self.now.0);
        body.mentions = mentioned(self.batch.room, UserId(body.author), names);
        body.logged.push(self.rev.0);
        let event = Change::Edited(self.message(body.clone()));
        (Step::Edited { seq: self.row.seq.0, message: body }, event)
    }

    pub(super) fn delete(&self, pinned: bool) -> (Step, Change) {
        let mut body = self.row.body.clone();
        let media = body.media.drain(..).map(|media| media.id().0).collect();
        body.text.clear();
        body.mentions.clear();
        body.deleted = Some(self.now.0);
        let event = Change::Deleted(self.message(body.clone()));
        (Step::Deleted { seq: self.row.seq.0, message: body, media, pinned }, event)
    }

    /// Adds a reaction; the inner error is the time when it was added before.
    pub(super) fn react(
        &self,
        reaction: &Reaction,
    ) -> Result<Result<(Step, Change), Timestamp>, StoreError> {
        let by = self.by.ok_or(StoreError::NotFound(Missing::User))?;
        let counting = |given: &&Given| self.batch.accounts.contains_key(&given.user);
        let given: Vec<&Given> = self.row.reactions.iter().filter(counting).collect();
        let same = |given: &&&Given| given.reaction == reaction.as_str();
        if let Some(known) = given.iter().filter(same).find(|given| given.user == by) {
            return Ok(Err(known.at));
        }
        let kinds: HashSet<&str> = given.iter().map(|given| given.reaction.as_str()).collect();
        let own = given.iter().filter(|given| given.user == by).count();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let known = kinds.contains(reaction.as_str());
        check_reaction_room(number(kinds.len()), known, number(own))
            .map_err(|_| StoreError::TooManyReactions)?;
        let (seq, text) = (self.row.seq, reaction.as_str().to_owned());
        let step = Step::Reacted { seq: seq.0, user: by.0, reaction: text };
        Ok(Ok((step, Change::Reacted { seq, reaction: reaction.clone() })))
    }

    /// Removes a reaction; None: there is none.
    pub(super) fn unreact(&self, reaction: &Reaction) -> Option<(Step, Change)> {
        let by = self.by?;
        let mut given = self.row.reactions.iter();
        given.find(|given| given.user == by && given.reaction == reaction.as_str())?;
        let (seq, text) = (self.row.seq, reaction.as_str().to_owned());
        let step = Step::Unreacted { seq: seq.0, user: by.0, reaction: text };
        Some((step, Change::Unreacted { seq, reaction: reaction.clone() }))
    }
}
