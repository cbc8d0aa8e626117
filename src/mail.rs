//! E-mail that the server sends: one letter to one recipient, through the mail server of `[mail]`.

use std::net::SocketAddr;
use std::time::Duration;

use lettre::address::AddressError;
use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::config::{self, Config, MailSecurity};
use crate::egress::{Egress, Refused, chain};

/// How long an attempt may take in all.
const PATIENCE: Duration = Duration::from_secs(15);

/// A letter in plain text.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Address of the recipient, such as `ann@example.org`; one with a name, such as
    /// `Ann <ann@example.org>`, is refused, since what an account has must be nothing but an address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Lines that end with `\n`.
    pub text: String,
}

/// Why a letter was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsent {
    /// Sending it again would not help.
    #[error("{0}")]
    Refused(String),
    /// The mail server cannot be reached, or takes no mail at the moment.
    #[error("{0}")]
    ForNow(String),
}

/// Sends a letter once.
pub async fn send(config: &Config, letter: &Letter) -> Result<(), Unsent> {
    // The library limits only the time of connecting.
    tokio::time::timeout(PATIENCE, deliver(config, letter))
        .await
        .unwrap_or_else(|_| Err(too_late()))
}

/// Connects to the mail server and logs in there, without sending anything.
pub async fn try_out(config: &Config) -> Result<(), Unsent> {
    let tried = async {
        let (host, found) = mail_server(config).await?;
        to_any(&config.mail, host, &found, None).await
    };
    tokio::time::timeout(PATIENCE, tried).await.unwrap_or_else(|_| Err(too_late()))
}

fn too_late() -> Unsent {
    Unsent::ForNow(format!("it did not answer within {} s", PATIENCE.as_secs()))
}

async fn deliver(config: &Config, letter: &Letter) -> Result<(), Unsent> {
    let mail = &config.mail;
    let Some(from) = &mail.from else { return Err(unset()) };
    let refused = |text: &str, error: AddressError| Unsent::Refused(format!("{text}: {error}"));
    let from: Mailbox = from.parse().map_err(|error| refused(from, error))?;
    // Nothing but an address: what stands beside one would lead to another mailbox.
    let to: Address = letter.to.parse().map_err(|error| refused(&letter.to, error))?;
    let id = message_id(from.email.domain()).map_err(Unsent::ForNow)?;
    let message = Message::builder()
        .from(from)
        .to(to.into())
        .message_id(Some(id))
        .subject(letter.subject.clone())
        .singlepart(SinglePart::plain(letter.text.clone()))
        .map_err(|error| Unsent::Refused(chain(&error)))?;
    let (host, found) = mail_server(config).await?;
    to_any(mail, host, &found, Some(&message)).await
}

fn unset() -> Unsent {
    Unsent::Refused("[mail] host and from are not set".to_owned())
}

/// Name and addresses of the configured mail server.
async fn mail_server(config: &Config) -> Result<(&str, Vec<SocketAddr>), Unsent> {
    let mail = &config.mail;
    let (Some(host), Some(_)) = (&mail.host, &mail.from) else { return Err(unset()) };
    let port = mail.port.unwrap_or(match mail.security {
        MailSecurity::Starttls => 587,
        MailSecurity::Tls => 465,
        MailSecurity::None => 25,
    });
    let found = Egress::of(&config.egress).resolve(host, port).await;
    let found = found.map_err(|refused| match refused {
        Refused::Unknown(_) => Unsent::ForNow(refused.to_string()),
        Refused::Private { .. } => Unsent::Refused(refused.to_string()),
    })?;
    Ok((host, found))
}

/// A new id in the domain of the sender: filters distrust those of other hosts.
fn message_id(domain: &str) -> Result<String, String> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| error.to_string())?;
    Ok(format!("<{}@{domain}>", hex::encode(random)))
}

/// Hands a message to the first of the addresses of a mail server that can be reached, or only logs
/// in there.
async fn to_any(
    config: &config::Mail,
    host: &str,
    addresses: &[SocketAddr],
    message: Option<&Message>,
) -> Result<(), Unsent> {
    let mut failure = Unsent::ForNow(String::new());
    for address in addresses {
        let transport = transport(config, host, *address).map_err(Unsent::Refused)?;
        let done = match message {
            Some(message) => transport.send(message.clone()).await.map(drop),
            None => transport.test_connection().await.map(drop),
        };
        match done {
            Ok(()) => return Ok(()),
            // Refused for good: at another address of the same server it could arrive twice.
            Err(error) if error.is_permanent() => return Err(Unsent::Refused(chain(&error))),
            Err(error) => failure = Unsent::ForNow(chain(&error)),
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
            let sent = to_any(&config, "mail.example", &[first, second], Some(&message)).await;
            assert!(sent.unwrap_err().to_string().contains("no such person"), "{answer}");
            assert_eq!(count.load(Ordering::SeqCst), tried, "{answer}");
        }
    }
}
