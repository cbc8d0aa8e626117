//! Full-text search: each server has an index of all rooms in a file of its own.
//!
//! It follows the logs of the rooms. [`pointers`] say which rooms have moved on: those of commits of
//! this server at once, those of other servers when their events arrive. [`follower`] reads them and
//! compares all rooms from time to time, so that no loss of a pointer lasts.

mod follower;
mod pointers;
mod reindex;

use std::path::PathBuf;
use std::sync::{Arc, Weak};

use tokio::runtime::Handle;

use self::follower::Follower;
use self::pointers::Pointers;
use super::Inner;
use crate::model::{Rev, RoomId};
use crate::store::sqlite::search::{Search, Waker};

/// The index of this server.
pub(super) struct Finder {
    pub(super) search: Arc<Search>,
    pointers: Arc<Pointers>,
    waker: Option<Waker>,
}

impl Finder {
    /// Opens or creates the index at this path and starts to feed it. Called inside the runtime.
    pub(super) fn start(path: PathBuf, epoch: &str, engine: Weak<Inner>) -> std::io::Result<Self> {
        let pointers = Arc::new(Pointers::default());
        let follower = Follower::new(engine, Arc::clone(&pointers), Handle::current());
        // The messages are not on this machine: nothing here is more urgent for long.
        let search = Arc::new(Search::start(path, epoch, follower, Box::new(|| false))?);
        let waker = search.waker();
        Ok(Self { search, pointers, waker })
    }

    /// Notes that a room has this rev by now.
    pub(super) fn point(&self, room: RoomId, rev: Rev) {
        self.wake_if(self.pointers.add(room, rev));
    }

    /// Notes that events of this room, or of any room, were lost.
    pub(super) fn lose(&self, room: Option<RoomId>) {
        let new = match room {
            Some(room) => self.pointers.add(room, Rev(i64::MAX)),
            None => self.pointers.lose(),
        };
        self.wake_if(new);
    }

    /// Changes of rooms that are known and not in the index yet.
    fn lag(&self) -> u64 {
        self.pointers.lag()
    }

    fn wake_if(&self, new: bool) {
        if new && let Some(waker) = &self.waker {
            waker.wake();
        }
    }

    /// Ends the thread of the index.
    pub(super) async fn close(&self) {
        let search = Arc::clone(&self.search);
        // A panic of that thread is logged there.
        drop(tokio::task::spawn_blocking(move || search.close()).await);
    }
}

impl Drop for Finder {
    fn drop(&mut self) {
        self.search.stop();
    }
}

#[cfg(test)]
mod tests;
