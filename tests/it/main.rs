//! The integration test binary: it starts the real server and tests it from outside.
#![expect(clippy::too_many_lines, reason = "a test tells one story, however long")]

mod accessible;
mod acme;
mod admin;
mod alerts;
mod authorisation;
mod backup;
mod badday;
mod bare;
mod browser;
mod bus;
mod chatrooms;
mod chats;
mod cli;
mod cluster;
mod conformance;
mod corpus;
mod docs;
mod door;
mod durability;
mod ended;
mod first_visit;
mod golden;
mod guesses;
#[cfg(debug_assertions)]
mod journal;
mod laws;
mod lists;
mod logging_lines;
mod media;
mod metrics;
mod minute;
mod names;
mod newest;
mod otlp;
mod pages;
mod prometheus;
mod proxy;
mod readme;
mod realtime;
mod refused;
mod rooms;
mod scene;
mod server_page;
mod service;
mod share;
#[cfg(debug_assertions)]
mod shippers;
mod stalled_output;
mod store;
mod support;
mod tokens;
mod transfer;
mod v1;
mod work_ratio;
