//! Who is available, for those who may see them.

use std::sync::Arc;

use tracing::debug;

use super::access::Actor;
use super::{Chat, access, actor};
use crate::live::Socket;
use crate::model::{Availability, Error, MAX_WATCHED, Result, Session, User, UserId, fold};
use crate::store::UserQuery;

/// Users read at once.
const READ_AT_ONCE: usize = 500;

impl Chat {
    /// Makes a socket watch these users, and nobody else, from now on; returns their availability.
    /// Users whom the caller may not see are omitted like unknown ones: guests see users of their
    /// rooms. More than [`MAX_WATCHED`] names are invalid.
    pub(super) async fn watch(
        &self,
        session: &Session,
        socket: &Socket,
        logins: &[String],
    ) -> Result<Vec<(String, Availability)>> {
        if logins.len() > MAX_WATCHED {
            let most = format!("has more than {MAX_WATCHED} names");
            return Err(Error::invalid("user_ids", most));
        }
        let _turn = self.turn(session).await?;
        let mut names: Vec<String> = logins.iter().map(|login| fold(login)).collect();
        names.sort_unstable();
        names.dedup();
        let mut users: Vec<User> = self.store().users(UserQuery::Folded(&names)).await?;
        let ids: Vec<UserId> = users.iter().map(|user| user.id).collect();
        if let Some(known) = self.known_of(session, &ids).await? {
            users.retain(|user| known.contains(&user.id));
        }
        let users = users.into_iter().map(|user| (user.id, user.login)).collect();
        Ok(self.0.hub.watch(socket, users))
    }

    /// Ends what a socket watches of users whom the caller may no longer see.
    pub(super) async fn watch_again(&self, session: &Session, socket: &Socket) -> Result<()> {
        let ids = self.0.hub.watches(socket);
        if let Some(known) = self.known_of(session, &ids).await? {
            self.0.hub.watch_only(socket, &known);
        }
        Ok(())
    }

    /// Ends what guests watch of users whom they may no longer see, after this user has changed or,
    /// with `watchers`, has left a room.
    pub(super) fn plan_watching_again(&self, user: UserId, watchers: bool) {
        let concerned = self.0.hub.concerned(user, watchers);
        if concerned.is_empty() {
            return;
        }
        let chat = self.clone();
        tokio::spawn(async move {
            // The next check of the sockets repeats it.
            if let Err(error) = chat.unwatch_unseen(concerned).await {
                debug!(%error, "What sockets watch was not checked");
            }
        });
    }

    async fn unwatch_unseen(&self, concerned: Vec<(Arc<Socket>, Vec<UserId>)>) -> Result<()> {
        let mut ids: Vec<UserId> = concerned.iter().map(|(socket, _)| socket.user).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut guests = Vec::new();
        for some in ids.chunks(READ_AT_ONCE) {
            let users = self.store().users(UserQuery::Ids(some)).await?;
            guests.extend(users.iter().filter(|user| user.guest && !user.admin).map(|u| u.id));
        }
        for (socket, watched) in concerned {
            if guests.contains(&socket.user) {
                let known = self.store().acquainted(socket.user, &watched).await?;
                let gone: Vec<_> =
                    watched.into_iter().filter(|user| !known.contains(user)).collect();
                self.0.hub.unwatch(&socket, &gone);
            }
        }
        Ok(())
    }

    /// Returns those of these users whom the caller may see; None: all of them. The socket may be
    /// older than the guest flag of its user.
    async fn known_of(&self, session: &Session, users: &[UserId]) -> Result<Option<Vec<UserId>>> {
        if users.is_empty() {
            return Ok(None);
        }
        let guest = session.guest || self.me(session).await?.guest;
        if access::browse(Actor { guest, ..actor(session) }).is_ok() {
            return Ok(None);
        }
        Ok(Some(self.store().acquainted(session.user, users).await?))
    }
}
