//! Commands on outgoing webhooks.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::Failure;
use super::{Admin, Call, Operator, items};
use crate::chat::NewOutgoing;
use crate::model::{Error, OutgoingWebhook, WebhookEvent};

/// Create a webhook that sends events of rooms to an address; the output contains the secret of its
/// signatures, this once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutgoingWebhookCreate {
    /// Name of the webhook, unique on the server.
    pub name: String,
    /// Address of the receiver, which begins with `https://` or `http://`.
    pub url: String,
    /// Its rooms; absent with `all_public_rooms`.
    #[serde(default)]
    pub rooms: Vec<String>,
    /// Send all public rooms, also those that are created or made public later. A room that is made
    /// private, archived or deleted is no longer sent.
    #[serde(default)]
    pub all_public_rooms: bool,
    /// What is sent: `posted`, `edited`, `deleted`, `joined`, `left`; the first three if absent.
    #[serde(default)]
    pub events: Vec<String>,
    /// Post the answers of the receiver in the room, by a bot that is created for it.
    #[serde(default)]
    pub replies: bool,
    /// Succeed if it exists, and leave it unchanged; its secret is not shown again.
    #[serde(default)]
    pub if_not_exists: bool,
}

impl OutgoingWebhookCreate {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { name, url, rooms, all_public_rooms, events, replies, if_not_exists } = self;
        if if_not_exists && let Some(there) = admin.webhook(operator, &name).await? {
            return output.item(items::OutgoingWebhook::of(&there)).await;
        }
        let mut ids = Vec::new();
        for room in &rooms {
            ids.push(admin.find_room(operator, room).await?.room.id);
        }
        let events = events.iter().map(|event| event_of(event)).collect::<Result<_, _>>()?;
        let all_public = all_public_rooms;
        let new = NewOutgoing { name: name.clone(), url, rooms: ids, all_public, events, replies };
        let made = admin.chat().create_outgoing(operator, new).await;
        let (made, secret) = made.map_err(|error| match error {
            Error::Taken(_) => {
                Failure::conflict(format!("there is an outgoing webhook named {name:?} already"))
            }
            other => other.into(),
        })?;
        let shown =
            items::OutgoingWebhook { secret: Some(secret), ..items::OutgoingWebhook::of(&made) };
        output.item(shown).await
    }
}

/// List the outgoing webhooks.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutgoingWebhookList {}

impl OutgoingWebhookList {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        for webhook in &admin.chat().outgoing(operator).await? {
            output.item(items::OutgoingWebhook::of(webhook)).await?;
        }
        Ok(())
    }
}

/// Show an outgoing webhook, and how many changes of its rooms it has not sent yet.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutgoingWebhookShow {
    pub name: String,
}

impl OutgoingWebhookShow {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let webhook = admin.known_webhook(operator, &self.name).await?;
        let unsent = Some(admin.chat().unsent(operator, &webhook).await?);
        let shown = items::OutgoingWebhook { unsent, ..items::OutgoingWebhook::of(&webhook) };
        output.item(shown).await
    }
}

/// Send a signed test to the receiver of an outgoing webhook.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutgoingWebhookTest {
    pub name: String,
}

impl OutgoingWebhookTest {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let webhook = admin.known_webhook(operator, &self.name).await?;
        let tested = admin.chat().test_outgoing(operator, &webhook).await?;
        let item = items::WebhookTest {
            name: webhook.name,
            accepted: tested.problem.is_none(),
            status: tested.status,
            milliseconds: tested.milliseconds,
            problem: tested.problem,
        };
        output.item(item).await
    }
}

/// Make an outgoing webhook that was disabled, or whose requests fail, send again at once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutgoingWebhookEnable {
    pub name: String,
    /// Leave out what has happened since it sent last.
    #[serde(default)]
    pub from_now: bool,
}

impl OutgoingWebhookEnable {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let webhook = admin.known_webhook(operator, &self.name).await?;
        let changed = admin.chat().enable_outgoing(operator, &webhook, self.from_now).await?;
        let changed = changed.ok_or_else(|| unknown(&self.name))?;
        output.item(items::OutgoingWebhook::of(&changed)).await
    }
}

/// Make an outgoing webhook send nothing until it is enabled.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutgoingWebhookDisable {
    pub name: String,
}

impl OutgoingWebhookDisable {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let webhook = admin.known_webhook(operator, &self.name).await?;
        let changed = admin.chat().disable_outgoing(operator, &webhook).await?;
        let changed = changed.ok_or_else(|| unknown(&self.name))?;
        output.item(items::OutgoingWebhook::of(&changed)).await
    }
}

/// Delete an outgoing webhook.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutgoingWebhookDelete {
    pub name: String,
    /// Succeed if there is no such webhook.
    #[serde(default)]
    pub if_exists: bool,
}

impl OutgoingWebhookDelete {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Some(webhook) = admin.webhook(operator, &self.name).await? else {
            return if self.if_exists { Ok(()) } else { Err(unknown(&self.name)) };
        };
        match admin.chat().delete_outgoing(operator, &webhook).await? {
            Some(gone) => output.item(items::OutgoingWebhook::of(&gone)).await,
            None if self.if_exists => Ok(()),
            None => Err(unknown(&self.name)),
        }
    }
}

impl Admin {
    async fn webhook(
        &self,
        operator: &Operator,
        name: &str,
    ) -> Result<Option<OutgoingWebhook>, Failure> {
        let all = self.chat().outgoing(operator).await?;
        Ok(all.into_iter().find(|webhook| webhook.name == name.trim()))
    }

    async fn known_webhook(
        &self,
        operator: &Operator,
        name: &str,
    ) -> Result<OutgoingWebhook, Failure> {
        self.webhook(operator, name).await?.ok_or_else(|| unknown(name))
    }
}

fn unknown(name: &str) -> Failure {
    Failure::not_found(format!("there is no outgoing webhook named {name:?}"))
}

fn event_of(text: &str) -> Result<WebhookEvent, Failure> {
    WebhookEvent::parse(text).ok_or_else(|| {
        Failure::usage(format!(
            "the event {text:?} must be posted, edited, deleted, joined or left"
        ))
    })
}
