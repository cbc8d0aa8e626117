//! What a file is that somebody wants to import, and what to do with one that is none of what is
//! taken.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use super::json;
use crate::admin::Failure;

/// What is taken, for whoever gave something else.
pub(super) const TAKEN: &str = "import takes an export of chatctl (JSON Lines), of Slack (the zip \
                                as it was downloaded) or of Mattermost (JSON Lines, or a zip with \
                                import.jsonl)";

/// Beginning of what is taken: enough for the first line of an export.
const HEAD: u64 = 64 * 1024;

/// What a file is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A zip archive.
    Zip,
    /// Lines of Mattermost.
    Mattermost,
    /// Lines of our own.
    Native,
}

/// Finds out what a file is by how it begins.
pub(super) fn detect(path: &Path) -> Result<Kind, Failure> {
    let name = path.display();
    let cannot = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => Failure::not_found(format!("{name} is not there")),
        _ => Failure::failed(format!("cannot read {name}: {error}")),
    };
    let refused = |what: &str| Failure::failed(format!("cannot import {name}: {what}; {TAKEN}"));
    let file = File::open(path).map_err(cannot)?;
    let metadata = file.metadata().map_err(cannot)?;
    if metadata.is_dir() {
        return Err(refused("it is a directory, not a file (pack what is in it as a zip)"));
    }
    if !metadata.is_file() {
        return Err(refused("it is not a file"));
    }
    let mut head = Vec::new();
    BufReader::new(file).take(HEAD).read_to_end(&mut head).map_err(cannot)?;
    kind(&head).map_err(refused)
}

/// What begins like this, or why it is none of what is taken.
fn kind(head: &[u8]) -> Result<Kind, &'static str> {
    let known: [(&[u8], &str); 7] = [
        (b"PK\x05\x06", "it is an empty zip archive"),
        (
            b"\x1f\x8b",
            "it is compressed with gzip (unpack it first: gunzip, or tar -xzf for a .tgz)",
        ),
        (
            b"\x28\xb5\x2f\xfd",
            "it is compressed with zstd (a backup is restored with chatctl backup restore; unpack \
             anything else with zstd -d first)",
        ),
        (b"BZh", "it is compressed with bzip2 (unpack it first)"),
        (b"\xfd7zXZ", "it is compressed with xz (unpack it first)"),
        (b"7z\xbc\xaf", "it is a 7z archive (unpack it, and pack it as a zip)"),
        (b"Rar!", "it is a rar archive (unpack it, and pack it as a zip)"),
    ];
    if let Some((_, what)) = known.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(*what);
    }
    if head.starts_with(b"PK") {
        return Ok(Kind::Zip);
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err("it is text in UTF-16 (save it as UTF-8)");
    }
    if head.get(257..262) == Some(b"ustar") {
        return Err("it is a tar archive (unpack it, and pack it as a zip)");
    }
    let text = head.strip_prefix(json::BOM).unwrap_or(head);
    if text.trim_ascii().is_empty() {
        return Err("it is empty");
    }
    let mut first = Vec::new();
    // Reading from memory does not fail.
    drop(text.trim_ascii_start().read_until(b'\n', &mut first));
    let Ok(line) = json::parse(&first) else { return Err(unknown(text)) };
    match line["type"].as_str() {
        Some("header") => Ok(Kind::Native),
        Some("version") => Ok(Kind::Mattermost),
        Some("room") if line.get("visibility").is_some() => {
            Err("it is a single room as chatctl room export writes it, which is there to be read \
                 (chatctl export writes what can be imported)")
        }
        _ => Err(unknown(text)),
    }
}

fn unknown(text: &[u8]) -> &'static str {
    let marks = ["\"rid\"", "\"_updatedAt\"", "rocketchat", "rocket.chat"];
    let start =
        String::from_utf8_lossy(text.get(..text.len().min(4096)).unwrap_or(text)).to_lowercase();
    if marks.iter().any(|mark| start.contains(&mark.to_lowercase())) {
        return "it looks like data of Rocket.Chat, which are not understood (export them to the \
                format of Slack)";
    }
    match text.trim_ascii_start().first() {
        Some(b'[') => "it is a single file of JSON (of Slack the whole zip is needed)",
        Some(b'{') => "it is no export: it does not begin with the first line of one",
        _ => "it is no export of chatctl, Slack or Mattermost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_file_is_told_apart() {
        for (head, wanted) in [
            (&b"PK\x03\x04"[..], Ok(Kind::Zip)),
            (b"{\"type\":\"header\",\"format\":\"chatctl-export\"}\n{}", Ok(Kind::Native)),
            (b"\xef\xbb\xbf\r\n{\"type\":\"version\",\"version\":1}\r\n", Ok(Kind::Mattermost)),
            (b"PK\x05\x06", Err("empty zip")),
            (b"\x1f\x8b\x08", Err("gunzip")),
            (b"\x28\xb5\x2f\xfd", Err("backup restore")),
            (b"", Err("it is empty")),
            (b"\xef\xbb\xbf \n", Err("it is empty")),
            (b"\xff\xfe{\0", Err("UTF-16")),
            (b"[{\"id\":\"U1\"}]", Err("whole zip")),
            (b"{\"_id\":\"x\",\"rid\":\"GENERAL\",\"msg\":\"hi\"}\n", Err("Rocket.Chat")),
            (
                b"{\"type\":\"room\",\"room\":\"room001\",\"visibility\":\"public\"}\n",
                Err("room export"),
            ),
            (b"{\"type\":\"post\"}\n", Err("the first line")),
            (b"hello\n", Err("no export of chatctl")),
        ] {
            match (kind(head), wanted) {
                (Ok(found), Ok(wanted)) => assert_eq!(found, wanted),
                (Err(found), Err(words)) => assert!(found.contains(words), "{found}"),
                (found, wanted) => panic!("{found:?} {wanted:?}"),
            }
        }
        let mut tar = vec![0; 512];
        tar[257..262].copy_from_slice(b"ustar");
        assert!(kind(&tar).unwrap_err().contains("tar archive"));
    }
}
