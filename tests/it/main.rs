//! The one test binary: it starts the real thing and asks it from outside.

mod golden;
mod store;
