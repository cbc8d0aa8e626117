//! The TLS certificate: readable, in its time, and with the key that belongs to it.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::Installation;
use super::report::{Report, count};
use crate::admin::certificate;
use crate::model::Timestamp;

/// Days before the end that somebody should look.
const SOON: i64 = 21;
const DAY: i64 = 24 * 60 * 60;

const RENEW: &str = "Renew the certificate, then: kill -HUP PID (systemctl reload), which makes \
                     the server read it again.";

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let server = &ground.config.server;
    let (Some(cert), Some(key)) = (&server.tls_cert, &server.tls_key) else {
        return report.skip("there is no tls_cert; TLS ends elsewhere or nowhere");
    };
    let advice = "[server] tls_cert names a PEM file with the whole chain and tls_key the one of \
                  its key, both to be read by the user of the server.";
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
        return report.fail(format!("{} holds what is no certificate", cert.display()), RENEW);
    };
    let begins = ends.iter().map(|(begins, _)| *begins).max().unwrap_or_default();
    let ends = ends.iter().map(|(_, ends)| *ends).min().unwrap_or_default();
    let now = Timestamp::now().unix_seconds();
    let day = Timestamp(ends.saturating_mul(1000)).date();
    if begins > now {
        report.fail(
            format!("it only holds from {}", Timestamp(begins.saturating_mul(1000)).seconds()),
            "Look at the clock, or use the certificate of before.",
        );
    } else if ends <= now {
        report.fail(format!("it has ended on {day}"), RENEW);
    } else if ends - now < SOON * DAY {
        report.warn(
            format!(
                "it ends in {}, on {day}",
                count(usize::try_from((ends - now) / DAY).unwrap_or_default(), "day")
            ),
            RENEW,
        );
    } else if report.is_empty() {
        report.ok(format!("it holds until {day}"));
    }
}

/// When the first certificate of a chain ends, in seconds since 1970; None where it cannot be read.
/// Blocks.
pub fn end(cert: &Path) -> Option<i64> {
    let chain = certificate::chain(cert).ok()?;
    chain.iter().filter_map(|der| validity(der)).map(|(_, ends)| ends).min()
}

/// What browsers refuse although servers serve it: what `openssl req -x509` makes.
fn authority(report: &mut Report, chain: &[CertificateDer<'_>], cert: &Path) {
    let Some(first) =
        chain.first().and_then(|der| X509Certificate::from_der(der).ok()).map(|(_, parsed)| parsed)
    else {
        return;
    };
    if first.is_ca() {
        report.warn(
            format!(
                "the first certificate in {} is that of an authority (CA:TRUE), which clients \
                 refuse for a server",
                cert.display()
            ),
            "Use one that an authority has signed. For one signed by itself: openssl req -x509 … \
             -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:HOST.",
        );
    }
}

/// Who may read the key.
fn modes(report: &mut Report, key: &Path) {
    if let Ok(meta) = std::fs::metadata(key)
        && meta.mode() & 0o007 != 0
    {
        let found = format!(
            "everybody on this machine may read the key {} (mode {:04o})",
            key.display(),
            meta.mode() & 0o777
        );
        report.warn(found, format!("chmod o= {}", key.display()));
    }
}

/// From when until when, in seconds since 1970.
fn validity(der: &CertificateDer<'_>) -> Option<(i64, i64)> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let validity = parsed.validity();
    Some((validity.not_before.timestamp(), validity.not_after.timestamp()))
}
