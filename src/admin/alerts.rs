//! The command that tests alerts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outcome::{Failure, Kind};
use super::{Call, items};
use crate::logging::alerts::{Notice, Target};

/// Send a test alert to each target.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogAlertTest {}

impl LogAlertTest {
    /// Sends it once to each target, and reports which have accepted it.
    pub(super) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, output, .. } = call;
        let config = admin.0.parts.config.get();
        let targets = Target::all(&config.log_alerts);
        if targets.is_empty() {
            let why = "no alerts are configured: set slack_webhook or mail_to in [log.alerts]";
            return Err(Failure::new(Kind::Usage, why));
        }
        let mut failed = Vec::new();
        for target in targets {
            let sent = target.send(&Notice::Test, &config).await;
            if let Some(running) = admin.running() {
                running.log.reached().tested(&target, &sent);
            }
            if sent.is_err() {
                failed.push(target.full_name());
            }
            let item = items::AlertTest {
                target: target.kind(),
                name: target.name(),
                sent: sent.is_ok(),
                problem: sent.err(),
            };
            output.item(item).await?;
        }
        if failed.is_empty() {
            return Ok(());
        }
        // The reasons are in the items.
        Err(Failure::failed(format!("no alert can be sent to {}", failed.join(", "))))
    }
}
