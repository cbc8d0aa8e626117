//! The fuzz targets: one function for each kind of input that chatctl reads from outside. A panic
//! or a failed assertion is a finding.
//!
//! `README.md` says how to run them; `tests/it/corpus.rs` replays the committed corpus.

mod imports;

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::net::IpAddr;

use chatctl::api::SocketDialect;
use chatctl::api::chatrooms::{Chatrooms, State};
use chatctl::api::realtime::Realtime;
use chatctl::api::rooms::Rooms;
use chatctl::api::v1::V1;
use chatctl::config::load::{self, Flags};
use chatctl::model::rules::{Network, forwarded_client, mention_places, mentioned_names};
use chatctl::model::{FileKind, SNIFFED, UserId, WordQuery, copy_picture, index_words};
use chatctl::unfurl::read_page;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Accepts any bytes.
pub type Target = fn(&[u8]);

/// All targets by name: that of the file in `fuzz_targets/` and of the directory in `corpus/`.
pub const TARGETS: [(&str, Target); 13] = [
    ("configuration", configuration),
    ("forwarded_for", forwarded_for),
    ("frame_chatrooms", frame_chatrooms),
    ("frame_realtime", frame_realtime),
    ("frame_rooms", frame_rooms),
    ("frame_v1", frame_v1),
    ("import_file", import_file),
    ("import_native", import_native),
    ("import_slack", import_slack),
    ("link_page", link_page),
    ("media_file", media_file),
    ("mentions", mentions),
    ("search_query", search_query),
];

/// Decodes a text frame.
fn frame<D: SocketDialect>(mut state: D::State, bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let asked = D::decode(&mut state, text);
        // Frames that cannot be decoded get a reply.
        if let Err(error) = asked.command {
            drop(D::reply(&mut state, &asked.question, Err(error)));
        }
    }
}

/// A frame of the dialect `chatrooms`.
pub fn frame_chatrooms(bytes: &[u8]) {
    frame::<Chatrooms>(State { login: "ann".to_owned() }, bytes);
}

/// A frame of the dialect `rooms`.
pub fn frame_rooms(bytes: &[u8]) {
    frame::<Rooms>(UserId(1), bytes);
}

/// A frame of the dialect `v1`.
pub fn frame_v1(bytes: &[u8]) {
    frame::<V1>((), bytes);
}

/// A frame of the dialect `realtime`.
pub fn frame_realtime(bytes: &[u8]) {
    frame::<Realtime>((), bytes);
}

/// The name of an encoding, a line feed, and a page.
pub fn link_page(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or_default();
    let charset = std::str::from_utf8(&bytes[..end]).ok();
    if let Some(facts) = read_page(&bytes[end..], charset) {
        let texts = [Some(facts.title), facts.description, facts.site];
        for text in texts.into_iter().flatten() {
            assert!(!text.is_empty() && text.trim() == text, "a text can be seen: {text:?}");
            assert!(!text.contains(char::is_control), "a text has one line: {text:?}");
        }
    }
}

/// A query and a text to search, in this order.
pub fn search_query(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (query, text) = text.split_once('\n').unwrap_or((text, text));
    drop(index_words(text));
    if let Some(query) = WordQuery::parse(query) {
        let snippet = query.snippet(text);
        let length = snippet.text.chars().count();
        let mut last = 0;
        for (from, to) in snippet.highlights {
            assert!(
                last <= from && from < to && to <= length,
                "a highlight is in the snippet, after the one before"
            );
            last = to;
        }
    }
}

/// The value of `X-Forwarded-For` behind two trusted proxies.
pub fn forwarded_for(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let trusted: Vec<Network> =
        ["10.0.0.0/8", "fd00::/8"].iter().filter_map(|network| Network::parse(network)).collect();
    let peer: Option<IpAddr> = "10.0.0.1".parse().ok();
    let client = forwarded_client(peer, text.split(','), |address| {
        trusted.iter().any(|network| network.holds(address))
    });
    assert!(client.is_some(), "there is always the peer");
    std::hint::black_box(Network::parse(text));
}

/// An upload: its type is detected, and metadata is removed from pictures. A second removal must
/// change nothing.
pub fn media_file(bytes: &[u8]) {
    let kind = FileKind::sniff(bytes.get(..SNIFFED).unwrap_or(bytes));
    let mut cleaned = Vec::new();
    if let Ok(Some(_)) = copy_picture(kind, &mut Cursor::new(bytes), &mut cleaned) {
        let mut again = Vec::new();
        let size =
            copy_picture(kind, &mut Cursor::new(&cleaned), &mut again).expect("memory can be read");
        assert!(size.is_some(), "a cleaned picture is a picture");
        assert_eq!(cleaned, again, "cleaning twice changes nothing more");
    }
}

/// A text with mentions.
pub fn mentions(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for place in mention_places(text) {
        let after = text.get(place.at + 1..).expect("behind an @");
        for name in place.candidates {
            assert!(
                after.starts_with(name) && name.chars().count() <= 64,
                "a candidate stands at its @"
            );
        }
    }
    drop(mentioned_names(text));
}

/// A configuration file.
pub fn configuration(bytes: &[u8]) {
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a temporary file");
    file.write_all(bytes).expect("a file can be written");
    let flags = Flags { config: Some(file.path().to_owned()), ..Flags::default() };
    if let Ok(loaded) = load::load(&flags) {
        // Durations used in calculations must not overflow.
        let auth = &loaded.config.auth;
        std::hint::black_box((auth.session_life(), auth.token_life()));
    }
}

/// A file to import: a Mattermost bulk export, an archive, or something else.
pub fn import_file(bytes: &[u8]) {
    imports::import(bytes);
}

/// An export of chatctl. Its last line, with a checksum of all others, is added here.
pub fn import_native(bytes: &[u8]) {
    imports::import_and_export(&with_last_line(bytes));
}

/// A Slack export in a valid zip file: its lists and a day, separated by empty lines.
pub fn import_slack(bytes: &[u8]) {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let names =
        ["users.json", "channels.json", "general/2024-01-01.json", "groups.json", "dms.json"];
    let text = String::from_utf8_lossy(bytes);
    for (name, part) in names.iter().zip(text.split("\n\n")) {
        zip.start_file(*name, stored).expect("a zip in memory");
        zip.write_all(part.as_bytes()).expect("a zip in memory");
    }
    imports::import(zip.finish().expect("a zip in memory").get_ref());
}

/// Appends the last line: the number of lines of each type, and their checksum.
fn with_last_line(lines: &[u8]) -> Vec<u8> {
    let mut export = lines.trim_ascii_end().to_vec();
    export.push(b'\n');
    let mut counts = BTreeMap::<String, u64>::new();
    for line in export.split_inclusive(|byte| *byte == b'\n') {
        let value: Value = serde_json::from_slice(line).unwrap_or_default();
        *counts.entry(value["type"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    let sha256 = hex::encode(Sha256::digest(&export));
    let end = json!({"type": "end", "counts": counts, "sha256": sha256});
    export.extend_from_slice(end.to_string().as_bytes());
    export
}
