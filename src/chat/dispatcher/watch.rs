//! Does in place of a bus that hears nothing what it would do: reads the changes of rooms and the
//! ends of sessions from the store.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::iter;
use tokio::time::{MissedTickBehavior, interval};

use crate::chat::Chat;
use crate::model::{Event, SessionId, UserId};

/// Maximum number of rooms read in a second, the most recently active first.
const ROOMS: usize = 2_000;
/// Maximum number of users whose sessions are read in a second; with more, they take turns.
const USERS: usize = 2_000;
/// Maximum number of users whose sessions are read at a time.
const AT_ONCE: usize = 32;

/// Watches the bus.
pub(super) async fn watch(chat: Chat) {
    let mut seconds = interval(Duration::from_secs(1));
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut known = chat.0.bus.hearing();
    let (mut second, mut after) = (0, UserId(0));
    loop {
        seconds.tick().await;
        second += 1;
        let now = chat.0.bus.hearing();
        if now.deaf {
            for room in chat.0.hub.heard_rooms(second, ROOMS) {
                chat.0.bus.publish(Event::Lost { room: Some(room) });
            }
            let users = chat.0.hub.users_after(after, USERS);
            after = if users.len() < USERS { UserId(0) } else { users[USERS - 1] };
            iter(users).for_each_concurrent(AT_ONCE, |user| chat.check_sessions(user)).await;
        }
        if now.presence != known.presence {
            for room in chat.0.hub.live_rooms() {
                chat.read_presence(room).await;
            }
        }
        known = now;
    }
}

impl Chat {
    /// Closes the sockets of a user whose sessions have ended.
    pub(super) async fn check_sessions(&self, user: UserId) {
        // Listed before they are compared: a session that begins meanwhile is not missed.
        let open: Vec<SessionId> =
            self.0.hub.sockets(user).iter().map(|socket| socket.session).collect();
        let Ok(listed) = self.sessions().list(user).await else { return };
        let ended: Vec<SessionId> = open
            .into_iter()
            .filter(|session| listed.iter().all(|known| known.id != *session))
            .collect();
        if !ended.is_empty() {
            self.0.cache.forget(&ended);
            self.0.hub.end_sessions(user, &ended);
        }
    }
}
