//! What this server wants to hear over one instance of Redis, and what it is subscribed to.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::live::bus::Topic;

/// Time for which a topic without listeners is still heard: users reload pages and change rooms.
const LINGER: Duration = Duration::from_secs(30);

/// Topics of one instance of Redis.
#[derive(Default)]
pub(super) struct Topics {
    known: Mutex<Known>,
    /// Notified when a topic must be subscribed to.
    pub(super) wanted: Notify,
}

#[derive(Default)]
struct Known {
    topics: HashMap<Topic, State>,
    /// Topics to subscribe to.
    new: Vec<Topic>,
    /// Topics without listeners, and since when.
    leaving: VecDeque<(Instant, Topic)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    wanted: bool,
    heard: bool,
    /// When the last listener left.
    left: Option<Instant>,
}

impl Topics {
    /// Notes the first (`on`) or the last listener of a topic.
    pub(super) fn listen(&self, topic: Topic, on: bool) {
        let mut known = self.lock();
        if on {
            let state = known.topics.entry(topic).or_insert(State {
                wanted: true,
                heard: false,
                left: None,
            });
            state.wanted = true;
            state.left = None;
            if !state.heard {
                known.new.push(topic);
                drop(known);
                self.wanted.notify_one();
            }
        } else if let Some(state) = known.topics.get_mut(&topic) {
            let now = Instant::now();
            state.wanted = false;
            state.left = Some(now);
            known.leaving.push_back((now, topic));
        }
    }

    /// Starts anew on a fresh connection: takes everything that is wanted.
    pub(super) fn all(&self) -> Vec<Topic> {
        let mut known = self.lock();
        known.new.clear();
        known.leaving.clear();
        known.topics.retain(|_, state| state.wanted);
        for state in known.topics.values_mut() {
            state.heard = false;
        }
        known.topics.keys().copied().collect()
    }

    /// Returns the number of topics that are heard or are about to be.
    pub(super) fn count(&self) -> usize {
        self.lock().topics.len()
    }

    /// Takes the topics to subscribe to.
    pub(super) fn take_new(&self) -> Vec<Topic> {
        let mut known = self.lock();
        let new = std::mem::take(&mut known.new);
        let mut topics: Vec<Topic> = new
            .into_iter()
            .filter(|topic| known.topics.get(topic).is_some_and(|s| s.wanted && !s.heard))
            .collect();
        topics.sort_unstable();
        topics.dedup();
        topics
    }

    /// Notes that these topics are heard now.
    pub(super) fn heard(&self, topics: &[Topic]) {
        let mut known = self.lock();
        for topic in topics {
            if let Some(state) = known.topics.get_mut(topic) {
                state.heard = true;
            }
        }
    }

    /// Takes the topics that nobody has wanted for a while; they are no longer known, so that they
    /// must be unsubscribed from.
    pub(super) fn unwanted(&self) -> Vec<Topic> {
        let mut known = self.lock();
        let mut gone = Vec::new();
        while let Some((since, topic)) = known.leaving.front().copied() {
            if since.elapsed() < LINGER {
                break;
            }
            known.leaving.pop_front();
            // A topic that was wanted meanwhile has a later entry, or none.
            if known.topics.get(&topic).is_some_and(|s| !s.wanted && s.left == Some(since)) {
                known.topics.remove(&topic);
                gone.push(topic);
            }
        }
        gone
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RoomId;

    #[tokio::test(start_paused = true)]
    async fn a_topic_is_left_only_after_nobody_wanted_it_for_a_while() {
        let (topics, room) = (Topics::default(), Topic::Room(RoomId(1)));
        topics.listen(room, true);
        assert_eq!(topics.take_new(), [room]);
        topics.heard(&[room]);
        topics.listen(room, false);
        tokio::time::advance(LINGER / 2).await;
        topics.listen(room, true);
        assert!(topics.take_new().is_empty(), "it is still heard");
        topics.listen(room, false);
        tokio::time::advance(LINGER * 3 / 4).await;
        assert!(topics.unwanted().is_empty());
        tokio::time::advance(LINGER / 4).await;
        assert_eq!(topics.unwanted(), [room]);
        topics.listen(room, true);
        assert_eq!(topics.take_new(), [room]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_fresh_connection_takes_what_is_wanted() {
        let topics = Topics::default();
        let (first, second) = (Topic::Room(RoomId(1)), Topic::Room(RoomId(2)));
        for topic in [first, second] {
            topics.listen(topic, true);
        }
        topics.heard(&[first, second]);
        topics.listen(first, false);
        assert_eq!(topics.all(), [second]);
        assert!(topics.take_new().is_empty());
        topics.listen(first, true);
        assert_eq!(topics.take_new(), [first]);
    }
}
