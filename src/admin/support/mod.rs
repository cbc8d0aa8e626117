//! What somebody who helps from afar needs to know, without what is nobody's business: no message
//! text, password, token or mail address.
//!
//! Like the checks of `doctor`, each part is made of configuration and files, so that there is
//! something to say of every server.

mod logs;
mod redact;
mod system;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::doctor::{Installation, Server};
use super::outcome::{Failure, Output, Reply};
use super::{Admin, status};
use crate::store::engine::upkeep::checkup::figures;

pub use redact::text as redacted;

/// Lines of the log.
const LINES: usize = 2_000;

/// A file of the bundle.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Part {
    /// How it is called.
    pub name: String,
    /// What is in it, for the list of contents.
    pub about: String,
    /// What it says.
    pub text: String,
}

impl Part {
    /// A file; what must not leave the house is blanked here.
    pub fn new(name: &str, about: &str, text: &str) -> Self {
        Self { name: name.to_owned(), about: about.to_owned(), text: redacted(text) }
    }

    /// The same of a value.
    pub fn json(name: &str, about: &str, value: &impl Serialize) -> Self {
        Self::new(
            name,
            about,
            &serde_json::to_string_pretty(value).unwrap_or_else(|error| error.to_string()),
        )
    }
}

/// What can be told from configuration and files. Blocks, and looks at every message to count it.
pub fn parts(ground: &Installation) -> Vec<Part> {
    let config = &ground.config;
    let settings = redact::configuration(config.as_ref());
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
            "the configuration as it holds, secrets and addresses blanked",
            &settings,
        ),
        Part::json("stats.json", "how much there is of everything, in numbers", &stats),
        Part::json(
            "system.json",
            "kernel, memory, limits and disk of the machine",
            &system::facts(config),
        ),
        Part::new(
            "log.txt",
            "the latest lines of the log: login names and room numbers, no message text",
            &log,
        ),
    ]
}

/// Numbers only: a name says what a room is about.
fn nameless(mut stats: Value) -> Value {
    for room in
        stats["largest_rooms"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut)
    {
        room.remove("name");
    }
    stats
}

impl Admin {
    /// The parts that a running server can tell, or the data of a stopped one.
    pub(super) async fn support(&self, output: &Output) -> Result<(), Failure> {
        let ground = self.ground(false);
        let made = tokio::task::spawn_blocking(move || parts(&ground));
        for part in made.await.map_err(|error| Failure::failed(error.to_string()))? {
            output.item(part).await?;
        }
        let (said, mut heard) = Output::new();
        self.status(&said).await?;
        if let Some(Reply::Item(status)) = heard.recv().await {
            output.item(Part::json("status.json", "how the server is", &status)).await?;
        }
        if let Some(running) = self.running() {
            output
                .item(Part::new("metrics.txt", "what the server has counted", &(running.metrics)()))
                .await?;
        }
        Ok(())
    }
}

/// What can be said of a server that is not asked, as `status` says it.
pub fn silent_status(ground: &Installation) -> Part {
    let config = &ground.config;
    let database = config.server.data_dir.join(&config.database.path);
    let said = json!({
        "running": matches!(ground.server, Server::Silent(_)),
        "version": env!("CARGO_PKG_VERSION"),
        "data_dir": status::absolute(&config.server.data_dir),
        "database_bytes": std::fs::metadata(database).map_or(0, |meta| meta.len()),
    });
    Part::json("status.json", "how the server is", &said)
}
