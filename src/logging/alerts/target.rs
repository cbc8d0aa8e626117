//! Where alerts go: a webhook as Slack has them, and e-mail.

use std::net::SocketAddr;
use std::time::Duration;

use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use serde_json::json;

use super::Notice;
use crate::config::{self, Config, MailSecurity};
use crate::egress::{Egress, chain, host, own_name};

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
        // The library of mail limits only the time of connecting.
        tokio::time::timeout(PATIENCE, self.deliver(notice, config))
            .await
            .unwrap_or_else(|_| Err(format!("it did not answer within {} s", PATIENCE.as_secs())))
    }

    async fn deliver(&self, notice: &Notice, config: &Config) -> Result<(), String> {
        let egress = Egress::of(&config.egress);
        let server = own_name(config);
        match self {
            Self::Webhook(url) => {
                post(&egress, url, &notice.subject(&server), &notice.body()).await
            }
            Self::Mail(recipient) => mail(&egress, &config.mail, recipient, notice, &server).await,
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

async fn mail(
    egress: &Egress,
    config: &config::Mail,
    recipient: &str,
    notice: &Notice,
    server: &str,
) -> Result<(), String> {
    let (Some(host), Some(from)) = (&config.host, &config.from) else {
        return Err("[mail] host and from are not set".to_owned());
    };
    let address = |text: &str| text.parse::<Mailbox>().map_err(|error| format!("{text}: {error}"));
    let message = Message::builder()
        .from(address(from)?)
        .to(address(recipient)?)
        .message_id(None)
        .subject(notice.subject(server))
        .singlepart(SinglePart::plain(notice.body()))
        .map_err(|error| chain(&error))?;
    let port = config.port.unwrap_or(match config.security {
        MailSecurity::Starttls => 587,
        MailSecurity::Tls => 465,
        MailSecurity::None => 25,
    });
    let found = egress.resolve(host, port).await.map_err(|refused| refused.to_string())?;
    mail_to_any(config, host, &found, &message).await
}

/// Hands a message to the first of the addresses of a mail server that can be reached.
async fn mail_to_any(
    config: &config::Mail,
    host: &str,
    addresses: &[SocketAddr],
    message: &Message,
) -> Result<(), String> {
    let mut failure = String::new();
    for address in addresses {
        let sent = transport(config, host, *address)?.send(message.clone()).await;
        match sent {
            Ok(_) => return Ok(()),
            // Refused for good: at another address of the same server it could arrive twice.
            Err(error) if error.is_permanent() => return Err(chain(&error)),
            Err(error) => failure = chain(&error),
        }
    }
    Err(failure)
}

/// A connection to this address, with the certificate of this host.
fn transport(
    config: &config::Mail,
    host: &str,
    address: SocketAddr,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let tls = || TlsParameters::new(host.to_owned()).map_err(|error| chain(&error));
    let tls = match config.security {
        MailSecurity::Starttls => Tls::Required(tls()?),
        MailSecurity::Tls => Tls::Wrapper(tls()?),
        MailSecurity::None => Tls::None,
    };
    let mut builder =
        AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
            .port(address.port())
            .timeout(Some(PATIENCE))
            .tls(tls);
    if let (Some(user), Some(password)) = (&config.user, &config.password) {
        builder = builder.credentials(Credentials::new(user.clone(), password.0.clone()));
    }
    Ok(builder.build())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;

    use super::*;

    /// A mail server that answers every recipient with this, and how many connections it had.
    async fn mail_server(to_recipients: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut stream = BufReader::new(stream);
                drop(stream.write_all(b"220 here\r\n").await);
                let mut line = String::new();
                while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                    let answer = if line.starts_with("RCPT") { to_recipients } else { "250 ok" };
                    drop(stream.write_all(format!("{answer}\r\n").as_bytes()).await);
                    line.clear();
                }
            }
        });
        (address, count)
    }

    #[tokio::test]
    async fn a_final_refusal_is_not_tried_at_another_address() {
        let message = Message::builder()
            .from("a@example.org".parse().unwrap())
            .to("b@example.org".parse().unwrap())
            .subject("s")
            .singlepart(SinglePart::plain("t".to_owned()))
            .unwrap();
        let config = config::Mail { security: MailSecurity::None, ..config::Mail::default() };
        for (answer, tried) in [("550 no such person", 0), ("450 come back later", 1)] {
            let (first, _) = mail_server(answer).await;
            let (second, count) = mail_server("550 no such person").await;
            let sent = mail_to_any(&config, "mail.example", &[first, second], &message).await;
            assert!(sent.unwrap_err().contains("no such person"), "{answer}");
            assert_eq!(count.load(Ordering::SeqCst), tried, "{answer}");
        }
    }
}
