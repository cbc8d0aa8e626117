//! The thread that feeds the index with what changes at its source.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rusqlite::Result;

use super::index::{Index, discard, is_damage};
use super::source::Source;
use super::{READERS, Shared};
use crate::store::sqlite::readers::Readers;

/// Time to collect more messages, since a transaction of the index costs the same for one message
/// as for many.
const GATHER: Duration = Duration::from_millis(100);
/// Time to rest without changes; also how soon damage found by a search is repaired.
const REST: Duration = Duration::from_secs(5);
/// Time to rest after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(30);
/// From this number of messages on, a pass is said to be behind.
const MANY: usize = 1_000;
/// Maximum time that a transaction gives way to posts, so that the index advances under any load.
const GIVE_WAY: Duration = Duration::from_millis(250);
/// Interval between looks whether the writer is still busy.
const LOOK: Duration = Duration::from_millis(2);

pub(super) struct Feeder<S> {
    shared: Arc<Shared>,
    source: S,
    epoch: String,
}

impl<S: Source> Feeder<S> {
    pub(super) fn new(shared: Arc<Shared>, source: S, epoch: String) -> Self {
        Self { shared, source, epoch }
    }

    pub(super) fn run(mut self) {
        let mut open: Option<Index> = None;
        while !self.shared.stopped() {
            match self.follow(&mut open) {
                Ok(()) => {
                    self.shared.behind.store(false, Ordering::Release);
                    self.rest(REST);
                    // The waker stays silent until the next pass, so this collects more messages.
                    self.pause(GATHER);
                }
                Err(error) => {
                    self.close(&mut open);
                    self.give_up_purge();
                    self.shared.behind.store(true, Ordering::Release);
                    if is_damage(&error) {
                        tracing::warn!(store.error = %error, "The search index is damaged and is \
                                                              rebuilt");
                        self.forget();
                    } else {
                        tracing::error!(store.error = %error, "The search index cannot be updated");
                        self.pause(AFTER_FAILURE);
                    }
                }
            }
        }
        *self.shared.readers() = None;
        if let Some(index) = open
            && let Err(error) = index.finish()
        {
            tracing::warn!(store.error = %error, "The search index will be rebuilt at the next \
                                                  start");
        }
    }

    /// Updates the index.
    fn follow(&mut self, open: &mut Option<Index>) -> Result<()> {
        self.shared.news.store(false, Ordering::Release);
        if self.shared.damaged.swap(false, Ordering::AcqRel) {
            self.close(open);
            self.forget();
        }
        let [wanted, purged] = &self.shared.purges;
        let (wanted, began) = (wanted.load(Ordering::Acquire), Instant::now());
        let is_purged = purged.load(Ordering::Acquire) == wanted;
        let mut fed = 0;
        while !self.shared.stopped() {
            let index = match open {
                Some(index) => index,
                None => open.insert(self.open()?),
            };
            let until = Instant::now() + GIVE_WAY;
            self.shared.give_way(until);
            let shared = Arc::clone(&self.shared);
            let Some(step) = self.source.follow(index, &|| shared.give_way(until))? else {
                tracing::warn!("The search index does not belong to these messages and is rebuilt");
                self.close(open);
                self.forget();
                continue;
            };
            fed += step.added;
            self.shared.fed.store(step.newest, Ordering::Release);
            if !step.more {
                break;
            }
            if fed > MANY {
                self.shared.behind.store(true, Ordering::Release);
            }
        }
        if fed > 10 * MANY {
            tracing::info!(
                "Added {fed} messages to the search index in {} s.",
                began.elapsed().as_secs()
            );
        }
        if !is_purged && !self.shared.stopped() {
            self.purge(open);
            self.shared.purges[1].store(wanted, Ordering::Release);
        }
        Ok(())
    }

    /// An index that cannot be updated is removed if it is to keep nothing of deleted messages.
    fn give_up_purge(&self) {
        let [wanted, purged] = &self.shared.purges;
        let wanted = wanted.load(Ordering::Acquire);
        if purged.swap(wanted, Ordering::AcqRel) != wanted {
            self.forget();
        }
    }

    /// Removes the words of deleted messages, or else the index.
    fn purge(&mut self, open: &mut Option<Index>) {
        let Some(index) = open else { return };
        let shared = Arc::clone(&self.shared);
        let pause = || shared.give_way(Instant::now() + GIVE_WAY);
        if let Err(error) = index.purge(&pause) {
            tracing::warn!(store.error = %error, "The search index keeps words of deleted messages \
                                                  and is rebuilt");
            self.close(open);
            self.forget();
        }
    }

    fn open(&mut self) -> Result<Index> {
        let change = self.source.connect()?;
        let index = Index::open(&self.shared.path, &self.epoch, change, S::TABLES)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        let readers = Readers::open(&self.shared.path, Some(READERS))
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        *self.shared.readers() = Some(readers);
        Ok(index)
    }

    fn close(&mut self, open: &mut Option<Index>) {
        *open = None;
        self.source.disconnect();
    }

    /// Removes the index; the next pass rebuilds it.
    fn forget(&self) {
        *self.shared.readers() = None;
        self.shared.behind.store(true, Ordering::Release);
        self.shared.fed.store(0, Ordering::Release);
        match discard(&self.shared.path) {
            Ok(()) => {
                self.shared.thrown_away.fetch_add(1, Ordering::AcqRel);
            }
            Err(error) => {
                tracing::error!(store.error = %error, "The search index cannot be removed");
                self.pause(AFTER_FAILURE);
            }
        }
    }

    /// Waits for changes, or until this time has passed.
    fn rest(&self, long: Duration) {
        let until = Instant::now() + long;
        while !self.shared.stopped() && !self.shared.news.load(Ordering::Acquire) {
            let Some(left) =
                until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                break;
            };
            std::thread::park_timeout(left);
        }
    }

    /// Waits for this time, or until the stop.
    fn pause(&self, long: Duration) {
        let until = Instant::now() + long;
        while !self.shared.stopped() {
            let Some(left) =
                until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
            else {
                break;
            };
            std::thread::park_timeout(left);
        }
    }
}

impl Shared {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Waits while the messages have more urgent work, which may need this core.
    fn give_way(&self, until: Instant) {
        while !self.stopped() && (self.busy)() && Instant::now() < until {
            std::thread::park_timeout(LOOK);
        }
    }
}
