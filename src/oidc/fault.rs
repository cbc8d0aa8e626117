//! Why nobody can be logged in.

/// Why nobody can be logged in. The text is for administrators, and continues a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// `[oidc]` is not configured.
    #[error("[oidc] is not configured")]
    Off,
    /// The provider cannot be reached, or does not answer as one.
    #[error("{0}")]
    Unavailable(String),
    /// The provider refuses, or its answer is not valid.
    #[error("{0}")]
    Invalid(String),
}
