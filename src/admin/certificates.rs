//! All TLS certificates of a server: the default one, and those of a directory, found by the names
//! that they are valid for.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio_rustls::rustls::sign::CertifiedKey;
use tracing::{error, info};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use super::certificate::{self, Unusable};
use crate::config::Server;

/// The files of a certificate: `(certificate chain, private key)`.
pub type Pair = (PathBuf, PathBuf);

/// Returns the files of all certificates, the default one first. Blocks.
pub fn pairs(server: &Server) -> Result<Vec<Pair>, Unusable> {
    let mut all = Vec::new();
    if let (Some(cert), Some(key)) = (&server.tls_cert, &server.tls_key) {
        all.push((cert.clone(), key.clone()));
    }
    if let Some(directory) = &server.tls_directory {
        let is_default = |(cert, _): &Pair| server.tls_cert.as_ref() == Some(cert);
        all.extend(in_directory(directory)?.into_iter().filter(|pair| !is_default(pair)));
    }
    Ok(all)
}

/// The pairs `NAME.crt` and `NAME.key`, and those of folders as certbot writes them.
fn in_directory(directory: &Path) -> Result<Vec<Pair>, Unusable> {
    let unusable =
        |error: std::io::Error| Unusable { file: directory.to_owned(), why: error.to_string() };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unusable)? {
        let path = entry.map_err(unusable)?.path();
        let chain = path.join("fullchain.pem");
        if path.extension().is_some_and(|ending| ending == "crt") {
            let key = path.with_extension("key");
            found.push((path, key));
        } else if chain.exists() {
            found.push((chain, path.join("privkey.pem")));
        }
    }
    found.sort();
    if found.is_empty() {
        let why = "it contains neither NAME.crt with NAME.key nor NAME/fullchain.pem with \
                   NAME/privkey.pem";
        return Err(Unusable { file: directory.to_owned(), why: why.to_owned() });
    }
    Ok(found)
}

/// The problems of the files, one sentence each. Blocks.
pub fn problems(server: &Server) -> Vec<String> {
    let problem = |unusable: Unusable| unusable.to_string();
    match pairs(server) {
        Err(unusable) => vec![problem(unusable)],
        Ok(pairs) => pairs
            .iter()
            .filter_map(|(cert, key)| certificate::load(cert, key).err())
            .map(problem)
            .collect(),
    }
}

/// The earliest expiry of all certificates in seconds since 1970; None if there are none. Blocks.
pub fn end(server: &Server) -> Option<i64> {
    pairs(server).ok()?.iter().filter_map(|(cert, _)| certificate::end(cert)).min()
}

/// Loaded certificates.
#[derive(Clone, Debug, Default)]
pub struct Certificates {
    /// By the file of the chain.
    files: BTreeMap<PathBuf, File>,
    default: Option<Arc<CertifiedKey>>,
    /// By lower-case name, which may be `*.example.org`.
    named: HashMap<String, Arc<CertifiedKey>>,
    /// Why the list of files could not be read the last time.
    unread: Option<Unusable>,
}

/// The files of a certificate as they were read the last time.
#[derive(Clone, Debug)]
struct File {
    /// Digest of their contents; None if they could not be read.
    digest: Option<[u8; 32]>,
    /// The newest usable contents.
    key: Option<Arc<CertifiedKey>>,
}

/// What reading the files again has found.
#[derive(Debug, Default)]
pub struct Refreshed {
    /// Chains that were loaded.
    pub loaded: Vec<PathBuf>,
    /// Files that cannot be used, unless they were reported before.
    pub problems: Vec<Unusable>,
}

impl Refreshed {
    /// Writes it to the log.
    pub fn log(&self) {
        for file in &self.loaded {
            info!("The TLS certificate {} was loaded.", file.display());
        }
        for problem in &self.problems {
            error!(
                target: "chatctl::plain",
                "A TLS certificate could not be loaded; a previous one stays in use: {problem}"
            );
        }
    }
}

impl Certificates {
    /// Reads all files. An unusable default certificate, or none at all, is an error; others are
    /// only reported. Blocks.
    pub fn load(server: &Server) -> Result<(Self, Refreshed), Unusable> {
        let (all, refreshed) = Self::default().refresh(server);
        let usable = match &server.tls_cert {
            Some(_) => all.default.is_some(),
            None => !all.named.is_empty(),
        };
        match refreshed.problems.first() {
            Some(problem) if !usable => Err(problem.clone()),
            _ => Ok((all, refreshed)),
        }
    }

    /// Reads files that have changed. What cannot be used keeps its previous certificate. Blocks.
    pub fn refresh(&self, server: &Server) -> (Self, Refreshed) {
        let mut refreshed = Refreshed::default();
        let pairs = match pairs(server) {
            Ok(pairs) => pairs,
            Err(unusable) => {
                let mut same = self.clone();
                if same.unread.replace(unusable.clone()) != Some(unusable.clone()) {
                    refreshed.problems.push(unusable);
                }
                return (same, refreshed);
            }
        };
        let mut all = Self::default();
        for (cert, key) in pairs {
            let file = self.files.get(&cert).refreshed(&cert, &key, &mut refreshed);
            if let Some(key) = &file.key {
                if server.tls_cert.as_ref() == Some(&cert) {
                    all.default = Some(Arc::clone(key));
                }
                for name in names(key) {
                    all.named.entry(name).or_insert_with(|| Arc::clone(key));
                }
            }
            all.files.insert(cert, file);
        }
        (all, refreshed)
    }

    /// Returns the certificate for the name that a client asks for, or the default one.
    pub fn find(&self, name: Option<&str>) -> Option<Arc<CertifiedKey>> {
        name.and_then(|name| self.named_for(name)).or(self.default.as_ref()).cloned()
    }

    /// Returns whether a certificate is valid for the host name.
    pub fn cover(&self, name: &str) -> bool {
        self.named_for(name).is_some()
    }

    fn named_for(&self, name: &str) -> Option<&Arc<CertifiedKey>> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        self.named.get(&name).or_else(|| {
            let (_, domain) = name.split_once('.')?;
            self.named.get(&format!("*.{domain}"))
        })
    }
}

/// Reads the files of a certificate unless they are unchanged.
trait Known {
    fn refreshed(self, cert: &Path, key: &Path, refreshed: &mut Refreshed) -> File;
}

impl Known for Option<&File> {
    fn refreshed(self, cert: &Path, key: &Path, refreshed: &mut Refreshed) -> File {
        let digest = digest(cert, key);
        if let Some(known) = self.filter(|known| known.digest == digest) {
            return known.clone();
        }
        let previous = self.and_then(|known| known.key.clone());
        let key = match certificate::load(cert, key) {
            Ok(key) => {
                refreshed.loaded.push(cert.to_owned());
                Some(Arc::new(key))
            }
            Err(unusable) => {
                refreshed.problems.push(unusable);
                previous
            }
        };
        File { digest, key }
    }
}

fn digest(cert: &Path, key: &Path) -> Option<[u8; 32]> {
    let mut digest = Sha256::new();
    for file in [cert, key] {
        digest.update(std::fs::read(file).ok()?);
    }
    Some(digest.finalize().into())
}

/// The host names that a certificate is valid for, in lower case.
fn names(key: &CertifiedKey) -> Vec<String> {
    let Some(first) = key.cert.first() else { return Vec::new() };
    let Ok((_, parsed)) = X509Certificate::from_der(first) else { return Vec::new() };
    let Ok(Some(names)) = parsed.subject_alternative_name() else { return Vec::new() };
    let names = names.value.general_names.iter().filter_map(|name| match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Writes a new certificate for these names.
    fn issue(names: &[&str], cert: &Path, key: &Path) {
        let pair = rcgen::KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::CertificateParams::new(names).unwrap().self_signed(&pair).unwrap();
        fs::write(cert, made.pem()).unwrap();
        fs::write(key, pair.serialize_pem()).unwrap();
    }

    fn in_folder(folder: &Path, names: &[&str], file: &str) {
        let file = |ending| folder.join(format!("{file}.{ending}"));
        issue(names, &file("crt"), &file("key"));
    }

    fn server(folder: &Path) -> Server {
        Server { tls_directory: Some(folder.to_owned()), ..Server::default() }
    }

    #[test]
    fn certificates_are_found_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let all = folder.path().join("all");
        fs::create_dir_all(all.join("certbot")).unwrap();
        in_folder(&all, &["One.example", "www.one.example"], "one");
        let certbot = all.join("certbot");
        issue(&["*.two.example"], &certbot.join("fullchain.pem"), &certbot.join("privkey.pem"));
        fs::write(all.join("README"), "not a certificate").unwrap();
        let without = Certificates::load(&server(&all)).unwrap().0;
        assert!(without.find(None).is_none() && without.find(Some("else.example")).is_none());
        issue(&["default.example"], &path("cert.pem"), &path("key.pem"));
        let server = Server {
            tls_cert: Some(path("cert.pem")),
            tls_key: Some(path("key.pem")),
            ..server(&all)
        };
        let found = Certificates::load(&server).unwrap().0;
        let of = |name| names(&found.find(name).unwrap())[0].clone();
        for (name, wanted) in [
            (None, "default.example"),
            (Some("else.example"), "default.example"),
            (Some("one.example"), "one.example"),
            (Some("WWW.ONE.example"), "one.example"),
            (Some("a.two.example"), "*.two.example"),
            (Some("a.b.two.example"), "default.example"),
            (Some("two.example"), "default.example"),
        ] {
            assert_eq!(of(name), wanted, "{name:?}");
        }
        assert!(found.cover("a.two.example") && !found.cover("else.example"));
    }

    #[test]
    fn the_default_certificate_may_be_one_of_the_directory() {
        let folder = tempfile::tempdir().unwrap();
        in_folder(folder.path(), &["one.example"], "one");
        let server = Server {
            tls_cert: Some(folder.path().join("one.crt")),
            tls_key: Some(folder.path().join("one.key")),
            ..server(folder.path())
        };
        let (all, told) = Certificates::load(&server).unwrap();
        assert_eq!(told.loaded, [folder.path().join("one.crt")], "loaded once");
        assert!(all.cover("one.example") && all.find(None).is_some());
    }

    #[test]
    fn changed_files_are_loaded_and_broken_ones_keep_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let server = server(folder.path());
        in_folder(folder.path(), &["one.example"], "one");
        in_folder(folder.path(), &["two.example"], "two");
        let (first, told) = Certificates::load(&server).unwrap();
        assert_eq!((told.loaded.len(), told.problems.len()), (2, 0));
        let chain = |all: &Certificates, name| all.find(Some(name)).unwrap().cert.clone();
        let (same, told) = first.refresh(&server);
        assert!(told.loaded.is_empty() && told.problems.is_empty());
        in_folder(folder.path(), &["one.example"], "one");
        fs::write(folder.path().join("two.key"), "broken").unwrap();
        let (second, told) = same.refresh(&server);
        assert_eq!(told.loaded, [folder.path().join("one.crt")]);
        assert_eq!(told.problems[0].file, folder.path().join("two.key"));
        assert_ne!(chain(&second, "one.example"), chain(&first, "one.example"));
        assert_eq!(chain(&second, "two.example"), chain(&first, "two.example"));
        let (third, told) = second.refresh(&server);
        assert!(told.problems.is_empty(), "told once: {:?}", told.problems);
        in_folder(folder.path(), &["two.example"], "two");
        let (fourth, told) = third.refresh(&server);
        assert_eq!(told.loaded, [folder.path().join("two.crt")]);
        assert_ne!(chain(&fourth, "two.example"), chain(&first, "two.example"));
        fs::remove_dir_all(folder.path()).unwrap();
        let (fifth, told) = fourth.refresh(&server);
        assert_eq!(told.problems.len(), 1);
        assert!(fifth.cover("two.example") && fifth.refresh(&server).1.problems.is_empty());
    }

    #[test]
    fn a_server_needs_a_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let error = Certificates::load(&server(folder.path())).unwrap_err().to_string();
        assert!(error.contains("neither NAME.crt"), "{error}");
        in_folder(folder.path(), &["one.example"], "one");
        fs::write(folder.path().join("two.crt"), "broken").unwrap();
        let (all, told) = Certificates::load(&server(folder.path())).unwrap();
        assert!(all.cover("one.example"), "others are served");
        assert_eq!(told.problems.len(), 1);
        let broken = Server {
            tls_cert: Some(folder.path().join("two.crt")),
            tls_key: Some(folder.path().join("two.key")),
            ..server(folder.path())
        };
        assert!(Certificates::load(&broken).is_err(), "the default one must be usable");
    }
}
