//! Runs the tasks of all outgoing webhooks. Of several servers, one at a time does it; when it no
//! longer answers, another one goes on from what was stored.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{AbortHandle, JoinSet};
use tracing::{error, info};

use super::sender::Sender;
use super::signals::Waker;
use crate::chat::Chat;
use crate::config::Engine;
use crate::model::{OutgoingWebhook, RoomId, WebhookId};

/// What one server does at a time.
const WORK: &str = "outgoing-webhooks";
/// A server that was not heard of for this time does it no more.
const LEAD: Duration = Duration::from_secs(20);
/// How often the lead is renewed, and the list of webhooks is read.
const RENEWAL: Duration = Duration::from_secs(5);
/// How often rooms are read for what other servers have committed.
const SHARED: Duration = Duration::from_secs(2);
/// How often the only server reads all of it, although it is told of everything.
const ALONE: Duration = Duration::from_mins(1);

/// A running task.
struct Running {
    restarts: i64,
    rooms: Vec<Option<RoomId>>,
    waker: Arc<Waker>,
    task: AbortHandle,
}

/// The tasks of this server.
struct Supervisor {
    chat: Chat,
    look: Duration,
    running: HashMap<WebhookId, Running>,
    /// Ends the tasks when this one is aborted.
    tasks: JoinSet<()>,
    /// When the lead was taken or renewed.
    led: Option<Instant>,
}

impl Chat {
    /// Sends the events of all outgoing webhooks until it is aborted. What was sent and not yet noted
    /// is then sent again by the next one.
    pub async fn send_webhooks(self) {
        let shared = self.config().database.engine == Engine::Cluster;
        let (look, renewal) = if shared { (SHARED, RENEWAL) } else { (ALONE, ALONE) };
        let mut supervisor = Supervisor {
            chat: self.clone(),
            look,
            running: HashMap::new(),
            tasks: JoinSet::new(),
            led: None,
        };
        loop {
            supervisor.look().await;
            tokio::select! {
                () = self.0.outgoing.changed.notified() => {}
                () = tokio::time::sleep(renewal) => {}
            }
        }
    }
}

impl Supervisor {
    /// Takes or keeps the lead. While the store does not answer, it is kept for as long as no other
    /// server can have it.
    async fn leads(&mut self) -> bool {
        let asked = Instant::now();
        match self.chat.store().lead(WORK, LEAD).await {
            Ok(true) => self.led = Some(asked),
            Ok(false) => self.led = None,
            Err(_) => self.led = self.led.filter(|led| led.elapsed() < LEAD),
        }
        self.led.is_some()
    }

    /// Starts and ends tasks as the stored webhooks say.
    async fn look(&mut self) {
        while let Some(ended) = self.tasks.try_join_next() {
            if let Err(failed) = ended
                && failed.is_panic()
            {
                error!("the task of an outgoing webhook has panicked");
            }
        }
        let Ok(mut webhooks) = self.chat.store().webhooks().await else {
            // The next look is not far away.
            if !self.leads().await {
                self.keep(&[]);
            }
            return;
        };
        webhooks.retain(|webhook| webhook.disabled.is_none());
        // Servers without anything to send do not compete for it.
        if !webhooks.is_empty() && !self.leads().await {
            webhooks.clear();
        }
        self.keep(&webhooks);
        webhooks.retain(|webhook| !self.running.contains_key(&webhook.id));
        let fresh: Vec<(OutgoingWebhook, Arc<Waker>)> =
            webhooks.into_iter().map(|webhook| (webhook, Arc::default())).collect();
        let old = self.running.values().map(|running| (&running.rooms, &running.waker));
        let new: Vec<Vec<Option<RoomId>>> =
            fresh.iter().map(|(webhook, _)| rooms(webhook)).collect();
        let new = new.iter().zip(fresh.iter().map(|(_, waker)| waker));
        let listening = old
            .chain(new)
            .flat_map(|(rooms, waker)| rooms.iter().map(move |room| (*room, Arc::clone(waker))));
        // Before they read what there is, so that nothing is committed in between.
        self.chat.0.outgoing.listen(listening);
        for (webhook, waker) in fresh {
            self.start(webhook, waker);
        }
    }

    /// Ends the tasks of other webhooks than these, and of those that were enabled again.
    fn keep(&mut self, webhooks: &[OutgoingWebhook]) {
        self.running.retain(|id, running| {
            let stays = webhooks
                .iter()
                .any(|webhook| webhook.id == *id && webhook.restarts == running.restarts)
                && !running.task.is_finished();
            if !stays {
                running.task.abort();
            }
            stays
        });
        if self.running.is_empty() {
            self.chat.0.outgoing.listen(std::iter::empty());
        }
    }

    fn start(&mut self, webhook: OutgoingWebhook, waker: Arc<Waker>) {
        info!("Sending the outgoing webhook {}.", webhook.name);
        let (id, restarts, rooms) = (webhook.id, webhook.restarts, rooms(&webhook));
        let sender = Sender::new(self.chat.clone(), webhook, Arc::clone(&waker), self.look);
        let task = self.tasks.spawn(sender.run());
        self.running.insert(id, Running { restarts, rooms, waker, task });
    }
}

/// The rooms for which a webhook is woken; None: for all.
fn rooms(webhook: &OutgoingWebhook) -> Vec<Option<RoomId>> {
    if webhook.all_public {
        return vec![None];
    }
    webhook.places.iter().map(|place| Some(place.room)).collect()
}
