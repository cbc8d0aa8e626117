//! `GET /api/search`: readable messages, newest first, with snippets.

use serde_json::json;

use crate::support::{Body, Json, PATIENCE, Person, Server, has_exactly, line_of, people, texts};

/// Searches until this number is found; the index may lag slightly.
async fn found(person: &Person, query: &str, count: usize) -> Json {
    let search = async {
        loop {
            let page = person.get(&format!("/api/search?{query}")).await.is(200);
            if page["messages"].as_array().is_some_and(|messages| messages.len() == count) {
                return page;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, search)
        .await
        .unwrap_or_else(|_| panic!("{query} never finds {count}"))
}

#[tokio::test]
async fn words_of_every_script_are_found_and_marked() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    for text in [
        "만화책을 샀다",
        "我爱读书",
        "재배포를 시작",
        "Привет, сервер!",
        "\"a\" AND -b* (c)",
        "２０２５",
    ] {
        ann.say(&room, text).await;
    }
    let rows = [
        ("%EC%B1%85", "만화책을 샀다", json!([[2, 3]])),
        ("%E4%B9%A6", "我爱读书", json!([[3, 4]])),
        ("%EB%B0%B0%ED%8F%AC", "재배포를 시작", json!([[1, 3]])),
        // The same text, decomposed.
        ("%E1%84%87%E1%85%A2%E1%84%91%E1%85%A9", "재배포를 시작", json!([[1, 3]])),
        ("%D0%A1%D0%95%D0%A0%D0%92", "Привет, сервер!", json!([[8, 12]])),
        ("%22a%22+AND", "\"a\" AND -b* (c)", json!([[1, 2], [4, 7]])),
        ("2025", "２０２５", json!([[0, 4]])),
    ];
    for (query, text, highlights) in rows {
        let page = found(&ann, &format!("q={query}"), 1).await;
        has_exactly(&page, &["messages"]);
        let hit = &page["messages"][0];
        has_exactly(
            hit,
            &[
                "messageId",
                "roomId",
                "userId",
                "content",
                "createdAt",
                "seq",
                "rev",
                "snippet",
                "highlights",
            ],
        );
        assert_eq!(
            (&hit["content"], &hit["snippet"], &hit["highlights"]),
            (&json!(text), &json!(text), &highlights),
            "{query}"
        );
    }
    assert_eq!(
        ann.get("/api/search?q=%22%20*").await.is(200),
        json!({"messages": []}),
        "nothing that could be found"
    );
}

#[tokio::test]
async fn only_what_one_may_read_is_found() {
    let server = Server::start().await;
    let [ann, ben, eve] = people(&server, ["ann", "ben", "eve"]).await;
    let (shared, own) = (ann.room(&[&ben]).await, ann.room(&[]).await);
    let public = ann.public_room("Lounge").await;
    for (room, text) in
        [(&shared, "needle shared"), (&own, "needle own"), (&public, "needle public")]
    {
        ann.say(room, text).await;
    }
    let page = found(&ann, "q=needle", 3).await;
    assert_eq!(
        texts(&page["messages"], "content"),
        ["needle public", "needle own", "needle shared"],
        "newest first"
    );
    assert_eq!(texts(&found(&ben, "q=needle", 1).await["messages"], "content"), ["needle shared"]);
    assert_eq!(eve.get("/api/search?q=needle").await.is(200), json!({"messages": []}));
    assert_eq!(
        texts(&found(&ann, &format!("q=needle&roomId={own}"), 1).await["messages"], "content"),
        ["needle own"]
    );
    eve.get(&format!("/api/search?q=needle&roomId={shared}")).await.fails(404, "room_not_found");
    eve.get(&format!("/api/search?q=needle&roomId={public}")).await.fails(403, "forbidden");
    ann.delete(&format!("/api/chatrooms/{shared}/participants/ben")).await.is(204);
    assert_eq!(
        ben.get("/api/search?q=needle").await.is(200),
        json!({"messages": []}),
        "removed at once"
    );
}

#[tokio::test]
async fn edits_deletions_and_pages() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let sent =
        ann.say_all(&room, &["needle 1", "needle 2", "needle 3", "needle 4", "needle 5"]).await;
    found(&ann, "q=needle", 5).await;
    ann.patch(&format!("/api/chatrooms/{room}/messages/{}", sent[0]), json!({"newContent": "pin"}))
        .await
        .is(200);
    ann.delete(&format!("/api/chatrooms/{room}/messages/{}", sent[3])).await.is(204);
    let page = ann.get("/api/search?q=needle&limit=2").await.is(200);
    assert_eq!(texts(&page["messages"], "content"), ["needle 5", "needle 3"]);
    let cursor = page["cursor"].as_str().expect("there is more");
    let rest = ann.get(&format!("/api/search?q=needle&limit=2&before={cursor}")).await.is(200);
    assert_eq!(texts(&rest["messages"], "content"), ["needle 2"]);
    assert!(rest.get("cursor").is_none());
    assert_eq!(texts(&found(&ann, "q=pin", 1).await["messages"], "content"), ["pin"]);
}

#[tokio::test]
async fn authors_files_links_and_times_narrow_a_search() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    ann.say(&room, "the plan is at https://example.com").await;
    ben.say(&room, "the plan").await;
    let file =
        ben.post("/api/media?fileName=budget.png", Body::Raw(line_of("budget"))).await.is(201);
    let post = json!({"content": "see this", "mediaIds": [file["id"]]});
    ben.post(&format!("/api/chatrooms/{room}/messages"), post).await.is(201);
    for (query, wanted) in [
        ("from=ann", &["the plan is at https://example.com"][..]),
        ("from=ben", &["see this", "the plan"]),
        ("q=plan&from=ben", &["the plan"]),
        ("has=file", &["see this"]),
        ("has=image,file", &["see this"]),
        ("has=link", &["the plan is at https://example.com"]),
        ("q=budget", &["see this"]),
        ("q=plan&since=0", &["the plan", "the plan is at https://example.com"]),
        ("q=plan&until=4102444800", &["the plan", "the plan is at https://example.com"]),
    ] {
        let page = found(&ann, query, wanted.len()).await;
        assert_eq!(texts(&page["messages"], "content"), wanted, "{query}");
    }
    for query in
        ["since=4102444800", "until=1000000000", "q=plan&since=4102444800", "q=...&has=file"]
    {
        let page = ann.get(&format!("/api/search?{query}")).await.is(200);
        assert_eq!(page, json!({"messages": []}), "{query}");
    }
    let page = found(&ann, "has=file", 1).await;
    let hit = &page["messages"][0];
    assert_eq!((&hit["snippet"], &hit["highlights"]), (&json!("see this"), &json!([])));
    for query in ["has=", "has=video", "has=file,", "q=x&since=soon", "q=x&until=-1"] {
        ann.get(&format!("/api/search?{query}")).await.fails(400, "invalid_request");
    }
    ann.get("/api/search?from=nobody").await.fails(404, "user_not_found");
}

#[tokio::test]
async fn bad_questions_are_refused() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    for query in [
        "",
        "?q=",
        "?q=%20",
        "?q=x&limit=0",
        "?q=x&limit=201",
        "?q=x&limit=a",
        "?q=x&before=%20",
        "?q=x&before=zz",
        "?q=%FF",
    ] {
        ann.get(&format!("/api/search{query}")).await.fails(400, "invalid_request");
    }
    ann.get("/api/search?q=x&roomId=nonsense").await.fails(404, "room_not_found");
    ann.bare().get("/api/search?q=x").await.fails(401, "invalid_token");
    ann.get(&format!("/api/search?q={}", "a+".repeat(2000))).await.is(200);
}

#[tokio::test]
async fn a_hit_says_in_which_thread_it_is() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let room = ann.room(&[]).await;
    let asked = ann.say_all(&room, &["Who brings cake?"]).await.remove(0);
    let body = json!({"content": "with cherries", "replyTo": asked});
    ann.post(&format!("/api/chatrooms/{room}/messages"), body).await.is(201);
    assert_eq!(found(&ann, "q=cherries", 1).await["messages"][0]["threadId"], json!(asked));
    assert_eq!(found(&ann, "q=cake", 1).await["messages"][0].get("threadId"), None);
}
