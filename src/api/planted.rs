//! Faults injected by tests of the complete program. Release builds do not contain this file.

use std::sync::OnceLock;

/// Variable with the route template whose requests panic.
const PANIC: &str = "CHATCTL_PLANTED_PANIC";

/// Panics if the process environment requests it.
pub(super) fn panic(route: &str) {
    static ROUTE: OnceLock<Option<String>> = OnceLock::new();
    let planted = ROUTE.get_or_init(|| std::env::var(PANIC).ok());
    assert!(planted.as_deref() != Some(route), "planted");
}
