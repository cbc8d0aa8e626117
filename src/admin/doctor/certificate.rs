//! Check `certificate`: the TLS certificate is readable, valid now, and matches its key.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::Installation;
use super::report::{Report, count};
use crate::admin::certificate;
use crate::model::Timestamp;

/// Days before the expiry at which to warn.
const SOON: i64 = 21;
const DAY: i64 = 24 * 60 * 60;

const RENEW: &str =
    "Renew the certificate, then reload it: systemctl reload chatctl, or kill -HUP PID.";

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let server = &ground.config.server;
    let (Some(cert), Some(key)) = (&server.tls_cert, &server.tls_key) else {
        return report.skip("TLS is not used: tls_cert is not set");
    };
    let advice = "Set [server] tls_cert to a PEM file with the whole chain and tls_key to its \
                  key; the user of the server must be able to read both.";
    let chain = match certificate::chain(cert) {
        Ok(chain) => chain,
        Err(unusable) => return report.fail(unusable.to_string(), advice),
    };
    if let Err(unusable) = certificate::load(cert, key) {
        report.fail(unusable.to_string(), advice);
    }
    modes(report, key);
    authority(report, &chain, cert);
    let ends: Option<Vec<(i64, i64)>> = chain.iter().map(|der| validity(der)).collect();
    let Some(ends) = ends else {
        return report.fail(format!("{} contains an invalid certificate", cert.display()), RENEW);
    };
    let begins = ends.iter().map(|(begins, _)| *begins).max().unwrap_or_default();
    let ends = ends.iter().map(|(_, ends)| *ends).min().unwrap_or_default();
    let now = Timestamp::now().unix_seconds();
    let day = Timestamp(ends.saturating_mul(1000)).date();
    if begins > now {
        report.fail(
            format!("it is valid only from {}", Timestamp(begins.saturating_mul(1000)).seconds()),
            "Check the clock, or use the previous certificate.",
        );
    } else if ends <= now {
        report.fail(format!("it expired on {day}"), RENEW);
    } else if ends - now < SOON * DAY {
        report.warn(
            format!(
                "it expires in {}, on {day}",
                count(usize::try_from((ends - now) / DAY).unwrap_or_default(), "day")
            ),
            RENEW,
        );
    } else if report.is_empty() {
        report.ok(format!("it is valid until {day}"));
    }
}

/// The earliest expiry of a certificate chain in seconds since 1970; None if it cannot be read.
/// Blocks.
pub fn end(cert: &Path) -> Option<i64> {
    let chain = certificate::chain(cert).ok()?;
    chain.iter().filter_map(|der| validity(der)).map(|(_, ends)| ends).min()
}

/// Warns of a CA certificate, such as `openssl req -x509` creates: servers accept it, browsers
/// refuse it.
fn authority(report: &mut Report, chain: &[CertificateDer<'_>], cert: &Path) {
    let Some(first) =
        chain.first().and_then(|der| X509Certificate::from_der(der).ok()).map(|(_, parsed)| parsed)
    else {
        return;
    };
    if first.is_ca() {
        report.warn(
            format!(
                "the first certificate in {} is a CA certificate (CA:TRUE), which clients refuse \
                 for a server",
                cert.display()
            ),
            "Use a certificate that an authority has signed. For a self-signed one: openssl req \
             -x509 … -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:HOST.",
        );
    }
}

/// Warns if other users can read the key.
fn modes(report: &mut Report, key: &Path) {
    if let Ok(meta) = std::fs::metadata(key)
        && meta.mode() & 0o007 != 0
    {
        let found = format!(
            "all users of this machine can read the key {} (mode {:04o})",
            key.display(),
            meta.mode() & 0o777
        );
        report.warn(found, format!("chmod o= {}", key.display()));
    }
}

/// The validity period in seconds since 1970.
fn validity(der: &CertificateDer<'_>) -> Option<(i64, i64)> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let validity = parsed.validity();
    Some((validity.not_before.timestamp(), validity.not_after.timestamp()))
}
