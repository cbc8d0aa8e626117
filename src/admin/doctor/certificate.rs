//! Check `certificate`: each TLS certificate is readable, valid now, and matches its key.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tokio_rustls::rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::Installation;
use super::report::{Report, count};
use crate::admin::acme;
use crate::admin::certificate;
use crate::admin::certificates::{self, Pair};
use crate::config::Server;
use crate::model::Timestamp;

/// Days before the expiry at which to warn, unless a certificate lives for a few months only.
const SOON: i64 = 21;
const DAY: i64 = 24 * 60 * 60;

const RENEW: &str = "Renew the certificate, then load it: chatctl reload.";

const ADVICE: &str = "Set [server] tls_cert to a PEM file with the whole chain and tls_key to its \
                      key, and tls_directory to a directory of such files; the user of the server \
                      must be able to read them.";

const NAMES: &str = "Clients refuse it. Use a certificate for the host names of the server: openssl \
                     req … -addext subjectAltName=DNS:HOST.";

pub(super) fn look(ground: &Installation, report: &mut Report) {
    let server = &ground.config.server;
    if !server.has_tls() {
        return report.skip("TLS is not used: tls_cert is not set");
    }
    let pairs = match certificates::pairs(server) {
        Ok(pairs) => pairs,
        Err(unusable) => return report.fail(unusable.to_string(), ADVICE),
    };
    let several = pairs.len() > 1;
    let ends: Vec<Option<String>> = pairs
        .iter()
        .map(|(cert, key)| {
            let what = if several { cert.display().to_string() } else { "it".to_owned() };
            one(report, &what, cert, key)
        })
        .collect();
    nameless(server, &pairs, report);
    if let Err(unusable) = acme::check(server) {
        report.fail(unusable.to_string(), "Set [server] acme_ca to a PEM file of the CA.");
    }
    let Some(day) = ends.into_iter().flatten().min().filter(|_| report.is_empty()) else { return };
    report.ok(if several {
        format!("{} are valid, at least until {day}", count(pairs.len(), "certificate"))
    } else {
        format!("it is valid until {day}")
    });
}

/// Reports certificates without a name that clients could verify: a failure if there are no others,
/// or if it is the one of `tls_cert`, with which the server does not start.
fn nameless(server: &Server, pairs: &[Pair], report: &mut Report) {
    let mut without = Vec::new();
    let mut usable = false;
    for (cert, _) in pairs {
        let Some(first) = certificate::chain(cert).ok().and_then(|chain| chain.into_iter().next())
        else {
            continue;
        };
        let is_default = server.tls_cert.as_ref() == Some(cert);
        let has_name = !certificates::names(&first).is_empty();
        if has_name || (is_default && certificates::has_address(&first)) {
            usable = true;
        } else {
            without.push(cert);
        }
    }
    for cert in without {
        let is_default = server.tls_cert.as_ref() == Some(cert);
        let kind = if is_default { "host name or IP address" } else { "host name" };
        let found = format!("{} contains no {kind} (subjectAltName)", cert.display());
        if usable && !is_default {
            report.warn(found, NAMES);
        } else {
            report.fail(found, NAMES);
        }
    }
}

/// Reports the problems of one certificate. Returns the day on which it expires.
fn one(report: &mut Report, what: &str, cert: &Path, key: &Path) -> Option<String> {
    let chain = match certificate::chain(cert) {
        Ok(chain) => chain,
        Err(unusable) => {
            report.fail(unusable.to_string(), ADVICE);
            return None;
        }
    };
    if let Err(unusable) = certificate::load(cert, key) {
        report.fail(unusable.to_string(), ADVICE);
    }
    modes(report, key);
    authority(report, &chain, cert);
    let ends: Option<Vec<(i64, i64)>> =
        chain.iter().map(|der| certificate::validity(der)).collect();
    let Some(ends) = ends else {
        report.fail(format!("{} contains an invalid certificate", cert.display()), RENEW);
        return None;
    };
    let begins = ends.iter().map(|(begins, _)| *begins).max().unwrap_or_default();
    let ends = ends.iter().map(|(_, ends)| *ends).min().unwrap_or_default();
    let now = Timestamp::now().unix_seconds();
    let day = Timestamp(ends.saturating_mul(1000)).date();
    if begins > now {
        report.fail(
            format!(
                "{what} is valid only from {}",
                Timestamp(begins.saturating_mul(1000)).seconds()
            ),
            "Check the clock, or use the previous certificate.",
        );
    } else if ends <= now {
        report.fail(format!("{what} expired on {day}"), RENEW);
    } else if ends - now < (SOON * DAY).min((ends - begins) / 4) {
        let left = count(usize::try_from((ends - now) / DAY).unwrap_or_default(), "day");
        report.warn(format!("{what} expires in {left}, on {day}"), RENEW);
    }
    Some(day)
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
