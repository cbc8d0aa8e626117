//! Log-ins through a provider of OpenID Connect (Core 1.0), with the authorization code flow, PKCE
//! (S256), state and nonce.
//!
//! A leaf: it knows the protocol, and nothing of accounts. `chat/oidc_log_in.rs` decides whose
//! account a person has. Nothing of a log-in is kept on the server: the browser keeps a secret
//! ([`Secret`]) in a cookie, from which everything else is derived, so any server of several may be
//! asked.

mod claims;
mod fault;
mod provider;
mod secret;
mod web;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

pub use fault::Fault;
pub use secret::Secret;

use crate::config::{self, Config};
use crate::model::ExternalUser;
use provider::{Provider, Unverified};

/// Path of the address to which the provider sends browsers back, below that of `public_url`.
pub const CALLBACK: &str = "/api/oidc/callback";

/// How long what the provider says of itself, and its keys, are used without asking again.
const FRESH: Duration = Duration::from_hours(1);
/// How long a provider that could not be reached is not asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// What the provider has sent a browser back with.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// `code`
    pub code: String,
    /// `iss`, which newer providers send (RFC 9207).
    pub issuer: Option<String>,
}

/// The provider as it is known.
#[derive(Default)]
pub struct Oidc(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// The sections for which the rest holds.
    of: Option<(config::Oidc, config::Egress)>,
    provider: Option<(Arc<Provider>, Instant)>,
    failed: Option<(Fault, Instant)>,
}

impl Oidc {
    /// Returns the address of the provider at which somebody logs in.
    pub async fn begin(
        &self,
        config: &Config,
        redirect_uri: &str,
        secret: &Secret,
    ) -> Result<String, Fault> {
        let provider = self.provider(config, FRESH).await?;
        provider.log_in_address(&config.oidc, redirect_uri, secret)
    }

    /// Exchanges the code that the provider has answered with, and returns who has logged in.
    pub async fn finish(
        &self,
        config: &Config,
        redirect_uri: &str,
        secret: &Secret,
        answer: Answer,
    ) -> Result<ExternalUser, Fault> {
        let provider = self.provider(config, FRESH).await?;
        if answer.issuer.as_ref().is_some_and(|issuer| issuer != provider.issuer()) {
            return Err(Fault::Invalid("the answer names another issuer".to_owned()));
        }
        let web = web::Web::of(config);
        let tokens = provider.exchange(&web, redirect_uri, secret, answer.code).await?;
        let (provider, verified) = match provider.verify(&tokens, secret) {
            Err(Unverified::Key(_)) => {
                // The provider itself has sent the token: it may have changed its keys.
                let fresh = self.provider(config, Duration::ZERO).await?;
                let verified = fresh.verify(&tokens, secret);
                (fresh, verified)
            }
            verified => (provider, verified),
        };
        let (subject, mut found) = verified.map_err(|error| Fault::Invalid(error.to_string()))?;
        if !claims::is_complete(&found, &config.oidc) {
            let more = provider.more_claims(&web, &tokens, &subject).await?;
            for (name, value) in more {
                found.entry(name).or_insert(value);
            }
        }
        Ok(claims::person(&found, provider.issuer(), &subject, &config.oidc))
    }

    /// Returns the provider, asked again if what is known is older than this. If it cannot be
    /// reached, what is known stays in use.
    async fn provider(&self, config: &Config, at_most: Duration) -> Result<Arc<Provider>, Fault> {
        if !config.oidc.is_on() {
            return Err(Fault::Off);
        }
        let mut known = self.0.lock().await;
        let of = Some((config.oidc.clone(), config.egress.clone()));
        if known.of != of {
            *known = Known { of, ..Known::default() };
        }
        if let Some((provider, read)) = &known.provider
            && read.elapsed() < at_most
        {
            return Ok(Arc::clone(provider));
        }
        let old = known.provider.as_ref().map(|(provider, _)| Arc::clone(provider));
        if let Some((fault, failed)) = &known.failed
            && failed.elapsed() < PAUSE
        {
            return old.ok_or_else(|| fault.clone());
        }
        match Provider::discover(&config.oidc, &web::Web::of(config)).await {
            Ok(provider) => {
                let provider = Arc::new(provider);
                known.provider = Some((Arc::clone(&provider), Instant::now()));
                known.failed = None;
                Ok(provider)
            }
            Err(fault) => {
                tracing::warn!("The OpenID Connect provider cannot be used: {fault}.");
                known.failed = Some((fault.clone(), Instant::now()));
                old.ok_or(fault)
            }
        }
    }
}

/// Fetches the description and the keys of the provider, for `doctor`.
pub async fn try_out(config: &Config) -> Result<(), Fault> {
    Provider::discover(&config.oidc, &web::Web::of(config)).await.map(drop)
}

/// Returns the address to which the provider sends browsers back, as it is registered there; None
/// without `[server] public_url`: then it depends on the address that browsers use.
pub fn redirect_uri(config: &Config) -> Option<String> {
    let url = config.server.public_url.as_deref()?;
    Some(format!("{}{CALLBACK}", url.trim_end_matches('/')))
}
