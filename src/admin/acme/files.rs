//! The files of ACME in the data directory: `acme/CA/account.key`, and for each name `NAME.pem`
//! with its key and certificate chain and, after a failure, `NAME.json`.
//!
//! Each CA has a directory of its own, so that the certificates of a test CA are never taken for
//! those of another one.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::Server;

/// Directory in the data directory.
const DIRECTORY: &str = "acme";

/// The last failures for a name, until a certificate is issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Number of failures since the last success.
    pub failures: u32,
    /// Time of the last one, in seconds since 1970.
    pub at: i64,
    /// Its reason, in the words of the CA where it has given one.
    pub why: String,
    /// Time of the next attempt, in seconds since 1970.
    pub next: i64,
    /// Whether the CA has asked for this pause, so that a reload does not end it.
    #[serde(default)]
    pub by_ca: bool,
    /// Whether the CA could not be reached.
    #[serde(default)]
    pub unreached: bool,
}

/// The directory of the configured CA.
pub(super) fn directory(server: &Server) -> PathBuf {
    let url = server.acme_directory.as_str();
    let url = url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/');
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let name: String = url.chars().map(|c| if fits(c) { c } else { '_' }).collect();
    server.data_dir.join(DIRECTORY).join(name)
}

pub(super) fn account(server: &Server) -> PathBuf {
    directory(server).join("account.key")
}

/// The file with the key and the certificate chain of a name, which need not exist.
pub fn certificate(server: &Server, name: &str) -> PathBuf {
    directory(server).join(format!("{name}.pem"))
}

fn trouble_file(server: &Server, name: &str) -> PathBuf {
    directory(server).join(format!("{name}.json"))
}

/// The files of all names that have a certificate. Blocks.
pub fn certificates(server: &Server) -> Vec<PathBuf> {
    let names = server.acme_names();
    names.iter().map(|name| certificate(server, name)).filter(|file| file.exists()).collect()
}

/// The failures for a name; None: the last attempt was successful, or there was none. Blocks.
pub fn trouble(server: &Server, name: &str) -> Option<Trouble> {
    let text = fs::read(trouble_file(server, name)).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Keeps the failures for a name, or forgets them. Blocks.
pub(super) fn set_trouble(
    server: &Server,
    name: &str,
    trouble: Option<&Trouble>,
) -> io::Result<()> {
    let file = trouble_file(server, name);
    match trouble {
        Some(trouble) => write(&file, &serde_json::to_vec(trouble)?),
        None => match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        },
    }
}

/// Replaces a file at once; only its owner can read it. Blocks.
pub(super) fn write(file: &Path, content: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let new = file.with_extension("new");
    // One that was left behind could have another mode.
    drop(fs::remove_file(&new));
    let mut to = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    to.write_all(content)?;
    to.sync_all()?;
    fs::rename(&new, file)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ca_has_a_directory_of_its_own() {
        let named = |url: &str| {
            let server = Server {
                data_dir: "/d".into(),
                acme_directory: url.to_owned(),
                ..Server::default()
            };
            directory(&server).display().to_string()
        };
        assert_eq!(
            named("https://acme-v02.api.letsencrypt.org/directory"),
            "/d/acme/acme-v02.api.letsencrypt.org_directory"
        );
        assert_eq!(named("https://ca:9000/../x/"), "/d/acme/ca_9000_.._x");
    }

    #[test]
    fn files_are_private_and_replaced() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("acme/ca/a.pem");
        write(&file, b"one").unwrap();
        write(&file, b"two").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    }
}
