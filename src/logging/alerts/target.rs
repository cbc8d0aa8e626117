//! Where alerts go: a webhook as Slack has them, and e-mail.

use std::time::Duration;

use lettre::message::Mailbox;
use serde_json::json;

use super::Notice;
use crate::config::{self, Config};
use crate::egress::{Egress, chain, host, own_name};
use crate::mail::{self, Letter};

/// How long an attempt may take in all.
const PATIENCE: Duration = Duration::from_secs(15);

/// A place that alerts are sent to.
#[derive(Clone, Debug)]
pub enum Target {
    /// An incoming webhook of Slack, Mattermost, Rocket.Chat or chatctl.
    Webhook(String),
    /// A recipient of e-mail.
    Mail(String),
}

impl Target {
    /// The targets of a configuration: the webhook, then each recipient.
    pub fn all(alerts: &config::Alerts) -> Vec<Self> {
        let webhook = alerts.slack_webhook.iter().map(|url| Self::Webhook(url.0.clone()));
        webhook.chain(alerts.mail_to.iter().cloned().map(Self::Mail)).collect()
    }

    /// All kinds.
    pub(super) const KINDS: [&str; 2] = ["webhook", "mail"];

    /// `webhook` or `mail`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Mail(_) => "mail",
        }
    }

    /// The recipient; of a webhook only its host, since its path is a secret.
    pub fn name(&self) -> String {
        match self {
            Self::Webhook(url) => host(url),
            Self::Mail(recipient) => recipient.clone(),
        }
    }

    /// `webhook HOST` or `mail RECIPIENT`.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.kind(), self.name())
    }

    /// Sends a notice once; returns why it cannot be sent.
    pub async fn send(&self, notice: &Notice, config: &Config) -> Result<(), String> {
        tokio::time::timeout(PATIENCE, self.deliver(notice, config))
            .await
            .unwrap_or_else(|_| Err(format!("it did not answer within {} s", PATIENCE.as_secs())))
    }

    async fn deliver(&self, notice: &Notice, config: &Config) -> Result<(), String> {
        let subject = notice.subject(&own_name(config));
        match self {
            Self::Webhook(url) => {
                post(&Egress::of(&config.egress), url, &subject, &notice.body()).await
            }
            Self::Mail(recipient) => {
                let named = recipient.parse::<Mailbox>().map_err(|error| error.to_string())?;
                let letter = Letter { to: named.email.to_string(), subject, text: notice.body() };
                mail::send(config, &letter).await.map_err(|unsent| unsent.to_string())
            }
        }
    }
}

async fn post(egress: &Egress, url: &str, subject: &str, body: &str) -> Result<(), String> {
    let url = reqwest::Url::parse(url).map_err(|error| error.to_string())?;
    let client = egress.client(&url).await?;
    let text = format!("*{}*\n{}", escaped(subject), escaped(body));
    let mut answer = client
        .post(url)
        .header("content-type", "application/json")
        .body(json!({"text": text}).to_string())
        .send()
        .await
        // The address is a secret.
        .map_err(|error| chain(&error.without_url()))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    // Slack names the reason in a word; anything longer may repeat the address, which is a secret.
    let said = answer.chunk().await.ok().flatten().unwrap_or_default();
    let word = std::str::from_utf8(&said).unwrap_or_default().trim();
    let is_word = word.len() <= 60 && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    Err(format!("the webhook answered {status} {}", if is_word { word } else { "" })
        .trim_end()
        .to_owned())
}

/// Escapes the three characters that Slack's format gives a meaning.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
