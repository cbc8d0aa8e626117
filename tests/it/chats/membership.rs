//! Who may change a chat, and the effects.

use serde_json::json;

use super::ids;
use crate::support::{Chats, Person, Server, number, people};

async fn three(server: &Server) -> [Chats; 3] {
    [
        Chats::new(server, "ann").await,
        Chats::new(server, "ben").await,
        Chats::new(server, "cyd").await,
    ]
}

/// Returns the ids in the order in which chats list them.
fn ordered(mut ids: Vec<i64>) -> Vec<i64> {
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn a_change_replaces_what_it_names() {
    let server = Server::start().await;
    let [ann, ben, cyd] = three(&server).await;
    let made = ann.chat("Study", &[ben.id]).await;
    let path = format!("/chats/{}", made["id"]);
    assert_eq!(ben.patch(&path, json!({})).await.succeeds(), made);
    let renamed = ben.patch(&path, json!({"name": "Studies", "id": 99})).await.succeeds();
    assert_eq!(
        (&renamed["name"], &renamed["users"], &renamed["createdAt"]),
        (&json!("Studies"), &made["users"], &made["createdAt"])
    );
    let replaced = ben.patch(&path, json!({"userIds": [cyd.id, ben.id, cyd.id]})).await.succeeds();
    assert_eq!(
        (&replaced["name"], ids(&replaced), &replaced["_count"]),
        (&json!("Studies"), vec![ben.id, cyd.id], &json!({"users": 2}))
    );
    let both = cyd
        .patch(&path, json!({"name": "Reading", "userIds": [ann.id, ben.id, cyd.id]}))
        .await
        .succeeds();
    assert_eq!((&both["name"], ids(&both)), (&json!("Reading"), vec![ann.id, ben.id, cyd.id]));
    assert_eq!(ann.chats().await, [both]);
    let left = cyd.patch(&path, json!({"userIds": [ann.id, ben.id]})).await.succeeds();
    assert_eq!(ids(&left), [ann.id, ben.id], "one may leave oneself out");
    assert!(cyd.chats().await.is_empty());
    assert_eq!(ann.chats().await, [left]);
}

#[tokio::test]
async fn what_is_wrong_is_told_in_the_documented_order() {
    let server = Server::start().await;
    let [ann, ben, cyd] = three(&server).await;
    let made = ann.chat("Study", &[ben.id]).await;
    let path = format!("/chats/{}", made["id"]);
    let bodies = [
        json!({}),
        json!({"name": "x"}),
        json!({"userIds": []}),
        json!({"userIds": [999]}),
        json!({"userIds": [cyd.id, ann.id]}),
    ];
    for body in &bodies {
        cyd.patch("/chats/999", body.clone()).await.fails_chats(404, "Chat not found");
        cyd.patch(&path, body.clone()).await.fails_chats(401, "Unauthorized user");
    }
    cyd.delete(&path).await.fails_chats(401, "Unauthorized user");
    cyd.patch(&path, json!({"userIds": ["x"]})).await.fails_chats(400, "Invalid userIds");
    for few in [json!([]), json!([ann.id]), json!([ann.id, ann.id]), json!([999])] {
        ann.patch(&path, json!({"name": "x", "userIds": few}))
            .await
            .fails_chats(400, "Lack of userIds");
    }
    ann.patch(&path, json!({"name": "x", "userIds": [ann.id, 999]}))
        .await
        .fails_chats(400, "Invalid userIds");
    assert_eq!(ann.chats().await, [made], "nothing of what was refused is stored");
}

#[tokio::test]
async fn roles_made_elsewhere_are_respected() {
    let server = Server::start().await;
    let all = people(&server, ["admin", "sub", "member", "other", "stranger"]).await;
    let [admin, sub, member, other, stranger] = &all;
    let room = admin.room(&[sub, member, other]).await;
    admin
        .patch(
            &format!("/api/chatrooms/{room}/participants/sub/role"),
            json!({"role": "sub-admin"}),
        )
        .await
        .is(200);
    let path = format!("/chats/{}", number(&room));
    let everybody = ordered(vec![admin.id, sub.id, member.id, other.id]);
    let without =
        |gone: &Person| everybody.iter().copied().filter(|id| *id != gone.id).collect::<Vec<_>>();
    let with_stranger = ordered(everybody.iter().copied().chain([stranger.id]).collect());

    for body in [
        json!({"name": "x"}),
        json!({"userIds": with_stranger}),
        json!({"userIds": without(other)}),
        json!({"userIds": without(admin)}),
    ] {
        member.patch(&path, body).await.fails_chats(401, "Unauthorized user");
    }
    for body in
        [json!({"userIds": without(admin)}), json!({"name": "x", "userIds": [sub.id, stranger.id]})]
    {
        sub.patch(&path, body).await.fails_chats(401, "Unauthorized user");
    }
    for refused in [member, sub, stranger] {
        refused.delete(&path).await.fails_chats(401, "Unauthorized user");
    }
    // The last admin must name another first.
    admin
        .patch(&path, json!({"userIds": without(admin)}))
        .await
        .fails_chats(401, "Unauthorized user");
    assert_eq!(
        ids(&member.patch(&path, json!({})).await.succeeds()),
        everybody,
        "nothing of what was refused is stored"
    );

    assert_eq!(
        ids(&sub.patch(&path, json!({"name": "Ours", "userIds": with_stranger})).await.succeeds()),
        with_stranger
    );
    assert_eq!(ids(&sub.patch(&path, json!({"userIds": everybody})).await.succeeds()), everybody);
    assert_eq!(
        ids(&member.patch(&path, json!({"userIds": without(member)})).await.succeeds()),
        without(member),
        "oneself one may always take out"
    );
    admin
        .patch(&format!("/api/chatrooms/{room}/participants/sub/role"), json!({"role": "admin"}))
        .await
        .is(200);
    assert_eq!(
        ids(&admin.patch(&path, json!({"userIds": [sub.id, other.id]})).await.succeeds()),
        ordered(vec![sub.id, other.id])
    );
    let seen = sub.see(&room).await;
    let roles: Vec<_> = seen["participants"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|p| (&p["userId"], &p["role"]))
        .collect();
    assert_eq!(
        roles,
        [(&json!("sub"), &json!("admin")), (&json!("other"), &json!("member"))],
        "who stays keeps their role"
    );
    // The creator of a room may always delete it; afterwards the room is unknown.
    assert_eq!(admin.delete(&path).await.is(200)["data"], json!(null));
    sub.delete(&path).await.fails_chats(404, "Chat not found");
}

#[tokio::test]
async fn a_public_room_is_a_chat_for_those_who_have_entered() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let lobby = ann.public_room("Lobby").await;
    let other = ben.public_room("Other").await;
    let path = format!("/chats/{}", number(&lobby));
    for person in [&ben, &cyd] {
        person.patch(&path, json!({"name": "x"})).await.fails_chats(401, "Unauthorized user");
        person.patch(&path, json!({})).await.fails_chats(401, "Unauthorized user");
        person.delete(&path).await.fails_chats(401, "Unauthorized user");
    }
    ann.patch(&path, json!({"name": "OTHER"})).await.fails_chats(400, "Invalid name");
    ann.patch(&path, json!({"name": "OTHER", "userIds": [ann.id, cyd.id]}))
        .await
        .fails_chats(400, "Invalid name");
    let changed =
        ann.patch(&path, json!({"name": "LOBBY", "userIds": [ann.id, cyd.id]})).await.succeeds();
    assert_eq!((&changed["name"], ids(&changed)), (&json!("LOBBY"), ordered(vec![ann.id, cyd.id])));
    assert_eq!(ben.see(&other).await["name"], "Other");
}

#[tokio::test]
async fn a_nameless_room_gets_a_name() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let room = ann.room(&[&ben]).await;
    let path = format!("/chats/{}", number(&room));
    assert_eq!(ann.patch(&path, json!({})).await.succeeds()["name"], "ben");
    assert_eq!(ann.see(&room).await["name"], json!(null), "which is no name yet");
    assert_eq!(
        ann.patch(&path, json!({"name": "Ben and I"})).await.succeeds()["name"],
        "Ben and I"
    );
    assert_eq!(ben.see(&room).await["name"], "Ben and I");
    assert_ne!(ann.room(&[&ben]).await, room, "it is no longer the nameless room of the two");
}

#[tokio::test]
async fn accounts_that_are_gone_are_nobody() {
    let server = Server::start().await;
    let [ann, ben, cyd] = three(&server).await;
    let room = ann.room(&[ben.id, cyd.id]).await;
    cyd.delete("/api/users/me").await.is(204);
    ann.patch(&format!("/chats/{room}"), json!({"userIds": [ann.id, cyd.id]}))
        .await
        .fails_chats(400, "Invalid userIds");
    ann.post("/chats", json!({"name": "x", "userIds": [cyd.id]}))
        .await
        .fails_chats(400, "Invalid userIds");
    let chat =
        ann.patch(&format!("/chats/{room}"), json!({"userIds": [ann.id, ben.id]})).await.succeeds();
    assert_eq!((ids(&chat), &chat["_count"]), (vec![ann.id, ben.id], &json!({"users": 2})));
}

#[tokio::test]
async fn two_who_replace_at_once_both_get_what_they_asked_for() {
    let server = Server::start().await;
    let [ann, ben, cyd] = three(&server).await;
    let path = format!("/chats/{}", ann.room(&[ben.id, cyd.id]).await);
    let all = [ann.id, ben.id, cyd.id];
    for _ in 0..10 {
        let (first, second) = tokio::join!(
            ann.patch(&path, json!({"name": "A", "userIds": all})),
            ben.patch(&path, json!({"name": "B", "userIds": all}))
        );
        assert_eq!((ids(&first.succeeds()), ids(&second.succeeds())), (all.to_vec(), all.to_vec()));
    }
}
