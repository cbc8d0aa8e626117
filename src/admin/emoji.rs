//! Commands on custom emoji.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::Failure;
use super::users::unknown as unknown_user;
use super::{Call, items};
use crate::model::{Error, MAX_EMOJI_BYTES};

/// List the custom emoji.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmojiList {}

impl EmojiList {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        for emoji in &admin.chat().all_emoji(operator).await? {
            output.item(items::Emoji::from(emoji)).await?;
        }
        Ok(())
    }
}

/// Add a custom emoji.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmojiAdd {
    /// Its name, without colons.
    pub name: String,
    /// Its picture in Base64: PNG, JPEG, GIF or WebP.
    pub picture: String,
    /// Login name of the user whose file the picture is; if absent, the administrator who adds it,
    /// or else the first administrator of the server.
    #[serde(default)]
    pub owner: Option<String>,
    /// Succeed if there is an emoji of this name, and leave it unchanged.
    #[serde(default)]
    pub if_not_exists: bool,
}

impl EmojiAdd {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let Self { name, picture, owner, if_not_exists } = self;
        let picture = STANDARD
            .decode(&picture)
            .map_err(|error| Failure::usage(format!("the picture is not Base64: {error}")))?;
        let chat = admin.chat();
        let added = chat.add_emoji_for(operator, owner.as_deref(), &name, &picture).await;
        match added {
            Err(Error::Taken(_)) if if_not_exists => {
                let all = chat.all_emoji(operator).await?;
                let there = all.iter().find(|emoji| emoji.name == name);
                let there = there.ok_or_else(|| unknown(&name))?;
                output.item(items::Emoji::from(there)).await
            }
            Err(Error::Taken(_)) => {
                Err(Failure::conflict(format!("there is an emoji :{name}: already")))
            }
            Err(Error::TooLarge) => Err(Failure::usage(format!(
                "the picture is larger than {} KiB",
                MAX_EMOJI_BYTES / 1024
            ))),
            added => {
                let added = added.map_err(|error| refused(error, &name, owner.as_deref()))?;
                output.item(items::Emoji::from(&added)).await
            }
        }
    }
}

/// Why an emoji was not added, with the values of the caller.
fn refused(error: Error, name: &str, owner: Option<&str>) -> Failure {
    match error {
        Error::Invalid { field, why } => Failure::usage(match &*field {
            "body" => format!("the picture {why}"),
            "name" => format!("the name {name:?} {why}"),
            "owner" => format!("the owner {why}"),
            field => format!("{field} {why}"),
        }),
        other => unknown_user(other, owner.unwrap_or_default()),
    }
}

/// Delete a custom emoji; messages and reactions with its name stay, as text.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmojiDelete {
    /// Its name, without colons.
    pub name: String,
    /// Succeed if there is no such emoji.
    #[serde(default)]
    pub if_exists: bool,
}

impl EmojiDelete {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        match admin.chat().remove_emoji(operator, &self.name).await {
            Err(Error::EmojiNotFound) if self.if_exists => Ok(()),
            Err(Error::EmojiNotFound) => Err(unknown(&self.name)),
            gone => output.item(items::Emoji::from(&gone?)).await,
        }
    }
}

fn unknown(name: &str) -> Failure {
    Failure::not_found(format!("there is no custom emoji :{name}:"))
}
