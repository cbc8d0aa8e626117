//! Conditional writes.

use std::sync::Arc;
use std::time::Duration;

use chatctl::store::cluster::tables::{
    Compare, Condition, Consistency, Outcome, Put, Row, Slice, Value,
};

use super::{GUARDED, SINGLE, T, tables_contract, until};

tables_contract!(
    a_row_that_is_absent_is_written_once,
    a_head_moves_only_from_where_it_is,
    a_guarded_row_is_changed_and_removed,
    conditions_of_several_rows_hold_together,
    a_guarded_row_expires_and_its_head_stays,
    of_many_at_once_one_wins,
);

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
