//! Implements [`Sessions`]: sessions are rows, tickets and attempts are kept in memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::counters::Touch;
use super::work::Operation;
use super::writer::Order;
use super::{Sqlite, audit, push, sessions, users};
use crate::model::{
    Attribution, Hash32, NewSubscription, PushSubscription, RoomId, Session, SessionId, Timestamp,
    UserId,
};
use crate::store::{
    Device, Ended, NewSession, Reply, RetryAfter, Sessions, Ticket, audit_notes, grants,
};

impl Sqlite {
    /// Records that a session was used. Nobody waits for it, and it is lost if the queue is full:
    /// it is not acknowledged.
    fn slide(&self, id: SessionId, seen: Timestamp, expires: Timestamp) {
        let Ok(place) = Arc::clone(&self.0.places).try_acquire_owned() else { return };
        let (operation, _) = Operation::new(Touch::Nothing, None, move |work| {
            sessions::slide(work, id, seen, expires)
        });
        if self.order(Order::Task(Box::new(operation), place)).is_err() {
            tracing::debug!("The use of a session was not recorded, since the store is closing");
        }
    }
}

impl Sessions for Sqlite {
    fn start(&self, new: NewSession) -> Reply<'_, Session> {
        Box::pin(self.write_apart(move |work| {
            let session = sessions::start(work, &new)?;
            audit::record(work, || Ok(audit_notes::token_created(&session)))?;
            Ok(session)
        }))
    }

    fn find(&self, token: Hash32, now: Timestamp, life: Duration) -> Reply<'_, Option<Session>> {
        Box::pin(async move {
            let Some(mut session) =
                self.read(move |conn| Ok(sessions::find(conn, token, now)?)).await?
            else {
                return Ok(None);
            };
            if sessions::slides(&session, now) {
                let expires = grants::used(session.grant.as_ref(), session.expires, now, life);
                (session.seen, session.expires) = (now, expires);
                self.slide(session.id, session.seen, session.expires);
            }
            Ok(Some(session))
        })
    }

    fn list(&self, user: UserId) -> Reply<'_, Vec<Session>> {
        Box::pin(self.read(move |conn| Ok(sessions::of_user(conn, user, Timestamp::now())?)))
    }

    fn granted(&self) -> Reply<'_, Vec<Session>> {
        Box::pin(self.read(move |conn| Ok(sessions::granted_now(conn, Timestamp::now())?)))
    }

    fn last_seen<'a>(&'a self, users: &'a [UserId]) -> Reply<'a, Vec<Option<Timestamp>>> {
        let users = users.to_vec();
        Box::pin(self.read(move |conn| {
            let seen = users.iter().map(|user| sessions::last_seen(conn, *user));
            Ok(seen.collect::<Result<_, _>>()?)
        }))
    }

    fn end(&self, user: UserId, which: Ended) -> Reply<'_, u32> {
        Box::pin(self.write_apart(move |work| {
            let ended = sessions::end(work, user, which)?;
            audit::record(work, || {
                let one = if let Ended::One(id) = which { Some(id) } else { None };
                let account = users::one(work.conn, user)?;
                Ok(account.and_then(|a| audit_notes::sessions_ended(user, &a.login, one, ended)))
            })?;
            Ok(ended)
        }))
    }

    fn end_once(&self, user: UserId, session: SessionId) -> Reply<'_, bool> {
        // The writer ends each session once.
        Box::pin(async move { Ok(self.end(user, Ended::One(session)).await? > 0) })
    }

    fn devices(&self, user: UserId) -> Reply<'_, Vec<Device>> {
        Box::pin(self.read(move |conn| Ok(sessions::devices(conn, user)?)))
    }

    fn subscribe(
        &self,
        user: UserId,
        session: SessionId,
        new: Option<NewSubscription>,
    ) -> Reply<'_, ()> {
        Box::pin(self.write_apart(move |work| push::subscribe(work, user, session, new.as_ref())))
    }

    fn unsubscribe<'a>(&'a self, gone: &'a PushSubscription) -> Reply<'a, ()> {
        let (user, session) = (gone.user, gone.session);
        let endpoint = gone.given.endpoint.clone();
        Box::pin(self.write_apart(move |work| push::drop_endpoint(work, user, session, &endpoint)))
    }

    fn subscriptions(&self, user: UserId) -> Reply<'_, Vec<PushSubscription>> {
        Box::pin(self.read(move |conn| Ok(push::of_user(conn, user, Timestamp::now())?)))
    }

    fn subscribers(&self) -> Reply<'_, Vec<UserId>> {
        Box::pin(self.read(move |conn| Ok(push::users(conn, Timestamp::now())?)))
    }

    fn attributed(&self, to: Attribution) -> Arc<dyn Sessions> {
        Arc::new(Self(Arc::clone(&self.0), Some(Arc::new(to))))
    }

    fn issue_ticket(&self, ticket: Ticket, secret: Hash32, life: Duration) -> Reply<'_, ()> {
        Box::pin(async move {
            self.0.tickets.issue(ticket, secret, Instant::now(), life);
            Ok(())
        })
    }

    fn take_ticket(&self, secret: Hash32) -> Reply<'_, Option<(Session, RoomId)>> {
        Box::pin(async move {
            let Some(ticket) = self.0.tickets.take(secret, Instant::now()) else { return Ok(None) };
            let Ticket { session, room, .. } = ticket;
            let valid = self
                .read(move |conn| Ok(sessions::by_id(conn, session, Timestamp::now())?))
                .await?;
            Ok(valid.map(|session| (session, room)))
        })
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
