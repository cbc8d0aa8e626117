//! The web UI as it is served.

use std::io::Read;

use super::*;

/// What the page may cost until a user can sign in or read, without the answers of the API.
const MOST_REQUESTS: usize = 12;
const MOST_BYTES: usize = 90_000;
/// Size of the head of a response, as the browsers estimate it.
const HEAD_BYTES: usize = 300;

fn get(address: &str, headers: &[(&'static str, &str)]) -> Response {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
        .collect();
    answer(address, &Method::GET, &headers)
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

fn size(response: &Response) -> usize {
    header(response, "content-length").parse().unwrap()
}

/// Returns the addresses in the joined page.
fn addresses() -> Vec<&'static str> {
    let page = std::str::from_utf8(joined(PAGE).unwrap()).unwrap();
    let parts = page.split(r#"href=""#).flat_map(|part| part.split(r#"src=""#)).skip(1);
    parts.filter_map(|part| Some(part.split_once('"')?.0)).collect()
}

#[test]
fn the_first_visit_needs_few_requests_and_bytes_in_every_language() {
    for language in ["en", "ko", "ru", "zh"] {
        let texts = format!("{JOINED}{}/i18n/{language}.json", joined::VERSION);
        let mut all = addresses();
        all.push(&texts);
        let gzip = [("accept-encoding", "gzip")];
        let bytes: usize = all.iter().map(|address| size(&get(address, &gzip)) + HEAD_BYTES).sum();
        assert!(bytes < MOST_BYTES, "{language}: {bytes} bytes");
        assert!(all.len() < MOST_REQUESTS, "{all:?}");
    }
}

#[test]
fn the_build_compresses_each_joined_file_to_its_content() {
    for (name, plain, zipped) in joined::FILES {
        let mut opened = Vec::new();
        flate2::read::GzDecoder::new(*zipped).read_to_end(&mut opened).unwrap();
        assert_eq!(opened, *plain, "{name}");
    }
}

#[test]
fn what_the_page_names_exists_and_what_is_joined_never_changes() {
    let all = addresses();
    assert!(all.iter().any(|address| address.starts_with(JOINED)), "{all:?}");
    for address in all {
        let found = get(address, &[]);
        assert_eq!(found.status(), StatusCode::OK, "{address}");
        let caching = header(&found, "cache-control");
        assert_eq!(caching.contains("immutable"), address.starts_with(JOINED), "{address}");
    }
    assert_eq!(header(&get(PAGE, &[]), "cache-control"), "no-cache");
    for (name, ..) in joined::FILES.iter().filter(|(name, ..)| !FIXED.contains(name)) {
        let found = get(&format!("{JOINED}{}/{name}", joined::VERSION), &[]);
        assert!(header(&found, "cache-control").contains("immutable"), "{name}");
    }
}

#[test]
fn a_page_of_another_version_finds_what_it_loads_later() {
    let other = |name: &str| get(&format!("{JOINED}0123456789abcdef/{name}"), &[]);
    let found = other("js/elements/room-dialog.js");
    assert_eq!(found.status(), StatusCode::OK);
    assert_eq!(header(&found, "cache-control"), "no-cache");
    assert_eq!(other("i18n/lazy/ko.json").status(), StatusCode::OK);
    for name in ["js/no-such.js", "index.html", "sw.js", ""] {
        assert_eq!(other(name).status(), StatusCode::NOT_FOUND, "{name}");
    }
    assert_eq!(get(JOINED, &[]).status(), StatusCode::NOT_FOUND);
}

#[test]
fn the_tag_is_that_of_the_content_that_is_sent() {
    let address = format!("{JOINED}{}/js/main.js", joined::VERSION);
    for address in ["js/main.js", &address, PAGE] {
        let (plain, zipped) = (get(address, &[]), get(address, &[("accept-encoding", "gzip")]));
        let (plain, zipped) = (header(&plain, "etag"), header(&zipped, "etag"));
        assert_ne!(plain, zipped, "{address}");
        let status = |tag: &str, coding: &str| {
            let headers = [("if-none-match", tag), ("accept-encoding", coding)];
            get(address, &headers).status().as_u16()
        };
        assert_eq!(status(plain, "br"), 304, "{address}");
        assert_eq!(status(&format!("\"x\", W/{zipped}"), "gzip"), 304, "{address}");
        assert_eq!(status(plain, "gzip"), 200, "{address}");
        assert_eq!(status(zipped, "br"), 200, "{address}");
    }
}

#[test]
fn the_service_worker_belongs_to_the_version_and_its_files_exist() {
    let worker = get("sw.js", &[]);
    assert_eq!(header(&worker, "cache-control"), "no-cache");
    assert_eq!(header(&worker, "content-type"), "text/javascript; charset=utf-8");
    let text = std::str::from_utf8(joined("sw.js").unwrap()).unwrap();
    assert!(text.contains(&format!("const VERSION={:?};", joined::VERSION)));
    let list = text.split("const FILES=[").nth(1).unwrap().split(']').next().unwrap();
    let names: Vec<_> = list.split(',').map(|name| name.trim_matches('"')).collect();
    assert!(names.len() > 20, "{names:?}");
    for name in &names {
        let found = get(&format!("{JOINED}{}/{name}", joined::VERSION), &[]);
        assert_eq!(found.status(), StatusCode::OK, "{name}");
    }
    for (name, ..) in joined::FILES.iter().filter(|(name, ..)| !FIXED.contains(name)) {
        assert!(names.contains(name), "{name}");
    }
}
