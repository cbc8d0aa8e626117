//! `user.export`: everything of one person in a ZIP file, streamed: JSON, one object per line, and
//! the uploaded files. The names of files and keys are a promise (docs/import-export.md, "The data
//! of one person").

mod archive;
mod gather;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use utoipa::ToSchema;

use self::archive::{Archive, pack};
use super::outcome::Failure;
use super::users::unknown;
use super::{Call, items};
use crate::model::{AuditNote, AuditTarget, User};

/// Number of parts queued between the steps.
const WAITING: usize = 4;

/// Export everything of one person, sent as the bytes of a ZIP file, then what it contains; command
/// line only. The access is logged.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserExport {
    pub name: String,
}

impl UserExport {
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, operator, output, .. } = call;
        let name = &*self.name;
        let account =
            admin.chat().account_of(operator, name).await.map_err(|error| unknown(error, name))?;
        let user = account.user;
        call.record(AuditNote {
            target: Some(AuditTarget::new("user", user.id.0.to_string(), Some(&user.login))),
            ..AuditNote::default()
        })
        .await;
        let exported = send(&call, &user).await?;
        output.item(exported).await
    }
}

/// Sends the archive, and returns what it contains.
async fn send(call: &Call<'_>, user: &User) -> Result<items::Exported, Failure> {
    let output = call.output;
    let (archive, pieces) = Archive::new();
    let (sender, written) = mpsc::channel(WAITING);
    let packing = tokio::task::spawn_blocking(move || pack(pieces, sender));
    let sending = async move {
        // Owned here, so that the packer fails instead of blocking when the caller is gone.
        let mut written = written;
        while let Some(part) = written.recv().await {
            output.bytes(part).await?;
        }
        Ok::<_, Failure>(())
    };
    let (gathered, packed, sent) =
        tokio::join!(gather::everything(call, user, archive), packing, sending);
    sent?;
    let exported = gathered?;
    packed.map_err(|error| Failure::failed(error.to_string()))??;
    Ok(exported)
}
