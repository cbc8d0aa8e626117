//! Loads the TLS certificate and its key, and explains why they cannot be used.

use std::path::{Path, PathBuf};

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{CertificateError, Error as TlsError};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot use {file}: {why}")]
pub struct Unusable {
    /// The file.
    pub file: PathBuf,
    /// The reason, and the remedy.
    pub why: String,
}

/// Reads the certificate chain and the key of its first certificate.
pub fn load(cert: &Path, key: &Path) -> Result<CertifiedKey, Unusable> {
    let (chain, der) = (chain(cert)?, private_key(key)?);
    CertifiedKey::from_der(chain, der, &ring::default_provider()).map_err(|error| match error {
        TlsError::InconsistentKeys(_) => unusable(
            key,
            format!(
                "it is not the key of the certificate in {}; a certificate and its key must belong \
                 together",
                cert.display()
            ),
        ),
        TlsError::InvalidCertificate(CertificateError::BadEncoding) => {
            unusable(cert, "its first certificate is damaged")
        }
        error => unusable(cert, format!("{error} (with the key {})", key.display())),
    })
}

/// The certificates of a PEM file, at least one.
pub fn chain(cert: &Path) -> Result<Vec<CertificateDer<'static>>, Unusable> {
    let text = read(cert)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|error| damaged(cert, &error))?;
    if !chain.is_empty() {
        return Ok(chain);
    }
    let why = if has(&text, b"PRIVATE KEY-----") {
        "it contains a private key and no certificate; are the certificate and the key swapped?"
    } else if has(&text, b"CERTIFICATE REQUEST-----") {
        "it contains a certificate request; use the certificate that the authority issued for it"
    } else {
        "it contains no certificate in PEM format (-----BEGIN CERTIFICATE-----)"
    };
    Err(unusable(cert, why))
}

fn private_key(key: &Path) -> Result<PrivateKeyDer<'static>, Unusable> {
    let text = read(key)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        _ if has(&text, b"ENCRYPTED PRIVATE KEY-----") || has(&text, b"Proc-Type: 4,ENCRYPTED") => {
            unusable(
                key,
                format!(
                    "the key is encrypted; decrypt it: openssl pkey -in {} -out NEW.pem",
                    key.display()
                ),
            )
        }
        pem::Error::NoItemsFound if has(&text, b"CERTIFICATE-----") => unusable(
            key,
            "it contains a certificate and no private key; are the certificate and the key swapped?",
        ),
        pem::Error::NoItemsFound => {
            unusable(key, "it contains no private key in PEM format (-----BEGIN PRIVATE KEY-----)")
        }
        error => damaged(key, &error),
    })
}

/// Larger files are not read: no certificate or key needs so many bytes.
const LARGEST: u64 = 1 << 20;

fn read(file: &Path) -> Result<Vec<u8>, Unusable> {
    let meta = std::fs::metadata(file).map_err(|error| unusable(file, error.to_string()))?;
    if !meta.is_file() || meta.len() > LARGEST {
        return Err(unusable(file, "it is no file of a reasonable size"));
    }
    std::fs::read(file).map_err(|error| unusable(file, error.to_string()))
}

fn damaged(file: &Path, error: &pem::Error) -> Unusable {
    unusable(file, format!("it is not a valid PEM file: {error}"))
}

fn unusable(file: &Path, why: impl Into<String>) -> Unusable {
    Unusable { file: file.to_owned(), why: why.into() }
}

fn has(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// The earliest expiry of a certificate chain in seconds since 1970; None if it cannot be read.
/// Blocks.
pub fn end(cert: &Path) -> Option<i64> {
    earliest(cert).map(|(_, ends)| ends)
}

/// The validity period of that certificate of a chain which ends first. Blocks.
pub fn earliest(cert: &Path) -> Option<(i64, i64)> {
    let chain = chain(cert).ok()?;
    chain.iter().filter_map(|der| validity(der)).min_by_key(|(_, ends)| *ends)
}

/// Longest lifetime that counts for [`left`], in seconds: that of the usual certificates.
const LONGEST_LIFETIME: i64 = 90 * 24 * 60 * 60;

/// The share of its lifetime, or of the last 90 days if it is longer, that a certificate with this
/// validity period has left at a time; negative after its end.
#[expect(clippy::cast_precision_loss, reason = "seconds of this century are exact")]
pub fn left((begins, ends): (i64, i64), now: i64) -> f64 {
    let lifetime = ends.saturating_sub(begins).clamp(1, LONGEST_LIFETIME);
    ends.saturating_sub(now) as f64 / lifetime as f64
}

/// The validity period in seconds since 1970.
pub fn validity(der: &CertificateDer<'_>) -> Option<(i64, i64)> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let validity = parsed.validity();
    Some((validity.not_before.timestamp(), validity.not_after.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A self-signed certificate and its key, in PEM format.
    fn made() -> (String, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["chat.example".to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    #[test]
    fn the_share_that_is_left_suits_short_and_long_lifetimes() {
        const HOUR: i64 = 60 * 60;
        const DAY: i64 = 24 * HOUR;
        for (lifetime, left_of_it, share) in [
            (DAY, DAY, 1.0),
            (DAY, 6 * HOUR, 0.25),
            (90 * DAY, 9 * DAY, 0.1),
            (3650 * DAY, 45 * DAY, 0.5),
            (90 * DAY, -9 * DAY, -0.1),
        ] {
            let now = 1_752_589_930;
            let validity = (now + left_of_it - lifetime, now + left_of_it);
            assert!((left(validity, now) - share).abs() < 1e-9, "{lifetime} {left_of_it}");
        }
    }

    #[test]
    fn unusable_files_are_explained() {
        let ((cert, key), (other, _)) = (made(), made());
        let folder = tempfile::tempdir().unwrap();
        let tried = |cert: &str, key: &str| {
            let (cert_file, key_file) =
                (folder.path().join("cert.pem"), folder.path().join("key.pem"));
            std::fs::write(&cert_file, cert).unwrap();
            std::fs::write(&key_file, key).unwrap();
            load(&cert_file, &key_file).map(drop).map_err(|unusable| unusable.to_string())
        };
        assert_eq!(tried(&cert, &key), Ok(()));
        let encrypted = key.replace("PRIVATE", "ENCRYPTED PRIVATE");
        let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: \
                   AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
        for (cert, key, wanted) in [
            (&*other, &*key, "key.pem: it is not the key of the certificate in"),
            (&*key, &*key, "cert.pem: it contains a private key and no certificate"),
            (&*cert, &*cert, "key.pem: it contains a certificate and no private key"),
            (&*cert, &*encrypted, "key.pem: the key is encrypted; decrypt it: openssl pkey"),
            (&*cert, old, "key.pem: the key is encrypted"),
            ("", &*key, "cert.pem: it contains no certificate"),
            ("\u{0}\u{1}", &*key, "cert.pem: it contains no certificate"),
            (&*cert, "", "key.pem: it contains no private key"),
        ] {
            let message = tried(cert, key).unwrap_err();
            assert!(message.contains(wanted), "{message}\nis not\n{wanted}");
        }
        let missing =
            load(Path::new("/nowhere/cert.pem"), Path::new("/nowhere/key.pem")).unwrap_err();
        assert!(
            missing.to_string().starts_with("cannot use /nowhere/cert.pem: No such file"),
            "{missing}"
        );
    }
}
