//! The one test binary: it starts the real thing and asks it from outside.

mod browser;
mod cli;
mod durability;
mod golden;
mod scene;
mod store;
mod support;
