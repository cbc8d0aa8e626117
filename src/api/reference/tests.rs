//! Compares the description with the route tables and checks its references.

use std::collections::BTreeSet;

use serde_json::Value;
use warp::http::Method;

use super::*;
use crate::api::Route;

fn all() -> Value {
    serde_json::to_value(description().unwrap()).unwrap()
}

fn rows<O>(routes: &[Route<O>]) -> impl Iterator<Item = (String, String)> + '_ {
    // HEAD is described with GET.
    let told = routes.iter().filter(|route| route.method != Method::HEAD);
    told.map(|route| (route.method.as_str().to_lowercase(), route.template.to_owned()))
}

fn described(all: &Value) -> Vec<(String, String, &Value)> {
    let paths = all["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, item)| {
            item.as_object()
                .unwrap()
                .iter()
                .map(move |(method, operation)| (method.clone(), path.clone(), operation))
        })
        .collect()
}

#[test]
fn every_route_is_described_and_nothing_else() {
    let all = all();
    let found: BTreeSet<_> =
        described(&all).into_iter().map(|(method, path, _)| (method, path)).collect();
    let tables = rows(Chatrooms::ROUTES)
        .chain(rows(chats::Chats::ROUTES))
        .chain(rows(rooms::Rooms::ROUTES))
        .chain(rows(v1::V1::ROUTES));
    let operator =
        ["/health", "/metrics", JSON, PAGE].map(|path| ("get".to_owned(), path.to_owned()));
    let wanted: BTreeSet<_> = tables
        .chain(rows(realtime::Realtime::ROUTES))
        .chain(rows(Hooks::ROUTES))
        .chain(rows(Administration::ROUTES))
        .chain(operator)
        .collect();
    assert_eq!(found, wanted);
}

#[test]
fn an_operation_tells_all_that_a_client_must_know() {
    let all = all();
    let mut names = BTreeSet::new();
    for (method, path, operation) in described(&all) {
        let what = format!("{method} {path}");
        assert!(
            operation["summary"].as_str().is_some_and(|text| !text.is_empty()),
            "{what} has no summary"
        );
        assert!(
            names.insert(operation["operationId"].to_string()),
            "{what} has the name of another"
        );
        assert!(operation["security"].is_array(), "{what} does not list carriers");
        let parameters: Vec<_> = operation["parameters"].as_array().into_iter().flatten().collect();
        let in_path: BTreeSet<_> = parameters
            .iter()
            .filter(|p| p["in"] == "path")
            .filter_map(|p| p["name"].as_str())
            .collect();
        let in_template: BTreeSet<_> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        assert_eq!(in_path, in_template, "{what}");
        assert!(
            parameters.iter().all(|p| p["description"].is_string() && p["schema"].is_object()),
            "{what}"
        );
        let answers = operation["responses"].as_object().unwrap();
        assert!(answers.keys().any(|status| status.as_str() < "400"), "{what} never succeeds");
        let bare = |(status, answer): (&String, &Value)| {
            status.as_str() >= "400"
                && status != "416"
                && answer["content"].as_object().is_none_or(serde_json::Map::is_empty)
        };
        assert!(!answers.iter().any(bare), "{what} fails without a body");
    }
}

#[test]
fn references_lead_somewhere_and_no_schema_lies_about() {
    let all = all();
    let schemas = all["components"]["schemas"].as_object().unwrap();
    let mut used = BTreeSet::new();
    references(&all, &mut used);
    let known: BTreeSet<_> =
        schemas.keys().map(|name| format!("#/components/schemas/{name}")).collect();
    assert_eq!(used, known);
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => (),
    }
}

#[test]
fn failures_are_told_in_the_words_of_their_dialect() {
    let all = all();
    let example = |path: &str, status: &str, text: &str| {
        all["paths"][path]["get"]["responses"][status]["content"]["application/json"]["examples"]
            [text]["value"]
            .clone()
    };
    assert_eq!(
        example("/v1/rooms/{id}", "422", "no such room"),
        serde_json::json!({"error": {"code": "room_not_found"}})
    );
    assert_eq!(
        example("/chats", "400", "no session"),
        serde_json::json!({"status": "fail", "data": {"title": "Invalid authorization"}})
    );
    let refused = &all["paths"]["/rooms/{room_id}"]["get"]["responses"]["405"];
    assert_eq!(refused["headers"]["Allow"]["schema"]["type"], "string");
}

#[test]
fn every_command_has_its_fields_and_what_it_says() {
    let all = all();
    let schemas = &all["components"]["schemas"];
    let verbs: BTreeSet<&str> = schemas["administration.Command"]["oneOf"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["required"][0].as_str().unwrap())
        .collect();
    let mut remote = BTreeSet::new();
    for example in crate::api::administration::docs::examples() {
        let command: crate::admin::Command = serde_json::from_value(example.clone()).unwrap();
        assert!(command.is_remote(), "{example}");
        remote.extend(example.as_object().unwrap().keys().cloned());
    }
    let local = [
        "user.export",
        "room.messages",
        "room.export",
        "export",
        "log.tail",
        "log.alert-test",
        "backup.create",
        "backup.store",
        "backup.list",
        "backup.prune",
        "reload",
        "support",
    ];
    assert_eq!(
        remote.iter().map(String::as_str).chain(local).collect::<BTreeSet<_>>(),
        verbs,
        "an example of each command"
    );
    let content =
        &all["paths"]["/api/admin"]["post"]["responses"]["200"]["content"]["application/json"];
    let said = content["schema"]["properties"]["items"]["items"]["anyOf"].as_array().unwrap();
    let named = |one: &Value| {
        all.pointer(one["$ref"].as_str().unwrap().trim_start_matches('#')).unwrap()["description"]
            .to_string()
    };
    let told: Vec<String> = said.iter().map(named).collect();
    let silent: Vec<_> = remote
        .iter()
        .filter(|verb| !told.iter().any(|text| text.contains(&format!("`{verb}`"))))
        .collect();
    assert_eq!(silent, ["log.rotate"], "a command without output");
}

#[test]
fn every_frame_of_a_socket_has_a_schema_of_its_own() {
    let all = all();
    for (path, client, server) in
        [("/chat", 14, 38), ("/rooms/{room_id}", 2, 6), ("/v1/rooms/{id}/chat", 1, 2), ("/", 2, 3)]
    {
        let frames = &all["paths"][path]["get"]["x-frames"];
        let count = |side: &str| {
            frames[side]
                .as_array()
                .unwrap()
                .iter()
                .filter(|frame| frame["$ref"].is_string())
                .count()
        };
        assert_eq!((count("client"), count("server")), (client, server), "{path}");
    }
}

#[test]
fn the_samples_of_frames_have_the_fields_of_their_schemas() {
    let all = all();
    let mut seen = 0;
    for dialect in ["chatrooms", "rooms", "v1", "realtime"] {
        for file in std::fs::read_dir(format!("tests/golden/{dialect}")).unwrap() {
            let file = file.unwrap().path();
            let name = file.file_name().unwrap().to_str().unwrap();
            let Some(name) = name.strip_prefix("frame.") else { continue };
            let sample: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
            let schema = match dialect {
                "chatrooms" if sample["error"].is_string() => "server.error".to_owned(),
                "chatrooms" => format!("server.{}", sample["type"].as_str().unwrap()),
                "rooms" => format!("server.{}", sample["action"].as_str().unwrap()),
                "v1" if sample["error"].is_object() => "Failure".to_owned(),
                "realtime" if sample["type"] == 1 => "Presence".to_owned(),
                _ => "Message".to_owned(),
            };
            let (known, needed) =
                fields(&all, &all["components"]["schemas"][format!("{dialect}.{schema}")]);
            let keys: BTreeSet<_> = sample.as_object().unwrap().keys().cloned().collect();
            assert!(
                keys.is_subset(&known) && needed.is_subset(&keys),
                "{dialect} {name}: {keys:?}, but {known:?}, of these {needed:?}"
            );
            seen += 1;
        }
    }
    assert!(seen > 40, "only {seen} samples");
}

/// Returns all fields of an object and the required ones.
fn fields(all: &Value, schema: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    if let Some(place) = schema["$ref"].as_str() {
        return fields(all, all.pointer(&place[1..]).unwrap());
    }
    let mut known: BTreeSet<String> = schema["properties"]
        .as_object()
        .into_iter()
        .flat_map(serde_json::Map::keys)
        .cloned()
        .collect();
    let mut needed: BTreeSet<String> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let (more, must) = fields(all, part);
        known.extend(more);
        needed.extend(must);
    }
    (known, needed)
}

#[test]
fn no_own_path_can_be_the_path_of_the_public_url() {
    let all = all();
    let routes = all["paths"].as_object().unwrap().keys().map(String::as_str);
    let files: Vec<_> = web::names().collect();
    let first = |path: &str| path.trim_start_matches('/').split('/').next().unwrap().to_owned();
    let own: BTreeSet<_> = routes
        .chain([PAGE, web::JOINED])
        .map(first)
        .chain(files.iter().map(|name| first(name)))
        .filter(|name| !["", "chat"].contains(&name.as_str()))
        .collect();
    assert_eq!(own.into_iter().collect::<Vec<_>>(), crate::config::check::OWN_SEGMENTS);
}
