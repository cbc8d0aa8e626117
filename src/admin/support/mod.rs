//! Diagnostics for a bug report, without message text, passwords, tokens and e-mail addresses.
//!
//! Like the checks of `doctor`, each part is based on the configuration and files, so that
//! diagnostics are available for any server.

mod logs;
mod redact;
mod system;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Call;
use super::doctor::{Installation, Server};
use super::outcome::{Failure, Output, Reply};
use super::status::{self, Status};
use crate::config::show;
use crate::store::engine::upkeep::checkup::figures;

pub(super) use redact::json as redacted_json;
pub use redact::text as redacted;

/// Number of log lines.
const LINES: usize = 2_000;

/// A file of the bundle.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Part {
    /// File name.
    pub name: String,
    /// Description for the list of contents.
    pub about: String,
    /// Content.
    pub text: String,
}

impl Part {
    /// A file; confidential text is redacted here.
    pub fn new(name: &str, about: &str, text: &str) -> Self {
        Self { name: name.to_owned(), about: about.to_owned(), text: redacted(text) }
    }

    /// A file with a value as JSON.
    pub fn json(name: &str, about: &str, value: &impl Serialize) -> Self {
        Self::new(
            name,
            about,
            &serde_json::to_string_pretty(value).unwrap_or_else(|error| error.to_string()),
        )
    }
}

/// The parts from configuration and files. Blocks, and counts all messages.
pub fn parts(ground: &Installation) -> Vec<Part> {
    let config = &ground.config;
    let settings = show::effective(config)
        .map_or_else(|error| error.to_string(), |config| redact::configuration(&config));
    let log = logs::latest(&config.server.data_dir.join(&config.log.directory), LINES)
        .unwrap_or_else(|error| format!("The log cannot be read: {error}\n"));
    let database = config.server.data_dir.join(&config.database.path);
    let live = !matches!(ground.server, Server::Stopped);
    let stats = match figures(&database, live) {
        Ok(stats) => nameless(json!(stats)),
        Err(error) => json!({"problem": error.to_string()}),
    };
    vec![
        Part::new(
            "config.toml",
            "the effective configuration, with secrets and e-mail addresses removed",
            &settings,
        ),
        Part::json("stats.json", "number of accounts, rooms, messages and files", &stats),
        Part::json(
            "system.json",
            "kernel, memory, limits and disk of the machine",
            &system::facts(config),
        ),
        Part::new(
            "log.txt",
            "the latest log lines, with login names and room numbers, without message text",
            &log,
        ),
    ]
}

/// Removes room names, which are confidential.
fn nameless(mut stats: Value) -> Value {
    for room in
        stats["largest_rooms"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut)
    {
        room.remove("name");
    }
    stats
}

/// Collect diagnostics. The access is logged.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Support {}

impl Support {
    /// Sends the parts of a running server or of the data of a stopped one.
    pub(in crate::admin) async fn run(self, call: Call<'_>) -> Result<(), Failure> {
        let Call { admin, output, .. } = call;
        let ground = admin.ground(false);
        let made = tokio::task::spawn_blocking(move || parts(&ground));
        for part in made.await.map_err(|error| Failure::failed(error.to_string()))? {
            output.item(part).await?;
        }
        let (said, mut heard) = Output::new();
        Status {}.run(Call { output: &said, ..call }).await?;
        if let Some(Reply::Item(status)) = heard.recv().await {
            output.item(Part::json("status.json", "state of the server", &status)).await?;
        }
        if let Some(running) = admin.running() {
            output
                .item(Part::new("metrics.txt", "metrics of the server", &(running.metrics)()))
                .await?;
        }
        Ok(())
    }
}

/// The state of a server that cannot be asked, in the form of `status`.
pub fn silent_status(ground: &Installation) -> Part {
    let config = &ground.config;
    let database = config.server.data_dir.join(&config.database.path);
    let known = json!({
        "running": matches!(ground.server, Server::Silent(_)),
        "version": env!("CARGO_PKG_VERSION"),
        "data_dir": status::absolute(&config.server.data_dir),
        "database_bytes": std::fs::metadata(database).map_or(0, |meta| meta.len()),
    });
    Part::json("status.json", "state of the server", &known)
}
