//! A real Prometheus that scrapes real servers: `packaging/monitoring/`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alerts;
pub(crate) mod dashboard;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::support::{Json, http};

/// The slowest figures are measured every 15 seconds.
const TELLING: Duration = Duration::from_secs(90);

/// A running Prometheus that scrapes and evaluates every second, and is killed on drop.
pub(crate) struct Prometheus {
    child: Child,
    url: String,
    folder: TempDir,
}

impl Prometheus {
    /// Starts it with the packaged configuration, these rules, and these servers as targets.
    pub(crate) fn start(rules: &str, targets: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("chatctl.rules.yml"), rules).unwrap();
        let config = packaged("prometheus.yml");
        let started = config
            .replace("15s", "1s")
            .replace("- targets: [\"127.0.0.1:8080\"]", &format!("- targets: {}", json!(targets)));
        assert_eq!(started.matches("1s").count(), 2, "{started}");
        assert!(started.contains(targets[0]), "{started}");
        fs::write(folder.path().join("prometheus.yml"), started).unwrap();
        let mut child = Command::new("prometheus")
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
            .arg("--web.listen-address=127.0.0.1:0")
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = lines
            .find_map(|line| {
                Some(line.split_once("msg=\"Listening on\" address=")?.1.trim().to_owned())
            })
            .unwrap();
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: format!("http://{address}"), folder }
    }

    /// The answer of its API.
    async fn ask(&self, path: &str, query: &[(&str, &str)]) -> Json {
        let mut url = reqwest::Url::parse(&format!("{}/api/v1/{path}", self.url)).unwrap();
        url.query_pairs_mut().extend_pairs(query);
        let answer =
            http().build().unwrap().get(url).send().await.unwrap().json::<Json>().await.unwrap();
        assert_eq!(answer["status"], "success", "{query:?}: {answer}");
        answer["data"].clone()
    }

    /// The current result of an expression.
    pub(crate) async fn query(&self, expression: &str) -> Vec<Json> {
        self.ask("query", &[("query", expression)]).await["result"].as_array().unwrap().clone()
    }

    /// Waits until an alert fires, or no longer does.
    pub(crate) async fn fires(&self, alert: &str, wanted: bool) {
        let expression = format!("ALERTS{{alertname=\"{alert}\",alertstate=\"firing\"}}");
        let waiting = async {
            while self.query(&expression).await.is_empty() == wanted {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        let in_time = tokio::time::timeout(TELLING, waiting).await.is_ok();
        if !in_time {
            let all = self.ask("rules", &[]).await;
            panic!("{alert} never {}: {all:#}", if wanted { "fires" } else { "ends" });
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        drop(fs::remove_dir_all(self.folder.path().join("data")));
    }
}

/// A file of `packaging/monitoring/`.
pub(crate) fn packaged(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/monitoring");
    let path: PathBuf = folder.join(name);
    fs::read_to_string(path).unwrap()
}
