//! How a server presents itself: what administrators set wins over the configuration, and reaches
//! open pages at once.

use image::ImageFormat;
use image::{Rgba, RgbaImage};
use serde_json::{Value, json};

use crate::support::{Client, Ctl, Json, Person, Server, encoded, photo};

const CONFIGURED: [(&str, &str); 3] = [
    ("SERVER__NAME", "Harbour"),
    ("SERVER__ACCENT", "#7a2fd0"),
    ("SERVER__MOTD", "Hello from the file"),
];

fn look(facts: &Json) -> [&Value; 4] {
    ["name", "accent", "motd", "icon"].map(|key| &facts[key])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_administrators_set_wins_until_it_is_reset() {
    let mut server = Server::start_with(&CONFIGURED).await;
    let ctl = Ctl::of(&server);
    ctl.create("root", &["--admin"]);
    let root = Person::known(&server, "root").await;
    let ann = Person::new(&server, "ann").await;
    let facts = async |server: &Server| Client::new(server).get("/api/server").await.is(200);
    let harbour = json!(["Harbour", "#7a2fd0", "Hello from the file", null]);
    assert_eq!(json!(look(&facts(&server).await)), harbour);
    let shown = ctl.one(&["server", "show"]);
    assert_eq!((&shown["name"], &shown["name_from"]), (&json!("Harbour"), &json!("configuration")));
    assert_eq!((&shown["icon"], &shown["icon_from"]), (&Value::Null, &json!("default")));

    // On the command line, and over HTTP; an empty text is none.
    let set = ctl.one(&["server", "set", "--name", " Pier Nine ", "--motd", ""]);
    assert_eq!((&set["name"], &set["name_from"]), (&json!("Pier Nine"), &json!("set")));
    assert_eq!((&set["motd"], &set["motd_from"]), (&Value::Null, &json!("set")));
    root.post("/api/admin", json!({"server.set": {"accent": "#2A6FDB"}})).await.is(200);
    let pier = json!(["Pier Nine", "#2a6fdb", null, null]);
    assert_eq!(json!(look(&facts(&server).await)), pier);
    let manifest = Client::new(&server).get("/manifest.webmanifest").await.is(200);
    assert_eq!(
        (&manifest["name"], &manifest["theme_color"]),
        (&json!("Pier Nine"), &json!("#2a6fdb"))
    );
    server.restart().await;
    assert_eq!(json!(look(&facts(&server).await)), pier);

    // What breaks a rule changes nothing, and neither may anybody else.
    let (ctl, root, ann) = (Ctl::of(&server), root.at(server.address()), ann.at(server.address()));
    for bad in [
        &["server", "set"][..],
        &["server", "set", "--name", "two\nlines"],
        &["server", "set", "--accent", "red"],
        &["server", "set", "--motd", &"a".repeat(301)],
        &["server", "reset", "colour"],
    ] {
        ctl.run(bad).ends(2);
    }
    ctl.run(&["server", "set", "--icon", "/nowhere/logo.png"]).ends(3);
    for command in [json!({"server.set": {"name": "Mine"}}), json!({"server.reset": {}})] {
        ann.post("/api/admin", command).await.fails(404, "not_found");
    }
    root.post("/api/admin", json!({"server.set": {"icon": "%"}})).await.fails(400, "usage");
    root.post("/api/admin", json!({"server.reset": {"parts": ["x"]}})).await.fails(400, "usage");
    assert_eq!(json!(look(&facts(&server).await)), pier);

    ctl.run(&["server", "reset", "name", "motd"]).ends(0);
    let expected = json!(["Harbour", "#2a6fdb", "Hello from the file", null]);
    assert_eq!(json!(look(&facts(&server).await)), expected);
    ctl.run(&["server", "reset"]).ends(0);
    assert_eq!(json!(look(&facts(&server).await)), harbour);
    let entries = ctl.all(&["audit", "list", "--action", "server"]);
    let did: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(did, ["server.reset", "server.reset", "server.set", "server.set"]);
    assert_eq!(entries[3]["after"], json!({"name": "Pier Nine", "motd": ""}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_icon_is_served_in_every_size_and_cached() {
    let server = Server::start().await;
    let ctl = Ctl::of(&server);
    let anybody = Client::new(&server);
    anybody.get("/api/server/icon").await.fails(404, "not_found");
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    // Wide, half transparent.
    let logo =
        RgbaImage::from_fn(300, 200, |x, _| Rgba([200, 30, 30, if x < 150 { 255 } else { 0 }]));
    let logo = file("logo.png", &encoded(&logo.into(), ImageFormat::Png));
    let set = ctl.one(&["server", "set", "--icon", &logo]);
    let tag = set["icon"].as_str().unwrap().to_owned();
    assert_eq!(
        ctl.one(&["server", "set", "--icon", &logo])["icon"],
        json!(tag),
        "the same picture"
    );
    assert_eq!(anybody.get("/api/server").await.is(200)["icon"], json!(tag));
    for (query, side, clear) in [
        ("", 192, true),
        ("?size=32", 32, true),
        ("?size=180&purpose=touch", 180, false),
        ("?size=512&purpose=maskable", 512, false),
    ] {
        let answer = anybody.get(&format!("/api/server/icon{query}")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "image/png"), "{query}");
        assert_eq!(answer.header("cache-control"), "no-cache");
        let seen = image::load_from_memory(&answer.bytes).unwrap().to_rgba8();
        assert_eq!((seen.width(), seen.height()), (side, side), "{query}");
        assert_eq!(seen.get_pixel(side - 2, side / 2).0[3] == 0, clear, "{query}");
    }
    let own = anybody.get(&format!("/api/server/icon?size=96&v={tag}")).await;
    assert_eq!(own.header("cache-control"), "public, max-age=31536000, immutable");
    let tagged = anybody.with("if-none-match", own.header("etag"));
    assert_eq!(tagged.get("/api/server/icon?size=96").await.status, 304);
    assert_eq!(tagged.get("/api/server/icon?size=64").await.status, 200);
    for (query, field) in [("size=33", "size"), ("size=x", "size"), ("purpose=x", "purpose")] {
        anybody.get(&format!("/api/server/icon?{query}")).await.blames(field);
    }
    let manifest = anybody.get("/manifest.webmanifest").await.is(200);
    let icons = manifest["icons"].as_array().unwrap();
    assert_eq!(icons.len(), 6);
    for icon in icons {
        let answer = anybody.get(&format!("/{}", icon["src"].as_str().unwrap())).await;
        assert_eq!(answer.status, 200, "{icon}");
        assert!(answer.header("cache-control").contains("immutable"), "{icon}");
    }

    // Another picture has another tag; what is no picture changes nothing.
    let photo = file("photo.jpg", &photo(900, 700, ImageFormat::Jpeg));
    let other = ctl.one(&["server", "set", "--icon", &photo])["icon"].clone();
    assert_ne!(other, json!(tag));
    let old = anybody.get(&format!("/api/server/icon?v={tag}")).await;
    assert_eq!(old.header("cache-control"), "no-cache");
    for (name, bytes) in [("a.svg", &b"<svg/>"[..]), ("b.png", b"\x89PNG\r\n\x1a\n"), ("c", b"")] {
        let refused = ctl.run(&["server", "set", "--icon", &file(name, bytes)]);
        refused.ends(2);
        assert!(refused.err.contains("JPEG, PNG or WebP"), "{refused:?}");
    }
    assert_eq!(anybody.get("/api/server").await.is(200)["icon"], other);
    ctl.run(&["server", "reset", "icon"]).ends(0);
    anybody.get("/api/server/icon").await.fails(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_socket_is_told_what_is_in_force() {
    let server = Server::start_with(&CONFIGURED).await;
    let [ann, ben] = crate::support::people(&server, ["ann", "ben"]).await;
    let mut sockets = [ann.open().await, ben.open().await];
    let ctl = Ctl::of(&server);
    ctl.run(&["server", "set", "--name", "Pier"]).ends(0);
    for socket in &mut sockets {
        let told = socket.until("server_updated").await;
        assert_eq!(json!(look(&told)), json!(["Pier", "#7a2fd0", "Hello from the file", null]));
    }
    ctl.run(&["server", "set", "--name", "Pier"]).ends(0);
    ctl.run(&["server", "reset", "name"]).ends(0);
    for socket in &mut sockets {
        assert_eq!(
            socket.until("server_updated").await["name"],
            "Harbour",
            "no change is not told"
        );
    }
}
