//! `user.erase`: removes a person from the server, with everything that they have written and
//! uploaded.
//!
//! Messages are deleted as their author would delete them, so that history, search, live rooms and
//! the feeds of changes follow. The account goes last: until then the command can be given again,
//! and goes on where it was interrupted.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use futures_util::{FutureExt, StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use tracing::warn;
use utoipa::ToSchema;

use super::outcome::Failure;
use super::walk::Walk;
use super::{Call, items};
use crate::chat::ErasedFiles;
use crate::model::{AuditNote, AuditTarget, MessageId, RoomId, Seq, User};
use crate::store::Traces;

/// Number of changes of messages made concurrently, so that they share commits.
const TOGETHER: usize = 16;
/// Number of changes between two pauses.
const BATCH: usize = 32;

/// Erase a person: delete the account with the content of its messages, its reactions and files.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserErase {
    pub name: String,
    /// Only report what would be erased.
    #[serde(default)]
    pub dry_run: bool,
    /// Succeed if it does not exist.
    #[serde(default)]
    pub if_exists: bool,
}

/// Numbers of erased changes.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    messages: u64,
    reactions: u64,
}

/// The end of the examined part of each room in which the user takes part.
type Ends = HashMap<RoomId, Seq>;

impl UserErase {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { name, dry_run, if_exists } = self;
        let Some(account) = call.account(&name, if_exists).await? else { return Ok(()) };
        let user = &account.user;
        let leaving = call.leaving(user).await?;
        let (sums, files) = if dry_run {
            let sums = call.walk(user, Walk::of(user.id), false, &mut Ends::new()).await?;
            (sums, admin.chat().count_files(operator, user.id).await?)
        } else {
            // Without the name, which is part of what is erased.
            let target = AuditTarget::new("user", user.id.0.to_string(), None);
            let note = AuditNote { target: Some(target), ..AuditNote::default() };
            admin.chat().record(operator, note).await?;
            let operator = &operator.within_recorded();
            Call { operator, ..call }.erase(user).await?
        };
        let ErasedFiles { files, bytes, kept } = files;
        output
            .item(items::Erased {
                id: user.id.0,
                messages_erased: sums.messages,
                reactions_erased: sums.reactions,
                files_erased: files,
                file_bytes: bytes,
                files_kept: kept,
                leaving: items::Leaving { done: !dry_run, ..leaving },
            })
            .await
    }
}

impl Call<'_> {
    async fn erase(self, user: &User) -> Result<(Sums, ErasedFiles), Failure> {
        let Call { admin, operator, .. } = self;
        let chat = admin.chat();
        chat.begin_erasure(operator, user).await?;
        let rooms = chat.rooms_of(operator, user.id).await?;
        let mut ends: Ends = rooms.into_iter().map(|room| (room, Seq(0))).collect();
        let mut sums = self.walk(user, Walk::of(user.id), true, &mut ends).await?;
        let files = chat.erase_files(operator, user.id).await?;
        chat.forget_user(operator, user.id).await?;
        // While the account is there, this can be repeated.
        admin.0.parts.engine.purge_search().await;
        self.scrub(false).await?;
        chat.delete_erased(operator, user).await?;
        admin.settle().await;
        // What was on its way when the account was disabled is stored by now, or never will be.
        for (room, end) in ends {
            let late = Walk::above(user.id, room, end);
            let late = self.walk(user, late, true, &mut Ends::new()).await?;
            if late.messages > 0 {
                admin.0.parts.engine.purge_search().await;
            }
            sums.messages += late.messages;
            sums.reactions += late.reactions;
        }
        chat.forget_user(operator, user.id).await?;
        self.scrub(admin.running().is_none()).await.map_err(|failure| {
            failure.after("everything is erased, but older copies may be left in the database file")
        })?;
        Ok((sums, files))
    }

    /// Counts, or erases, what a user has left where a walk leads. Sets the ends of rooms that have
    /// one.
    async fn walk(
        &self,
        user: &User,
        mut walk: Walk,
        erase: bool,
        ends: &mut Ends,
    ) -> Result<Sums, Failure> {
        let mut sums = Sums::default();
        while let Some((room, found)) = walk.next(self).await? {
            if let Some(end) = ends.get_mut(&room) {
                *end = found.next.or(found.written.last().copied()).unwrap_or(*end);
            }
            if erase {
                self.remove(user, room, found, &mut sums).await?;
            } else {
                sums.messages += found.written.len() as u64;
                sums.reactions += found.reactions.len() as u64;
            }
            self.output.progress(sums.messages + sums.reactions, 0).await?;
        }
        Ok(sums)
    }

    async fn remove(
        &self,
        user: &User,
        room: RoomId,
        found: Traces,
        sums: &mut Sums,
    ) -> Result<(), Failure> {
        let (chat, operator) = (self.admin.chat(), self.operator);
        let mut gone: HashSet<Seq> = HashSet::new();
        for some in found.written.chunks(BATCH) {
            let began = Instant::now();
            let ids: Vec<MessageId> =
                some.iter().map(|seq| MessageId { room, seq: *seq }).collect();
            let erasing = stream::iter(ids).map(|id| chat.erase_message(operator, id).boxed());
            let erased: Vec<bool> = erasing.buffered(TOGETHER).try_collect().await?;
            let erased = some.iter().zip(erased).filter_map(|(seq, erased)| erased.then_some(*seq));
            let before = gone.len();
            gone.extend(erased);
            sums.messages += (gone.len() - before) as u64;
            self.output.progress(sums.messages + sums.reactions, 0).await?;
            self.give_way(began).await;
        }
        for some in found.reactions.chunks(BATCH) {
            let began = Instant::now();
            for (seq, reaction, _) in some {
                let id = MessageId { room, seq: *seq };
                // Reactions to own messages are gone with them.
                let erased = gone.contains(seq)
                    || chat.erase_reaction(operator, user.id, id, reaction.clone()).await?;
                sums.reactions += u64::from(erased);
            }
            self.give_way(began).await;
        }
        Ok(())
    }

    /// Leaves half of the write capacity of a running server to users who send messages.
    async fn give_way(&self, began: Instant) {
        if self.admin.running().is_some() {
            tokio::time::sleep(began.elapsed()).await;
        }
    }

    /// Removes what is left in the files of the database.
    async fn scrub(&self, rewrite: bool) -> Result<(), Failure> {
        if !self.admin.0.parts.engine.scrub(rewrite).await? {
            warn!("The write-ahead log is being read; it is emptied later.");
        }
        Ok(())
    }
}
