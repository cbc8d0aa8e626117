//! The checks that there are.

use super::report::{Finding, Report};
use super::{
    Installation, backups, certificate, clock, configuration, database, descriptors, disk, logs,
    permissions, proxies, registration, rooms, search, server, uploads, websocket,
};
use crate::admin::Failure;

/// Who can look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Whoever asks: it is about how the server is reached, or about what comes before any server.
    Caller,
    /// Whoever has the files: the server while it runs.
    Files,
}

/// One check.
#[derive(Clone, Copy)]
pub struct Check {
    /// How it is called.
    pub name: &'static str,
    /// What it looks at.
    pub about: &'static str,
    /// Who can look.
    pub side: Side,
    look: fn(&Installation, &mut Report),
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Check {
    /// Looks; says at least one thing. Blocks.
    pub(super) fn run(&self, ground: &Installation) -> Vec<Finding> {
        let mut report = Report::new(self.name);
        (self.look)(ground, &mut report);
        if report.is_empty() {
            report.ok("nothing is wrong");
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
    Check { name, about, side, look }
}

/// All of them, in the order in which they are said.
pub const CHECKS: &[Check] = &[
    check(
        "config",
        "the configuration: it loads, it has no unknown keys, its values work together",
        Side::Caller,
        configuration::look,
    ),
    check(
        "server",
        "whether a server runs and answers at the control socket",
        Side::Caller,
        server::look,
    ),
    check(
        "permissions",
        "modes and owners of the data directory, its files and the control socket",
        Side::Files,
        permissions::look,
    ),
    check("disk", "free space where the data and the log are", Side::Files, disk::look),
    check(
        "descriptors",
        "how many open files the system allows, against max_connections",
        Side::Files,
        descriptors::look,
    ),
    check(
        "schema",
        "the version of the database against that of the program",
        Side::Files,
        database::schema,
    ),
    check(
        "database",
        "the database, all of it: damage, lost references, gaps",
        Side::Files,
        database::look,
    ),
    check(
        "search",
        "the search index: whole, and in step with the messages",
        Side::Files,
        search::look,
    ),
    check("rooms", "rooms whose admins cannot log in", Side::Files, rooms::look),
    check(
        "uploads",
        "uploaded files: those that are missing, those that nothing refers to",
        Side::Files,
        uploads::look,
    ),
    check(
        "backup",
        "the age of the newest backup, leftovers of interrupted ones",
        Side::Files,
        backups::look,
    ),
    check(
        "logs",
        "the log directory: it can be written, it does not grow without end",
        Side::Files,
        logs::look,
    ),
    check("clock", "the clock against the newest message and file", Side::Files, clock::look),
    check("certificate", "the TLS certificate and its key", Side::Files, certificate::look),
    check("registration", "whether strangers can make accounts", Side::Files, registration::look),
    check("proxy", "which proxies are believed", Side::Files, proxies::look),
    check(
        "websocket",
        "whether a WebSocket opens through public_url, tried from here",
        Side::Caller,
        websocket::look,
    ),
];

/// The checks of these names, in the order of the table; no names: all.
pub fn only(names: &[String]) -> Result<Vec<&'static Check>, Failure> {
    for name in names {
        if !CHECKS.iter().any(|check| check.name == name) {
            let hint =
                nearest(name).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            return Err(Failure::usage(format!(
                "there is no check {name:?}{hint} (chatctl doctor --list)"
            )));
        }
    }
    Ok(CHECKS
        .iter()
        .filter(|check| names.is_empty() || names.iter().any(|name| name == check.name))
        .collect())
}

/// The check whose name is most like this.
pub fn nearest(name: &str) -> Option<&'static str> {
    let scored = CHECKS.iter().map(|check| (strsim::jaro_winkler(name, check.name), check.name));
    scored
        .filter(|(score, _)| *score > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, near)| near)
}
