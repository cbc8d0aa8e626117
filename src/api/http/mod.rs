//! HTTP: listeners and connections, checks before a request reaches a dialect, and building blocks
//! for responses.

pub mod accept;
pub mod auth;
mod authority;
pub(in crate::api) mod body;
pub(in crate::api) mod door;
pub mod download;
pub(in crate::api) mod gzip;
pub(in crate::api) mod mount;
pub(in crate::api) mod patience;
pub(in crate::api) mod prefix;
pub(in crate::api) mod proxies;
pub(in crate::api) mod redirect;
pub mod request;
pub mod respond;
pub(in crate::api) mod strangers;
