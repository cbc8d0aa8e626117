//! Implements [`Sessions`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::personal::push;
use super::{Cluster, sessions};
use crate::model::{
    Attribution, Hash32, NewSubscription, PushSubscription, RoomId, Session, SessionId, Timestamp,
    UserId,
};
use crate::store::{Device, Ended, NewSession, Reply, RetryAfter, Sessions, Ticket};

impl Sessions for Cluster {
    fn start(&self, new: NewSession) -> Reply<'_, Session> {
        Box::pin(sessions::start(self, new))
    }

    fn find(&self, token: Hash32, now: Timestamp, life: Duration) -> Reply<'_, Option<Session>> {
        Box::pin(sessions::find(self, token, now, life))
    }

    fn list(&self, user: UserId) -> Reply<'_, Vec<Session>> {
        Box::pin(sessions::list(self, user))
    }

    fn granted(&self) -> Reply<'_, Vec<Session>> {
        Box::pin(sessions::granted(self))
    }

    fn last_seen<'a>(&'a self, users: &'a [UserId]) -> Reply<'a, Vec<Option<Timestamp>>> {
        Box::pin(sessions::last_seen(self, users))
    }

    fn end(&self, user: UserId, which: Ended) -> Reply<'_, u32> {
        Box::pin(sessions::end(self, user, which))
    }

    fn end_once(&self, user: UserId, session: SessionId) -> Reply<'_, bool> {
        Box::pin(sessions::end_once(self, user, session))
    }

    fn devices(&self, user: UserId) -> Reply<'_, Vec<Device>> {
        Box::pin(sessions::devices(self, user))
    }

    fn issue_ticket(&self, ticket: Ticket, secret: Hash32, life: Duration) -> Reply<'_, ()> {
        Box::pin(sessions::issue_ticket(self, ticket, secret, life))
    }

    fn take_ticket(&self, secret: Hash32) -> Reply<'_, Option<(Session, RoomId)>> {
        Box::pin(sessions::take_ticket(self, secret))
    }

    fn subscribe(
        &self,
        user: UserId,
        session: SessionId,
        new: Option<NewSubscription>,
    ) -> Reply<'_, ()> {
        Box::pin(push::subscribe(self, user, session, new))
    }

    fn unsubscribe<'a>(&'a self, gone: &'a PushSubscription) -> Reply<'a, ()> {
        Box::pin(push::unsubscribe(self, gone))
    }

    fn subscriptions(&self, user: UserId) -> Reply<'_, Vec<PushSubscription>> {
        Box::pin(push::of_user(self, user))
    }

    fn subscribers(&self) -> Reply<'_, Vec<UserId>> {
        Box::pin(push::users(self))
    }

    fn attributed(&self, to: Attribution) -> Arc<dyn Sessions> {
        Arc::new(Self(Arc::clone(&self.0), Some(Arc::new(to))))
    }

    fn attempt<'a>(
        &'a self,
        key: &'a str,
        limit: u32,
        window: Duration,
    ) -> Reply<'a, (), RetryAfter> {
        Box::pin(async move { self.0.attempts.attempt(key, limit, window, Instant::now()) })
    }

    fn give_back<'a>(&'a self, key: &'a str) -> Reply<'a, ()> {
        Box::pin(async move {
            self.0.attempts.give_back(key);
            Ok(())
        })
    }
}
