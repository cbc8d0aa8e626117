//! chatctl: chat server, database, web UI and administration in one program.
//!
//! The map of the house; imports point downwards only:
//!
//! | room | what lives there |
//! |---|---|
//! | [`model`] | plain types and pure rules |

pub mod api;
pub mod chat;
pub mod cli;
pub mod config;
pub mod live;
pub mod logging;
pub mod model;
pub mod server;
pub mod store;
