//! Plain writes, reads and walks.

use std::time::Duration;

use chatctl::store::cluster::tables::{Bound, Put, Row, Slice, Value};

use super::{PLAIN, T, tables_contract, until};

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
    a_scan_finds_each_row_once,
    only_some_columns_are_read,
);

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
