//! Participants and their permissions.

use reqwest::Method;
use serde_json::json;

use crate::support::{Body, Json, Person, Server, has_exactly, is, people, texts};

/// A room with an admin, a sub-admin and two members, and a user outside it.
struct Cast {
    #[expect(dead_code, reason = "keeps the server running")]
    server: Server,
    room: String,
    admin: Person,
    sub: Person,
    member: Person,
    outsider: Person,
}

impl Cast {
    async fn assemble() -> Self {
        let server = Server::start().await;
        let [admin, sub, member, other, outsider] =
            people(&server, ["admin", "sub", "member", "other", "outsider"]).await;
        let room = admin.room(&[&sub, &member, &other]).await;
        let body = json!({"role": "sub-admin"});
        admin.patch(&format!("/api/chatrooms/{room}/participants/sub/role"), body).await.is(200);
        Self { server, room, admin, sub, member, outsider }
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/chatrooms/{}{rest}", self.room)
    }
}

#[tokio::test]
async fn the_table_of_rights_holds_for_those_who_lack_them() {
    let cast = Cast::assemble().await;
    let before = cast.admin.see(&cast.room).await;
    let (role, name) = (json!({"role": "member"}), json!({"edited_name": "X"}));
    let member: [(Method, &str, Json); 9] = [
        (Method::PATCH, "/name", json!({"name": "X"})),
        (Method::POST, "/participants", json!({"userId": "outsider"})),
        (Method::DELETE, "/participants/other", Json::Null),
        (Method::DELETE, "/participants/sub", Json::Null),
        (Method::DELETE, "/participants/admin", Json::Null),
        (Method::PATCH, "/participants/member/role", json!({"role": "admin"})),
        (Method::PATCH, "/participants/sub/role", role.clone()),
        (Method::PATCH, "/participants/other/name", name.clone()),
        (Method::DELETE, "", Json::Null),
    ];
    for (method, rest, body) in member {
        cast.member.request(method, &cast.path(rest), body).await.fails(403, "forbidden");
    }
    let sub: [(Method, &str, Json); 7] = [
        (Method::DELETE, "/participants/admin", Json::Null),
        (Method::PATCH, "/participants/sub/role", json!({"role": "admin"})),
        (Method::PATCH, "/participants/member/role", json!({"role": "sub-admin"})),
        (Method::POST, "/participants", json!({"userId": "outsider", "role": "sub-admin"})),
        (Method::POST, "/participants", json!({"userId": "outsider", "role": "admin"})),
        (Method::PATCH, "/participants/member/name", name),
        (Method::DELETE, "", Json::Null),
    ];
    for (method, rest, body) in sub {
        cast.sub.request(method, &cast.path(rest), body).await.fails(403, "forbidden");
    }
    assert_eq!(cast.admin.see(&cast.room).await, before, "nothing of it has happened");
}

#[tokio::test]
async fn the_table_of_rights_holds_for_those_who_have_them() {
    let cast = Cast::assemble().await;
    cast.sub.patch(&cast.path("/name"), json!({"name": "By the sub-admin"})).await.is(200);
    let added =
        cast.sub.post(&cast.path("/participants"), json!({"userId": "OUTSIDER"})).await.is(201);
    has_exactly(&added, &["userId", "edited_name", "role", "name"]);
    assert_eq!(
        added,
        json!({"userId": "outsider", "edited_name": "", "role": "member", "name": "outsider"})
    );
    cast.sub
        .post(&cast.path("/participants"), json!({"userId": "outsider"}))
        .await
        .fails(409, "already_exists");
    cast.sub.delete(&cast.path("/participants/outsider")).await.is(204);
    cast.outsider.get(&cast.path("")).await.fails(404, "room_not_found");
    cast.member
        .patch(&cast.path("/participants/member/name"), json!({"edited_name": "Me"}))
        .await
        .is(200);
    cast.sub
        .patch(&cast.path("/participants/sub/name"), json!({"edited_name": "Me too"}))
        .await
        .is(200);
    cast.admin
        .patch(&cast.path("/participants/other/name"), json!({"edited_name": "You"}))
        .await
        .is(200);
    cast.admin
        .post(&cast.path("/participants"), json!({"userId": "outsider", "role": "sub-admin"}))
        .await
        .is(201);
    cast.member.delete(&cast.path("/participants/member")).await.is(204);
    cast.sub.delete(&cast.path("/participants/sub")).await.is(204);
    cast.admin.delete(&cast.path("/participants/outsider")).await.is(204);
    let changed = cast
        .admin
        .patch(&cast.path("/participants/other/role"), json!({"role": "admin"}))
        .await
        .is(200);
    assert_eq!(
        changed,
        json!({"userId": "other", "edited_name": "You", "role": "admin", "name": "other"})
    );
    cast.admin.delete(&cast.path("")).await.is(204);
}

#[tokio::test]
async fn what_is_not_there_cannot_be_managed() {
    let cast = Cast::assemble().await;
    cast.admin
        .post(&cast.path("/participants"), json!({"userId": "nobody"}))
        .await
        .fails(404, "user_not_found");
    cast.admin
        .delete(&cast.path("/participants/outsider"))
        .await
        .fails(404, "participant_not_found");
    cast.admin.delete(&cast.path("/participants/nobody")).await.is(404);
    cast.admin
        .patch(&cast.path("/participants/outsider/role"), json!({"role": "admin"}))
        .await
        .fails(404, "participant_not_found");
    cast.admin
        .patch(&cast.path("/participants/outsider/name"), json!({"edited_name": "X"}))
        .await
        .fails(404, "participant_not_found");
    for role in [json!("owner"), json!("Admin"), json!(""), json!(1), Json::Null] {
        cast.admin
            .patch(&cast.path("/participants/member/role"), json!({"role": role}))
            .await
            .blames("role");
    }
    cast.admin.patch(&cast.path("/participants/member/role"), json!({})).await.blames("role");
    for name in [json!("x".repeat(65)), json!(1), json!("a\u{0}b")] {
        cast.admin
            .patch(&cast.path("/participants/member/name"), json!({"edited_name": name}))
            .await
            .blames("edited_name");
    }
}

#[tokio::test]
async fn the_last_admin_names_another_before_going() {
    let cast = Cast::assemble().await;
    cast.admin.delete(&cast.path("/participants/admin")).await.fails(403, "forbidden");
    for role in ["member", "sub-admin"] {
        cast.admin
            .patch(&cast.path("/participants/admin/role"), json!({"role": role}))
            .await
            .fails(403, "forbidden");
    }
    cast.admin
        .patch(&cast.path("/participants/member/role"), json!({"role": "admin"}))
        .await
        .is(200);
    cast.member
        .patch(&cast.path("/participants/admin/role"), json!({"role": "member"}))
        .await
        .is(200);
    // The owner may still delete the room, whatever their role.
    cast.admin.patch(&cast.path("/name"), json!({"name": "X"})).await.fails(403, "forbidden");
    cast.member.delete(&cast.path("/participants/member")).await.fails(403, "forbidden");
    cast.admin.delete(&cast.path("")).await.is(204);
}

#[tokio::test]
async fn an_admin_who_is_alone_may_leave_and_step_down() {
    let server = Server::start().await;
    let ann = Person::new(&server, "ann").await;
    let [room, other] = [ann.public_room("One").await, ann.public_room("Two").await];
    ann.patch(&format!("/api/chatrooms/{room}/participants/ann/role"), json!({"role": "member"}))
        .await
        .is(200);
    ann.delete(&format!("/api/chatrooms/{other}/participants/ann")).await.is(204);
}

#[tokio::test]
async fn a_room_without_an_admin_is_managed_by_all_alike() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let room = ann.room(&[&ben]).await;
    let path = |rest: &str| format!("/api/chatrooms/{room}{rest}");
    ben.patch(&path("/name"), json!({"name": "Ours"})).await.is(200);
    ben.post(&path("/participants"), json!({"userId": "cyd"})).await.is(201);
    ben.patch(&path("/participants/ann/name"), json!({"edited_name": "X"}))
        .await
        .fails(403, "forbidden");
    cyd.delete(&path("/participants/ann")).await.is(204);
    ann.get(&path("")).await.fails(404, "room_not_found");
    cyd.post(&path("/participants"), json!({"userId": "ann", "role": "sub-admin"})).await.is(201);
    cyd.patch(&path("/participants/cyd/role"), json!({"role": "admin"})).await.is(200);
    // From now on roles count.
    ben.patch(&path("/name"), json!({"name": "Mine"})).await.fails(403, "forbidden");
    ann.patch(&path("/name"), json!({"name": "A sub-admin's"})).await.is(200);
}

#[tokio::test]
async fn a_name_for_one_room_only_is_set_and_taken_back() {
    let server = Server::start().await;
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let (room, other) = (ann.room(&[&ben]).await, ann.room(&[&ben]).await);
    let mut socket = ben.enter(&room).await;
    let path = format!("/api/chatrooms/{room}/participants/ann/name");
    let changed = ann.patch(&path, json!({"edited_name": "The boss"})).await.is(200);
    assert_eq!(
        changed,
        json!({"userId": "ann", "edited_name": "The boss", "role": "member", "name": "ann"})
    );
    let frame = socket.until("participant_changed").await;
    has_exactly(
        &frame,
        &["type", "room_id", "rev", "user_id", "name", "edited_name", "role", "timestamp"],
    );
    assert_eq!((&frame["user_id"], &frame["edited_name"]), (&json!("ann"), &json!("The boss")));
    ann.say(&room, "as the boss").await;
    assert_eq!(socket.hears("as the boss").await["sender_name"], "The boss");
    assert_eq!(ben.see(&other).await["participants"][0]["edited_name"], "");
    assert_eq!(ann.patch(&path, json!({"edited_name": ""})).await.is(200)["edited_name"], "");
    ann.say(&room, "as myself").await;
    assert_eq!(socket.hears("as myself").await["sender_name"], "ann");
}

#[tokio::test]
async fn changes_of_participants_reach_everybody_concerned() {
    let server = Server::start().await;
    let [ann, ben, cyd] = people(&server, ["ann", "ben", "cyd"]).await;
    let room = ann.room(&[&ben]).await;
    ann.say(&room, "before cyd").await;
    let (mut inside, mut outside) = (ben.enter(&room).await, cyd.open().await);
    ann.post(&format!("/api/chatrooms/{room}/participants"), json!({"userId": "cyd"}))
        .await
        .is(201);
    let frame = inside.until("participant_added").await;
    has_exactly(
        &frame,
        &["type", "room_id", "rev", "user_id", "name", "edited_name", "role", "timestamp"],
    );
    assert_eq!((&frame["user_id"], &frame["role"]), (&json!("cyd"), &json!("member")));
    let added = outside.until("room_added").await;
    has_exactly(&added, &["type", "room", "unread_count", "timestamp"]);
    assert_eq!((&added["room"]["roomId"], &added["unread_count"]), (&json!(room), &json!(0)));
    assert_eq!(texts(&added["room"]["participants"], "userId"), ["ann", "ben", "cyd"]);
    assert_eq!(added["room"]["rev"], frame["rev"]);

    ann.patch(
        &format!("/api/chatrooms/{room}/participants/cyd/role"),
        json!({"role": "sub-admin"}),
    )
    .await
    .is(200);
    assert_eq!(inside.until("participant_changed").await["role"], "sub-admin");
    ann.delete(&format!("/api/chatrooms/{room}/participants/cyd")).await.is(204);
    let frame = inside.expect(is("participant_removed")).await;
    has_exactly(&frame, &["type", "room_id", "rev", "user_id", "timestamp"]);
    assert_eq!(frame["user_id"], "cyd");
}

#[tokio::test]
async fn a_request_without_a_body_is_read_as_one() {
    let cast = Cast::assemble().await;
    for (method, rest) in
        [(Method::POST, "/participants"), (Method::PATCH, "/name"), (Method::POST, "/messages")]
    {
        cast.admin
            .request(method, &cast.path(rest), Body::Nothing)
            .await
            .fails(400, "invalid_request");
    }
}
