//! Pages of a room's history.

use serde_json::json;

use crate::support::{Person, Server, each, has_exactly};

/// Creates a room with this number of messages.
async fn filled(person: &Person, count: usize) -> (String, Vec<String>) {
    let room = person.room(&[]).await;
    let texts: Vec<_> = (1..=count).map(|number| number.to_string()).collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    let keys = person.say_all(&room, &texts).await;
    (room, keys)
}

async fn page(person: &Person, room: &str, query: &str) -> Vec<i64> {
    let body = person.get(&format!("/api/chatrooms/{room}/messages{query}")).await.is(200);
    has_exactly(&body, &["chatroomId", "messages"]);
    assert_eq!(body["chatroomId"], json!(room));
    each(&body["messages"], "seq").into_iter().map(|seq| seq.as_i64().expect("a number")).collect()
}

#[tokio::test]
async fn a_page_is_the_newest_fifty_unless_asked_otherwise() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let (room, keys) = filled(&ann, 60).await;
    let all = |range: std::ops::RangeInclusive<i64>| range.collect::<Vec<_>>();
    assert_eq!(page(&ann, &room, "").await, all(11..=60));
    assert_eq!(page(&ann, &room, "?limit=200").await, all(1..=60));
    assert_eq!(page(&ann, &room, "?limit=1").await, [60]);
    assert_eq!(page(&ann, &room, "?before=11").await, all(1..=10));
    assert_eq!(page(&ann, &room, "?before=11&limit=3").await, all(8..=10));
    assert_eq!(page(&ann, &room, &format!("?before={}&limit=2", keys[10])).await, [9, 10]);
    assert_eq!(page(&ann, &room, "?before=1").await, [0; 0]);
    assert_eq!(page(&ann, &room, "?after=58").await, [59, 60]);
    assert_eq!(page(&ann, &room, &format!("?after={}&limit=2", keys[4])).await, [6, 7]);
    assert_eq!(page(&ann, &room, "?after=60").await, [0; 0]);
    assert_eq!(page(&ann, &room, "?after=0&limit=3").await, [1, 2, 3]);
    let around = page(&ann, &room, &format!("?around={}&limit=5", keys[29])).await;
    assert!(
        around.contains(&30)
            && around.len() <= 5
            && around.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "{around:?}"
    );
    assert!(around.contains(&29) && around.contains(&31), "both sides are shown: {around:?}");
    assert!(page(&ann, &room, "?around=1&limit=5").await.contains(&1));
    assert!(page(&ann, &room, "?around=60&limit=5").await.contains(&60));
}

#[tokio::test]
async fn a_bad_page_is_refused_with_its_field() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let (room, _) = filled(&ann, 2).await;
    let path = format!("/api/chatrooms/{room}/messages");
    for limit in ["0", "201", "-1", "x", "", "1.5", "99999999999999999999"] {
        ann.get(&format!("{path}?limit={limit}")).await.blames("limit");
    }
    for field in ["before", "after", "around"] {
        for value in ["x", "-1", "msg", "1.5", "msgx"] {
            ann.get(&format!("{path}?{field}={value}")).await.blames(field);
        }
    }
}

#[tokio::test]
async fn an_empty_room_has_an_empty_history() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    assert_eq!(page(&ann, &room, "").await, [0; 0]);
    assert_eq!(page(&ann, &room, "?after=0").await, [0; 0]);
}
