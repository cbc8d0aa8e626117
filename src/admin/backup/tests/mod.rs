//! Tests with backups of a small data directory, undamaged and damaged.

mod damaged;
mod elsewhere;
mod owners;
mod whole;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest, Sha256, Sha512};

use super::checksum::Sealing;
use super::*;
use crate::store::engine::{Embedded, Options};
use crate::store::files::place;
use crate::store::{NewMedia, NewUser, Store};

/// A data directory with a user and two uploaded files, and a backup directory.
struct World {
    dir: tempfile::TempDir,
    store: Embedded,
}

/// Content of the uploaded file with this number.
fn operator() -> crate::admin::Operator {
    crate::admin::Operator::cli("root", "stopped server")
}

fn bytes_of(n: u8) -> Vec<u8> {
    vec![n; 5000 * usize::from(n)]
}

/// The backup in a file that is not encrypted.
fn input(path: &Path) -> Input {
    Input::file(path, &Identities::default()).unwrap()
}

/// Name of the uploaded file with this number.
fn name(n: u8) -> String {
    hex::encode(Sha512::digest(bytes_of(n)))
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("data")).unwrap();
        let store = Embedded::open(
            &dir.path().join("data/chat.db"),
            &Options::default(),
            tokio::sync::mpsc::channel(1).0,
        )
        .unwrap();
        let text = String::from;
        let (login, folded, look_alike, shown) =
            (text("ann"), text("ann"), text("ann"), text("Ann"));
        let new = NewUser {
            login,
            folded,
            look_alike,
            name: shown,
            email: None,
            birth: None,
            password: text("x"),
            md5: None,
            sha1: None,
            admin: false,
            bot: false,
            guest: false,
            identity: None,
        };
        let ann = store.add_user(new).await.unwrap();
        let world = Self { dir, store };
        for n in 1..=2 {
            let path = place(&world.path("data/media"), &name(n)).unwrap();
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes_of(n)).unwrap();
            let size = 5000 * u64::from(n);
            let new = NewMedia {
                name: name(n),
                owner: ann.id,
                kind: text("image/png"),
                is_image: true,
                size,
                width: None,
                height: None,
                file_name: None,
            };
            world.store.add_media(new).await.unwrap();
        }
        world
    }

    fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    fn source(&self) -> Source {
        Source {
            store: self.store.clone(),
            data: self.path("data"),
            media: Uploads::Directory(self.path("data/media")),
            hold: None,
        }
    }

    /// Creates a backup of damaged data, which fails, and returns what was saved.
    async fn damaged_backup(&self) -> (Failure, PathBuf) {
        let failure =
            create(&self.source(), &self.path("backups"), &Recipients::default(), |_, _| true)
                .await
                .unwrap_err();
        let name = self.names("backups").into_iter().rfind(|name| name.ends_with(DAMAGED)).unwrap();
        (failure, self.path("backups").join(name))
    }

    async fn backup(&self) -> PathBuf {
        let (directory, nobody) = (self.path("backups"), Recipients::default());
        create(&self.source(), &directory, &nobody, |_, _| true).await.unwrap().path
    }

    fn verify(&self, path: &Path) -> Verified {
        verify(input(path), self.dir.path(), &mut |_, _| true).unwrap()
    }

    fn restore(&self, path: &Path, to: &str, replace: bool) -> Result<Restored, Failure> {
        let target = Target {
            data: &self.path(to),
            database: Path::new("chat.db"),
            media: Path::new("media"),
            bucket: None,
            backups: Path::new("backups"),
            replace,
            operator: &operator(),
        };
        restore(input(path), target, &mut |_, _| true)
    }

    /// File names in a directory.
    fn names(&self, path: &str) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.path(path))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// `verify` finds the problem, `restore` refuses for the same reason and changes nothing.
    fn is_bad(&self, path: &Path, problem: &str) {
        let verified = self.verify(path);
        assert!(
            verified.problems.iter().any(|line| line.contains(problem)),
            "{problem}: {:?}",
            verified.problems
        );
        fs::create_dir_all(self.path("kept")).unwrap();
        fs::write(self.path("kept/chat.db"), "old").unwrap();
        let before = self.names("");
        for (to, replace) in [("nowhere", false), ("kept", true)] {
            let refused = self.restore(path, to, replace).unwrap_err();
            assert!(
                refused.kind == Kind::Failed && refused.message.contains(problem),
                "{refused:?}"
            );
        }
        assert_eq!((self.names(""), self.names("kept")), (before, vec!["chat.db".to_owned()]));
        assert_eq!(fs::read(self.path("kept/chat.db")).unwrap(), b"old");
    }

    /// A copy of the backup `of` with changed entries.
    fn forge(
        &self,
        of: &Path,
        change: impl FnOnce(&mut Vec<(Vec<u8>, tar::EntryType, Vec<u8>)>),
    ) -> PathBuf {
        let mut entries = parts(of);
        change(&mut entries);
        let path = self.path("forged.tar.zst");
        let mut tar = tar::Builder::new(
            zstd::Encoder::new(Sealing::new(File::create(&path).unwrap()), 1).unwrap(),
        );
        for (name, kind, bytes) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o600);
            header.set_entry_type(kind);
            if kind == tar::EntryType::Symlink {
                header.set_link_name("/etc/passwd").unwrap();
            }
            if name.len() < 100 {
                // Written raw: the library refuses to write invalid names.
                header.as_old_mut().name[..name.len()].copy_from_slice(&name);
                header.set_cksum();
                tar.append(&header, &*bytes).unwrap();
            } else {
                tar.append_data(&mut header, String::from_utf8(name).unwrap(), &*bytes).unwrap();
            }
        }
        tar.into_inner().unwrap().finish().unwrap().seal().unwrap();
        path
    }
}

/// The entries of a backup.
fn parts(path: &Path) -> Vec<(Vec<u8>, tar::EntryType, Vec<u8>)> {
    let mut archive = tar::Archive::new(zstd::Decoder::new(File::open(path).unwrap()).unwrap());
    let all = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        (entry.path_bytes().into_owned(), entry.header().entry_type(), bytes)
    });
    all.collect()
}

/// Updates the manifest to match the entries, so that only their content is wrong.
fn set_right(entries: &mut [(Vec<u8>, tar::EntryType, Vec<u8>)]) {
    let named: serde_json::Map<_, _> = entries[..entries.len() - 1]
        .iter()
        .map(|(name, _, bytes)| {
            (
                String::from_utf8(name.clone()).unwrap(),
                json!({"bytes": bytes.len(), "sha256": hex::encode(Sha256::digest(bytes))}),
            )
        })
        .collect();
    entries.last_mut().unwrap().2 =
        serde_json::to_vec(&json!({"entries": named, "missing": []})).unwrap();
}

/// The rule that keeps this number of newest backups.
fn newest(count: u64) -> Retention {
    Retention { newest: count, ..Retention::default() }
}
