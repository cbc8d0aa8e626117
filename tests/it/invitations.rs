//! Invitations through the real binary: made on the command line and over HTTP, used in the native
//! dialect, and refused everywhere else as registration is.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use futures_util::future::join_all;
use rusqlite::Connection;
use serde_json::json;

use crate::support::{Answer, Client, Ctl, Json, Person, Server, people, texts};

/// Creates an invitation; returns the secret of its link.
fn invite(ctl: &Ctl, more: &[&str]) -> String {
    let made = ctl.one(&[&["invite", "create"], more].concat());
    secret(&made)
}

fn secret(made: &Json) -> String {
    made["url"].as_str().unwrap().split_once("/#invite=").unwrap().1.to_owned()
}

async fn register(client: &Client, login: &str, invitation: &str) -> Answer {
    let password = format!("secret of {login}");
    let body = json!({"userId": login, "password": password, "invitation": invitation});
    client.post("/api/users", body).await
}

async fn check(client: &Client, token: &str) -> Answer {
    client.post("/api/invitations/check", json!({"token": token})).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_people_who_want_the_last_use_one_gets_in() {
    let mut server = Server::start_with(&[("AUTH__REGISTRATION", "invite")]).await;
    let ctl = Ctl::of(&server).set("AUTH__REGISTRATION", "invite");
    let token = invite(&ctl, &["--uses", "2"]);
    let client = Client::new(&server);
    register(&client, "ann", &token).await.is(201);
    // A name that is taken uses nothing up.
    register(&client, "ANN", &token).await.fails(409, "already_exists");
    assert_eq!(ctl.all(&["invite", "list"])[0]["used"], 1);
    let names: Vec<String> = (0..6).map(|n| format!("user{n}")).collect();
    let answers = join_all(names.iter().map(|name| register(&client, name, &token))).await;
    let (inside, outside): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 201);
    assert_eq!((inside.len(), outside.len()), (1, 5));
    for answer in outside {
        answer.blames("invitation");
    }
    let listed = &ctl.all(&["invite", "list"])[0];
    assert_eq!((&listed["used"], &listed["uses"]), (&json!(2), &json!(2)));
    assert_eq!(listed["state"], "used_up");
    let offer = check(&client, &token).await.is(200);
    assert_eq!((&offer["valid"], &offer["reason"]), (&json!(false), &json!("used_up")));
    // All of it is still so after a restart.
    server.restart().await;
    let client = Client::new(&server);
    assert_eq!(&ctl.all(&["invite", "list"])[0], listed);
    register(&client, "late", &token).await.blames("invitation");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_ends_by_time_and_by_hand() {
    let mut server = Server::start().await;
    let ctl = Ctl::of(&server);
    let (expiring, revoked) = (invite(&ctl, &["--uses", "unlimited"]), invite(&ctl, &[]));
    let client = Client::new(&server);
    register(&client, "ann", &expiring).await.is(201);
    assert_eq!(check(&client, &revoked).await.is(200)["valid"], true);
    let id = ctl.all(&["invite", "list"])[0]["id"].to_string();
    assert_eq!(ctl.one(&["invite", "revoke", &id])["state"], "revoked");
    ctl.run(&["invite", "revoke", &id]).ends(3);
    let states = |arguments: &[&str]| -> Vec<String> {
        let listed = ctl.all(arguments).into_iter();
        listed.map(|one| one["state"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(states(&["invite", "list"]), ["valid"]);
    assert_eq!(states(&["invite", "list", "--all"]), ["revoked", "valid"]);
    ctl.run(&["invite", "revoke", &id, "--if-exists"]).ends(0);
    register(&client, "ben", &revoked).await.blames("invitation");
    check(&client, &revoked).await.fails(403, "forbidden");
    for wrong in ["", "nonsense", &"0".repeat(40)] {
        register(&client, "ben", wrong).await.blames("invitation");
        check(&client, wrong).await.fails(403, "forbidden");
    }

    assert!(server.terminate().await.success());
    let conn = Connection::open(server.data().join("chat.db")).unwrap();
    let aged = "UPDATE invitations SET expires = created - 1";
    assert_eq!(conn.execute(aged, ()).unwrap(), 2);
    let stored: Vec<u8> =
        conn.query_row("SELECT secret FROM invitations", (), |row| row.get(0)).unwrap();
    assert_eq!(stored.len(), 32, "a hash, and not the secret");
    drop(conn);
    server.restart().await;
    let client = Client::new(&server);
    register(&client, "ben", &expiring).await.blames("invitation");
    let offer = check(&client, &expiring).await.is(200);
    assert_eq!((&offer["valid"], &offer["reason"]), (&json!(false), &json!("expired")));
    assert_eq!(ctl.all(&["invite", "list"])[0]["state"], "expired");
    for secret in [&expiring, &revoked] {
        assert!(!server.log_files().contains(secret.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_user_is_in_the_rooms_and_those_inside_are_told() {
    let server = Server::start_with(&[("SERVER__NAME", "Pier")]).await;
    let ctl = Ctl::of(&server);
    ctl.create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let bob = Person::new(&server, "bob").await;
    let (open, secret_room) = (bob.public_room("Lobby").await, bob.room(&[&ada]).await);
    let (gone, closed) = (bob.public_room("Gone").await, bob.public_room("Closed").await);
    let rooms = json!([open, secret_room, gone, closed, open]);
    let made = ada.post("/api/admin", json!({"invite.create": {"rooms": rooms}})).await.is(200);
    let made = &made["items"][0];
    assert_eq!((&made["made_by"], &made["uses"]), (&json!("ada"), &json!(1)));
    assert_eq!(made["rooms"].as_array().unwrap().len(), 4);
    assert_eq!(made["qr"], Json::Null);
    let token = secret(made);
    bob.delete(&format!("/api/chatrooms/{gone}")).await.is_text(204);
    ctl.run(&["room", "archive", &closed]).ends(0);
    let client = Client::new(&server);
    let offer = check(&client, &token).await.is(200);
    assert_eq!(offer["server"], "Pier");
    assert_eq!(offer["invitedBy"], "ada");
    assert!(offer["rooms"].as_array().unwrap().contains(&json!("Lobby")), "{offer}");
    assert!(!offer["rooms"].to_string().contains("Closed"), "{offer}");

    let mut inside = bob.enter(&open).await;
    register(&client, "cyd", &token).await.is(201);
    let told = inside.until("participant_added").await;
    assert_eq!((&told["user_id"], &told["role"]), (&json!("cyd"), &json!("member")));
    let cyd = Person::known(&server, "cyd").await;
    let mine = cyd.get("/api/chatrooms?scope=mine").await.is(200);
    let mut joined = texts(&mine["chatrooms"], "roomId");
    joined.sort_unstable();
    let mut wanted = [open.as_str(), &secret_room];
    wanted.sort_unstable();
    assert_eq!(joined, wanted);
    cyd.say(&open, "hello").await;
    // Nobody is invited to an archived room, or to one that does not exist.
    ctl.run(&["invite", "create", "--room", &closed]).ends(7);
    ctl.run(&["invite", "create", "--room", "nowhere"]).ends(3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_invitation_registration_is_closed_in_every_dialect() {
    for (policy, alone, invited) in
        [("open", true, true), ("invite", false, true), ("closed", false, false)]
    {
        // Made while that was possible.
        let mut server = Server::start().await;
        let ctl = Ctl::of(&server);
        let token = invite(&ctl, &["--uses", "unlimited"]);
        server.set("AUTH__REGISTRATION", policy);
        server.restart().await;
        let client = Client::new(&server);
        let facts = client.get("/api/server").await.is(200);
        assert_eq!(facts["registration"], alone, "{policy}");
        assert_eq!(facts["invitations"] == true, policy == "invite", "{policy}");
        let native = json!({"userId": "ann", "password": "long enough"});
        let native = client.post("/api/users", native).await;
        let v1 = json!({"login": "ben", "password": "long enough"});
        let v1 = client.post("/v1/register", v1).await;
        let rooms = json!({
            "user_id": "cyd", "password": "long enough", "email": "c@example.org", "name": "Cyd",
        });
        let rooms = client.post("/users", rooms).await;
        let realtime = json!({"username": "dan", "password": "long enough"});
        let realtime = client.post("/User", realtime).await;
        if alone {
            for answer in [&native, &v1, &rooms, &realtime] {
                assert!(answer.status < 300, "{}", answer.text);
            }
        } else {
            let why = if policy == "invite" { "needs an invitation" } else { "is closed" };
            for answer in [&native, &rooms, &realtime] {
                assert!(answer.text.contains(why), "{policy}: {}", answer.text);
            }
            native.fails(403, "forbidden");
            v1.fails_v1(422, "registration_closed");
            rooms.fails_rooms(403, "Forbidden");
            realtime.fails_realtime(403);
        }
        // There is no way to register in `chats`.
        assert!(client.post("/auth/register", json!({})).await.status >= 400);
        let answer = register(&client, "eve", &token).await;
        let offer = check(&client, &token).await.is(200);
        if invited {
            answer.is(201);
            assert_eq!(offer["valid"], true);
        } else {
            answer.fails(403, "forbidden");
            assert_eq!(offer["reason"], "closed");
        }
    }
    let server = Server::start_with(&[("AUTH__REGISTRATION", "closed")]).await;
    let ctl = Ctl::of(&server).set("AUTH__REGISTRATION", "closed");
    ctl.run(&["invite", "create"]).fails(4, "registration is closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_became_of_an_invitation_is_in_the_audit_log() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let asked = json!({"invite.create": {"uses": 0, "page": server.url()}});
    let made = ada.post("/api/admin", asked).await.is(200)["items"][0].clone();
    let (id, token) = (made["id"].as_i64().unwrap(), secret(&made));
    assert_eq!(made["uses"], Json::Null);
    assert_eq!(made["url"], format!("{}/#invite={token}", server.url()));
    assert!(made["qr"].as_str().unwrap().starts_with("<svg "), "{made}");
    let client = Client::new(&server);
    let cyd = register(&client, "cyd", &token).await.is(201);
    ada.post("/api/admin", json!({"invite.revoke": {"id": id}})).await.is(200);
    let entries = ctl.all(&["audit", "list", "--action", "invite"]);
    assert_eq!(texts(&json!(entries), "action"), ["invite.revoke", "invite.use", "invite.create"]);
    for entry in [&entries[0], &entries[2]] {
        assert_eq!(entry["actor"]["name"], "ada");
        let target = json!({"kind": "invitation", "id": id.to_string(), "name": null});
        assert_eq!(entry["target"], target);
    }
    assert_eq!(entries[0]["before"]["used"], 1);
    assert_eq!(entries[1]["actor"], json!({"kind": "user", "id": null, "name": "cyd"}));
    assert_eq!(entries[1]["from"], "127.0.0.1");
    assert_eq!(entries[1]["target"]["id"], cyd["id"].to_string());
    assert_eq!(entries[1]["after"]["invitation"], id);
    assert!(!json!(entries).to_string().contains(&token));

    // Only administrators may, and the page must be one.
    let eve = Person::new(&server, "eve").await;
    eve.post("/api/admin", json!({"invite.create": {}})).await.fails(404, "not_found");
    for page in ["javascript:alert(1)", "https://example.org/#", "https://example.org/?x"] {
        let asked = json!({"invite.create": {"page": page}});
        ada.post("/api/admin", asked).await.fails(400, "usage");
    }
    for wrong in [&["--uses", "0"][..], &["--expires", "366d"], &["--expires", "soon"]] {
        ctl.run(&[&["invite", "create"], wrong].concat()).ends(2);
    }
    let table = ctl.run(&["invite", "create", "--uses", "unlimited"]);
    table.ends(0);
    assert!(table.out.contains("#invite=") && table.out.contains("unlimited"), "{table:?}");
    assert!(table.err.contains("not shown again"), "{table:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_links_is_limited_like_guessing_credentials() {
    let keys = [
        ("SERVER__TRUSTED_PROXIES", "127.0.0.1"),
        ("LIMITS__REQUESTS_PER_MINUTE_PER_ADDRESS", "10"),
    ];
    let server = Server::start_with(&keys).await;
    let token = invite(&Ctl::of(&server), &[]);
    let from = |address: &str| Client::new(&server).with("x-forwarded-for", address);
    let (guest, guesser, newcomer) =
        (from("203.0.113.1"), from("203.0.113.2"), from("203.0.113.3"));
    // Requests without a session are limited; one with a wrong link counts twice.
    for _ in 0..10 {
        check(&guest, &token).await.is(200);
    }
    check(&guest, &token).await.fails(429, "rate_limited");
    for n in 0..5 {
        check(&guesser, &format!("{n:040}")).await.fails(403, "forbidden");
        register(&newcomer, "ann", &format!("{n:040}")).await.blames("invitation");
    }
    check(&guesser, &token).await.fails(429, "rate_limited");
    register(&newcomer, "ann", &token).await.fails(429, "rate_limited");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_who_was_invited_sees_their_rooms_only_in_every_dialect() {
    let server = Server::start_with(&[("LIMITS__ENABLED", "false")]).await;
    let ctl = Ctl::of(&server);
    let [ann, ben] = people(&server, ["ann", "ben"]).await;
    let (open, hall) = (ann.public_room("Open").await, ben.public_room("Hall").await);
    ctl.run(&["invite", "create", "--guest"]).fails(2, "--room");
    let made = ctl.one(&["invite", "create", "--guest", "--room", "Open", "--uses", "5"]);
    assert_eq!(made["guest"], true);
    assert_eq!(ctl.one(&["invite", "create", "--room", "Open"])["guest"], false);
    let listed = ctl.all(&["invite", "list"]);
    assert_eq!((&listed[0]["guest"], &listed[1]["guest"]), (&json!(false), &json!(true)));
    assert!(ctl.run(&["invite", "list"]).ends(0).out.to_lowercase().contains("guest"));
    let token = secret(&made);
    let client = Client::new(&server);
    assert_eq!(check(&client, &token).await.is(200)["guest"], true);

    let mut inside = ann.enter(&open).await;
    let registered = register(&client, "gil", &token).await.is(201);
    assert_eq!(registered["guest"], true);
    inside.until("participant_added").await;
    let gil = Person::known(&server, "gil").await;
    assert_eq!(ctl.one(&["user", "show", "gil"])["guest"], true);
    let audit = ctl.all(&["audit", "list", "--action", "invite.use"]);
    assert_eq!(audit[0]["after"]["guest"], true);

    // chatrooms, v1, rooms, chats, realtime.
    let guest = as_all(&server, &gil.token);
    let mine = guest.get("/api/chatrooms?scope=mine").await.is(200);
    assert_eq!(texts(&mine["chatrooms"], "roomId"), [open.as_str()]);
    assert_eq!(guest.get("/api/chatrooms?scope=public").await.is(200)["chatrooms"], json!([]));
    guest.get(&format!("/api/chatrooms/{hall}")).await.fails(404, "room_not_found");
    let join = format!("/api/chatrooms/{hall}/join");
    guest.post(&join, json!({})).await.fails(404, "room_not_found");
    let found = guest.get("/api/users?q=").await.is(200);
    assert_eq!(texts(&found["users"], "userId"), ["ann", "gil"]);
    guest.get("/api/users/ben").await.fails(404, "user_not_found");
    assert_eq!(guest.get("/v1/users/?q=ben").await.is(200), json!([]));
    let with_ben = json!({"users": [{"id": ben.id}]});
    guest.post("/v1/rooms", with_ben).await.fails_v1(422, "user_not_found");
    let with_ben = json!({"name": "Two", "userIds": [ben.id]});
    guest.post("/chats", with_ben).await.fails_chats(400, "Invalid userIds");
    for list in ["/rooms", "/Room"] {
        let names = texts(&guest.get(list).await.is(200), "name").join(" ");
        assert!(!names.contains("Hall"), "{list}: {names}");
    }
    let number = crate::support::number(&hall);
    guest.handshake(&format!("/rooms/{hall}")).await.fails_rooms(400, "InvalidParameter");
    guest.get(&format!("/Room/{number}")).await.fails_realtime(404);
    guest.post("/Room", json!({"name": "Mine"})).await.fails_realtime(403);
}

/// Carries a session as every dialect takes it.
fn as_all(server: &Server, token: &str) -> Client {
    Client::new(server)
        .bearer(token)
        .with("x-session-id", token)
        .with("cookie", &format!("session={token}; chat_session={token}; access_token={token}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_with_an_account_join_the_rooms_and_stay_what_they_are() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    ctl.create("ada", &["--admin"]);
    let ada = Person::known(&server, "ada").await;
    let [ann, ben, gil] = people(&server, ["ann", "ben", "gil"]).await;
    ctl.run(&["user", "mark", "gil", "--guest"]).ends(0);
    let (study, attic) = (ann.room(&[]).await, ann.public_room("Attic").await);
    let create = json!({"invite.create": {"rooms": [study, attic], "guest": true, "uses": 4}});
    let made = ada.post("/api/admin", create).await.is(200)["items"][0].clone();
    let no_room = json!({"invite.create": {"guest": true}});
    ada.post("/api/admin", no_room).await.fails(400, "usage");
    let token = secret(&made);
    let accept = async |person: &Person| {
        person.post("/api/invitations/accept", json!({"token": token})).await
    };
    Client::new(&server)
        .post("/api/invitations/accept", json!({"token": token}))
        .await
        .fails(401, "invalid_token");
    let program = ben.with_token(&ctl, "ci", "write");
    accept(&program).await.fails(403, "forbidden");
    // Who is in all of the rooms uses nothing up.
    assert_eq!(accept(&ann).await.is(200), json!({"rooms": [study, attic]}));
    assert_eq!(ctl.all(&["invite", "list"])[0]["used"], 0);
    for (person, admin, guest) in [(&ben, false, false), (&gil, false, true), (&ada, true, false)] {
        for _ in 0..2 {
            let joined = accept(person).await.is(200);
            assert_eq!(joined["rooms"].as_array().unwrap().len(), 2);
        }
        person.card(&study).await;
        person.card(&attic).await;
        let shown = ctl.one(&["user", "show", &person.login]);
        assert_eq!((&shown["admin"], &shown["guest"]), (&json!(admin), &json!(guest)));
    }
    assert_eq!(ctl.all(&["invite", "list"])[0]["used"], 3);
    let [last, late] = people(&server, ["last", "late"]).await;
    let answers = [accept(&last).await, accept(&late).await];
    assert_eq!(answers[0].status, 200);
    answers[1].blames("invitation");
    late.post("/api/invitations/accept", json!({"token": "nonsense"})).await.blames("invitation");
    let audit = ctl.all(&["audit", "list", "--action", "invite.use"]);
    assert_eq!(audit.len(), 4);
    assert_eq!(audit[0]["after"], json!({"invitation": made["id"]}));
}
