//! The one test binary: it starts the real thing and asks it from outside.

mod admin;
mod backup;
mod browser;
mod chatrooms;
mod chats;
mod cli;
mod conformance;
mod durability;
mod golden;
mod logging_lines;
mod metrics;
mod proxy;
mod realtime;
mod rooms;
mod scene;
mod share;
mod store;
mod support;
mod v1;
