//! The provider: what it says of itself, and its answers.

use std::borrow::Cow;
use std::time::Duration;

use chrono::Utc;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthType, AuthorizationCode, ClaimsVerificationError,
    ClientId, ClientSecret, CsrfToken, DiscoveryError, EmptyExtraTokenFields, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, IdTokenFields, IssuerUrl, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope,
    StandardErrorResponse, StandardTokenResponse, SubjectIdentifier, TokenResponse as _,
    UserInfoClaims, UserInfoError,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fault::Fault;
use super::secret::Secret;
use super::web::{Failed, Web};
use crate::config;
use crate::egress::chain;

/// How far the clocks of provider and server may differ.
const LEEWAY: Duration = Duration::from_mins(1);
/// Signatures that are accepted: those with the keys that the provider publishes.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// Claims that the standard does not name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Others(Map<String, Value>);

impl AdditionalClaims for Others {}

/// The tokens of a log-in.
pub(super) type Tokens = StandardTokenResponse<
    IdTokenFields<
        Others,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

type Client = openidconnect::Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why a token is not believed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unverified {
    /// No known key fits its signature.
    #[error("the ID token is not valid: {0}")]
    Key(String),
    /// It is not for this log-in, or not valid any more.
    #[error("the ID token is not valid: {0}")]
    Token(String),
}

/// A provider whose description and keys were fetched.
pub(super) struct Provider {
    issuer: String,
    has_user_info: bool,
    client: Client,
}

impl Provider {
    /// Fetches the description and the keys of the provider.
    pub(super) async fn discover(config: &config::Oidc, web: &Web) -> Result<Self, Fault> {
        let issuer = config.issuer.clone().unwrap_or_default();
        let url = IssuerUrl::new(issuer.clone()).map_err(|error| unavailable(&issuer, &error))?;
        let metadata = CoreProviderMetadata::discover_async(url, web)
            .await
            .map_err(|error| undiscovered(&issuer, error))?;
        if metadata.token_endpoint().is_none() {
            return Err(Fault::Unavailable(format!("{issuer} has no token_endpoint")));
        }
        let has_user_info = metadata.userinfo_endpoint().is_some();
        let auth = auth_type(&metadata);
        let id = ClientId::new(config.client_id.clone().unwrap_or_default());
        let secret =
            config.client_secret.as_ref().map(|secret| ClientSecret::new(secret.0.clone()));
        let client = Client::from_provider_metadata(metadata, id, secret).set_auth_type(auth);
        Ok(Self { issuer, has_user_info, client })
    }

    /// The issuer, to the letter.
    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns the address at which somebody logs in.
    pub(super) fn log_in_address(
        &self,
        config: &config::Oidc,
        redirect_uri: &str,
        secret: &Secret,
    ) -> Result<String, Fault> {
        let challenge =
            PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(secret.verifier()));
        let (state, nonce) = (secret.state(), secret.nonce());
        let begun = self.client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            || CsrfToken::new(state),
            || Nonce::new(nonce),
        );
        // The library adds `openid`.
        let scopes = config.scopes.iter().filter(|scope| *scope != "openid");
        let (url, ..) = begun
            .add_scopes(scopes.cloned().map(Scope::new))
            .set_pkce_challenge(challenge)
            .set_redirect_uri(Cow::Owned(redirect(redirect_uri)?))
            .url();
        Ok(url.into())
    }

    /// Exchanges a code for tokens.
    pub(super) async fn exchange(
        &self,
        web: &Web,
        redirect_uri: &str,
        secret: &Secret,
        code: String,
    ) -> Result<Tokens, Fault> {
        let request = self
            .client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| Fault::Unavailable(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(secret.verifier()))
            .set_redirect_uri(Cow::Owned(redirect(redirect_uri)?));
        request.request_async(web).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(refused) => {
                Fault::Invalid(format!("the provider refuses the code: {refused}"))
            }
            RequestTokenError::Request(error) => Fault::Unavailable(error.to_string()),
            other => Fault::Invalid(format!("the tokens cannot be read: {}", chain(&other))),
        })
    }

    /// Verifies the ID token; returns its subject and claims.
    pub(super) fn verify(
        &self,
        tokens: &Tokens,
        secret: &Secret,
    ) -> Result<(String, Map<String, Value>), Unverified> {
        let token = Unverified::Token;
        let id_token = tokens.id_token().ok_or_else(|| token("there is none".to_owned()))?;
        let verifier = self
            .client
            .id_token_verifier()
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(|| Utc::now() - LEEWAY);
        let claims = id_token.claims(&verifier, &Nonce::new(secret.nonce())).map_err(|error| {
            let why = chain(&error);
            match error {
                ClaimsVerificationError::SignatureVerification(_) => Unverified::Key(why),
                _ => Unverified::Token(why),
            }
        })?;
        if let Some(expected) = claims.access_token_hash() {
            let hash = || {
                let algorithm = id_token.signing_alg().ok()?;
                let key = id_token.signing_key(&verifier).ok()?;
                AccessTokenHash::from_token(tokens.access_token(), algorithm, key).ok()
            };
            if hash().as_ref() != Some(expected) {
                return Err(token("it belongs to another access token".to_owned()));
            }
        }
        Ok((claims.subject().to_string(), as_map(claims)))
    }

    /// Returns what the provider says of a person beside the ID token.
    pub(super) async fn more_claims(
        &self,
        web: &Web,
        tokens: &Tokens,
        subject: &str,
    ) -> Result<Map<String, Value>, Fault> {
        if !self.has_user_info {
            return Ok(Map::new());
        }
        let subject = SubjectIdentifier::new(subject.to_owned());
        let request = self
            .client
            .user_info(tokens.access_token().clone(), Some(subject))
            .map_err(|error| Fault::Unavailable(error.to_string()))?;
        let found: Result<UserInfoClaims<Others, CoreGenderClaim>, UserInfoError<Failed>> =
            request.request_async(web).await;
        match found {
            Ok(claims) => Ok(as_map(&claims)),
            Err(UserInfoError::Request(error)) => Err(Fault::Unavailable(error.to_string())),
            Err(error) => {
                Err(Fault::Invalid(format!("the user info is not valid: {}", chain(&error))))
            }
        }
    }
}

fn as_map(claims: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(claims) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

fn redirect(uri: &str) -> Result<RedirectUrl, Fault> {
    RedirectUrl::new(uri.to_owned())
        .map_err(|_| Fault::Invalid(format!("{uri:?} is not an address to return to")))
}

/// How the client shows its secret: as the provider supports it; without a statement of it, as the
/// standard requires (OpenID Connect Discovery 1.0, section 3).
fn auth_type(metadata: &CoreProviderMetadata) -> AuthType {
    let methods = metadata.token_endpoint_auth_methods_supported();
    let has = |method| methods.is_none_or(|methods| methods.contains(&method));
    if has(CoreClientAuthMethod::ClientSecretBasic) || !has(CoreClientAuthMethod::ClientSecretPost)
    {
        AuthType::BasicAuth
    } else {
        AuthType::RequestBody
    }
}

fn unavailable(issuer: &str, error: &(dyn std::error::Error + 'static)) -> Fault {
    Fault::Unavailable(format!("{issuer}: {}", chain(error)))
}

fn undiscovered(issuer: &str, error: DiscoveryError<Failed>) -> Fault {
    match error {
        DiscoveryError::Validation(why) => Fault::Unavailable(format!(
            "the provider names another issuer, which must be the same to the slash: {why}"
        )),
        DiscoveryError::Response(status, ..) => Fault::Unavailable(format!(
            "{issuer} answers with {status} instead of describing an OpenID Connect provider"
        )),
        DiscoveryError::Request(error) => Fault::Unavailable(error.to_string()),
        other => unavailable(issuer, &other),
    }
}
