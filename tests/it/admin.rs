//! Administration with the real binary: on a running server, on a stopped one, over HTTP, and its
//! effects on live clients.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod alike;
mod audit;
mod configuration;
mod doctor;
mod effects;
mod http;
mod interrupted;
mod log;
mod planted;
mod refusals;
mod reports;
mod rights;
mod setup;
mod support;
mod terminal;
mod words;
