//! Ids, taken in blocks: each server uses its own block in ascending order.
//!
//! A block is taken by a conditional write that moves the first free number of a kind. It has one
//! number while a kind is quiet and up to 64 while servers compete. What is left of a block when a
//! server stops is never given out.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::Cluster;
use super::tables::schema::people::IDS;
use super::tables::{
    Compare, Condition, Consistency, Outcome, Put, Slice, TableError, Tables, Value,
};
use crate::store::StoreError;

/// What is numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Users.
    User,
    /// Rooms.
    Room,
    /// Uploaded files.
    Media,
    /// Sessions.
    Session,
    /// Entries of the audit log.
    Audit,
    /// Work of many steps.
    Job,
    /// Invitations.
    Invitation,
    /// Outgoing webhooks.
    Webhook,
    /// Slash commands.
    SlashCommand,
}

impl Kind {
    fn key(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Room => "room",
            Self::Media => "media",
            Self::Session => "session",
            Self::Audit => "audit",
            Self::Job => "job",
            Self::Invitation => "invitation",
            Self::Webhook => "webhook",
            Self::SlashCommand => "slash_command",
        }
    }
}

/// Largest block.
const MOST: i64 = 64;
/// Without a lost race for this long, blocks are of one number again.
const QUIET: Duration = Duration::from_secs(10);
/// Lost races after which the caller is told to try again.
const TRIES: usize = 100;

/// Blocks of ids that this server has taken.
#[derive(Default)]
pub(super) struct Ids(std::sync::Mutex<HashMap<Kind, Arc<Mutex<Block>>>>);

/// The rest of a block, and what is known of the next one.
#[derive(Default)]
struct Block {
    next: i64,
    end: i64,
    /// The first free number of the kind when it was last seen; None: never seen, or there is none.
    free: Option<i64>,
    size: i64,
    lost: Option<Instant>,
}

/// Returns an id that was never given out, larger than all that this server took of its kind.
pub(super) async fn take(at: &Cluster, kind: Kind) -> Result<i64, StoreError> {
    let block = {
        let mut blocks = at.0.ids.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(blocks.entry(kind).or_default())
    };
    let mut block = block.lock().await;
    block.take(at.tables(), kind).await
}

/// Returns the largest id that any server may have given out; 0: none.
pub(super) async fn last(at: &Cluster, kind: Kind) -> Result<i64, StoreError> {
    Ok(first_free(at.tables(), kind).await?.map_or(0, |free| free - 1))
}

/// Ensures that ids of this kind above `id` are given out from now on, for an import that keeps
/// ids.
pub(super) async fn raise(at: &Cluster, kind: Kind, id: i64) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let free = first_free(at.tables(), kind).await?;
        if free.is_some_and(|free| free > id) {
            return Ok(());
        }
        match at.tables().compare(moved(kind, free, id + 1)).await {
            Ok(Outcome::Applied) => return Ok(()),
            Ok(Outcome::Refused) | Err(TableError::Unknown) => {}
            Err(TableError::Unavailable) => return Err(StoreError::Unavailable),
        }
    }
    Err(StoreError::Unavailable)
}

impl Block {
    async fn take(&mut self, tables: &dyn Tables, kind: Kind) -> Result<i64, StoreError> {
        for _ in 0..TRIES {
            if self.next < self.end {
                self.next += 1;
                return Ok(self.next - 1);
            }
            if self.lost.is_none_or(|lost| lost.elapsed() > QUIET) {
                self.size = 1;
            }
            let first = self.free.unwrap_or(1);
            match tables.compare(moved(kind, self.free, first + self.size)).await {
                Ok(Outcome::Applied) => {
                    (self.next, self.end) = (first, first + self.size);
                    self.free = Some(self.end);
                }
                Ok(Outcome::Refused) => {
                    // The first refusal only says that this server had not looked yet.
                    if self.free.is_some() {
                        self.lost = Some(Instant::now());
                        self.size = (self.size * 2).min(MOST);
                    }
                    self.free = first_free(tables, kind).await?;
                }
                // The block may be ours or not: it is skipped, since gaps are allowed.
                Err(TableError::Unknown) => self.free = first_free(tables, kind).await?,
                Err(TableError::Unavailable) => return Err(StoreError::Unavailable),
            }
        }
        Err(StoreError::Unavailable)
    }
}

fn moved(kind: Kind, from: Option<i64>, to: i64) -> Compare {
    Compare {
        conditions: vec![Condition::Is(Vec::new(), "next", from.map(Value::Int))],
        puts: vec![Put::conditional(&IDS, [kind.key().into()], [], [("next", to.into())])],
    }
}

async fn first_free(tables: &dyn Tables, kind: Kind) -> Result<Option<i64>, StoreError> {
    let slice = Slice::of(&IDS, [kind.key().into()]).at(Consistency::Serial);
    // After a write of unknown outcome even a failed read says nothing.
    let rows = tables.read(slice).await.map_err(|_| StoreError::Unavailable)?;
    Ok(rows.first().and_then(|row| row.int("next")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::cluster::faulty::open;
    use crate::store::cluster::tables::memory::{Faults, Memory};

    #[tokio::test(start_paused = true)]
    async fn ids_are_given_out_once_and_ascend_on_each_server_under_faults() {
        for seed in 0..20 {
            eprintln!("seed {seed}");
            let memory = Memory::with_faults(Faults::often(seed));
            let mut servers = Vec::new();
            for _ in 0..3 {
                let server = open(&memory).await.0;
                servers.push(tokio::spawn(async move {
                    let mut taken = Vec::new();
                    for _ in 0..200 {
                        taken.extend(take(&server, Kind::Room).await);
                    }
                    taken
                }));
            }
            let (mut all, mut count) = (BTreeSet::new(), 0);
            for server in servers {
                let taken = server.await.unwrap();
                assert!(taken.is_sorted_by(|one, next| one < next), "{taken:?}");
                count += taken.len();
                all.extend(taken);
            }
            assert_eq!(all.len(), count);
            assert!(count > 500 && all.first().is_some_and(|first| *first >= 1), "{count}");
        }
    }

    #[tokio::test]
    async fn blocks_are_of_one_id_while_nobody_competes() {
        let memory = Memory::new();
        let (one, two) = (open(&memory).await.0, open(&memory).await.0);
        for expected in 1..=5 {
            assert_eq!(take(&one, Kind::User).await, Ok(expected));
        }
        assert_eq!(take(&two, Kind::User).await, Ok(6));
        assert_eq!(take(&two, Kind::Media).await, Ok(1));
        raise(&two, Kind::User, 100).await.unwrap();
        raise(&two, Kind::User, 50).await.unwrap();
        assert!(take(&one, Kind::User).await.unwrap() > 100);
    }
}
