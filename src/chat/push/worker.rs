//! The task that sends notifications of the messages that this server has committed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, warn};

use super::inbox::{Fate, Post};
use super::recipients::Planned;
use super::request::Answer;
use crate::chat::Chat;
use crate::egress::host;
use crate::model::{MessageId, Result, UserId};

/// Messages for which recipients are looked for at the same time.
const DECIDING: usize = 8;
/// Maximum number of notifications that are being sent or wait to be repeated; more are dropped.
const SENDING: usize = 2_000;
/// Maximum number of messages that wait for those who are connected.
const LATER: usize = 10_000;
/// Pauses before a notification is sent again. After the last one it is given up.
const PAUSES: [Duration; 4] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(3),
    Duration::from_mins(15),
];
/// The longest pause that a push service can ask for.
const LONGEST: Duration = Duration::from_hours(1);

/// A message for users who may be reading it.
struct Later {
    due: Instant,
    id: MessageId,
    users: Vec<UserId>,
}

struct Worker {
    chat: Chat,
    later: VecDeque<Later>,
    deciding: JoinSet<Result<Vec<Planned>>>,
    sending: JoinSet<()>,
    places: Arc<Semaphore>,
}

impl Chat {
    /// Sends notifications until it is aborted.
    pub async fn send_pushes(self) {
        let mut worker = Worker {
            chat: self.clone(),
            later: VecDeque::new(),
            deciding: JoinSet::new(),
            sending: JoinSet::new(),
            places: Arc::new(Semaphore::new(SENDING)),
        };
        let mut posts = self.0.push.inbox.waiting().await;
        loop {
            let due = worker.later.front().map(|later| later.due);
            let free = worker.deciding.len() < DECIDING;
            tokio::select! {
                Some(decided) = worker.deciding.join_next() => worker.decided(decided.ok()),
                Some(_) = worker.sending.join_next() => (),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if free && due.is_some() => {
                    if let Some(Later { id, users, .. }) = worker.later.pop_front() {
                        worker.decide(id, users);
                    }
                }
                Some(post) = posts.recv(), if free => worker.sort(post).await,
            }
        }
    }
}

impl Worker {
    /// Has the devices of those notified who are not connected; the others have some time to read.
    async fn sort(&mut self, post: Post) {
        let config = self.chat.config();
        if config.push_contact().is_none() {
            return;
        }
        let candidates = match self.chat.push_candidates(post).await {
            Ok(candidates) => candidates,
            Err(error) => {
                debug!(%error, "Nobody was notified of a message");
                return;
            }
        };
        if !candidates.away.is_empty() {
            self.decide(post.id, candidates.away);
        }
        if !candidates.present.is_empty() {
            let due = Instant::now() + Duration::from_secs(config.push.delay_seconds);
            if self.later.len() >= LATER {
                self.chat.0.push.inbox.count(Fate::Dropped);
                self.later.pop_front();
            }
            // After a reload with a shorter delay, in its turn.
            self.later.push_back(Later { due, id: post.id, users: candidates.present });
        }
    }

    fn decide(&mut self, id: MessageId, users: Vec<UserId>) {
        let chat = self.chat.clone();
        self.deciding.spawn(async move { chat.push_plan(id, &users).await });
    }

    fn decided(&mut self, decided: Option<Result<Vec<Planned>>>) {
        let planned = match decided {
            Some(Ok(planned)) => planned,
            // The room is gone, or the store does not answer.
            Some(Err(error)) => {
                debug!(%error, "Nobody was notified of a message");
                return;
            }
            None => return,
        };
        for planned in planned {
            if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
                self.sending.spawn(send(self.chat.clone(), planned, place));
            } else {
                self.chat.0.push.inbox.count(Fate::Dropped);
            }
        }
    }
}

/// Sends a notification, several times if it must be.
async fn send(chat: Chat, mut planned: Planned, _place: OwnedSemaphorePermit) {
    let inbox = &chat.0.push.inbox;
    let mut pauses = PAUSES.into_iter();
    loop {
        match chat.push_once(&planned).await {
            Answer::Accepted => return inbox.count(Fate::Sent),
            Answer::Gone => {
                inbox.count(Fate::Gone);
                // Otherwise the next notification finds it again.
                if let Err(error) = chat.sessions().unsubscribe(&planned.subscription).await {
                    debug!(%error, "A push subscription that is gone was not removed");
                }
                return;
            }
            Answer::Refused(why) => return give_up(&chat, &planned, &why),
            Answer::Later(after, why) => {
                let Some(pause) = pauses.next() else { return give_up(&chat, &planned, &why) };
                tokio::time::sleep(after.map_or(pause, |after| after.min(LONGEST))).await;
                // Meanwhile it may have been read, edited or deleted, or notifications turned off;
                // without an answer of the store it is tried as it is.
                match chat.push_again(&planned).await {
                    Ok(Some(now)) => planned = now,
                    Ok(None) => return,
                    Err(error) => debug!(%error, "A push notification was not planned again"),
                }
            }
        }
    }
}

fn give_up(chat: &Chat, planned: &Planned, why: &str) {
    chat.0.push.inbox.count(Fate::Failed);
    let service = host(&planned.subscription.given.endpoint);
    warn!(push.service = service, "A push notification was not delivered: {why}.");
}
