//! Ctrl-C during work of this process's own: the work hears of it and ends, and leaves nothing behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;

use tokio::signal::unix::{SignalKind, signal};

use crate::admin::{Failure, Kind};

/// Whether somebody has pressed it.
#[derive(Clone)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on it does not end the process at once; a second time it does, and when nobody listens any more.
    pub(super) fn watch() -> Result<Self, Failure> {
        let pressed = Self(Arc::default());
        let flag = Arc::downgrade(&pressed.0);
        let (ready, listens) = sync_channel(1);
        let cannot = |error: std::io::Error| Failure::io("cannot wait for signals", &error);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
        std::thread::spawn(move || {
            runtime.block_on(async {
                let interrupts = signal(SignalKind::interrupt());
                let mut interrupts = match interrupts {
                    Ok(interrupts) => interrupts,
                    Err(error) => return drop(ready.send(Err(error))),
                };
                drop(ready.send(Ok(())));
                interrupts.recv().await;
                if let Some(flag) = flag.upgrade() {
                    flag.store(true, Ordering::Release);
                    drop(flag);
                    interrupts.recv().await;
                }
                std::process::exit(i32::from(Kind::Interrupted.code()));
            });
        });
        listens.recv().map_err(|_| Failure::failed("cannot wait for signals"))?.map_err(cannot)?;
        Ok(pressed)
    }

    /// Whether to go on.
    pub(super) fn goes_on(&self) -> bool {
        !self.0.load(Ordering::Acquire)
    }

    /// Fails once it was pressed.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.goes_on() { Ok(()) } else { Err(Failure::new(Kind::Interrupted, "interrupted")) }
    }
}
