//! Whether a data directory without a database has lost it: other things there tell that a server
//! had one.

use std::fs;

use super::outcome::{Failure, Kind};
use crate::config::Config;
use crate::store::engine::upkeep::checkup::is_database;
use crate::store::files::kept;

/// Refuses where there is no database, but what only servers leave that had one. `new` says that an
/// empty one is wanted all the same.
pub fn check(config: &Config, new: bool) -> Result<(), Failure> {
    let data = &config.server.data_dir;
    let database = data.join(&config.database.path);
    if new || database.exists() {
        return Ok(());
    }
    let mut found = Vec::new();
    let media = data.join(&config.media.directory);
    // Elsewhere, too: uploads of which the database knows nothing would be nobody's.
    match kept(&media).map(|names| names.len()).unwrap_or_default() {
        0 => (),
        1 => found.push(format!("1 upload in {}", media.display())),
        uploads => found.push(format!("{} uploads in {}", thousands(uploads), media.display())),
    }
    for (what, directory) in
        [("backups", &config.backup.directory), ("logs", &config.log.directory)]
    {
        // What lies elsewhere may be older than this server.
        let inside = directory.is_relative()
            && fs::read_dir(data.join(directory)).is_ok_and(|mut entries| entries.next().is_some());
        if inside {
            found.push(format!("{what} in {}", data.join(directory).display()));
        }
    }
    let mut others: Vec<_> = fs::read_dir(data)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| is_database(path))
        .collect();
    others.sort();
    found.extend(others.iter().map(|path| format!("a database {}", path.display())));
    let Some((last, before)) = found.split_last() else { return Ok(()) };
    let all =
        if before.is_empty() { last.clone() } else { format!("{} and {last}", before.join(", ")) };
    let verb = if all.starts_with("1 ") || all.starts_with("a ") { "is" } else { "are" };
    Err(Failure::new(
        Kind::NotFound,
        format!(
            "there {verb} {all}, but no database {}; is [database] path right, and is everything \
             mounted? A backup brings everything back (chatctl backup restore FILE --replace); \
             use --new to start with an empty database",
            database.display()
        ),
    ))
}

/// `2,143`.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, shown) in
            [(0, "0"), (999, "999"), (1_000, "1,000"), (2_143, "2,143"), (1_234_567, "1,234,567")]
        {
            assert_eq!(thousands(number), shown);
        }
    }
}
