//! All TLS certificates of a server: the default one, and those of a directory, found by the names
//! that they are valid for.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::sign::CertifiedKey;
use tracing::{error, info};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use super::acme;
use super::certificate::{self, Unusable};
use crate::config::Server;
use crate::model::Timestamp;

/// The files of a certificate: `(certificate chain, private key)`.
pub type Pair = (PathBuf, PathBuf);

/// Returns the files of all certificates, the default one first and those by ACME last. Blocks.
pub fn pairs(server: &Server) -> Result<Vec<Pair>, Unusable> {
    let mut all = Vec::new();
    if let (Some(cert), Some(key)) = (&server.tls_cert, &server.tls_key) {
        all.push((cert.clone(), key.clone()));
    }
    if let Some(directory) = &server.tls_directory {
        let is_default = |(cert, _): &Pair| server.tls_cert.as_ref() == Some(cert);
        all.extend(in_directory(directory)?.into_iter().filter(|pair| !is_default(pair)));
    }
    // Key and chain are in one file, which is replaced at once.
    all.extend(acme::files::certificates(server).into_iter().map(|file| (file.clone(), file)));
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

/// The problems of the files with which the server would start nevertheless. An error is one with
/// which it would not. Blocks.
pub fn problems(server: &Server) -> Result<Vec<String>, Unusable> {
    if !server.has_tls() {
        return Ok(Vec::new());
    }
    acme::check(server)?;
    let (_, refreshed) = Certificates::load(server)?;
    Ok(refreshed.problems.iter().map(|problem| problem.unusable.to_string()).collect())
}

/// The earliest expiry of all certificates in seconds since 1970; None if there are none. Blocks.
pub fn end(server: &Server) -> Option<i64> {
    pairs(server).ok()?.iter().filter_map(|(cert, _)| certificate::end(cert)).min()
}

/// The smallest share of its lifetime that any of the certificates has left. Blocks.
pub fn least_left(server: &Server, now: i64) -> Option<f64> {
    let validities =
        pairs(server).ok()?.into_iter().filter_map(|(cert, _)| certificate::earliest(&cert));
    validities.map(|validity| certificate::left(validity, now)).min_by(f64::total_cmp)
}

/// Loaded certificates.
#[derive(Clone, Debug, Default)]
pub struct Certificates {
    /// By the file of the chain.
    files: BTreeMap<PathBuf, File>,
    default: Option<Arc<CertifiedKey>>,
    /// By lower-case name, which may be `*.example.org`: the best one of those for the name.
    named: HashMap<String, Named>,
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

/// A certificate for a name.
#[derive(Clone, Debug)]
struct Named {
    key: Arc<CertifiedKey>,
    /// Whether it was valid when the files were read.
    valid: bool,
    /// Whether it was obtained by ACME: it then replaces others, such as a self-signed one.
    by_acme: bool,
    /// Its end in seconds since 1970.
    ends: i64,
}

impl Named {
    fn new(key: &Arc<CertifiedKey>, by_acme: bool, now: i64) -> Self {
        // An intermediate certificate may have expired: clients find another path.
        let validity = key.cert.first().and_then(certificate::validity);
        let (begins, ends) = validity.unwrap_or((i64::MAX, i64::MIN));
        Self { key: Arc::clone(key), valid: (begins..ends).contains(&now), by_acme, ends }
    }

    fn is_better_than(&self, other: &Self) -> bool {
        (self.valid, self.by_acme, self.ends) > (other.valid, other.by_acme, other.ends)
    }
}

/// A problem of a certificate.
#[derive(Debug)]
pub struct Problem {
    /// The file and the reason.
    pub unusable: Unusable,
    /// Whether what was read before stays in use.
    pub has_previous: bool,
}

/// What reading the files again has found.
#[derive(Debug, Default)]
pub struct Refreshed {
    /// Chains that were loaded.
    pub loaded: Vec<PathBuf>,
    /// Files that cannot be used, unless they were reported before.
    pub problems: Vec<Problem>,
}

impl Refreshed {
    /// Writes it to the log.
    pub fn log(&self) {
        for file in &self.loaded {
            info!("The TLS certificate {} was loaded.", file.display());
        }
        for Problem { unusable, has_previous } in &self.problems {
            let stays = if *has_previous { "; the previous one stays in use" } else { "" };
            error!(
                target: "chatctl::plain",
                "A TLS certificate could not be loaded{stays}: {unusable}"
            );
        }
    }
}

impl Certificates {
    /// Reads all files. An unusable default certificate, or none at all, is an error unless they are
    /// obtained by ACME; others are only reported. Blocks.
    pub fn load(server: &Server) -> Result<(Self, Refreshed), Unusable> {
        let (all, refreshed) = Self::default().refresh(server);
        let usable = match (&server.tls_cert, &server.tls_directory) {
            (Some(_), _) => all.default.is_some(),
            (None, Some(_)) => !all.named.is_empty(),
            // The first ones have yet to be issued.
            (None, None) => true,
        };
        match refreshed.problems.first() {
            Some(problem) if !usable => Err(problem.unusable.clone()),
            _ => Ok((all, refreshed)),
        }
    }

    /// Reads files that have changed. What cannot be used keeps its previous certificate. Of several
    /// certificates for a name, the best is one that is valid now, then one by ACME, then the one that ends
    /// last.
    /// Blocks.
    pub fn refresh(&self, server: &Server) -> (Self, Refreshed) {
        let mut refreshed = Refreshed::default();
        let pairs = match pairs(server) {
            Ok(pairs) => pairs,
            Err(unusable) => {
                let mut same = self.clone();
                if same.unread.replace(unusable.clone()) != Some(unusable.clone()) {
                    let has_previous = !same.files.is_empty();
                    refreshed.problems.push(Problem { unusable, has_previous });
                }
                return (same, refreshed);
            }
        };
        let mut all = Self::default();
        let now = Timestamp::now().unix_seconds();
        let of_acme = acme::files::certificates(server);
        for (cert, key) in pairs {
            let is_default = server.tls_cert.as_ref() == Some(&cert);
            let known = self.files.get(&cert);
            let file = known.refreshed((&cert, &key), is_default, &mut refreshed);
            if let Some(key) = &file.key {
                if is_default {
                    all.default = Some(Arc::clone(key));
                }
                all.add(key, of_acme.contains(&cert), now);
            }
            all.files.insert(cert, file);
        }
        (all, refreshed)
    }

    /// Uses a certificate for those of its names for which there is no better one.
    fn add(&mut self, key: &Arc<CertifiedKey>, by_acme: bool, now: i64) {
        let new = Named::new(key, by_acme, now);
        for name in key.cert.first().into_iter().flat_map(|der| names(der)) {
            if self.named.get(&name).is_none_or(|present| new.is_better_than(present)) {
                self.named.insert(name, new.clone());
            }
        }
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
        let exact = self.named.get(&name);
        let wildcard =
            || name.split_once('.').and_then(|(_, domain)| self.named.get(&format!("*.{domain}")));
        let found = match exact {
            Some(exact) if exact.valid => exact,
            Some(exact) => wildcard().filter(|wildcard| wildcard.valid).unwrap_or(exact),
            None => wildcard()?,
        };
        Some(&found.key)
    }
}

/// Reads the files of a certificate unless they are unchanged.
trait Known {
    fn refreshed(self, pair: (&Path, &Path), is_default: bool, refreshed: &mut Refreshed) -> File;
}

impl Known for Option<&File> {
    fn refreshed(
        self,
        (cert, key): (&Path, &Path),
        is_default: bool,
        refreshed: &mut Refreshed,
    ) -> File {
        let digest = digest(cert, key);
        if let Some(known) = self.filter(|known| known.digest == digest) {
            return known.clone();
        }
        let previous = self.and_then(|known| known.key.clone());
        let loaded = certificate::load(cert, key);
        let loaded = loaded.and_then(|key| named(cert, key, is_default));
        let key = match loaded {
            Ok(key) => {
                refreshed.loaded.push(cert.to_owned());
                Some(Arc::new(key))
            }
            Err(unusable) => {
                let has_previous = previous.is_some();
                refreshed.problems.push(Problem { unusable, has_previous });
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

/// Refuses a certificate that every client refuses, and one of the directory that no client can ask
/// for.
fn named(cert: &Path, key: CertifiedKey, is_default: bool) -> Result<CertifiedKey, Unusable> {
    let is_named =
        |der: &CertificateDer<'_>| !names(der).is_empty() || (is_default && has_address(der));
    if key.cert.first().is_some_and(is_named) {
        return Ok(key);
    }
    let why = if is_default {
        "it contains no host name or IP address (subjectAltName), so that every client refuses it; \
         use a certificate for the host names of the server: openssl req … -addext \
         subjectAltName=DNS:HOST"
    } else {
        "it contains no host name (subjectAltName DNS:HOST), so that no client can ask for it; \
         tls_directory needs certificates with host names"
    };
    Err(Unusable { file: cert.to_owned(), why: why.to_owned() })
}

/// The host names that a certificate is valid for, in lower case.
pub fn names(der: &CertificateDer<'_>) -> Vec<String> {
    alternatives(der, |name| match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        _ => None,
    })
}

/// Returns whether a certificate is valid for an IP address.
pub fn has_address(der: &CertificateDer<'_>) -> bool {
    let is_address = |name: &GeneralName<'_>| matches!(name, GeneralName::IPAddress(_));
    !alternatives(der, |name| is_address(name).then_some(())).is_empty()
}

fn alternatives<T>(
    der: &CertificateDer<'_>,
    take: impl Fn(&GeneralName<'_>) -> Option<T>,
) -> Vec<T> {
    let Ok((_, parsed)) = X509Certificate::from_der(der) else { return Vec::new() };
    let Ok(Some(names)) = parsed.subject_alternative_name() else { return Vec::new() };
    names.value.general_names.iter().filter_map(take).collect()
}

#[cfg(test)]
mod tests;
