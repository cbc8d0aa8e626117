//! Push notifications.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::openapi::types;
use crate::api::wire::Millis;
use crate::chat::PushState;
use crate::model::{Error, NewSubscription, Result};

/// PUT /api/users/me/push: a `PushSubscription` of the browser in JSON, with what its user has
/// chosen.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Subscribe {
    /// Address of the push service.
    #[schema(schema_with = types::https_url)]
    endpoint: String,
    keys: Keys,
    /// Send every message that my levels name, not only direct messages, mentions, keywords and
    /// replies in threads that I follow. Default: false.
    all: Option<bool>,
    /// Send the beginning of messages. Default: true.
    text: Option<bool>,
}

/// The keys of a browser, in base64url.
#[derive(Deserialize, ToSchema)]
struct Keys {
    /// Public key: 65 bytes.
    p256dh: String,
    /// Secret: 16 bytes.
    auth: String,
}

impl TryFrom<Subscribe> for NewSubscription {
    type Error = Error;

    fn try_from(new: Subscribe) -> Result<Self> {
        let bytes = |field: &'static str, text: &str| {
            // Some browsers pad it.
            let decoded = URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
            decoded.map_err(|_| Error::invalid(field, "must be base64url"))
        };
        Ok(Self {
            endpoint: new.endpoint,
            key: bytes("keys.p256dh", &new.keys.p256dh)?,
            secret: bytes("keys.auth", &new.keys.auth)?,
            all: new.all.unwrap_or(false),
            text: new.text.unwrap_or(true),
        })
    }
}

/// `GET /api/users/me/push`
#[derive(Serialize, ToSchema)]
pub(crate) struct Push<'a> {
    /// Whether the server sends push notifications.
    available: bool,
    /// Public key of the server, the `applicationServerKey` of a subscription; absent if it sends
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    key: Option<&'a str>,
    /// Whether the server sends the beginning of messages at all.
    text: bool,
    /// The subscription of this log-in; absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    subscription: Option<Subscribed<'a>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Subscribed<'a> {
    endpoint: &'a str,
    all: bool,
    text: bool,
    subscribed_at: Millis,
}

impl<'a> From<&'a PushState> for Push<'a> {
    fn from(state: &'a PushState) -> Self {
        let subscription = state.subscription.as_ref().map(|subscription| Subscribed {
            endpoint: &subscription.given.endpoint,
            all: subscription.given.all,
            text: subscription.given.text,
            subscribed_at: subscription.at.into(),
        });
        let key = state.key.as_deref();
        Self { available: key.is_some(), key, text: state.text, subscription }
    }
}
