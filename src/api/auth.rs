//! Cookies (stand-in).

use std::time::Duration;

/// A `Set-Cookie` value for a session.
pub fn session_cookie(name: &str, value: &str, max_age: Option<Duration>, secure: bool) -> String {
    format!("{name}={value} {max_age:?} {secure}")
}

/// A `Set-Cookie` value that takes the cookie away.
pub fn cleared_cookie(name: &str, secure: bool) -> String {
    format!("{name} {secure}")
}
