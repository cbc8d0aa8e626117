//! Commands on how the server presents itself: name, accent colour, message of the day, icon.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::Failure;
use super::{Call, items};
use crate::chat::{LookPart, NewLook};
use crate::model::Look;

/// Show the name, accent colour, message of the day and icon of the server, and where they are from.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerShow {}

impl ServerShow {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let set = call.admin.chat().look_as_set(call.operator).await?;
        shown(&call, &set).await
    }
}

/// Set the name, accent colour, message of the day or icon of the server; they win over the
/// configuration. What is absent stays as it is, and an empty text means that there is none.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerSet {
    /// One line of at most 64 characters.
    #[serde(default)]
    pub name: Option<String>,
    /// A colour such as `#2a6fdb`.
    #[serde(default)]
    pub accent: Option<String>,
    /// At most 300 characters.
    #[serde(default)]
    pub motd: Option<String>,
    /// A JPEG, PNG or WebP picture in Base64.
    #[serde(default)]
    pub icon: Option<String>,
}

impl ServerSet {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Self { name, accent, motd, icon } = self;
        let icon = icon.map(|icon| STANDARD.decode(icon)).transpose();
        let icon = icon.map_err(|_| Failure::usage("icon must be a picture in Base64"))?;
        let new = NewLook { name, accent, motd, icon: icon.map(Into::into) };
        let set = call.admin.chat().change_look(call.operator, new).await?;
        shown(&call, &set).await
    }
}

/// Leave parts of the look of the server to the configuration again.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerReset {
    /// `name`, `accent`, `motd`, `icon`; all if absent.
    #[serde(default)]
    pub parts: Vec<String>,
}

impl ServerReset {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let part = |word: &String| {
            LookPart::parse(word).ok_or_else(|| {
                Failure::usage(format!("{word:?} must be name, accent, motd or icon"))
            })
        };
        let mut parts = self.parts.iter().map(part).collect::<Result<Vec<_>, _>>()?;
        if parts.is_empty() {
            parts.extend(LookPart::ALL);
        }
        let set = call.admin.chat().reset_look(call.operator, &parts).await?;
        shown(&call, &set).await
    }
}

async fn shown(call: &Call<'_>, set: &Look) -> Result<(), Failure> {
    let look = call.admin.chat().look().await;
    call.output.item(items::Look::of(look, set)).await
}
