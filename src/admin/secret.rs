//! A value that no log and no error shows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A secret whose `Debug` output is blanked.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(format = Password)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}
