//! The caller's own second factor.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::openapi::types;
use crate::chat;

/// `POST /api/users/me/second_factor`
#[derive(Deserialize, ToSchema)]
pub(crate) struct SetUpFactor {
    /// The caller's password.
    #[schema(schema_with = types::password)]
    pub(crate) password: String,
}

/// `POST …/confirm`
#[derive(Deserialize, ToSchema)]
pub(crate) struct ConfirmFactor {
    /// The six digits that the app shows.
    pub(crate) code: String,
}

/// `POST …/recovery_codes`
#[derive(Deserialize, ToSchema)]
pub(crate) struct UseFactor {
    /// The caller's password.
    #[schema(schema_with = types::password)]
    pub(crate) password: String,
    /// Code of the app, or a recovery code.
    pub(crate) code: String,
}

/// `POST …/off`
#[derive(Deserialize, ToSchema)]
pub(crate) struct TurnOffFactor {
    /// The caller's password.
    #[schema(schema_with = types::password)]
    pub(crate) password: String,
    /// Code of the app, or a recovery code; not needed for a second factor that is not in force.
    pub(crate) code: Option<String>,
}

/// `GET /api/users/me/second_factor`
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FactorState {
    /// It can be set up on this server.
    available: bool,
    /// It is in force.
    enabled: bool,
    /// The server requires it of the caller, who cannot turn it off.
    required: bool,
    /// Number of recovery codes that have not been used.
    recovery_codes: usize,
}

impl From<chat::FactorState> for FactorState {
    fn from(state: chat::FactorState) -> Self {
        let chat::FactorState { available, enabled, required, recovery_codes } = state;
        Self { available, enabled, required, recovery_codes }
    }
}

/// A second factor that waits for its confirmation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FactorSetUp<'a> {
    /// The secret for an app, in Base32.
    pub(crate) secret: &'a str,
    /// The same as an `otpauth` address.
    pub(crate) url: &'a str,
    /// The address as a QR code: an SVG document.
    pub(crate) qr_code: String,
}

/// Recovery codes, each of which takes the place of a code once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecoveryCodes {
    pub(crate) recovery_codes: Vec<String>,
}

/// `POST /api/login/second_factor`
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SetUpAtLogIn {
    #[schema(schema_with = types::login)]
    pub(crate) user_id: String,
    #[schema(schema_with = types::password)]
    pub(crate) password: String,
}

/// `POST /api/login/second_factor/confirm`
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConfirmAtLogIn {
    #[schema(schema_with = types::login)]
    pub(crate) user_id: String,
    #[schema(schema_with = types::password)]
    pub(crate) password: String,
    /// The six digits that the app shows.
    pub(crate) code: String,
}

/// A session, and the recovery codes of the second factor that is in force now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConfirmedAtLogIn<'a> {
    #[serde(flatten)]
    pub(crate) login: super::LoggedIn<'a>,
    pub(crate) recovery_codes: Vec<String>,
}
