//! The table of checks.

use super::report::{Finding, Report};
use super::{
    Installation, acme, alerts, backups, certificate, changes, clock, cluster, configuration,
    copies, database, descriptors, disk, ldap, logs, mail, oidc, permissions, proxies, push,
    registration, rooms, search, server, shipping, uploads, websocket,
};
use crate::admin::Failure;
use crate::config::Engine;

/// Which process runs a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The command: the check is about access to the server, or works without one.
    Caller,
    /// The process that holds the data directory: the server while it is running.
    Files,
}

/// One check.
#[derive(Clone, Copy)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// Its scope.
    pub about: &'static str,
    /// The process that runs it.
    pub side: Side,
    /// It needs the file of an embedded database.
    of_file: bool,
    /// It tries the configuration out as it is on disk, whether the server has loaded it or not.
    pub tries: bool,
    look: fn(&Installation, &mut Report),
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Check {
    /// Runs the check; returns at least one finding. Blocks.
    pub(super) fn run(&self, ground: &Installation) -> Vec<Finding> {
        let mut report = Report::new(self.name);
        if self.of_file && ground.config.database.engine == Engine::Cluster {
            report.skip("the data is in a cluster, not in a file of this server");
        } else {
            let pending = self.tries.then(|| ground.pending()).flatten();
            (self.look)(pending.as_ref().unwrap_or(ground), &mut report);
        }
        if report.is_empty() {
            report.ok("no problems found");
        }
        report.into_findings()
    }
}

const fn check(
    name: &'static str,
    about: &'static str,
    side: Side,
    look: fn(&Installation, &mut Report),
) -> Check {
    Check { name, about, side, of_file: false, tries: false, look }
}

/// A check of the database file, or of what only exists with one.
const fn of_file(check: Check) -> Check {
    Check { of_file: true, ..check }
}

/// A check that tries out what only depends on the configuration.
const fn trial(check: Check) -> Check {
    Check { tries: true, ..check }
}

/// All checks, in the order of the report.
pub const CHECKS: &[Check] = &[
    check(
        "config",
        "the configuration: syntax, unknown keys, values that do not work together",
        Side::Caller,
        configuration::look,
    ),
    check(
        "changes",
        "whether the running server uses the configuration as it is now",
        Side::Files,
        changes::look,
    ),
    check(
        "server",
        "whether a server is running and answers at the control socket",
        Side::Caller,
        server::look,
    ),
    check(
        "permissions",
        "permissions and owners of the data directory, its files and the control socket",
        Side::Files,
        permissions::look,
    ),
    check("disk", "free space for data, log, uploaded files and backups", Side::Files, disk::look),
    check(
        "descriptors",
        "whether the limit of open files allows max_connections",
        Side::Files,
        descriptors::look,
    ),
    of_file(check("schema", "the schema version of the database", Side::Files, database::schema)),
    of_file(check(
        "database",
        "damage, lost references and gaps in the database",
        Side::Files,
        database::look,
    )),
    of_file(check(
        "search",
        "whether the search index is complete and up to date",
        Side::Files,
        search::look,
    )),
    check(
        "cluster",
        "Cassandra or ScyllaDB and Redis, if several servers share the data",
        Side::Files,
        cluster::look,
    ),
    of_file(check("rooms", "rooms whose admins cannot log in", Side::Files, rooms::look)),
    check(
        "uploads",
        "the place of uploaded files; missing, damaged and unreferenced ones",
        Side::Files,
        uploads::look,
    ),
    of_file(check(
        "backup",
        "age of the newest backup, leftovers of interrupted ones",
        Side::Files,
        backups::look,
    )),
    of_file(check("copies", "age of the newest backup in [backup] to", Side::Files, copies::look)),
    check(
        "logs",
        "whether the log directory can be written, and its size",
        Side::Files,
        logs::look,
    ),
    of_file(check(
        "clock",
        "the clock against the newest message and file",
        Side::Files,
        clock::look,
    )),
    check("certificate", "the TLS certificate and its key", Side::Files, certificate::look),
    check(
        "acme",
        "whether the CA issues the certificates of acme_domains",
        Side::Files,
        acme::look,
    ),
    check(
        "registration",
        "whether registration is open to other machines",
        Side::Files,
        registration::look,
    ),
    trial(check(
        "mail",
        "whether the mail server of [mail] takes the log-in; nothing is sent",
        Side::Files,
        mail::look,
    )),
    trial(check(
        "oidc",
        "whether the OpenID Connect provider answers, and its redirect URI",
        Side::Files,
        oidc::look,
    )),
    trial(check(
        "push",
        "whether browsers can subscribe to push notifications, and the contact for push services",
        Side::Files,
        push::look,
    )),
    trial(check(
        "ldap",
        "whether the directory of [ldap] answers and can be searched",
        Side::Files,
        ldap::look,
    )),
    check("alerts", "whether alerts reach their targets", Side::Files, alerts::look),
    check("otlp", "whether the log reaches its OTLP receiver", Side::Files, shipping::look),
    check("proxy", "the trusted proxies", Side::Files, proxies::look),
    check(
        "websocket",
        "whether a WebSocket opens through public_url from this machine",
        Side::Caller,
        websocket::look,
    ),
];

/// The checks with these names in the order of the table, or all if `names` is empty.
pub fn only(names: &[String]) -> Result<Vec<&'static Check>, Failure> {
    for name in names {
        if !CHECKS.iter().any(|check| check.name == name) {
            let hint =
                nearest(name).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            return Err(Failure::usage(format!(
                "unknown check {name:?}{hint} (list them with chatctl doctor --list)"
            )));
        }
    }
    Ok(CHECKS
        .iter()
        .filter(|check| names.is_empty() || names.iter().any(|name| name == check.name))
        .collect())
}

/// The check with the most similar name.
pub fn nearest(name: &str) -> Option<&'static str> {
    let scored = CHECKS.iter().map(|check| (strsim::jaro_winkler(name, check.name), check.name));
    scored
        .filter(|(score, _)| *score > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, near)| near)
}
