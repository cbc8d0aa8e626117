//! Tests of the texts; that engines understand them is tested on a real one.

use std::time::Duration;

use super::schema::create;
use super::statement::{Bind, Line, guarded, plain, scan, select};
use crate::store::cluster::tables::schema::people::CLAIMS;
use crate::store::cluster::tables::schema::rooms::{MARKS, REACTIONS, ROOM_LOG};
use crate::store::cluster::tables::{Bound, Compare, Condition, Put, Slice, Value};

fn texts(lines: &[Line]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

fn ints(line: &Line) -> Vec<i64> {
    let int = |bind: &Bind| match bind {
        Bind::Value(Value::Int(value)) => *value,
        Bind::Short(value) => i64::from(*value),
        Bind::Value(other) => panic!("{other:?}"),
    };
    line.values.iter().map(int).collect()
}

#[test]
fn tables_are_created_from_their_data() {
    assert_eq!(
        create("chat", &ROOM_LOG, true),
        "CREATE TABLE IF NOT EXISTS \"chat\".\"room_log\" (\"room\" bigint, \"bucket\" bigint, \
         \"rev\" bigint, \"head_rev\" bigint static, \"head_seq\" bigint static, \"facts_rev\" \
         bigint static, \"head_at\" bigint static, \"body\" blob, PRIMARY KEY ((\"room\", \
         \"bucket\"), \"rev\")) WITH compaction = {'class': 'UnifiedCompactionStrategy'}"
    );
    let text = create("chat", &REACTIONS, false);
    let wanted = "PRIMARY KEY ((\"room\", \"bucket\"), \"seq\", \"reaction\", \"user\")) WITH \
                  CLUSTERING ORDER BY (\"seq\" DESC, \"reaction\" DESC, \"user\" DESC)";
    assert!(text.ends_with(wanted), "{text}");
    assert!(create("chat", &CLAIMS, false).ends_with("PRIMARY KEY ((\"kind\", \"key\")))"));
}

#[test]
fn plain_rows_carry_their_timestamp_and_life() {
    let cells = vec![("seq", 7.into()), ("at", 9.into())];
    let put = Put::plain(&MARKS, 5, vec![1.into()], vec![2.into()], cells);
    let line = plain("chat", &put.clone().living(Duration::from_millis(1500)));
    assert_eq!(
        line.text,
        "INSERT INTO \"chat\".\"marks\" (\"room\", \"user\", \"seq\", \"at\") VALUES (?, ?, ?, ?) \
         USING TIMESTAMP ? AND TTL ?"
    );
    assert_eq!(ints(&line), [1, 2, 7, 9, 5, 2]);
    let line = plain("chat", &put.deleted());
    assert_eq!(
        line.text,
        "DELETE FROM \"chat\".\"marks\" USING TIMESTAMP ? WHERE \"room\" = ? AND \"user\" = ?"
    );
    assert_eq!(ints(&line), [5, 1, 2]);
}

#[test]
fn a_commit_is_one_batch() {
    let key = || vec![1.into(), 0.into()];
    let head = Put::conditional(&ROOM_LOG, key(), vec![], vec![("head_rev", 3.into())]);
    let row = Put::conditional(&ROOM_LOG, key(), vec![3.into()], vec![("body", vec![1u8].into())]);
    let conditions = vec![Condition::Is(vec![], "head_rev", Some(2.into()))];
    let life = Duration::from_mins(1);
    let compare = Compare { conditions, puts: vec![head.clone(), row.clone().living(life)] };
    let lines = guarded("chat", &compare);
    assert_eq!(
        texts(&lines),
        [
            "UPDATE \"chat\".\"room_log\" SET \"head_rev\" = ? WHERE \"room\" = ? AND \"bucket\" \
             = ? IF \"head_rev\" = ?",
            "INSERT INTO \"chat\".\"room_log\" (\"room\", \"bucket\", \"rev\", \"body\") VALUES \
             (?, ?, ?, ?) USING TTL ?"
        ]
    );
    assert_eq!(ints(&lines[0]), [3, 1, 0, 2]);
    let first = Condition::Is(vec![], "head_rev", None);
    let lines = guarded("chat", &Compare { conditions: vec![first], puts: vec![head] });
    assert!(texts(&lines)[0].ends_with(" IF \"head_rev\" = null"));
    // A condition on what is not written, and a row that must be absent.
    let conditions =
        vec![Condition::Absent(vec![3.into()]), Condition::Is(vec![], "head_rev", Some(2.into()))];
    let lines = guarded("chat", &Compare { conditions, puts: vec![row] });
    assert!(texts(&lines)[0].ends_with("VALUES (?, ?, ?, ?) IF NOT EXISTS"));
    assert!(texts(&lines)[1].ends_with(
        "SET \"head_rev\" = ? WHERE \"room\" = ? AND \"bucket\" = ? IF \"head_rev\" = ?"
    ));
    assert_eq!(ints(&lines[1]), [2, 1, 0, 2]);
}

#[test]
fn a_read_names_its_columns_and_turns_only_if_it_must() {
    let slice = || Slice::of(&REACTIONS, vec![1.into(), 0.into()]);
    let line = select("chat", &slice().only(&["present"]).newest(5));
    assert_eq!(
        line.text,
        "SELECT \"seq\", \"reaction\", \"user\", \"present\" FROM \"chat\".\"reactions\" WHERE \
         \"room\" = ? AND \"bucket\" = ? LIMIT ?"
    );
    let range = (Bound::Including(3.into()), Bound::Excluding(9.into()));
    let line = select("chat", &slice().only(&[]).between(range.0, range.1));
    assert_eq!(
        line.text,
        "SELECT \"seq\", \"reaction\", \"user\" FROM \"chat\".\"reactions\" WHERE \"room\" = ? \
         AND \"bucket\" = ? AND \"seq\" >= ? AND \"seq\" < ? ORDER BY \"seq\" ASC, \"reaction\" \
         ASC, \"user\" ASC"
    );
    assert_eq!(ints(&line), [1, 0, 3, 9]);
    assert_eq!(
        scan("chat", &CLAIMS),
        "SELECT \"kind\", \"key\", \"holder\", \"at\" FROM \"chat\".\"claims\""
    );
}
