//! Mail.

use serde::Serialize;
use utoipa::ToSchema;

/// A test letter: `mail.test`.
#[derive(Serialize, ToSchema)]
pub struct MailTest {
    /// Address of the recipient.
    pub(in crate::admin) to: String,
    /// Host name of the mail server.
    pub(in crate::admin) server: String,
    /// Whether the mail server has taken it.
    pub(in crate::admin) sent: bool,
    /// Why not; null if it has.
    pub(in crate::admin) problem: Option<String>,
}
