//! Search: words of every script, in the given rooms, in current messages; a lost index is rebuilt
//! without loss.

use std::time::Duration;

use chatctl::model::{Has, MessageQuery, RoomId, Seq, Timestamp, User, WordQuery};
use chatctl::store::{
    Basis, Draft, Found, MessageChange, Missing, NewMedia, RoomChange, StoreError, Whose,
};

use super::{PATIENCE, World, contract, draft};

contract!(
    words_are_found_in_the_given_rooms_alone,
    edits_and_deletions_are_followed,
    authors_files_links_and_times_narrow_a_search,
    pages_go_on_where_the_last_one_ended,
    a_damaged_index_is_made_anew_while_the_chat_runs,
    an_index_of_other_messages_is_made_anew,
    what_was_said_while_no_index_was_open_is_found,
);

async fn ask(
    world: &World,
    rooms: &[RoomId],
    text: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Found, StoreError> {
    world
        .store
        .find_messages(rooms, &WordQuery::parse(text).expect("words").into(), after, limit)
        .await
}

/// Waits until a search for words returns these seqs.
async fn finds(world: &World, rooms: &[RoomId], text: &str, wanted: &[i64]) {
    narrows(world, rooms, &WordQuery::parse(text).expect("words").into(), wanted).await;
}

async fn words_are_found_in_the_given_rooms_alone(world: World) {
    let ann = world.user("ann").await;
    let (one, two) =
        (world.private(&[&ann]).await.room.id, world.public("two", &ann).await.room.id);
    for text in [
        "만화책을 샀다",
        "我爱读书",
        "재배포를 시작",
        "Der Straße",
        "２０２５ plan",
        "\"quoted\" AND *",
        "👍🏽",
    ] {
        world.say(one, &ann, text).await;
    }
    world.say(two, &ann, "만화책 too").await;
    finds(&world, &[one, two], "책", &[1, 1]).await;
    let rows: [(&str, &[i64]); 12] = [
        ("책", &[1]),
        ("만화", &[1]),
        ("书", &[2]),
        ("读书", &[2]),
        ("배포", &[3]),
        ("\u{1107}\u{1162}\u{1111}\u{1169}", &[3]),
        ("STRASSE", &[4]),
        ("2025", &[5]),
        ("\"quoted\"", &[6]),
        ("AND", &[6]),
        ("👍", &[7]),
        ("책 없음", &[]),
    ];
    for (text, wanted) in rows {
        finds(&world, &[one], text, wanted).await;
    }
    finds(&world, &[two], "책", &[1]).await;
    assert!(ask(&world, &[], "책", None, 10).await.unwrap().messages.is_empty());
    let many: Vec<_> = (1..=10_000).map(RoomId).collect();
    assert_eq!(
        ask(&world, &many, "책", None, 10).await.unwrap().messages.len(),
        2,
        "a user may have many rooms"
    );
    world.store.change_room(two, Basis::Nobody, Some(ann.id), RoomChange::Delete).await.unwrap();
    finds(&world, &[one, two], "책", &[1]).await;
}

/// Waits until a search returns these seqs; the index may lag slightly.
async fn narrows(world: &World, rooms: &[RoomId], query: &MessageQuery, wanted: &[i64]) {
    let mut found = Vec::new();
    let search = async {
        loop {
            if let Ok(page) = world.store.find_messages(rooms, query, None, 100).await {
                found = page.messages.iter().map(|message| message.seq.0).collect();
                if found == wanted {
                    return;
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, search).await.is_ok();
    assert!(in_time, "{query:?}: {found:?} instead of {wanted:?}");
}

async fn authors_files_links_and_times_narrow_a_search(world: World) {
    let [ann, ben] = [world.user("ann").await, world.user("ben").await];
    let room = world.private(&[&ann, &ben]).await.room.id;
    let file = |user: &User, name: &str, is_image| NewMedia {
        owner: user.id,
        name: name.repeat(128),
        kind: if is_image { "png" } else { "pdf" }.to_owned(),
        is_image,
        size: 9,
        width: None,
        height: None,
        file_name: Some(if is_image { "여행.png" } else { "budget.pdf" }.to_owned()),
    };
    let mut times = vec![world.say(room, &ann, "the plan").await.message.created];
    times.push(world.say(room, &ben, "the plan is at HTTPS://example.com").await.message.created);
    for (user, name, is_image) in [(&ann, "a", true), (&ben, "b", false)] {
        let media = world.store.add_media(file(user, name, is_image)).await.unwrap().value.id;
        let new = Draft { media: vec![media], ..draft(user, "see this") };
        let posted = world.store.post(room, world.member(room, user.id).await, new).await.unwrap();
        times.push(posted.message.created);
    }
    let rooms = [room];
    let all = MessageQuery::default();
    let from = |user: &User| MessageQuery { from: Some(user.id), ..all.clone() };
    let has = |has: &[Has]| MessageQuery { has: has.to_vec(), ..all.clone() };
    let words = |text| MessageQuery::from(WordQuery::parse(text).expect("words"));
    let day = Duration::from_hours(24);
    let around = |from: Timestamp, to: Timestamp| MessageQuery {
        since: Some(from),
        until: Some(to),
        ..all.clone()
    };
    for (query, wanted) in [
        (from(&ann), &[3, 1][..]),
        (from(&ben), &[4, 2]),
        (has(&[Has::File]), &[4, 3]),
        (has(&[Has::Image]), &[3]),
        (has(&[Has::Link]), &[2]),
        (has(&[Has::Link, Has::File]), &[]),
        (words("budget"), &[4]),
        (words("여행"), &[3]),
        (MessageQuery { from: Some(ann.id), ..words("plan") }, &[1]),
        (MessageQuery { has: vec![Has::Link], ..words("plan") }, &[2]),
        (around(times[0].minus(day), times[3].plus(day)), &[4, 3, 2, 1]),
        (around(times[3].plus(day), times[3].plus(day * 2)), &[]),
        (around(times[0].minus(day), times[0]), &[]),
        (MessageQuery { since: Some(times[3].plus(day)), ..words("plan") }, &[]),
        (MessageQuery { until: Some(times[1].plus(day)), ..words("plan") }, &[2, 1]),
    ] {
        narrows(&world, &rooms, &query, wanted).await;
    }
    // Many rooms are not looked up one by one, unless there is nothing else to look for.
    let many: Vec<_> = (1..=100).map(RoomId).collect();
    narrows(&world, &many, &from(&ann), &[3, 1]).await;
    narrows(&world, &many, &around(times[0], times[3].plus(day)), &[4, 3, 2, 1]).await;
    world
        .store
        .change_message(
            room,
            Seq(3),
            Basis::Nobody,
            Some(ann.id),
            Whose::Any,
            MessageChange::Delete,
        )
        .await
        .unwrap();
    narrows(&world, &rooms, &has(&[Has::File]), &[4]).await;
}

async fn edits_and_deletions_are_followed(world: World) {
    let ann = world.user("ann").await;
    let room = world.private(&[&ann]).await.room.id;
    for text in ["apple pie", "banana split"] {
        world.say(room, &ann, text).await;
    }
    finds(&world, &[room], "apple", &[1]).await;
    let edit = MessageChange::Edit { text: "cherry 책".to_owned(), mentions: Vec::new() };
    world
        .store
        .change_message(room, Seq(1), Basis::Nobody, Some(ann.id), Whose::Any, edit)
        .await
        .unwrap();
    world
        .store
        .change_message(
            room,
            Seq(2),
            Basis::Nobody,
            Some(ann.id),
            Whose::Any,
            MessageChange::Delete,
        )
        .await
        .unwrap();
    assert!(
        ask(&world, &[room], "apple", None, 10).await.unwrap().messages.is_empty(),
        "what is no longer said is never shown"
    );
    assert!(ask(&world, &[room], "banana", None, 10).await.unwrap().messages.is_empty());
    finds(&world, &[room], "cherry", &[1]).await;
    finds(&world, &[room], "책", &[1]).await;
}

async fn pages_go_on_where_the_last_one_ended(world: World) {
    let ann = world.user("ann").await;
    let room = world.private(&[&ann]).await.room.id;
    for n in 1..=25 {
        world.say(room, &ann, &format!("needle {n}")).await;
        world.say(room, &ann, "hay").await;
    }
    finds(&world, &[room], "needle", &(0..25).rev().map(|n| 2 * n + 1).collect::<Vec<_>>()).await;
    // A deleted message leaves no gap on its page.
    world
        .store
        .change_message(
            room,
            Seq(47),
            Basis::Nobody,
            Some(ann.id),
            Whose::Any,
            MessageChange::Delete,
        )
        .await
        .unwrap();
    let (mut seqs, mut cursor, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let page = ask(&world, &[room], "needle", cursor.as_deref(), 10).await.unwrap();
        seqs.extend(page.messages.iter().map(|message| message.seq.0));
        pages += 1;
        assert!(page.messages.len() == 10 || page.cursor.is_none());
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(
        (seqs, pages),
        ((0..25).rev().map(|n| 2 * n + 1).filter(|seq| *seq != 47).collect::<Vec<_>>(), 3)
    );
    for bad in ["", "zzz", "-", "1.0"] {
        assert_eq!(
            ask(&world, &[room], "needle", Some(bad), 10).await.unwrap_err(),
            StoreError::NotFound(Missing::Cursor),
            "{bad}"
        );
    }
}

async fn a_damaged_index_is_made_anew_while_the_chat_runs(mut world: World) {
    let ann = world.user("ann").await;
    let room = world.private(&[&ann]).await.room.id;
    for n in 0..50 {
        world.say(room, &ann, &format!("lost {n}")).await;
    }
    finds(&world, &[room], "lost", &(1..=50).rev().collect::<Vec<_>>()).await;
    world.close().await;
    let path = world.path().with_file_name("search.db");
    let whole = std::fs::read(&path).unwrap();
    // Headers are kept, so that it can be opened and only searching detects the damage.
    let damaged: Vec<u8> = whole
        .iter()
        .enumerate()
        .map(|(at, byte)| if at % 4096 >= 512 { 0xff } else { *byte })
        .collect();
    for bytes in
        [b"no database at all".to_vec(), Vec::new(), whole[..whole.len() / 2].to_vec(), damaged]
    {
        std::fs::write(&path, bytes).unwrap();
        world.open_again().await;
        world.say(room, &ann, "still chatting").await;
        finds(&world, &[room], "lost", &(1..=50).rev().collect::<Vec<_>>()).await;
        world.close().await;
    }
}

async fn an_index_of_other_messages_is_made_anew(mut world: World) {
    let other = World::on_sqlite();
    let eve = other.user("eve").await;
    let theirs = other.private(&[&eve]).await.room.id;
    other.say(theirs, &eve, "foreign secret").await;
    finds(&other, &[theirs], "secret", &[1]).await;
    other.close().await;
    let ann = world.user("ann").await;
    let room = world.private(&[&ann]).await.room.id;
    world.say(room, &ann, "own secret").await;
    world.close().await;
    std::fs::copy(
        other.path().with_file_name("search.db"),
        world.path().with_file_name("search.db"),
    )
    .unwrap();
    world.open_again().await;
    finds(&world, &[room], "own", &[1]).await;
}

async fn what_was_said_while_no_index_was_open_is_found(mut world: World) {
    let ann = world.user("ann").await;
    let room = world.private(&[&ann]).await.room.id;
    world.say(room, &ann, "first").await;
    finds(&world, &[room], "first", &[1]).await;
    world.close().await;
    std::fs::remove_file(world.path().with_file_name("search.db")).unwrap();
    world.open_again().await;
    world.say(room, &ann, "second first").await;
    finds(&world, &[room], "first", &[2, 1]).await;
    world.close().await;
    world.open_again().await;
    finds(&world, &[room], "first", &[2, 1]).await;
}
