//! Names in the pages exist: commands with their options, and settings.

use std::collections::BTreeSet;
use std::process::Command;

use super::{Page, pages};

/// Returns all settings as `[section] key`.
fn settings() -> BTreeSet<String> {
    keys(include_str!("../../../config.toml.example"))
}

/// Returns the keys of a TOML text, including those in comments.
fn keys(toml: &str) -> BTreeSet<String> {
    let mut section = "";
    let mut found = BTreeSet::new();
    for line in toml.lines() {
        if line.starts_with('[') {
            section = line.trim();
        } else if let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ") {
            found.insert(format!("{section} {key}"));
        }
    }
    found
}

/// Returns the commands shown by a page without being executed, and those in its text.
fn shown(page: &Page) -> Vec<String> {
    let blocks = page.blocks();
    let lines = blocks
        .iter()
        .filter(|block| block.language == "console")
        .flat_map(|block| block.text.lines())
        .map(|line| line.strip_prefix("sudo ").unwrap_or(line).to_owned());
    lines.chain(page.spans()).filter(|text| text.starts_with("chatctl ")).collect()
}

#[test]
fn every_command_and_option_exists() {
    let mut seen = BTreeSet::new();
    for page in pages() {
        for text in shown(&page) {
            let end = text.find([';', '|', '>', '#', '…']).unwrap_or(text.len());
            let mut words: Vec<_> = text[..end].split_whitespace().skip(1).collect();
            if words.first() != Some(&"help") {
                words.push("--help");
            }
            if !seen.insert(words.join(" ")) {
                continue;
            }
            // The help is only printed if everything before it exists.
            let output = Command::new(env!("CARGO_BIN_EXE_chatctl")).args(&words).output();
            let output = output.expect("chatctl");
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: {text}\n{errors}", page.path);
        }
    }
    assert!(seen.len() > 20, "{seen:?}");
}

/// Returns the commands listed by `chatctl NOUN --help`.
fn verbs(noun: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_chatctl")).args([noun, "--help"]).output();
    let text = String::from_utf8(output.expect("chatctl").stdout).expect("a text");
    let list = text.split_once("\nCommands:\n").map_or("", |(_, list)| list);
    list.lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|verb| *verb != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_verb_is_in_the_table_of_commands() {
    let page = Page::read("docs/administration.md".as_ref());
    for noun in [
        "user",
        "room",
        "bot",
        "token",
        "webhook",
        "outgoing-webhook",
        "slash-command",
        "server",
        "emoji",
        "db",
        "backup",
        "log",
        "config",
    ] {
        let row = page.prose().into_iter().find(|line| line.starts_with(&format!("| `{noun}` |")));
        let row = row.unwrap_or_else(|| panic!("no row of {noun}"));
        let told = row.split('`').skip(3).step_by(2).map(str::to_owned).collect();
        assert_eq!(verbs(noun), told, "{noun}");
    }
}

#[test]
fn every_setting_exists() {
    let known = settings();
    let mut seen = 0;
    for page in pages() {
        let blocks = page.blocks();
        let set = blocks
            .iter()
            .filter(|block| block.language == "toml")
            .flat_map(|block| keys(&block.text));
        let named = page.spans().into_iter().filter(|span| span.starts_with('['));
        for setting in named.chain(set) {
            let Some((section, rest)) = setting.split_once("] ") else { continue };
            let key = rest.split_whitespace().next().unwrap_or_default();
            let setting = format!("{section}] {key}");
            // Log lines begin with brackets too.
            if section.chars().all(|letter| letter.is_ascii_lowercase() || letter == '[') {
                seen += 1;
                assert!(known.contains(&setting), "{}: {setting}", page.path);
            }
        }
    }
    assert!(seen > 30, "{seen} settings");
}
