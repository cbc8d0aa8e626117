//! The one test binary: it starts the real thing and asks it from outside.

mod accessible;
mod admin;
mod backup;
mod bare;
mod browser;
mod chatrooms;
mod chats;
mod cli;
mod conformance;
mod docs;
mod durability;
mod first_visit;
mod golden;
mod logging_lines;
mod metrics;
mod pages;
mod proxy;
mod readme;
mod realtime;
mod rooms;
mod scene;
mod share;
mod store;
mod support;
mod transfer;
mod v1;
