//! Check `backup`: age of the newest backup, leftovers of interrupted ones.

use std::path::PathBuf;
use std::time::Duration;

use super::report::{Report, count};
use super::{Installation, Server};
use crate::admin::backup::{Listed, Owner, left_over, list, remove};
use crate::model::Timestamp;

/// Time allowed for creating a backup.
const LATE: Duration = Duration::from_hours(1);

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let (directory, every) = (directory(ground), ground.config.backup.every_hours);
    let found = match list(&directory) {
        Ok(found) => found,
        Err(failure) => {
            return report.fail(
                failure.to_string(),
                "Run the check as the owner of the data directory, and check [backup] directory.",
            );
        }
    };
    leftovers(ground, report);
    let found = ours(ground, found);
    let newest = newest_of(&found);
    let damaged =
        found.iter().filter(|backup| backup.named.damaged).max_by_key(|backup| backup.created());
    unusable(&found, newest, damaged, report);
    let age = newest.map(|(backup, at)| (backup, age_of(at)));
    let described = age.map(|(backup, age)| told(&backup.name, age));
    match (every, age, described) {
        (Some(every), Some((_, age)), Some(described)) => due(every, age, described, report),
        (Some(every), None, _)
            if found.is_empty() && running_for(ground).is_some_and(|since| since > LATE) =>
        {
            report.fail(
                format!("there is no backup in {}", directory.display()),
                format!(
                    "A running server creates one every {every} h; its log shows why it did not. \
                     {MAKE}"
                ),
            );
        }
        (Some(every), ..) if found.is_empty() => {
            report.warn(
                format!("there is no backup in {} yet", directory.display()),
                format!(
                    "A running server creates one soon, and then every {every} h; failures are in \
                     its log. {MAKE}"
                ),
            );
        }
        (None, _, described) => report.skip_with(
            format!(
                "automatic backups are off; {}",
                described
                    .unwrap_or_else(|| format!("there is no backup in {}", directory.display()))
            ),
            "Set [backup] every_hours = 24 and keep = 14 for automatic backups, or run chatctl \
             backup create regularly. Keep copies on another machine.",
        ),
        (Some(_), ..) => (),
    }
}

/// Reports a last backup of damaged data, and backups of which none can be used.
fn unusable(
    found: &[Listed],
    newest: Option<(&Listed, Timestamp)>,
    damaged: Option<&Listed>,
    report: &mut Report,
) {
    // Times have a resolution of one second: of two backups of the same second, report the damaged
    // one.
    if let Some(last) =
        damaged.filter(|last| newest.is_none_or(|(_, at)| last.created() >= Some(at)))
    {
        report.fail(
            format!("the data was damaged when the last backup, {}, was created", last.name),
            "See the damage with chatctl db check and in the log; an earlier backup may contain \
             the lost data.",
        );
    }
    if let (Some(last), None, None) = (found.last(), newest, damaged) {
        let why = last.problem.as_deref().unwrap_or("its time is in the future");
        report.fail(
            format!(
                "none of {} can be used; the newest, {}: {why}",
                count(found.len(), "backup"),
                last.name
            ),
            MAKE,
        );
    }
}

/// The age of a backup of this time.
pub(super) fn age_of(at: Timestamp) -> Duration {
    Duration::from_millis((Timestamp::now().0 - at.0).max(0).unsigned_abs())
}

/// The newest backup in words.
pub(super) fn told(name: &str, age: Duration) -> String {
    format!("the newest backup, {name}, is {} old", hours(age))
}

/// Reports a backup that is older than the schedule allows.
pub(super) fn due(every: u64, age: Duration, described: String, report: &mut Report) {
    let due = Duration::from_secs(every.saturating_mul(3600));
    let advice = format!(
        "A running server creates one every {every} h; its log shows why it did not. \
         {MAKE}"
    );
    if age > due.saturating_mul(2).saturating_add(LATE) {
        report.fail(described, advice);
    } else if age > due.saturating_add(LATE) {
        report.warn(described, advice);
    } else {
        report.ok(described);
    }
}

const MAKE: &str = "To create one now: chatctl backup create.";

fn directory(ground: &Installation) -> PathBuf {
    ground.data().join(&ground.config.backup.directory)
}

/// The backups of this instance; all if the database cannot be read.
pub(super) fn ours(ground: &Installation, mut found: Vec<Listed>) -> Vec<Listed> {
    if let Ok(owner) = Owner::of(&ground.database(), ground.is_live()) {
        let is_unreadable = |backup: &Listed| backup.head.is_none() && !backup.encrypted;
        found.retain(|backup| is_unreadable(backup) || backup.is_of(&owner));
    }
    found
}

/// Uptime of the server, if this is its process.
fn running_for(ground: &Installation) -> Option<Duration> {
    match &ground.server {
        Server::Here(live) => Some(live.start.elapsed()),
        _ => None,
    }
}

/// The newest valid backup. Those from the future are ignored: the clock was wrong.
pub(super) fn newest_of(found: &[Listed]) -> Option<(&Listed, Timestamp)> {
    let now = Timestamp::now();
    let dated = found
        .iter()
        .filter(|backup| backup.is_sound())
        .filter_map(|backup| Some((backup, backup.created()?)));
    dated.filter(|(_, at)| *at <= now).max_by_key(|(_, at)| *at)
}

/// The newest backup in the configured directory.
pub(super) fn newest(ground: &Installation) -> Option<Listed> {
    let found = ours(ground, list(&directory(ground)).ok()?);
    newest_of(&found).map(|(backup, _)| backup.clone())
}

fn leftovers(ground: &Installation, report: &mut Report) {
    let left = match left_over(ground.data(), &directory(ground), !ground.is_live()) {
        Ok(left) => left,
        Err(error) => return report.unreadable(ground.data(), &error),
    };
    if left.is_empty() {
        return;
    }
    let names: Vec<String> = left.iter().map(|path| path.display().to_string()).collect();
    let found = format!("interrupted backups left {} behind", names.join(", "));
    let advice = "The server removes it at its next start; to remove it now: chatctl doctor --fix.";
    if !ground.may_repair() {
        return report.warn(found, advice);
    }
    report.repaired(found, "removed", left.iter().try_for_each(|path| remove(path)), advice);
}

fn hours(age: Duration) -> String {
    match age.as_secs() / 3600 {
        0 => "less than an hour".to_owned(),
        1 => "1 hour".to_owned(),
        hours @ 2..48 => format!("{hours} hours"),
        hours => format!("{} days", hours / 24),
    }
}
