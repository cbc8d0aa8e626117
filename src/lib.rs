//! chatctl: chat server, database, web UI and administration in one program.
//!
//! Map of the modules; imports only point down:
//!
//! | module | contents |
//! |---|---|
//! | [`cli`] | the command line: parsing and printing |
//! | [`server`] | assembly: the only file that knows every part |
//! | [`api`] | HTTP, sockets, the five dialects, the web UI |
//! | [`admin`] | the administration commands |
//! | [`chat`] | use cases and permissions |
//! | [`live`] | open sockets and live rooms |
//! | [`store`] | storage, and all SQL |
//! | [`logging`], [`config`] | log and configuration |
//! | [`egress`] | which addresses the server connects to |
//! | [`ldap`] | the LDAP directory that checks passwords |
//! | [`mail`] | letters that the server sends |
//! | [`s3`] | buckets of S3 servers |
//! | [`qr`] | QR codes of links |
//! | [`slack`] | messages in the format of Slack |
//! | [`unfurl`] | previews of links |
//! | [`service`] | the service manager |
//! | [`model`] | plain types and pure rules |

pub mod admin;
pub mod api;
pub mod chat;
pub mod cli;
pub mod config;
pub mod egress;
pub mod ldap;
pub mod live;
pub mod logging;
pub mod mail;
pub mod model;
pub mod oidc;
pub mod qr;
pub mod s3;
pub mod server;
pub mod service;
pub mod slack;
pub mod store;
pub mod unfurl;
