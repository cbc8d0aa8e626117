//! Interruption of a command by SIGINT (Ctrl-C), SIGTERM or SIGHUP: running work is notified,
//! cleans up and ends.

use std::sync::OnceLock;
use std::sync::mpsc::sync_channel;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::admin::{Failure, Kind};

/// Whether a signal was received. The receivers are the [`Interrupt`]s of running work.
static SIGNALLED: OnceLock<watch::Sender<bool>> = OnceLock::new();

/// Held by work that must clean up: the first signal only notifies it.
#[derive(Clone)]
pub(super) struct Interrupt(watch::Receiver<bool>);

/// Installs the signal handlers. Call it before a command does anything: from then on a signal ends
/// the process with exit code 130, at once if no work holds an [`Interrupt`].
pub(super) fn stand() -> Result<(), Failure> {
    let (ready, listens) = sync_channel(1);
    let cannot = |error: std::io::Error| Failure::io("cannot wait for signals", &error);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    let sender = SIGNALLED.get_or_init(|| watch::channel(false).0);
    std::thread::spawn(move || {
        runtime.block_on(async {
            let hang_up = Some(SignalKind::hangup()).filter(|_| !hang_up_is_ignored());
            let wanted =
                [SignalKind::interrupt(), SignalKind::terminate()].into_iter().chain(hang_up);
            let mut signals = match wanted.map(signal).collect::<Result<Vec<_>, _>>() {
                Ok(signals) => signals,
                Err(error) => return drop(ready.send(Err(error))),
            };
            drop(ready.send(Ok(())));
            any(&mut signals).await;
            if sender.receiver_count() > 0 {
                sender.send_replace(true);
                // A second signal ends the process at once.
                any(&mut signals).await;
            }
            std::process::exit(i32::from(Kind::Interrupted.code()));
        });
    });
    listens.recv().map_err(|_| Failure::failed("cannot wait for signals"))?.map_err(cannot)
}

/// Completes when one of the signals is received.
async fn any(signals: &mut [tokio::signal::unix::Signal]) {
    std::future::poll_fn(|context| {
        let came = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
        if came { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

/// Whether the caller has SIGHUP ignored, as `nohup` does. An inherited ignored SIGINT is handled
/// anyway: scripts set it for all background jobs, and someone who sends it means it.
fn hang_up_is_ignored() -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return false };
    let mask = status
        .lines()
        .find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

impl Interrupt {
    /// From now on the first signal only notifies; the holder must check for it.
    pub(super) fn watch() -> Self {
        Self(SIGNALLED.get_or_init(|| watch::channel(false).0).subscribe())
    }

    /// Whether no signal was received yet.
    pub(super) fn goes_on(&self) -> bool {
        !*self.0.borrow()
    }

    /// Fails if a signal was received.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.goes_on() { Ok(()) } else { Err(interrupted()) }
    }

    /// Completes when a signal is received.
    pub(super) async fn came(&mut self) -> Failure {
        if self.0.wait_for(|came| *came).await.is_err() {
            // The sender lives as long as the process.
            std::future::pending::<()>().await;
        }
        interrupted()
    }
}

fn interrupted() -> Failure {
    Failure::new(Kind::Interrupted, "interrupted")
}
