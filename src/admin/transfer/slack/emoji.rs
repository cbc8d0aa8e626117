//! Imports custom emoji. Exports of Slack have none; download tools add their pictures to the
//! archive, in a folder of their own, with the list that Slack's API returns.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::admin::Failure;
use crate::admin::transfer::archive::{Archive, MAX_ENTRY};
use crate::admin::transfer::foreign::aliases::resolved;
use crate::admin::transfer::importer::Taker;
use crate::admin::transfer::json;
use crate::model::Timestamp;
use crate::store::transfer::Reason;

/// Names of the list.
const LISTS: [&str; 5] =
    ["emoji.json", "emojis.json", "index.json", "emojis/index.json", "emoji/index.json"];
/// Folders of the pictures.
const FOLDERS: [&str; 3] = ["emojis", "emoji", "__emoji"];

/// Imports all custom emoji, whose pictures become files of this user.
pub(super) fn read(
    archive: &mut Archive,
    owner: Option<&str>,
    taker: &mut Taker<'_>,
) -> Result<(), Failure> {
    let pictures = pictures(archive);
    let list = list(archive, taker);
    let mut aliases: Vec<(String, String)> = Vec::new();
    let mut listed: BTreeMap<String, Timestamp> = BTreeMap::new();
    for (name, entry) in list {
        if let Some(target) = alias(&entry) {
            aliases.push((name, target));
            continue;
        }
        let others = entry["aliases"].as_array().into_iter().flatten();
        let others = others.filter_map(|other| Some(other.as_str()?.to_owned()));
        aliases.extend(others.map(|other| (other, name.clone())));
        let created = entry["created"].as_i64().filter(|seconds| *seconds > 0);
        let created = created.map(|seconds| Timestamp(seconds.saturating_mul(1000)));
        listed.insert(name, created.unwrap_or_else(Timestamp::now));
    }
    for name in pictures.keys() {
        if !listed.contains_key(name) && aliases.iter().all(|(alias, _)| alias != name) {
            listed.insert(name.clone(), Timestamp::now());
        }
    }
    for (name, created) in listed {
        let place = pictures.get(&name).and_then(|path| archive.find(path));
        let (Some(place), Some(owner)) = (place, owner) else {
            // Slack lists some built-in ones.
            if crate::model::emoji_names::by_name(&name).is_none() {
                taker.report.note(Reason::BytesMissing, format!("picture of the emoji :{name}:"));
            }
            continue;
        };
        let bytes = archive.read(place, taker.target.max_bytes).ok();
        taker.custom_emoji(&name, owner, created, bytes)?;
    }
    for (name, target) in resolved(&aliases) {
        taker.emoji_alias(name, target)?;
    }
    taker.flush()
}

/// The paths of the pictures, by name.
fn pictures(archive: &Archive) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for path in archive.names() {
        let mut parts = path.rsplit('/');
        let (Some(file), Some(folder)) = (parts.next(), parts.next()) else { continue };
        let Some((name, ending)) = file.rsplit_once('.') else { continue };
        if FOLDERS.contains(&folder) && ending != "json" && !name.is_empty() {
            found.insert(name.to_owned(), path.to_owned());
        }
    }
    found
}

/// The entries of the list: an address, `alias:NAME`, or an object with more.
fn list(archive: &mut Archive, taker: &mut Taker<'_>) -> Vec<(String, Value)> {
    for name in LISTS {
        let Ok(bytes) = archive.read_named(name, MAX_ENTRY) else { continue };
        let Ok(mut read) = json::parse(&bytes) else {
            taker.report.note(Reason::NotUnderstood, name);
            continue;
        };
        // The answer of the API has it within.
        let all = if read["emoji"].is_object() { read["emoji"].take() } else { read };
        if let Value::Object(all) = all {
            return all.into_iter().collect();
        }
    }
    Vec::new()
}

/// What an entry is another name of.
fn alias(entry: &Value) -> Option<String> {
    let address = entry.as_str().or_else(|| entry["url"].as_str())?;
    Some(address.strip_prefix("alias:")?.to_owned())
}
