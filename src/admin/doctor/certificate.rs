//! The TLS certificate: readable, in its time, and with the key that belongs to it.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::Ground;
use super::report::{Report, count};
use crate::model::Timestamp;

/// Days before the end that somebody should look.
const SOON: i64 = 21;
const DAY: i64 = 24 * 60 * 60;

const RENEW: &str = "Renew the certificate and restart the server, which reads it when it starts.";

pub(super) fn look(ground: &Ground, report: &mut Report) {
    let server = &ground.config.server;
    let (Some(cert), Some(key)) = (&server.tls_cert, &server.tls_key) else {
        return report.skip("there is no tls_cert; TLS ends elsewhere or nowhere");
    };
    let chain = match CertificateDer::pem_file_iter(cert).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
        Ok(chain) if !chain.is_empty() => chain,
        Ok(_) => return report.fail(format!("{} holds no certificate", cert.display()), "[server] tls_cert names a PEM file with the whole chain."),
        Err(error) => {
            let advice = "[server] tls_cert names a PEM file with the whole chain, which the user of the server may read.";
            return report.fail(format!("{} cannot be used: {error}", cert.display()), advice);
        }
    };
    pair(report, &chain, cert, key);
    let ends: Option<Vec<(i64, i64)>> = chain.iter().map(|der| validity(der)).collect();
    let Some(ends) = ends else {
        return report.fail(format!("{} holds what is no certificate", cert.display()), RENEW);
    };
    let begins = ends.iter().map(|(begins, _)| *begins).max().unwrap_or_default();
    let ends = ends.iter().map(|(_, ends)| *ends).min().unwrap_or_default();
    let now = Timestamp::now().unix_seconds();
    let day = Timestamp(ends.saturating_mul(1000)).date();
    if begins > now {
        report.fail(format!("it only holds from {}", Timestamp(begins.saturating_mul(1000)).seconds()), "Look at the clock, or use the certificate of before.");
    } else if ends <= now {
        report.fail(format!("it has ended on {day}"), RENEW);
    } else if ends - now < SOON * DAY {
        report.warn(format!("it ends in {}, on {day}", count(usize::try_from((ends - now) / DAY).unwrap_or_default(), "day")), RENEW);
    } else if report.is_empty() {
        report.ok(format!("it holds until {day}"));
    }
}

/// When the first certificate of a chain ends, in seconds since 1970; None where it cannot be read. Blocks.
pub fn end(cert: &Path) -> Option<i64> {
    let chain = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect::<Result<Vec<_>, _>>).ok()?;
    chain.iter().filter_map(|der| validity(der)).map(|(_, ends)| ends).min()
}

/// Whether the server would take the two.
fn pair(report: &mut Report, chain: &[CertificateDer<'static>], cert: &Path, key: &Path) {
    let advice = "[server] tls_key names the PEM file of the certificate's own key, which the user of the server may read.";
    match PrivateKeyDer::from_pem_file(key) {
        Err(error) => report.fail(format!("{} cannot be used: {error}", key.display()), advice),
        Ok(der) => {
            if let Err(error) = ServerConfig::builder().with_no_client_auth().with_single_cert(chain.to_vec(), der) {
                report.fail(format!("{} and {} do not fit: {error}", cert.display(), key.display()), advice);
            }
        }
    }
    if let Ok(meta) = std::fs::metadata(key)
        && meta.mode() & 0o007 != 0
    {
        let found = format!("everybody on this machine may read the key {} (mode {:04o})", key.display(), meta.mode() & 0o777);
        report.warn(found, format!("chmod o= {}", key.display()));
    }
}

/// From when until when, in seconds since 1970.
fn validity(der: &CertificateDer<'_>) -> Option<(i64, i64)> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let validity = parsed.validity();
    Some((validity.not_before.timestamp(), validity.not_after.timestamp()))
}
