//! Detects the kind of a file to import, and explains why another kind cannot be imported.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use super::json;
use crate::admin::Failure;

/// The supported formats, for error messages.
pub(super) const TAKEN: &str = "supported are exports of chatctl (JSON Lines), of Slack (the zip \
                                file as downloaded) and of Mattermost (JSON Lines, or a zip file \
                                with import.jsonl)";

/// Bytes read for detection: enough for the first line of an export.
const HEAD: u64 = 64 * 1024;

/// Kind of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A zip archive.
    Zip,
    /// JSON Lines of Mattermost.
    Mattermost,
    /// JSON Lines of chatctl.
    Native,
}

/// Detects the kind of a file from its beginning.
pub(super) fn detect(path: &Path) -> Result<Kind, Failure> {
    let name = path.display();
    let cannot = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => Failure::not_found(format!("{name} does not exist")),
        _ => Failure::failed(format!("cannot read {name}: {error}")),
    };
    let refused = |what: &str| Failure::failed(format!("cannot import {name}: {what}; {TAKEN}"));
    let file = File::open(path).map_err(cannot)?;
    let metadata = file.metadata().map_err(cannot)?;
    if metadata.is_dir() {
        return Err(refused("it is a directory, not a file (pack its content as a zip file)"));
    }
    if !metadata.is_file() {
        return Err(refused("it is not a file"));
    }
    let mut head = Vec::new();
    BufReader::new(file).take(HEAD).read_to_end(&mut head).map_err(cannot)?;
    kind(&head).map_err(refused)
}

/// The kind of a file that begins like this, or why it is not supported.
fn kind(head: &[u8]) -> Result<Kind, &'static str> {
    let known: [(&[u8], &str); 7] = [
        (b"PK\x05\x06", "it is an empty zip archive"),
        (
            b"\x1f\x8b",
            "it is compressed with gzip (unpack it first: gunzip, or tar -xzf for a .tgz)",
        ),
        (
            b"\x28\xb5\x2f\xfd",
            "it is compressed with zstd (to restore a backup, use chatctl backup restore; unpack \
             other files with zstd -d first)",
        ),
        (b"BZh", "it is compressed with bzip2 (unpack it first)"),
        (b"\xfd7zXZ", "it is compressed with xz (unpack it first)"),
        (b"7z\xbc\xaf", "it is a 7z archive (unpack it, and pack it as a zip file)"),
        (b"Rar!", "it is a rar archive (unpack it, and pack it as a zip file)"),
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
        return Err("it is a tar archive (unpack it, and pack it as a zip file)");
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
            Err("it is a single room from chatctl room export, which cannot be imported (use \
                 chatctl export instead)")
        }
        _ => Err(unknown(text)),
    }
}

fn unknown(text: &[u8]) -> &'static str {
    let marks = ["\"rid\"", "\"_updatedAt\"", "rocketchat", "rocket.chat"];
    let start =
        String::from_utf8_lossy(text.get(..text.len().min(4096)).unwrap_or(text)).to_lowercase();
    if marks.iter().any(|mark| start.contains(&mark.to_lowercase())) {
        return "it looks like Rocket.Chat data, which is not supported (export it in Slack \
                format)";
    }
    match text.trim_ascii_start().first() {
        Some(b'[') => "it is a single JSON file (for Slack, use the whole zip file)",
        Some(b'{') => "it is not an export: it does not begin with a header line",
        _ => "it is not an export of chatctl, Slack or Mattermost",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_file_is_detected() {
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
            (b"{\"type\":\"post\"}\n", Err("header line")),
            (b"hello\n", Err("not an export of chatctl")),
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
