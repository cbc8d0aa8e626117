//! What only its user sees: own settings of rooms, preferences, saved messages, drafts, unread
//! marks.

use serde_json::json;

use crate::support::{Ctl, Json, Person, RoomPlan, Server, has_exactly, people};

#[tokio::test]
async fn own_settings_of_a_room_follow_on_every_device() {
    let server = Server::start().await;
    let [ann, ben, eve] = people(&server, ["ann", "ben", "eve"]).await;
    let room = ann.room(&[&ben]).await;
    let path = format!("/api/chatrooms/{room}/settings");
    let none = json!({"roomId": room, "favourite": false, "muted": false});
    assert_eq!(ann.get(&path).await.is(200), none);
    let (mut phone, mut bens) = (ann.subscribe().await, ben.subscribe().await);
    let mentions = ann.patch(&path, json!({"notify": "mentions"})).await.is(200);
    assert_eq!(
        mentions,
        json!({"roomId": room, "notify": "mentions", "favourite": false, "muted": false})
    );
    let told = phone.until("room_settings").await;
    has_exactly(&told, &["type", "room_id", "notify", "favourite", "muted", "timestamp"]);
    assert_eq!((&told["room_id"], &told["notify"]), (&json!(room), &json!("mentions")));
    ann.patch(&path, json!({"favourite": true})).await.is(200);
    let card = ann.card(&room).await;
    assert_eq!(
        (&card["notify"], &card["favourite"], &card["muted"]),
        (&json!("mentions"), &json!(true), &json!(false))
    );
    assert_eq!(ben.card(&room).await.get("favourite"), None, "nobody else sees it");
    // The older way to mute a room says the same.
    ann.patch(&format!("/api/chatrooms/{room}/me"), json!({"muted": true})).await.is(200);
    let muted = json!({"roomId": room, "notify": "nothing", "favourite": true, "muted": true});
    assert_eq!(ann.get(&path).await.is(200), muted);
    assert_eq!(ann.card(&room).await["muted"], true);
    let default = ann.patch(&path, json!({"notify": null, "favourite": false})).await.is(200);
    assert_eq!(default, none);
    for bad in [json!({"notify": "loud"}), json!({"notify": 1}), json!({"favourite": "yes"})] {
        ann.patch(&path, bad).await.fails(400, "invalid_request");
    }
    eve.get(&path).await.fails(404, "room_not_found");
    // Ben's next frame is the message: he was told nothing of all this.
    ann.say(&room, "hi").await;
    assert_eq!(bens.next().await["type"], "chat_message");
}

#[tokio::test]
async fn preferences_are_the_same_on_every_device() {
    let server = Server::start().await;
    let [ann] = people(&server, ["ann"]).await;
    let path = "/api/users/me/settings";
    assert_eq!(ann.get(path).await.is(200), json!({"notify": "all", "keywords": []}));
    let mut phone = ann.subscribe().await;
    let quiet = json!({"from": "22:00", "to": "07:00", "zone": "Asia/Seoul"});
    let set = json!({"notify": "mentions", "keywords": [" 배포 ", "Release"], "quiet": quiet});
    let wanted = json!({"notify": "mentions", "keywords": ["배포", "Release"], "quiet": quiet});
    assert_eq!(ann.patch(path, set).await.is(200), wanted);
    let told = phone.until("my_settings").await;
    has_exactly(&told, &["type", "notify", "keywords", "quiet", "timestamp"]);
    assert_eq!((&told["keywords"], &told["quiet"]), (&wanted["keywords"], &quiet));
    assert_eq!(ann.patch(path, json!({})).await.is(200), wanted);
    let without = ann.patch(path, json!({"quiet": null})).await.is(200);
    assert_eq!(without, json!({"notify": "mentions", "keywords": ["배포", "Release"]}));
    let many: Vec<String> = (0..21).map(|n| n.to_string()).collect();
    for (body, field) in [
        (json!({"keywords": many}), "keywords"),
        (json!({"keywords": [""]}), "keywords"),
        (json!({"notify": "never"}), "notify"),
        (json!({"quiet": {"from": "22:00", "to": "25:00", "zone": "UTC"}}), "quiet"),
    ] {
        let refused = ann.patch(path, body).await.fails(400, "invalid_request");
        assert_eq!(refused["field"], field);
    }
    assert_eq!(ann.get(path).await.is(200), without);
}

fn saved_texts(page: &Json) -> Vec<&str> {
    let messages = page["messages"].as_array().expect("a list");
    messages.iter().map(|message| message["content"].as_str().expect("a text")).collect()
}

#[tokio::test]
async fn saved_messages_are_listed_page_by_page() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let keys = ben.say_all(&room, &["one", "two", "three"]).await;
    let saved = |key: &str| format!("/api/chatrooms/{room}/messages/{key}/saved");
    let list = "/api/users/me/saved";
    assert_eq!(ann.get(list).await.is(200), json!({"messages": []}));
    let mut phone = ann.subscribe().await;
    // One after the other, so that their order is known.
    for key in [&keys[1], &keys[0], &keys[2]] {
        ann.put(&saved(key)).await.is(204);
        assert_eq!(phone.until("message_saved").await["message_id"], json!(key));
    }
    ann.put(&saved(&keys[0])).await.is(204);
    let all = ann.get(list).await.is(200);
    assert_eq!(all["messages"].as_array().unwrap().len(), 3, "what is saved stays where it is");
    assert_eq!(all["messages"][0]["senderName"], "ben");
    assert!(all["messages"][0]["savedAt"].is_string());
    let first = ann.get(&format!("{list}?limit=2")).await.is(200);
    let cursor = first["cursor"].as_str().unwrap();
    let rest = ann.get(&format!("{list}?limit=2&before={cursor}")).await.is(200);
    assert_eq!([saved_texts(&first), saved_texts(&rest)].concat(), saved_texts(&all));
    assert_eq!(rest.get("cursor"), None);
    ann.delete(&saved(&keys[1])).await.is(204);
    assert_eq!(phone.until("message_unsaved").await["message_id"], json!(keys[1]));
    ann.delete(&saved(&keys[1])).await.is(204);
    ben.delete(&format!("/api/chatrooms/{room}/messages/{}", keys[2])).await.is(204);
    assert_eq!(saved_texts(&ann.get(list).await.is(200)), ["one"]);
    assert_eq!(ben.get(list).await.is(200), json!({"messages": []}));
    ann.put(&saved("msg9000000001")).await.fails(404, "message_not_found");
    ann.put(&saved(&keys[2])).await.fails(404, "message_not_found");
    for bad in ["before=x", "limit=0"] {
        ann.get(&format!("{list}?{bad}")).await.fails(400, "invalid_request");
    }
}

#[tokio::test]
async fn drafts_follow_on_every_device() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let keys = ben.say_all(&room, &["one", "two"]).await;
    let list = "/api/users/me/drafts";
    assert_eq!(ann.get(list).await.is(200), json!({"drafts": []}));
    let (mut laptop, mut phone) = (ann.subscribe().await, ann.subscribe().await);
    let mut bens = ben.subscribe().await;
    let draft = |text: &str| json!({"type": "save_draft", "room_id": room, "content": text});
    let mut first = draft("almost\n 책");
    first["reply_to"] = json!(keys[1]);
    let saved = laptop.ask(first).await;
    has_exactly(
        &saved,
        &["type", "room_id", "content", "reply_to", "saved_at", "timestamp", "ref"],
    );
    let told = phone.until("draft_saved").await;
    has_exactly(&told, &["type", "room_id", "content", "reply_to", "saved_at", "timestamp"]);
    for key in ["room_id", "content", "reply_to", "saved_at"] {
        assert_eq!(saved[key], told[key], "{key}");
    }
    let mut threads = draft("in the thread");
    threads["thread"] = json!(keys[0]);
    laptop.ask(threads).await;
    assert_eq!(phone.until("draft_saved").await["thread"], json!(keys[0]));
    let listed = ann.get(list).await.is(200);
    let drafts = listed["drafts"].as_array().unwrap();
    let of_room = drafts.iter().find(|draft| draft.get("thread").is_none()).unwrap();
    has_exactly(of_room, &["roomId", "content", "replyTo", "savedAt"]);
    assert_eq!((&of_room["content"], &of_room["replyTo"]), (&saved["content"], &json!(keys[1])));
    assert_eq!((drafts.len(), &of_room["savedAt"]), (2, &saved["saved_at"]));
    assert_eq!(ben.get(list).await.is(200), json!({"drafts": []}));

    // Who has saved it has one answer, and is not told of it.
    let told = laptop.settle().await;
    assert!(told.iter().all(|frame| frame["type"] != "draft_saved"), "{told:?}");

    // Whoever hears of the message has heard before that the draft is gone.
    laptop
        .send_all(&[
            draft(""),
            json!({"type": "chat_message", "room_id": room, "content": "almost"}),
        ])
        .await;
    let (before, said) = phone.all_until(|frame| frame["type"] == "chat_message").await;
    assert_eq!(said["content"], "almost");
    assert!(
        before.iter().any(|frame| frame["type"] == "draft_saved" && frame["content"] == ""),
        "{before:?}"
    );
    let left = ann.get(list).await.is(200);
    assert_eq!(left["drafts"].as_array().unwrap().len(), 1, "{left}");
    // Ben's next frame is the message: he was told nothing of the drafts.
    assert_eq!(bens.next().await["type"], "chat_message");
}

#[tokio::test]
async fn drafts_that_cannot_be_kept_are_refused() {
    let server = Server::start().await;
    let [ann, ben, eve] = people(&server, ["ann", "ben", "eve"]).await;
    let room = ann.room_like(&[&ben], RoomPlan { name: Some("One"), public: false }).await;
    let other = ann.public_room("Other").await;
    let foreign = ann.say_all(&other, &["elsewhere"]).await.remove(0);
    let (mut anns, mut eves) = (ann.open().await, eve.open().await);
    let draft = |more: Json| {
        let mut frame = json!({"type": "save_draft", "room_id": room, "content": "hi"});
        frame.as_object_mut().unwrap().append(&mut more.as_object().unwrap().clone());
        frame
    };
    eves.refused(draft(json!({})), "room_not_found").await;
    anns.refused(draft(json!({"room_id": "room999"})), "room_not_found").await;
    anns.refused(draft(json!({"content": "a".repeat(8_001)})), "too_large").await;
    anns.refused(draft(json!({"thread": foreign})), "message_not_found").await;
    anns.refused(draft(json!({"reply_to": "nonsense"})), "message_not_found").await;
    // A thread is named by its first message, so that it has one draft.
    let first = ann.say_all(&room, &["root"]).await.remove(0);
    let answer = json!({"content": "reply", "replyTo": first});
    let said = ann.post(&format!("/api/chatrooms/{room}/messages"), answer).await.is(201);
    let reply = said["messageId"].as_str().unwrap();
    let unknown = format!("msg{}", reply[3..].parse::<u64>().unwrap() + 7);
    anns.refused(draft(json!({"thread": reply})), "invalid_message_format").await;
    anns.refused(draft(json!({"thread": unknown})), "message_not_found").await;
    anns.refused(draft(json!({"reply_to": unknown})), "message_not_found").await;
    anns.ask(draft(json!({"thread": first, "reply_to": reply}))).await;
    anns.ask(draft(json!({"thread": first, "content": ""}))).await;
    anns.ask(draft(json!({"thread": reply, "content": ""}))).await;
    anns.ask(draft(json!({"content": "a".repeat(8_000)}))).await;
    let ctl = Ctl::of(&server);
    let mut reader = ann.with_token(&ctl, "reader", "read").open().await;
    reader.refused(draft(json!({})), "forbidden").await;
    // An archived room cannot be written in, but what was begun is not lost.
    ann.patch(&format!("/api/chatrooms/{room}"), json!({"archived": true})).await.is(200);
    assert_eq!(anns.ask(draft(json!({}))).await["content"], "hi");
    let path = format!("/api/chatrooms/{room}/participants/ann");
    ann.delete(&path).await.is_text(204);
    assert_eq!(ann.get("/api/users/me/drafts").await.is(200), json!({"drafts": []}));
}

#[tokio::test]
async fn a_message_is_marked_as_unread_for_oneself() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let keys = ann.say_all(&room, &["one", "@ben two", "three"]).await;
    let of = |key: &str, what: &str| format!("/api/chatrooms/{room}/messages/{key}/{what}");
    ben.post(&of(&keys[2], "read"), json!({})).await.is(200);
    let counts = async |person: &Person| {
        let card = person.card(&room).await;
        (card["unreadCount"].clone(), card["mentionCount"].clone())
    };
    assert_eq!(counts(&ben).await, (json!(0), json!(0)));
    let (mut phone, mut anns) = (ben.subscribe().await, ann.subscribe().await);
    let unread = ben.post(&of(&keys[1], "unread"), json!({})).await.is(200);
    has_exactly(&unread, &["roomId", "messageId", "userId", "readAt", "unreadCount"]);
    assert_eq!((&unread["messageId"], &unread["unreadCount"]), (&json!(keys[1]), &json!(2)));
    let told = phone.until("read_marked").await;
    assert_eq!((&told["last_read_seq"], &told["unread_count"]), (&json!(1), &json!(2)));
    assert_eq!(counts(&ben).await, (json!(2), json!(1)));
    let readers = ann.get(&of(&keys[2], "readers")).await.is(200);
    let readers = readers["readers"].as_array().unwrap();
    assert_eq!(readers.len(), 2, "that it was read is no secret any more");
    ben.post(&of(&keys[2], "read"), json!({})).await.is(200);
    let told = phone.until("read_marked").await;
    assert_eq!((&told["last_read_seq"], &told["unread_count"]), (&json!(3), &json!(0)));
    assert_eq!(counts(&ben).await, (json!(0), json!(0)));
    ben.post(&of("msg9000000001", "unread"), json!({})).await.fails(404, "message_not_found");
    ben.say(&room, "seen").await;
    assert_eq!(anns.next().await["type"], "chat_message", "others are told nothing");
}
