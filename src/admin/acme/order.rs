//! One order: from the account to the file with the certificate.

use std::time::Duration;

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Error, Identifier, NewAccount,
    NewOrder, Order, OrderStatus, Problem, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use serde::{Deserialize, Serialize};

use super::challenges::{Answered, Challenges};
use super::client::{Client, Pause, is_unreached};
use super::files;
use crate::config::Server;

/// How long the CA may take to check the name, and then to issue the certificate.
const PATIENCE: Duration = Duration::from_secs(90);
const RATE_LIMITED: &str = "urn:ietf:params:acme:error:rateLimited";
const BAD_NONCE: &str = "urn:ietf:params:acme:error:badNonce";
const NO_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";
/// How often an order begins again at once after an error that is no fault of the server.
const TRIES: usize = 2;
/// The least pause after the CA has refused a request because of its limits.
const LIMITED_PAUSE: Duration = Duration::from_hours(1);
/// Maximum length of a reason, in characters: a CA may quote what another server has answered.
const LONGEST_REASON: usize = 600;

/// How the CA checks that a name leads to this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A TLS handshake at port 443.
    Tls,
    /// A request at port 80.
    Http,
}

impl Way {
    fn challenge(self) -> ChallengeType {
        match self {
            Self::Tls => ChallengeType::TlsAlpn01,
            Self::Http => ChallengeType::Http01,
        }
    }

    /// Its name in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tls => "tls-alpn-01, port 443",
            Self::Http => "http-01, port 80",
        }
    }
}

/// Why no certificate was issued.
#[derive(Debug)]
pub(super) struct Failed {
    /// The reason, in the words of the CA where it has given one.
    pub(super) why: String,
    /// The pause that the CA asks for.
    pub(super) pause: Option<Duration>,
    /// Whether the CA could not be reached.
    pub(super) unreached: bool,
}

/// The file of the account. The contact is kept to notice that it has changed.
#[derive(Serialize, Deserialize)]
struct Kept {
    contact: Option<String>,
    credentials: AccountCredentials,
}

/// Requests a certificate for the name and stores it.
pub(super) async fn obtain(
    server: &Server,
    name: &str,
    way: Way,
    challenges: &Challenges,
) -> Result<(), Failed> {
    let pause = Pause::default();
    let mut issued = issue(server, name, way, challenges, &pause).await;
    for _ in 0..TRIES {
        match kind(&issued) {
            // The CA has forgotten the account, as private ones do when they are set up again.
            Some(NO_ACCOUNT) => drop(std::fs::remove_file(files::account(server))),
            // It has forgotten what it has sent just now.
            Some(BAD_NONCE) => (),
            _ => break,
        }
        issued = issue(server, name, way, challenges, &pause).await;
    }
    let limited = kind(&issued) == Some(RATE_LIMITED);
    issued.map_err(|error| {
        let wanted = pause.take();
        let pause =
            if limited { Some(wanted.unwrap_or_default().max(LIMITED_PAUSE)) } else { wanted };
        Failed { why: plain(&told(&error)), pause, unreached: is_unreached(&error) }
    })
}

/// The type of the CA's refusal.
fn kind(done: &Result<(), Error>) -> Option<&str> {
    match done {
        Err(Error::Api(problem)) => problem.r#type.as_deref(),
        _ => None,
    }
}

async fn issue(
    server: &Server,
    name: &str,
    way: Way,
    challenges: &Challenges,
    pause: &Pause,
) -> Result<(), Error> {
    let account = account(server, pause).await?;
    let identifiers = [Identifier::Dns(name.to_owned())];
    let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
    let answered = answer(&mut order, name, way, challenges).await?;
    let patience = RetryPolicy::new().timeout(PATIENCE);
    let status = order.poll_ready(&patience).await;
    drop(answered);
    if !matches!(status, Ok(OrderStatus::Ready)) {
        // The order does not always tell why: its authorization does.
        let refused = refusal(&mut order).await;
        return Err(refused.map(Error::Api).or(status.err()).unwrap_or(Error::Str("a reason")));
    }
    let key = KeyPair::generate().map_err(other)?;
    let mut params = CertificateParams::new(vec![name.to_owned()]).map_err(other)?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key).map_err(other)?;
    order.finalize_csr(request.der()).await?;
    let chain = order.poll_certificate(&patience).await?;
    let content = format!("{}{chain}", key.serialize_pem());
    store(files::certificate(server, name), content.into_bytes()).await
}

/// Answers the challenges of the order, and tells the CA to check them.
async fn answer(
    order: &mut Order,
    name: &str,
    way: Way,
    challenges: &Challenges,
) -> Result<Vec<Answered>, Error> {
    let mut answered = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let Some(mut challenge) = authorization.challenge(way.challenge()) else {
            return Err(other(format!("it does not offer the challenge {}", way.name())));
        };
        let text = challenge.key_authorization();
        let answer = challenges
            .answer(name, &challenge.token, text.as_str(), text.digest().as_ref())
            .map_err(other)?;
        answered.push(answer);
        challenge.set_ready().await?;
    }
    Ok(answered)
}

/// Why the CA did not accept the answers.
async fn refusal(order: &mut Order) -> Option<Problem> {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let state = authorization.refresh().await.ok()?;
        let problem = state.challenges.iter().find_map(|challenge| challenge.error.clone());
        if problem.is_some() {
            return problem;
        }
    }
    None
}

/// The account at the CA; it is created at the first time.
async fn account(server: &Server, pause: &Pause) -> Result<Account, Error> {
    let (of_client, pause) = (server.clone(), pause.clone());
    let client = tokio::task::spawn_blocking(move || Client::new(&of_client, pause));
    let client = client.await.map_err(other)?.map_err(other)?;
    let builder = Account::builder_with_http(Box::new(client));
    let file = files::account(server);
    let contact = server.acme_contact.as_deref().map(|address| {
        if address.contains(':') { address.to_owned() } else { format!("mailto:{address}") }
    });
    let contacts: Vec<&str> = contact.as_deref().into_iter().collect();
    let kept: Option<Kept> =
        std::fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok());
    if let Some(kept) = kept {
        let is_same = kept.contact == contact;
        let kept = Kept { contact: contact.clone(), ..kept };
        let content = serde_json::to_vec(&kept)?;
        let account = builder.from_credentials(kept.credentials).await?;
        if !is_same {
            account.update_contacts(&contacts).await?;
            store(file, content).await?;
        }
        return Ok(account);
    }
    let new = NewAccount {
        contact: &contacts,
        terms_of_service_agreed: server.acme_accept_terms,
        only_return_existing: false,
    };
    let (account, credentials) = builder.create(&new, server.acme_directory.clone(), None).await?;
    store(file, serde_json::to_vec(&Kept { contact, credentials })?).await?;
    Ok(account)
}

async fn store(file: std::path::PathBuf, content: Vec<u8>) -> Result<(), Error> {
    let written = tokio::task::spawn_blocking(move || {
        files::write(&file, &content)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))
    });
    written.await.map_err(other)?.map_err(other)
}

fn other(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Other(why.into())
}

/// The words of the CA, or of the client.
fn told(error: &Error) -> String {
    let Error::Api(problem) = error else { return error.to_string() };
    let mut parts: Vec<&str> = problem.detail.as_deref().into_iter().collect();
    parts.extend(problem.subproblems.iter().filter_map(|sub| sub.detail.as_deref()));
    let kind = problem.r#type.as_deref().unwrap_or_default();
    let kind = kind.rsplit(':').next().unwrap_or_default();
    if parts.is_empty() {
        return if kind.is_empty() { error.to_string() } else { kind.to_owned() };
    }
    format!("{} ({kind})", parts.join("; "))
}

/// A single line of bounded length.
fn plain(text: &str) -> String {
    let line: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|s| !s.is_empty())
        .collect();
    let line = line.join(" ");
    match line.char_indices().nth(LONGEST_REASON) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line() {
        assert_eq!(plain("a\n\u{1b}[1m  b\r\n"), "a [1m b");
        assert_eq!(plain(&"x".repeat(700)).chars().count(), LONGEST_REASON + 1);
        let problem: Problem = serde_json::from_value(serde_json::json!({
            "type": "urn:ietf:params:acme:error:dns",
            "detail": "no A record",
            "subproblems": [{"detail": "no AAAA record"}],
        }))
        .unwrap();
        assert_eq!(told(&Error::Api(problem)), "no A record; no AAAA record (dns)");
    }
}
