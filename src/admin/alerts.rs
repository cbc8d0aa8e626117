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
        let mut problems = Vec::new();
        for target in targets {
            let sent = target.send(&Notice::Test, &config).await;
            if let Err(why) = &sent {
                problems.push(format!("{} {}: {why}", target.kind(), target.name()));
            }
            let item = items::AlertTest {
                target: target.kind(),
                name: target.name(),
                sent: sent.is_ok(),
                problem: sent.err(),
            };
            output.item(item).await?;
        }
        if problems.is_empty() {
            return Ok(());
        }
        Err(Failure::failed(format!("no alert can be sent to {}", problems.join("; to "))))
    }
}
