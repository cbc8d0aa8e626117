//! The Grafana dashboard: Prometheus answers each of its expressions.

use time::Duration;

use super::{Prometheus, TELLING, packaged};
use crate::support::{Client, Json, Server, V1, people};

/// All values of a key, at any depth.
fn all<'a>(value: &'a Json, key: &str, found: &mut Vec<&'a Json>) {
    match value {
        Json::Object(fields) => {
            found.extend(fields.get(key));
            fields.values().for_each(|value| all(value, key, found));
        }
        Json::Array(items) => items.iter().for_each(|item| all(item, key, found)),
        _ => {}
    }
}

/// An expression as Grafana sends it.
fn filled(expression: &str) -> String {
    let filled = expression
        .replace("$__rate_interval", "20s")
        .replace("$job", "chatctl")
        .replace("$instance", ".+");
    assert!(!filled.contains('$'), "an unknown variable: {expression}");
    filled
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_panel_has_figures_of_a_server_that_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let [cert, key] =
        super::alerts::certificate(folder.path(), Duration::days(1), Duration::days(90));
    let plain =
        Server::start_with(&[("BACKUP__EVERY_HOURS", "24"), ("LIMITS__ENABLED", "false")]).await;
    let secure = Server::start_with(&[
        ("SERVER__TLS_CERT", &cert),
        ("SERVER__TLS_KEY", &key),
        ("METRICS__LISTEN", "127.0.0.1:0"),
    ])
    .await;
    let metrics = super::alerts::metrics_of(&secure).await;
    let prometheus =
        Prometheus::start(&packaged("chatctl.rules.yml"), &[plain.address(), &metrics]);
    let [ann, ben] = people(&plain, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let mut socket = ben.enter(&room).await;
    let number = crate::support::number(&room);
    let foreign = V1::log_in(&Client::new(&plain), "ben", &ben.password).await.open(number).await;
    let talk = async || {
        ann.say(&room, "a message").await;
        socket.hears("a message").await;
    };
    all_have_figures(&prometheus, "grafana.json", talk).await;
    drop(foreign);
}

/// Waits until each expression of a dashboard has a figure, and each variable a value, while `talk`
/// is repeated.
pub(crate) async fn all_have_figures(
    prometheus: &Prometheus,
    dashboard: &str,
    mut talk: impl AsyncFnMut(),
) {
    let dashboard: Json = serde_json::from_str(&packaged(dashboard)).unwrap();
    let mut expressions = Vec::new();
    all(&dashboard["panels"], "expr", &mut expressions);
    assert!(expressions.len() > 20, "{}", expressions.len());
    for expression in expressions {
        let asked = filled(expression.as_str().unwrap());
        let used = async {
            loop {
                talk().await;
                let result = prometheus.query(&asked).await;
                if result.iter().any(|series| series["value"][1] != "NaN") {
                    return;
                }
            }
        };
        let in_time = tokio::time::timeout(TELLING, used).await.is_ok();
        assert!(in_time, "{asked} has no figures");
    }
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        let Some(query) = variable["query"]["query"].as_str() else { continue };
        let inner = query.strip_prefix("label_values(").unwrap().strip_suffix(')').unwrap();
        let (series, label) = inner.rsplit_once(", ").unwrap();
        let path = format!("label/{label}/values");
        let values = prometheus.ask(&path, &[("match[]", &filled(series))]).await;
        assert!(!values.as_array().unwrap().is_empty(), "{query}");
    }
}
