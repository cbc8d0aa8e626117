//! Tests of places in an index.

use super::*;
use crate::model::{UserId, WordQuery};
use crate::store::sqlite::search::index::{find, wanted};

const EPOCH: &str = "epoch";

struct Opened {
    index: Index,
    dir: tempfile::TempDir,
}

impl Opened {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let index = Index::open(&dir.path().join("search.db"), EPOCH, 0, TABLES).unwrap();
        Self { index, dir }
    }

    fn hear(&mut self, room: i64, said: &[Said]) {
        let progress = Some(Progress { rev: Rev(1), walk: None });
        let heard = Heard { room: RoomId(room), said: said.to_vec(), progress };
        assert!(self.index.hear(&[heard], &|| ()).unwrap().is_empty());
    }

    /// Returns the messages with this word, newest first.
    fn found(&self, word: &str) -> Vec<(i64, i64)> {
        let query = wanted(None, &WordQuery::parse(word).unwrap().into());
        let rows = find(&self.index.0, &query, 0..i64::MAX, 10_000).unwrap();
        let places = messages(&self.index.0, &rows).unwrap();
        let of = |row: &i64| places.iter().find(|(known, _)| known == row).unwrap().1;
        rows.iter().map(of).map(|id| (id.room.0, id.seq.0)).collect()
    }
}

fn said(seq: i64, created: i64, text: &str) -> Said {
    let content = Searchable {
        author: Some(UserId(1)),
        created: Timestamp(created),
        text: text.to_owned(),
        file_names: String::new(),
        files: false,
        images: false,
    };
    Said { seq: Seq(seq), content: Some(content) }
}

#[test]
fn messages_are_in_the_order_of_time_in_whichever_order_they_were_read() {
    let early = [said(1, 1_000, "word"), said(2, 3_000, "word")];
    let late = [said(1, 2_000, "word"), said(2, 2_000, "word"), said(3, 4_000, "word")];
    let (mut one, mut two) = (Opened::new(), Opened::new());
    one.hear(1, &early);
    one.hear(2, &late);
    two.hear(2, &late);
    two.hear(1, &early);
    let newest_first = [(2, 3), (1, 2), (2, 2), (2, 1), (1, 1)];
    assert_eq!(one.found("word"), newest_first);
    assert_eq!(two.found("word"), newest_first);
}

#[test]
fn messages_of_one_moment_in_many_rooms_have_places_of_their_own() {
    let mut opened = Opened::new();
    for room in 1..=50 {
        opened.hear(room, &[said(1, 1_000, "word"), said(2, 1_000, "word")]);
    }
    let mut found = opened.found("word");
    assert_eq!(found.len(), 100);
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), 100);
}

#[test]
fn a_time_beyond_all_bounds_is_a_place_too() {
    let mut opened = Opened::new();
    opened.hear(1, &[said(1, -5, "word"), said(2, 7, "word"), said(3, i64::MAX, "word")]);
    opened.hear(2, &[said(3, i64::MAX, "word")]);
    assert_eq!(opened.found("word")[2..], [(1, 2), (1, 1)]);
}

#[test]
fn an_edited_message_keeps_its_place_and_a_deleted_one_leaves_it() {
    let mut opened = Opened::new();
    opened.hear(1, &[said(1, 1_000, "apple"), said(2, 2_000, "apple"), said(3, 3_000, "apple")]);
    opened.hear(1, &[said(1, 1_000, "pear"), Said { content: None, ..said(2, 2_000, "") }]);
    assert_eq!((opened.found("apple"), opened.found("pear")), (vec![(1, 3)], vec![(1, 1)]));
    let places = |opened: &Opened| -> i64 {
        let count = "SELECT count(*) FROM places";
        opened.index.0.query_row(count, (), |row| row.get(0)).unwrap()
    };
    assert_eq!(places(&opened), 2);
    // A message without words can still be found by its author and time.
    opened.hear(1, &[said(1, 1_000, "!"), said(3, 3_000, "apple and pear")]);
    assert_eq!((opened.found("pear"), places(&opened)), (vec![(1, 3)], 2));
    opened.hear(1, &[said(1, 1_000, "pear")]);
    assert_eq!(opened.found("pear"), [(1, 3), (1, 1)]);
}

#[test]
fn the_progress_of_each_room_outlives_a_restart() {
    let mut opened = Opened::new();
    let walking = Progress { rev: Rev(0), walk: Some(Walk { upto: Seq(500), aim: Rev(2_000) }) };
    let done = Progress { rev: Rev(7), walk: None };
    let heard = |room, progress| Heard { room: RoomId(room), said: Vec::new(), progress };
    let both = [heard(1, Some(walking)), heard(2, Some(done))];
    opened.index.hear(&both, &|| ()).unwrap();
    let Opened { index, dir } = opened;
    index.finish().unwrap();
    let index = Index::open(&dir.path().join("search.db"), EPOCH, 0, TABLES).unwrap();
    let known = [1, 2, 3].map(|room| index.progress(RoomId(room)).unwrap());
    assert_eq!(known, [Some(walking), Some(done), None]);
}

#[test]
fn a_deleted_room_is_removed_part_by_part() {
    let mut opened = Opened::new();
    let many: Vec<Said> = (1..=1_500).map(|seq| said(seq, seq, "word")).collect();
    opened.hear(1, &many);
    opened.hear(2, &[said(1, 1, "word")]);
    let gone = [Heard { room: RoomId(1), said: Vec::new(), progress: None }];
    assert_eq!(opened.index.hear(&gone, &|| ()).unwrap(), [RoomId(1)]);
    assert!(opened.index.progress(RoomId(1)).unwrap().is_some(), "not forgotten before its end");
    assert!(opened.index.hear(&gone, &|| ()).unwrap().is_empty());
    assert_eq!(opened.index.progress(RoomId(1)).unwrap(), None);
    assert_eq!(opened.found("word"), [(2, 1)]);
}
