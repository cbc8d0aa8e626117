//! Reading pages of history.

use bytes::Bytes;

use super::messages::in_room;
use super::pages::{Page, PageKey};
use super::{Chat, access, actor};
use crate::model::{
    Error, Message, MessageRef, Result, Rev, RoomFacts, RoomId, Seq, Session, ThreadSummary, Window,
};
use crate::store::Thread;

/// Pages of history that read or skip more messages than this take turns.
const EXPENSIVE_FROM: u32 = 200;
/// Maximum number of messages whose threads are summed up at once.
const SUMMED_UP: i64 = 1_000;

impl Chat {
    /// Returns a page of history, ascending by seq.
    pub async fn history(
        &self,
        session: &Session,
        room: RoomId,
        window: Window,
        limit: u32,
    ) -> Result<Vec<Message>> {
        let facts = self.take_part(session, room).await?;
        let _turn =
            if is_expensive(window, limit) { Some(self.turn(session).await?) } else { None };
        let page = self.store().page(room, window, limit).await?;
        self.check_reader(session, &facts, page.facts_rev).await?;
        Ok(page.messages)
    }

    /// Returns the thread of a message, which may be any message of it, with its newest replies
    /// below `before`.
    pub async fn thread(
        &self,
        session: &Session,
        room: RoomId,
        message: MessageRef,
        before: Option<Seq>,
        limit: u32,
    ) -> Result<Thread> {
        let facts = self.take_part(session, room).await?;
        let seq = in_room(room, message)?;
        let thread = self.store().thread(room, seq, before, limit).await?;
        self.check_reader(session, &facts, thread.facts_rev).await?;
        Ok(thread)
    }

    /// Returns what is shown of the threads that begin with the messages from the first to the
    /// second, both included, ascending.
    pub async fn thread_summaries(
        &self,
        session: &Session,
        room: RoomId,
        (from, to): (Seq, Seq),
    ) -> Result<Vec<ThreadSummary>> {
        let facts = self.take_part(session, room).await?;
        if to.0.saturating_sub(from.0) >= SUMMED_UP {
            return Err(Error::invalid("to", "must be less than 1,000 above from"));
        }
        let (facts_rev, threads) = self.store().thread_summaries(room, from, to).await?;
        self.check_reader(session, &facts, facts_rev).await?;
        Ok(threads)
    }

    /// Returns a page of history in the encoding of a dialect, which depends on nothing but the
    /// messages. The newest page comes from memory as long as nothing of the room has changed.
    pub async fn encoded_history(
        &self,
        session: &Session,
        room: RoomId,
        (window, limit): (Window, u32),
        dialect: &'static str,
        encode: impl FnOnce(&[Message]) -> Result<Bytes>,
    ) -> Result<Bytes> {
        // Before anything is read, so that nothing read is older.
        let version = if is_newest(window, limit) { self.store().version(room) } else { None };
        let Some(version) = version else {
            return encode(&self.history(session, room, window, limit).await?);
        };
        let key = PageKey { dialect, window, limit };
        let known = match self.0.pages.find(room, version, key, session.user) {
            Some((page, true)) => return Ok(page.body),
            Some((page, false)) => Some(page),
            None => None,
        };
        let facts = self.take_part(session, room).await?;
        let page = if let Some(page) = known {
            page
        } else {
            let read = self.store().page(room, window, limit).await?;
            Page { facts_rev: read.facts_rev, body: encode(&read.messages)? }
        };
        if self.check_reader(session, &facts, page.facts_rev).await? {
            self.0.pages.keep(room, version, key, &page, session.user);
        }
        Ok(page.body)
    }

    /// Checks the permission again by the stored facts if it does not rest on the facts of the page
    /// that was read, since memory lags behind or they have changed meanwhile. Returns whether it
    /// did.
    async fn check_reader(
        &self,
        session: &Session,
        facts: &RoomFacts,
        facts_rev: Rev,
    ) -> Result<bool> {
        let same = facts.room.facts_rev == facts_rev;
        if !same {
            let stored = self.known_facts(facts.room.id, false).await?;
            access::take_part(&stored, actor(session))?;
        }
        Ok(same)
    }
}

/// Returns whether a page takes as long as many ordinary ones.
fn is_expensive(window: Window, limit: u32) -> bool {
    limit > EXPENSIVE_FROM || matches!(window, Window::Offset(skip) if skip > EXPENSIVE_FROM)
}

/// Returns whether it is a page that many users read.
fn is_newest(window: Window, limit: u32) -> bool {
    matches!(window, Window::Latest | Window::Offset(0)) && !is_expensive(window, limit)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::chat::world::World;
    use crate::config::Config;
    use crate::live::Encoder;
    use crate::model::{Change, Error, Event};

    const SILENT: Encoder = Encoder { name: "test", encode: |_| Vec::new(), personal: true };

    /// Counts how often a page was encoded.
    #[derive(Default)]
    struct Encoded(Cell<u32>);

    impl Encoded {
        async fn read(&self, world: &World, who: &Session, room: RoomId) -> Result<String> {
            let encode = |messages: &[Message]| {
                self.0.set(self.0.get() + 1);
                let texts: Vec<_> = messages.iter().map(|message| message.text.as_str()).collect();
                Ok(Bytes::from(texts.join(" ")))
            };
            let page = (Window::Latest, 50);
            let body = world.chat.encoded_history(who, room, page, "test", encode).await?;
            Ok(String::from_utf8(body.to_vec()).unwrap())
        }
    }

    #[tokio::test]
    async fn a_page_is_encoded_again_only_after_a_change() {
        let world = World::new(&Config::default()).await;
        let (ann, ben, eve) =
            (world.user("ann").await, world.user("ben").await, world.user("eve").await);
        let room = world.room(&ann, &["ben"]).await;
        // Jobs of the start are done, and the writer is past them.
        world.store.settle().await;
        world.post(&ann, room, "one".to_owned()).await;
        let encoded = Encoded::default();
        for who in [&ann, &ben, &ann, &ben] {
            assert_eq!(encoded.read(&world, who, room).await.as_deref(), Ok("one"));
        }
        assert_eq!(encoded.read(&world, &eve, room).await, Err(Error::RoomNotFound));
        assert_eq!(encoded.0.get(), 1);
        let _present = world.enter(&ann, SILENT, room).await;
        world.post(&ben, room, "two".to_owned()).await;
        for who in [&ben, &ann, &ben, &ann] {
            assert_eq!(encoded.read(&world, who, room).await.as_deref(), Ok("one two"));
        }
        assert_eq!(encoded.read(&world, &eve, room).await, Err(Error::RoomNotFound));
        assert_eq!(encoded.0.get(), 2);
    }

    #[tokio::test]
    async fn a_removal_of_which_the_live_room_has_not_heard_counts_at_once() {
        let removes = |event: &Event| {
            let Event::Room(step) = event else { return false };
            step.changes.iter().any(|change| matches!(change, Change::ParticipantRemoved(_)))
        };
        let world = World::through(&Config::default(), move |event, on| {
            if !removes(&event) {
                drop(on.send(event));
            }
        })
        .await;
        let (ann, ben) = (world.user("ann").await, world.user("ben").await);
        let room = world.room(&ann, &["ben"]).await;
        let _present = world.enter(&ann, SILENT, room).await;
        world.post(&ann, room, "one".to_owned()).await;
        let encoded = Encoded::default();
        for who in [&ben, &ann, &ben] {
            assert_eq!(encoded.read(&world, who, room).await.as_deref(), Ok("one"));
        }
        world.chat.remove_participant(&ann, room, "ben").await.unwrap();
        assert!(world.chat.0.hub.facts(room).unwrap().participant(ben.user).is_some());
        assert_eq!(encoded.read(&world, &ben, room).await, Err(Error::RoomNotFound));
        assert_eq!(encoded.read(&world, &ann, room).await.as_deref(), Ok("one"));
        assert_eq!(encoded.read(&world, &ben, room).await, Err(Error::RoomNotFound));
        let all = Window::After(Seq(0));
        assert_eq!(world.chat.history(&ben, room, all, 50).await, Err(Error::RoomNotFound));
    }
}
