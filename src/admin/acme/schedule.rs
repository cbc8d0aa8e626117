//! When certificates are requested and renewed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, gauge};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tracing::{error, info, warn};

use super::challenges::Challenges;
use super::files::{self, Trouble};
use super::order::{self, Failed, Way};
use crate::admin::certificate;
use crate::config::Server;
use crate::config::current::Current;
use crate::model::Timestamp;

/// Pauses after the first, second, … failure; the last one is for all later ones. A CA allows few
/// failures in an hour.
const PAUSES: [Duration; 6] = [
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(20),
    Duration::from_hours(1),
    Duration::from_hours(4),
    Duration::from_hours(12),
];
/// The longest pause, also if a CA asks for a longer one or the clock was wrong.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);
/// The shortest time between two orders for a name, however short its certificates live.
const SHORTEST_PAUSE: i64 = 60;
/// Files are looked at this often, since clocks change and machines sleep.
const LONGEST_SLEEP: Duration = Duration::from_hours(1);
/// A certificate is renewed when this part of its lifetime is left.
const LEFT: i64 = 3;
/// Renewals are spread over this part of the lifetime.
const SPREAD: i64 = 30;
/// A failure is an error, not a warning, when less than this part of the lifetime is left.
const URGENT: i64 = 6;

/// The certificate of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Present {
    begins: i64,
    ends: i64,
    /// Time of its renewal.
    due: i64,
}

/// Requests and renews certificates until it is dropped. `load` uses the files for new connections.
/// A changed or reloaded configuration is tried at once, also where an earlier attempt has failed.
pub async fn keep(current: Current, challenges: Challenges, load: Arc<dyn Fn() + Send + Sync>) {
    let reloaded = Arc::new(Notify::new());
    let told = Arc::clone(&reloaded);
    current.follow(move |_| told.notify_one());
    let mut impatient = false;
    // Holds also if the outcome of an attempt could not be stored.
    let mut earliest: HashMap<String, i64> = HashMap::new();
    announce(&current.get().server).await;
    loop {
        let config = current.get();
        let server = &config.server;
        for name in server.acme_names() {
            let (present, trouble) = look(server, &name).await;
            let known = (present, trouble.as_ref());
            if due(known, earliest.get(&name), impatient, now()) <= now() {
                let next = attempt(server, &name, present, trouble, &challenges, &load).await;
                earliest.insert(name, next);
            }
        }
        let mut next = i64::MAX;
        let mut failing = 0_u32;
        for name in server.acme_names() {
            let (present, trouble) = look(server, &name).await;
            failing += u32::from(trouble.is_some());
            let known = (present, trouble.as_ref());
            next = next.min(due(known, earliest.get(&name), false, now()).max(now() + 1));
        }
        gauge!("chatctl_acme_failing_names").set(failing);
        let sleep = u64::try_from(next.saturating_sub(now())).unwrap_or_default();
        let sleep = Duration::from_secs(sleep).min(LONGEST_SLEEP);
        tokio::select! {
            () = tokio::time::sleep(sleep) => impatient = false,
            () = reloaded.notified() => impatient = true,
        }
    }
}

/// Says at the start for which names there is no certificate, and what that means.
async fn announce(server: &Server) {
    for name in server.acme_names() {
        let (present, trouble) = look(server, &name).await;
        if present.is_some_and(|present| present.ends > now()) {
            continue;
        }
        let until = if server.tls_cert.is_some() {
            "connections to it use the certificate of tls_cert"
        } else {
            "connections to it are refused"
        };
        let next = trouble.map(|trouble| next_attempt(&trouble)).unwrap_or_default();
        warn!(
            "There is no valid TLS certificate for {name} yet: {until} until {} has issued \
             one{next}.",
            authority(server)
        );
    }
}

/// Requests one certificate; the outcome is logged and kept. Returns the earliest time of the next
/// attempt.
async fn attempt(
    server: &Server,
    name: &str,
    present: Option<Present>,
    trouble: Option<Trouble>,
    challenges: &Challenges,
    load: &Arc<dyn Fn() + Send + Sync>,
) -> i64 {
    let failures = trouble.map_or(0, |trouble| trouble.failures);
    let way = way(server, failures);
    info!("Requesting a TLS certificate for {name} from {} ({}).", authority(server), way.name());
    let obtained = order::obtain(server, name, way, challenges).await;
    let done = match obtained {
        Ok(()) => usable(look(server, name).await.0, now()),
        Err(failed) => Err(failed),
    };
    let trouble = match &done {
        Ok(_) => None,
        Err(failed) => Some(Trouble {
            failures: failures.saturating_add(1),
            at: now(),
            why: failed.why.clone(),
            next: now() + pause(failures, failed, random()),
            by_ca: failed.pause.is_some(),
            unreached: failed.unreached,
        }),
    };
    let result = if done.is_ok() { "ok" } else { "failed" };
    counter!("chatctl_acme_attempts_total", "result" => result).increment(1);
    let (kept, of) = (trouble.clone(), (server.clone(), name.to_owned()));
    let kept = blocking(move || files::set_trouble(&of.0, &of.1, kept.as_ref())).await;
    if let Some(Err(error)) = kept {
        error!("The outcome for the TLS certificate of {name} could not be stored: {error}.");
    }
    if let Ok(issued) = done {
        let end = Timestamp(issued.ends.saturating_mul(1000)).date();
        info!("{} has issued a TLS certificate for {name}, valid until {end}.", authority(server));
        let load = Arc::clone(load);
        blocking(move || load()).await;
    }
    if let Some(trouble) = &trouble {
        report(server, name, way, present, trouble);
    }
    trouble.map_or_else(|| now() + SHORTEST_PAUSE, |trouble| trouble.next)
}

/// The certificate that was issued, unless it would be replaced at once.
fn usable(issued: Option<Present>, now: i64) -> Result<Present, Failed> {
    let failed = |why: String| Err(Failed { why, pause: None, unreached: false });
    match issued {
        None => failed("the certificate that it has issued cannot be used".to_owned()),
        Some(issued) if issued.due <= now => failed(format!(
            "the certificate that it has issued ends at {}; check the clock of this machine",
            Timestamp(issued.ends.saturating_mul(1000)).seconds()
        )),
        Some(issued) => Ok(issued),
    }
}

/// Logs a failure.
fn report(server: &Server, name: &str, way: Way, present: Option<Present>, trouble: &Trouble) {
    let message = format!(
        "{} has issued no TLS certificate for {name} ({}): {}{}.",
        authority(server),
        way.name(),
        trouble.why.trim_end_matches('.'),
        next_attempt(trouble)
    );
    let is_urgent = present
        .is_none_or(|present| present.ends - now() < (present.ends - present.begins) / URGENT);
    if is_urgent {
        error!(target: "chatctl::plain", "{message}");
    } else {
        warn!("{message}");
    }
}

fn next_attempt(trouble: &Trouble) -> String {
    let next = Timestamp(trouble.next.saturating_mul(1000)).seconds();
    if trouble.by_ca {
        format!("; the CA asks for a pause until {next}")
    } else {
        format!("; next attempt at {next}, or with chatctl reload at once")
    }
}

/// The host of the CA, for messages.
fn authority(server: &Server) -> &str {
    let url = server.acme_directory.as_str();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// TLS first; if there is an address for plain HTTP, every second attempt uses that.
fn way(server: &Server, failures: u32) -> Way {
    if server.redirect_listen.is_empty() || failures.is_multiple_of(2) {
        Way::Tls
    } else {
        Way::Http
    }
}

/// Time of the next order. Impatience ends a pause that the CA has not asked for.
fn due(
    (present, trouble): (Option<Present>, Option<&Trouble>),
    earliest: Option<&i64>,
    impatient: bool,
    now: i64,
) -> i64 {
    let longest = now + seconds(LONGEST_PAUSE);
    let earliest = earliest.copied().filter(|_| !impatient).unwrap_or(now).min(longest);
    match (trouble, present) {
        (Some(trouble), _) if impatient && !trouble.by_ca => now,
        (Some(trouble), _) => trouble.next.min(longest),
        (None, Some(present)) => present.due.max(earliest),
        (None, None) => earliest,
    }
}

/// Seconds until the next attempt; `random` is between 0 and 255.
fn pause(failures: u32, failed: &Failed, random: u8) -> i64 {
    let step = usize::try_from(failures).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
    let pause = PAUSES[step].max(failed.pause.unwrap_or_default()).min(LONGEST_PAUSE);
    seconds(pause) + seconds(pause) * i64::from(random) / 1024
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// The certificate of a name, if it can be used, and the failures.
async fn look(server: &Server, name: &str) -> (Option<Present>, Option<Trouble>) {
    let (server, name) = (server.clone(), name.to_owned());
    let looked = blocking(move || (present(&server, &name), files::trouble(&server, &name)));
    looked.await.unwrap_or_default()
}

fn present(server: &Server, name: &str) -> Option<Present> {
    let file = files::certificate(server, name);
    let loaded = certificate::load(&file, &file).ok()?;
    let first = loaded.cert.first()?;
    let (begins, ends) = certificate::validity(first)?;
    let spread = Sha256::digest(first)[0];
    Some(Present { begins, ends, due: renewal(begins, ends, spread) })
}

/// Time of the renewal. The part that spreads renewals is taken from the certificate, so that it
/// stays the same after a restart.
fn renewal(begins: i64, ends: i64, spread: u8) -> i64 {
    let life = ends.saturating_sub(begins).max(0);
    let early = life / SPREAD * i64::from(spread) / 256;
    (ends - life / LEFT - early).max(begins.saturating_add(SHORTEST_PAUSE))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

fn now() -> i64 {
    Timestamp::now().unix_seconds()
}

fn random() -> u8 {
    getrandom::u32().unwrap_or_default().to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60;

    #[test]
    fn a_third_of_the_lifetime_before_its_end_a_certificate_is_renewed() {
        assert_eq!(renewal(0, 90 * DAY, 0), 60 * DAY);
        assert!((57 * DAY..58 * DAY).contains(&renewal(0, 90 * DAY, 255)), "jitter");
        assert_eq!(renewal(0, 30, 0), 60, "never more often than every minute");
        assert_eq!(renewal(5, 0, 255), 65);
    }

    #[test]
    fn pauses_grow_and_a_ca_may_ask_for_longer_ones() {
        let failed = |pause| Failed { why: String::new(), pause, unreached: false };
        let plain: Vec<i64> = (0..8).map(|n| pause(n, &failed(None), 0) / 60).collect();
        assert_eq!(plain, [1, 5, 20, 60, 240, 720, 720, 720]);
        assert_eq!(pause(0, &failed(Some(Duration::from_hours(3))), 0), 3 * 60 * 60);
        assert_eq!(pause(0, &failed(Some(Duration::from_hours(1000))), 0), DAY);
        assert!((61..=75).contains(&pause(0, &failed(None), 255)));
        let within_an_hour = plain.iter().scan(0, |at, pause| {
            *at += pause;
            Some(*at)
        });
        assert!(within_an_hour.filter(|at| *at < 60).count() < 4, "five attempts are too many");
    }

    #[test]
    fn a_pause_is_kept_and_bounded() {
        let trouble = |next, by_ca| {
            let why = String::new();
            Trouble { failures: 1, at: 0, why, next, by_ca, unreached: false }
        };
        let patient = |present, trouble: Option<&Trouble>| due((present, trouble), None, false, 7);
        assert_eq!(patient(None, None), 7);
        assert_eq!(patient(None, Some(&trouble(70, false))), 70);
        assert_eq!(patient(None, Some(&trouble(i64::MAX, false))), 7 + DAY, "the clock was wrong");
        let present = Some(Present { begins: 0, ends: 90, due: 60 });
        assert_eq!(patient(present, None), 60);
        assert_eq!(patient(present, Some(&trouble(61, false))), 61);
        assert_eq!(due((None, Some(&trouble(70, false))), None, true, 7), 7, "reloaded");
        assert_eq!(due((None, Some(&trouble(70, true))), None, true, 7), 70, "the CA wants it");
        assert_eq!(due((None, None), Some(&50), false, 7), 50, "the outcome was not stored");
        assert_eq!(due((present, None), Some(&80), false, 70), 80);
    }

    #[test]
    fn a_certificate_that_would_be_replaced_at_once_is_a_failure() {
        let issued = Present { begins: 0, ends: 90, due: 60 };
        assert_eq!(usable(Some(issued), 7).unwrap(), issued);
        assert!(usable(Some(issued), 60).unwrap_err().why.contains("clock"));
        assert!(usable(None, 7).is_err());
    }
}
