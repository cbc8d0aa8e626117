//! The known sections and keys, and suggestions for misspelled ones.

use super::Config;

/// Maximum number of different letters in a misspelled name.
const TYPO: usize = 1;

/// Returns each section and key, with its default as JSON; null if it has none.
pub(super) fn all() -> Vec<(String, String, serde_json::Value)> {
    let Ok(serde_json::Value::Object(sections)) = serde_json::to_value(Config::default()) else {
        return Vec::new();
    };
    let keys = sections.into_iter().flat_map(|(section, value)| match value {
        serde_json::Value::Object(keys) => keys
            .into_iter()
            .map(|(key, default)| (section.clone(), key, default))
            .collect::<Vec<_>>(),
        _ => Vec::new(),
    });
    keys.collect()
}

/// Returns the problem of an unknown name; None: it exists.
pub(super) fn unknown(section: &str, key: Option<&str>) -> Option<String> {
    let known = all();
    let sections = || known.iter().map(|(section, ..)| section.as_str());
    if !sections().any(|known| known == section) {
        return Some(said(
            &format!("section [{section}]"),
            nearest(section, sections()).map(|near| format!("[{near}]")),
        ));
    }
    let key = key?;
    let in_section =
        || known.iter().filter(|(known, ..)| known == section).map(|(_, key, _)| key.as_str());
    if in_section().any(|known| known == key) {
        return None;
    }
    Some(said(&format!("key {key} in [{section}]"), nearest(key, in_section()).map(str::to_owned)))
}

/// Returns whether it is the name of a section, possibly misspelled.
pub(super) fn resembles_section(name: &str) -> bool {
    all().iter().any(|(section, ..)| strsim::damerau_levenshtein(section, name) <= TYPO)
}

fn said(what: &str, near: Option<String>) -> String {
    let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    format!("unknown {what}{hint}")
}

fn nearest<'a>(word: &str, among: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let scored = among.map(|known| (strsim::jaro_winkler(word, known), known));
    scored
        .filter(|(score, _)| *score > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}
