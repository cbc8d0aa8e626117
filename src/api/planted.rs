//! Faults for tests of the whole program. Release builds do not have this file.

use std::sync::OnceLock;

/// Names the route template whose requests panic.
const PANIC: &str = "CHATCTL_PLANTED_PANIC";

/// Panics where the environment of the process says so.
pub(super) fn panic(route: &str) {
    static ROUTE: OnceLock<Option<String>> = OnceLock::new();
    let planted = ROUTE.get_or_init(|| std::env::var(PANIC).ok());
    assert!(planted.as_deref() != Some(route), "planted");
}
