//! What the engine for several servers relies on in its tables, for each kind of them.
//!
//! A test is a function of some [`Tables`] that hold the two tables below and a name of its own for
//! its partitions: on a real cluster all tests share the tables.

use std::sync::Arc;
use std::time::Duration;

use chatctl::store::cluster::tables::memory::Memory;
use chatctl::store::cluster::tables::{
    Bound, Column, Compare, Condition, Consistency, Kind, Order, Outcome, Put, Row, Slice, Table,
    Tables, Value,
};

/// Written by plain writes; sorted by two columns, descending.
pub(super) static PLAIN: Table = Table {
    name: "test_plain",
    kind: Kind::Plain,
    partition: &[Column::text("test"), Column::int("part")],
    clustering: &[Column::int("at"), Column::text("name")],
    order: Order::Descending,
    statics: &[Column::int("total")],
    columns: &[Column::int("n"), Column::text("t"), Column::bytes("b"), Column::flag("f")],
};

/// Written by conditional writes.
pub(super) static GUARDED: Table = Table {
    name: "test_guarded",
    kind: Kind::Conditional,
    partition: &[Column::text("test")],
    clustering: &[Column::int("at")],
    order: Order::Ascending,
    statics: &[Column::int("head"), Column::int("owner")],
    columns: &[Column::text("body"), Column::int("n")],
};

/// Tests of one partition with one row each.
pub(super) static SINGLE: Table = Table {
    name: "test_single",
    kind: Kind::Conditional,
    partition: &[Column::bytes("key")],
    clustering: &[],
    order: Order::Ascending,
    statics: &[],
    columns: &[Column::int("version"), Column::text("body")],
};

/// Creates a test of each function for each kind of tables.
macro_rules! tables_contract {
    ($($name:ident),* $(,)?) => {
        mod in_memory {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$name(std::sync::Arc::new(super::Memory::new()), stringify!($name)).await;
                }
            )*
        }

        mod on_cassandra {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    if super::super::cassandra::is_wanted() {
                        let tables = super::super::cassandra::connect().await;
                        super::$name(std::sync::Arc::new(tables), stringify!($name)).await;
                    }
                }
            )*
        }
    };
}

tables_contract!(
    a_row_that_was_written_is_read_with_all_types,
    the_larger_timestamp_wins_whenever_it_comes,
    of_equal_timestamps_the_larger_value_wins,
    cells_not_named_keep_their_values,
    a_deleted_row_hides_what_is_older,
    a_deleted_partition_hides_what_is_older,
    a_row_expires_as_a_whole,
    a_cell_that_has_expired_hides_older_ones,
    ranges_prefixes_orders_and_limits,
    a_row_without_cells_is_there,
    static_values_come_with_each_row_and_alone,
    a_write_of_many_partitions_is_whole,
    a_row_that_is_absent_is_written_once,
    a_head_moves_only_from_where_it_is,
    a_guarded_row_is_changed_and_removed,
    conditions_of_several_rows_hold_together,
    a_guarded_row_expires_and_its_head_stays,
    of_many_at_once_one_wins,
    a_scan_finds_each_row_once,
    only_some_columns_are_read,
);

type T = Arc<dyn Tables>;

fn key(test: &str, part: i64) -> Vec<Value> {
    vec![test.into(), part.into()]
}

fn row(
    test: &str,
    (at, name): (i64, &str),
    timestamp: i64,
    cells: &[(&'static str, Value)],
) -> Put {
    Put::plain(&PLAIN, timestamp, key(test, 1), vec![at.into(), name.into()], cells.to_vec())
}

async fn put(tables: &T, puts: impl IntoIterator<Item = Put>) {
    tables.write(puts.into_iter().collect()).await.unwrap();
}

async fn all(tables: &T, test: &str) -> Vec<Row> {
    tables.read(Slice::of(&PLAIN, key(test, 1))).await.unwrap()
}

/// `at` and `name` of the rows of a slice.
async fn names(tables: &T, slice: Slice) -> Vec<String> {
    let rows = tables.read(slice).await.unwrap();
    rows.iter()
        .map(|row| format!("{}{}", row.int("at").unwrap(), row.text("name").unwrap()))
        .collect()
}

async fn compare(tables: &T, conditions: Vec<Condition>, puts: Vec<Put>) -> Outcome {
    tables.compare(Compare { conditions, puts }).await.unwrap()
}

/// The static part of a commit.
fn head(test: &str, head: i64) -> Put {
    Put::conditional(&GUARDED, vec![test.into()], vec![], vec![("head", head.into())])
}

fn guarded(test: &str, at: i64, body: &str) -> Put {
    Put::conditional(&GUARDED, vec![test.into()], vec![at.into()], vec![("body", body.into())])
}

fn head_is(head: Option<i64>) -> Condition {
    Condition::Is(vec![], "head", head.map(Value::Int))
}

async fn guarded_rows(tables: &T, test: &str) -> Vec<(Option<i64>, Option<i64>, Option<String>)> {
    let slice = Slice::of(&GUARDED, vec![test.into()]).at(Consistency::Serial);
    let rows = tables.read(slice).await.unwrap();
    let told = |row: &Row| (row.int("head"), row.int("at"), row.text("body").map(str::to_owned));
    rows.iter().map(told).collect()
}

async fn a_row_that_was_written_is_read_with_all_types(tables: T, test: &str) {
    let cells = [
        ("n", Value::Int(i64::MIN)),
        ("t", "만화책 👍🏽".into()),
        ("b", vec![0u8, 255, 0].into()),
        ("f", false.into()),
    ];
    put(&tables, [row(test, (1, ""), 1, &cells)]).await;
    let rows = all(&tables, test).await;
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    assert_eq!((row.text("test"), row.int("part")), (Some(test), Some(1)));
    assert_eq!((row.int("at"), row.text("name")), (Some(1), Some("")));
    assert_eq!((row.int("n"), row.text("t")), (Some(i64::MIN), Some("만화책 👍🏽")));
    assert_eq!((row.bytes("b"), row.flag("f")), (Some(&[0u8, 255, 0][..]), Some(false)));
    assert_eq!((row.int("total"), row.get("other")), (None, None));
    assert_eq!(row.clustering(), [1.into(), "".into()]);
    let empty = [("t", "".into()), ("b", Vec::<u8>::new().into())];
    put(&tables, [self::row(test, (1, ""), 2, &empty)]).await;
    let row = &all(&tables, test).await[0];
    assert_eq!((row.text("t"), row.bytes("b")), (Some(""), Some(&[][..])));
    let nothing = tables.read(Slice::of(&PLAIN, key(test, 2))).await.unwrap();
    assert!(nothing.is_empty());
}

async fn the_larger_timestamp_wins_whenever_it_comes(tables: T, test: &str) {
    for (timestamp, value, wanted) in [(5, 50, 50), (3, 30, 50), (6, 10, 10), (1 << 52, 7, 7)] {
        put(&tables, [row(test, (1, "a"), timestamp, &[("n", value.into())])]).await;
        assert_eq!(all(&tables, test).await[0].int("n"), Some(wanted), "{timestamp}");
    }
}

async fn of_equal_timestamps_the_larger_value_wins(tables: T, test: &str) {
    for (value, wanted) in [(20, 20), (10, 20), (30, 30)] {
        put(&tables, [row(test, (1, "a"), 1, &[("n", value.into()), ("f", true.into())])]).await;
        assert_eq!(all(&tables, test).await[0].int("n"), Some(wanted));
    }
    put(&tables, [row(test, (1, "a"), 1, &[("f", false.into())])]).await;
    assert_eq!(all(&tables, test).await[0].flag("f"), Some(true));
}

async fn cells_not_named_keep_their_values(tables: T, test: &str) {
    put(&tables, [row(test, (1, "a"), 1, &[("n", 1.into()), ("t", "one".into())])]).await;
    put(&tables, [row(test, (1, "a"), 3, &[("n", 3.into())])]).await;
    put(&tables, [row(test, (1, "a"), 2, &[("n", 2.into()), ("t", "two".into())])]).await;
    let row = &all(&tables, test).await[0];
    assert_eq!((row.int("n"), row.text("t")), (Some(3), Some("two")));
}

async fn a_deleted_row_hides_what_is_older(tables: T, test: &str) {
    let of = |timestamp| row(test, (1, "a"), timestamp, &[("n", timestamp.into())]);
    put(&tables, [of(1), row(test, (2, "b"), 1, &[])]).await;
    put(&tables, [of(3).deleted()]).await;
    assert_eq!(names(&tables, Slice::of(&PLAIN, key(test, 1))).await, ["2b"]);
    put(&tables, [of(2)]).await;
    put(&tables, [of(3)]).await;
    assert_eq!(all(&tables, test).await.len(), 1, "older ones, and as old, stay hidden");
    put(&tables, [of(4)]).await;
    assert_eq!(names(&tables, Slice::of(&PLAIN, key(test, 1))).await, ["1a", "2b"]);
}

async fn a_deleted_partition_hides_what_is_older(tables: T, test: &str) {
    let total = Put::plain(&PLAIN, 1, key(test, 1), vec![], vec![("total", 5.into())]);
    put(&tables, [total, row(test, (1, "a"), 1, &[]), row(test, (2, "b"), 4, &[])]).await;
    let gone = Put::plain(&PLAIN, 3, key(test, 1), vec![], vec![]).deleted();
    put(&tables, [gone]).await;
    let rows = all(&tables, test).await;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].int("at"), rows[0].int("total")), (Some(2), None));
}

async fn a_row_expires_as_a_whole(tables: T, test: &str) {
    let cells = [("n", 1.into())];
    let long = row(test, (1, "a"), 1, &cells).living(Duration::from_hours(1));
    let short = row(test, (2, "b"), 1, &cells).living(Duration::from_millis(10));
    put(&tables, [long, short]).await;
    until(async || names(&tables, Slice::of(&PLAIN, key(test, 1))).await == ["1a"]).await;
}

async fn a_cell_that_has_expired_hides_older_ones(tables: T, test: &str) {
    put(&tables, [row(test, (1, "a"), 1, &[("n", 1.into())])]).await;
    let short = row(test, (1, "a"), 2, &[("n", 2.into())]).living(Duration::from_secs(1));
    put(&tables, [short]).await;
    // Of the row of INSERT nothing is left either: its marker has expired too.
    until(async || all(&tables, test).await.is_empty()).await;
}

/// Waits for what comes with time; rows expire by the clock of the tables.
async fn until(mut done: impl AsyncFnMut() -> bool) {
    let search = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(super::PATIENCE, search).await.expect("it comes");
}

async fn ranges_prefixes_orders_and_limits(tables: T, test: &str) {
    let keys = [(1, "a"), (2, "a"), (2, "b"), (2, "c"), (3, "a"), (-1, "z")];
    put(&tables, keys.map(|key| row(test, key, 1, &[("n", 1.into())]))).await;
    let slice = || Slice::of(&PLAIN, key(test, 1));
    assert_eq!(names(&tables, slice()).await, ["-1z", "1a", "2a", "2b", "2c", "3a"]);
    assert_eq!(names(&tables, slice().newest(10)).await, ["3a", "2c", "2b", "2a", "1a", "-1z"]);
    assert_eq!(names(&tables, slice().newest(2)).await, ["3a", "2c"]);
    assert_eq!(names(&tables, slice().first(3)).await, ["-1z", "1a", "2a"]);
    let two = || slice().under(vec![2.into()]);
    assert_eq!(names(&tables, two()).await, ["2a", "2b", "2c"]);
    assert_eq!(names(&tables, two().newest(1)).await, ["2c"]);
    let b = || Value::from("b");
    assert_eq!(names(&tables, two().between(Bound::Excluding(b()), Bound::Open)).await, ["2c"]);
    assert_eq!(
        names(&tables, two().between(Bound::Open, Bound::Including(b()))).await,
        ["2a", "2b"]
    );
    let range = |from: Bound, to: Bound| slice().between(from, to);
    let found = names(&tables, range(Bound::Including(1.into()), Bound::Excluding(3.into()))).await;
    assert_eq!(found, ["1a", "2a", "2b", "2c"]);
    let found =
        names(&tables, range(Bound::Excluding(1.into()), Bound::Including(3.into())).newest(2))
            .await;
    assert_eq!(found, ["3a", "2c"]);
    let one = slice().under(vec![2.into(), "b".into()]);
    assert_eq!(names(&tables, one).await, ["2b"]);
}

async fn a_row_without_cells_is_there(tables: T, test: &str) {
    put(&tables, [row(test, (1, "a"), 1, &[])]).await;
    assert_eq!(names(&tables, Slice::of(&PLAIN, key(test, 1))).await, ["1a"]);
}

async fn static_values_come_with_each_row_and_alone(tables: T, test: &str) {
    let total = |n: i64| Put::plain(&PLAIN, n, key(test, 1), vec![], vec![("total", n.into())]);
    put(&tables, [total(2)]).await;
    let rows = all(&tables, test).await;
    assert_eq!((rows.len(), rows[0].int("total"), rows[0].int("at")), (1, Some(2), None));
    assert!(rows[0].clustering().is_empty());
    let under = Slice::of(&PLAIN, key(test, 1)).under(vec![1.into()]);
    assert!(tables.read(under).await.unwrap().is_empty(), "the partition alone is no row of it");
    put(&tables, [total(3), total(1), row(test, (1, "a"), 1, &[]), row(test, (2, "a"), 1, &[])])
        .await;
    let rows = all(&tables, test).await;
    let told: Vec<_> = rows.iter().map(|row| (row.int("at"), row.int("total"))).collect();
    assert_eq!(told, [(Some(1), Some(3)), (Some(2), Some(3))]);
}

async fn a_write_of_many_partitions_is_whole(tables: T, test: &str) {
    let puts = (0..40).map(|n| {
        let clustering = vec![n.into(), "a".into()];
        Put::plain(&PLAIN, 1, key(test, n % 10), clustering, vec![("n", n.into())])
    });
    put(&tables, puts).await;
    for part in 0..10 {
        assert_eq!(tables.read(Slice::of(&PLAIN, key(test, part))).await.unwrap().len(), 4);
    }
    put(&tables, []).await;
}

async fn a_row_that_is_absent_is_written_once(tables: T, test: &str) {
    let of = |body: &str| {
        let cells = vec![("version", 1.into()), ("body", body.into())];
        Put::conditional(&SINGLE, vec![test.as_bytes().to_vec().into()], vec![], cells)
    };
    let absent = || vec![Condition::Absent(vec![])];
    assert_eq!(compare(&tables, absent(), vec![of("first")]).await, Outcome::Applied);
    assert_eq!(compare(&tables, absent(), vec![of("second")]).await, Outcome::Refused);
    let slice = Slice::of(&SINGLE, vec![test.as_bytes().to_vec().into()]);
    let rows = tables.read(slice.at(Consistency::Serial)).await.unwrap();
    assert_eq!((rows.len(), rows[0].text("body")), (1, Some("first")));
    let version = |n: i64| vec![Condition::Is(vec![], "version", Some(n.into()))];
    assert_eq!(compare(&tables, version(1), vec![of("").deleted()]).await, Outcome::Applied);
    assert_eq!(compare(&tables, version(1), vec![of("")]).await, Outcome::Refused);
    assert_eq!(compare(&tables, absent(), vec![of("third")]).await, Outcome::Applied);
    let both = vec![
        Condition::Is(vec![], "version", Some(1.into())),
        Condition::Is(vec![], "body", Some("fourth".into())),
    ];
    assert_eq!(compare(&tables, both, vec![of("fifth")]).await, Outcome::Refused);
}

async fn a_head_moves_only_from_where_it_is(tables: T, test: &str) {
    let commit = async |from: Option<i64>, to: i64| {
        let puts = vec![head(test, to), guarded(test, to, "body")];
        compare(&tables, vec![head_is(from)], puts).await
    };
    assert_eq!(commit(Some(0), 1).await, Outcome::Refused);
    assert!(guarded_rows(&tables, test).await.is_empty());
    assert_eq!(commit(None, 2).await, Outcome::Applied);
    assert_eq!(commit(None, 3).await, Outcome::Refused);
    assert_eq!(commit(Some(2), 3).await, Outcome::Applied);
    let body = || Some("body".to_owned());
    let wanted = [(Some(3), Some(2), body()), (Some(3), Some(3), body())];
    assert_eq!(guarded_rows(&tables, test).await, wanted);
    // A row and the static values of its partition in one.
    let mut both = guarded(test, 4, "four");
    both.cells.push(("head", 4.into()));
    assert_eq!(compare(&tables, vec![head_is(Some(3))], vec![both]).await, Outcome::Applied);
    assert_eq!(guarded_rows(&tables, test).await[2], (Some(4), Some(4), Some("four".to_owned())));
    // The head is a condition only.
    let row = vec![guarded(test, 5, "five")];
    assert_eq!(compare(&tables, vec![head_is(Some(3))], row.clone()).await, Outcome::Refused);
    assert_eq!(compare(&tables, vec![head_is(Some(4))], row).await, Outcome::Applied);
    assert_eq!(guarded_rows(&tables, test).await.len(), 4);
}

async fn a_guarded_row_is_changed_and_removed(tables: T, test: &str) {
    let body = |body: &str| vec![Condition::Is(vec![1.into()], "body", Some(body.into()))];
    let of = |body: &str| vec![guarded(test, 1, body)];
    assert_eq!(compare(&tables, body("one"), of("two")).await, Outcome::Refused);
    let none = vec![Condition::Is(vec![1.into()], "body", None)];
    assert_eq!(compare(&tables, none.clone(), of("one")).await, Outcome::Applied);
    assert_eq!(compare(&tables, none, of("other")).await, Outcome::Refused);
    assert_eq!(compare(&tables, body("one"), of("two")).await, Outcome::Applied);
    assert_eq!(guarded_rows(&tables, test).await, [(None, Some(1), Some("two".to_owned()))]);
    let gone = vec![guarded(test, 1, "").deleted()];
    assert_eq!(compare(&tables, body("one"), gone.clone()).await, Outcome::Refused);
    assert_eq!(compare(&tables, body("two"), gone).await, Outcome::Applied);
    assert!(guarded_rows(&tables, test).await.is_empty());
}

async fn conditions_of_several_rows_hold_together(tables: T, test: &str) {
    let new = |at: i64| Condition::Absent(vec![at.into()]);
    let first = vec![head(test, 1), guarded(test, 1, "one")];
    assert_eq!(compare(&tables, vec![head_is(None), new(1)], first).await, Outcome::Applied);
    let again = vec![head(test, 2), guarded(test, 1, "two"), guarded(test, 2, "two")];
    let conditions = vec![head_is(Some(1)), new(1), new(2)];
    assert_eq!(compare(&tables, conditions, again).await, Outcome::Refused);
    let second = vec![guarded(test, 2, "two"), head(test, 2), guarded(test, 1, "changed")];
    let one = Condition::Is(vec![1.into()], "body", Some("one".into()));
    let conditions = vec![new(2), one, head_is(Some(1))];
    assert_eq!(compare(&tables, conditions, second).await, Outcome::Applied);
    let wanted = [
        (Some(2), Some(1), Some("changed".to_owned())),
        (Some(2), Some(2), Some("two".to_owned())),
    ];
    assert_eq!(guarded_rows(&tables, test).await, wanted);
}

async fn a_guarded_row_expires_and_its_head_stays(tables: T, test: &str) {
    let row = guarded(test, 1, "short").living(Duration::from_secs(1));
    let puts = vec![head(test, 1), row];
    assert_eq!(compare(&tables, vec![head_is(None)], puts).await, Outcome::Applied);
    until(async || guarded_rows(&tables, test).await == [(Some(1), None, None)]).await;
    let next = vec![head(test, 2), guarded(test, 2, "next")];
    assert_eq!(compare(&tables, vec![head_is(Some(1))], next).await, Outcome::Applied);
}

async fn of_many_at_once_one_wins(tables: T, test: &str) {
    let tasks: Vec<_> = (1..=8)
        .map(|n: i64| {
            let (tables, test) = (Arc::clone(&tables), test.to_owned());
            tokio::spawn(async move {
                let mut won = 0;
                // Each moves the head five times, from wherever it is.
                while won < 5 {
                    let rows = guarded_rows(&tables, &test).await;
                    let from = rows.first().and_then(|row| row.0);
                    let to = from.unwrap_or(0) + 1;
                    let puts = vec![head(&test, to), guarded(&test, to, &n.to_string())];
                    // Contention may end without a known outcome.
                    let compare = Compare { conditions: vec![head_is(from)], puts };
                    let applied = match tables.compare(compare).await {
                        Ok(outcome) => outcome == Outcome::Applied,
                        Err(_) => guarded_rows(&tables, &test).await.iter().any(|row| {
                            row.1 == Some(to) && row.2.as_deref() == Some(&*n.to_string())
                        }),
                    };
                    won += i64::from(applied);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let rows = guarded_rows(&tables, test).await;
    assert_eq!(rows.len(), 40);
    let at: Vec<_> = rows.iter().map(|row| row.1.unwrap()).collect();
    assert_eq!(at, (1..=40).collect::<Vec<_>>());
    for n in 1..=8 {
        let of = rows.iter().filter(|row| row.2.as_deref() == Some(&*n.to_string())).count();
        assert_eq!(of, 5, "{n}");
    }
}

async fn a_scan_finds_each_row_once(tables: T, test: &str) {
    let puts: Vec<_> = (0..50)
        .map(|n| {
            let clustering = vec![n.into(), "a".into()];
            Put::plain(&PLAIN, 1, key(test, n / 10), clustering, vec![("n", n.into())])
        })
        .collect();
    put(&tables, puts).await;
    let (mut found, mut from, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = tables.scan(&PLAIN, from.as_deref(), 7).await.unwrap();
        assert!(page.rows.len() <= 7);
        let own = page.rows.iter().filter(|row| row.text("test") == Some(test));
        found.extend(own.map(|row| row.int("n").unwrap()));
        pages += 1;
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    found.sort_unstable();
    assert_eq!(found, (0..50).collect::<Vec<_>>());
    assert!(pages >= 8);
}

async fn only_some_columns_are_read(tables: T, test: &str) {
    put(&tables, [row(test, (1, "a"), 1, &[("n", 1.into()), ("t", "one".into())])]).await;
    put(&tables, [row(test, (2, "a"), 1, &[("t", "two".into())])]).await;
    let slice = Slice::of(&PLAIN, key(test, 1)).only(&["n"]);
    let rows = tables.read(slice).await.unwrap();
    let told: Vec<_> = rows.iter().map(|row| (row.int("at"), row.int("n"))).collect();
    assert_eq!(told, [(Some(1), Some(1)), (Some(2), None)]);
}
