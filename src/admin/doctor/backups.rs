//! Backups: how old the newest is, and what interrupted ones have left.

use std::path::PathBuf;
use std::time::Duration;

use super::report::{Report, count};
use super::{Installation, Server};
use crate::admin::backup::{DAMAGED, Listed, Owner, left_over, list, remove};
use crate::model::Timestamp;

/// A backup takes its time.
const LATE: Duration = Duration::from_hours(1);

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let (directory, every) = (directory(ground), ground.config.backup.every_hours);
    let found = match list(&directory) {
        Ok(found) => found,
        Err(failure) => {
            return report.fail(
                failure.to_string(),
                "Run the check as the owner of the data directory, and look at [backup] directory.",
            );
        }
    };
    leftovers(ground, report);
    let found = ours(ground, found);
    let newest = newest_of(&found);
    let damaged = found
        .iter()
        .filter(|backup| backup.name.ends_with(DAMAGED))
        .max_by_key(|backup| backup.created());
    // Names tell seconds: of two made in the same one, the damaged is told.
    if let Some(last) =
        damaged.filter(|last| newest.is_none_or(|(_, at)| last.created() >= Some(at)))
    {
        report.fail(
            format!("the last backup, {}, was made of damaged data", last.name),
            "chatctl db check and the log say what is wrong; an earlier backup may have what is \
             lost.",
        );
    }
    if let (Some(last), None, None) = (found.last(), newest, damaged) {
        let why = last.problem.as_deref().unwrap_or("it is from the future");
        report.fail(
            format!(
                "none of {} can be used; of the newest, {}: {why}",
                count(found.len(), "backup"),
                last.name
            ),
            MAKE,
        );
    }
    let age = newest.map(|(backup, at)| {
        (backup, Duration::from_millis((Timestamp::now().0 - at.0).max(0).unsigned_abs()))
    });
    let said = age
        .map(|(backup, age)| format!("the newest backup, {}, is {} old", backup.name, hours(age)));
    match (every, age, said) {
        (Some(every), Some((_, age)), Some(said)) => {
            let due = Duration::from_secs(every.saturating_mul(3600));
            let advice =
                format!("A running server makes one every {every} h; its log says why not. {MAKE}");
            if age > due.saturating_mul(2).saturating_add(LATE) {
                report.fail(said, advice);
            } else if age > due.saturating_add(LATE) {
                report.warn(said, advice);
            } else {
                report.ok(said);
            }
        }
        (Some(every), None, _)
            if found.is_empty() && running_for(ground).is_some_and(|since| since > LATE) =>
        {
            report.fail(
                format!("there is no backup in {}", directory.display()),
                format!("A running server makes one every {every} h; its log says why not. {MAKE}"),
            );
        }
        (Some(every), ..) if found.is_empty() => {
            report.warn(
                format!("there is no backup in {} yet", directory.display()),
                format!(
                    "A server that runs makes one soon, and every {every} h; its log says why \
                     not. {MAKE}"
                ),
            );
        }
        (None, _, said) => report.skip_with(
            format!(
                "the server makes none by itself; {}",
                said.unwrap_or_else(|| format!("there is none in {}", directory.display()))
            ),
            "[backup] every_hours = 24 and keep = 14 let the server make them; or run chatctl \
             backup create from time to time. Keep copies on another machine.",
        ),
        (Some(_), ..) => (),
    }
}

const MAKE: &str = "chatctl backup create makes one now.";

fn directory(ground: &Installation) -> PathBuf {
    ground.data().join(&ground.config.backup.directory)
}

/// Those of this instance; where the database cannot tell which it is, all.
fn ours(ground: &Installation, mut found: Vec<Listed>) -> Vec<Listed> {
    if let Ok(owner) = Owner::of(&ground.database(), ground.is_live()) {
        found.retain(|backup| backup.head.is_none() || backup.is_of(&owner));
    }
    found
}

/// How long the server has run, if one does and is asked.
fn running_for(ground: &Installation) -> Option<Duration> {
    match &ground.server {
        Server::Here(live) => Some(live.start.elapsed()),
        _ => None,
    }
}

/// The newest backup that counts as one. What says to be from the future was made by a clock that
/// went wrong.
fn newest_of(found: &[Listed]) -> Option<(&Listed, Timestamp)> {
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
    let found = format!("interrupted backups have left {}", names.join(", "));
    let advice = "The next start of the server removes it (chatctl doctor --fix does it now).";
    if !ground.may_mend() {
        return report.warn(found, advice);
    }
    report.mended(found, "it was removed", left.iter().try_for_each(|path| remove(path)), advice);
}

fn hours(age: Duration) -> String {
    match age.as_secs() / 3600 {
        0 => "less than an hour".to_owned(),
        1 => "1 hour".to_owned(),
        hours @ 2..48 => format!("{hours} hours"),
        hours => format!("{} days", hours / 24),
    }
}
