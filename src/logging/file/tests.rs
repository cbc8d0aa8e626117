//! Tests which files exist after writing and rotating.

use super::*;

fn log(rotation: Rotation, max_files: usize, max_bytes: u64) -> config::Log {
    config::Log { rotation, max_bytes, max_files, ..config::Log::default() }
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn today() -> String {
    Name::first(Rotation::Daily, Timestamp::now()).text()
}

#[test]
fn files_are_named_after_their_time_and_part() {
    let now = Timestamp(1_752_589_930_245);
    for (rotation, part, text) in [
        (Rotation::Daily, 0, "chatctl.log.2025-07-15"),
        (Rotation::Daily, 12, "chatctl.log.2025-07-15.12"),
        (Rotation::Hourly, 0, "chatctl.log.2025-07-15-14"),
        (Rotation::Hourly, 1, "chatctl.log.2025-07-15-14.1"),
    ] {
        let name = Name { part, ..Name::first(rotation, now) };
        assert_eq!(name.text(), text);
        assert_eq!(Name::parse(text), Some(name));
    }
    assert_eq!(Name::first(Rotation::Never, now).text(), "chatctl.log");
    for other in [
        "chatctl.log",
        "chatctl.log.old",
        "chatctl.log.1",
        "chatctl.log.2025-07-1x",
        "chatctl.log.2025-07-15.gz",
        "chatctl.log.2025-07-15.0",
        "chatctl.log.2025-07-15.01",
    ] {
        assert_eq!(Name::parse(other), None, "{other}");
    }
}

#[test]
fn only_our_own_old_files_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let old = [
        "chatctl.log.2020-01-01",
        "chatctl.log.2020-01-02",
        "chatctl.log.2020-01-02.2",
        "chatctl.log.2020-01-02.10",
    ];
    let others = ["chatctl.log.2020-01-0x", "chatctl.log.old", "other.2020-01-01"];
    for name in old.into_iter().chain(others) {
        fs::write(dir.path().join(name), "x").unwrap();
    }
    LogFile::open(dir.path(), &log(Rotation::Daily, 3, 0)).unwrap().write_all(b"line\n").unwrap();
    let today = today();
    let left = [
        "chatctl.log.2020-01-02.10",
        "chatctl.log.2020-01-02.2",
        "chatctl.log.2020-01-0x",
        today.as_str(),
        "chatctl.log.old",
        "other.2020-01-01",
    ];
    assert_eq!(names(dir.path()), left);
}

#[test]
fn no_file_is_removed_where_all_are_kept_or_others_take_them_away() {
    // Nor by their total size, which is far below its limit.
    for (rotation, max_files) in [
        (Rotation::Daily, 0),
        (Rotation::Hourly, 0),
        (Rotation::Never, 0),
        (Rotation::Never, 1),
        (Rotation::Never, 14),
    ] {
        let dir = tempfile::tempdir().unwrap();
        for day in 10..31 {
            fs::write(dir.path().join(format!("chatctl.log.2020-01-{day}")), "x").unwrap();
        }
        let mut file = LogFile::open(dir.path(), &log(rotation, max_files, 10)).unwrap();
        file.write_all(b"a line that is long\n").unwrap();
        file.write_all(b"line\n").unwrap();
        assert!(names(dir.path()).len() > 21, "{rotation:?} {max_files}: {:?}", names(dir.path()));
        assert!(
            fs::read_dir(dir.path()).unwrap().any(|entry| entry
                .unwrap()
                .path()
                .metadata()
                .unwrap()
                .len()
                >= 5),
            "what is written is there"
        );
    }
}

#[test]
fn a_large_file_is_followed_by_another_and_a_restart_goes_on_in_the_last() {
    let dir = tempfile::tempdir().unwrap();
    let config = log(Rotation::Daily, 3, 10);
    for line in ["one\n", "two two two\n", "three three\n", "four\n"] {
        LogFile::open(dir.path(), &config).unwrap().write_all(line.as_bytes()).unwrap();
    }
    let text = |part: &str| fs::read_to_string(dir.path().join(today() + part)).unwrap();
    assert_eq!(
        [text(""), text(".1"), text(".2")],
        ["one\ntwo two two\n", "three three\n", "four\n"]
    );
    let mut file = LogFile::open(dir.path(), &config).unwrap();
    for _ in 0..4 {
        file.write_all(b"and so on and on\n").unwrap();
    }
    assert_eq!(
        names(dir.path()),
        [".3", ".4", ".5"].map(|part| today() + part),
        "the count of files bounds the whole"
    );
}

#[test]
fn all_files_together_have_a_size() {
    for (rotation, max_files, max_bytes) in [
        (Rotation::Daily, 0, 0),
        (Rotation::Hourly, 0, 40),
        (Rotation::Daily, 14, 30),
        (Rotation::Hourly, 3, 1000),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let others = ["chatctl.log", "chatctl.log.2020-01-01.gz", "other"];
        for name in others {
            fs::write(dir.path().join(name), [b'x'; 500]).unwrap();
        }
        // A clock that was wrong: the newest name is not the current file.
        for old in ["2020-01-01", "2020-01-02-05", "2020-01-02-05.1", "2999-01-01"] {
            fs::write(dir.path().join(format!("{NAME}.{old}")), [b'x'; 30]).unwrap();
        }
        let config = config::Log { max_total_bytes: 100, ..log(rotation, max_files, max_bytes) };
        let mut file = LogFile::open(dir.path(), &config).unwrap();
        assert!(!dir.path().join("chatctl.log.2020-01-01").exists(), "{rotation:?}: the oldest");
        assert!(dir.path().join("chatctl.log.2999-01-01").exists(), "{rotation:?}: not more");
        for n in 0..50 {
            let line = format!("line {n:02}\n");
            file.write_all(line.as_bytes()).unwrap();
            let size: u64 = Name::all(dir.path())
                .iter()
                .map(|name| fs::metadata(dir.path().join(name.text())).unwrap().len())
                .sum();
            // A line is written before its size counts.
            assert!(size <= 100 + line.len() as u64, "{rotation:?}: {size}");
            let current = dir.path().join(file.lock().name.text());
            let text = fs::read_to_string(current).unwrap();
            assert!(text.ends_with(&line), "{rotation:?}: {line}");
        }
        for name in others {
            assert!(dir.path().join(name).exists(), "{name} is not ours");
        }
    }
}

#[test]
fn the_current_file_is_kept_even_if_its_name_is_the_oldest() {
    let dir = tempfile::tempdir().unwrap();
    for old in ["2999-01-01", "2999-01-02", "2999-01-03"] {
        fs::write(dir.path().join(format!("{NAME}.{old}")), "x").unwrap();
    }
    let mut file = LogFile::open(dir.path(), &log(Rotation::Daily, 2, 0)).unwrap();
    file.write_all(b"line\n").unwrap();
    assert_eq!(names(dir.path()), [today(), format!("{NAME}.2999-01-03")]);
}

#[test]
fn with_logrotate_size_is_its_concern() {
    let dir = tempfile::tempdir().unwrap();
    let config = config::Log { max_total_bytes: 10, ..log(Rotation::Never, 2, 10) };
    let mut file = LogFile::open(dir.path(), &config).unwrap();
    for _ in 0..5 {
        file.write_all(b"a line that is long\n").unwrap();
    }
    assert_eq!(names(dir.path()), [NAME]);
}

#[test]
fn a_file_that_was_moved_or_removed_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = LogFile::open(dir.path(), &log(Rotation::Never, 2, 0)).unwrap();
    file.write_all(b"one\n").unwrap();
    fs::rename(dir.path().join(NAME), dir.path().join("moved")).unwrap();
    file.reopen();
    file.write_all(b"two\n").unwrap();
    assert_eq!(fs::read_to_string(dir.path().join(NAME)).unwrap(), "two\n");
    let logs = dir.path().join("logs");
    let mut daily = LogFile::open(&logs, &log(Rotation::Daily, 2, 0)).unwrap();
    fs::remove_dir_all(&logs).unwrap();
    daily.write_all(b"three\n").unwrap();
    assert_eq!(fs::read_to_string(logs.join(today())).unwrap(), "three\n");
}

#[test]
fn a_torn_line_does_not_swallow_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(today());
    fs::write(&path, "whole\ntorn in the mid").unwrap();
    let mut file = LogFile::open(dir.path(), &log(Rotation::Daily, 2, 0)).unwrap();
    file.write_all(b"next\n").unwrap();
    file.write_all(b"last\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "whole\ntorn in the mid\nnext\nlast\n");
    // The same after an incomplete write, as on a full disk.
    let half = |file: &LogFile| {
        let mut current = file.lock();
        current.open.write(b"half").unwrap();
        current.open.torn = true;
    };
    half(&file);
    file.write_all(b"after\n").unwrap();
    assert!(fs::read_to_string(&path).unwrap().ends_with("last\nhalf\nafter\n"));
}
