//! chatctl: chat server, database, web UI and administration in one program.
//!
//! The map of the house; imports point downwards only:
//!
//! | room | what lives there |
//! |---|---|
//! | [`cli`] | the command line: parsing and printing |
//! | [`server`] | assembly: the only file that knows every part |
//! | [`api`] | HTTP, sockets, the five dialects, the web UI |
//! | [`admin`] | the administration commands |
//! | [`chat`] | what can be done, and by whom |
//! | [`live`] | open sockets and live rooms |
//! | [`store`] | what is kept, and all SQL |
//! | [`logging`], [`config`] | the log; the configuration |
//! | [`model`] | plain types and pure rules |

pub mod admin;
pub mod api;
pub mod chat;
pub mod cli;
pub mod config;
pub mod live;
pub mod logging;
pub mod model;
pub mod server;
pub mod store;
