//! Certificates from a CA by ACME (RFC 8555), for servers with a public name and without a proxy.
//!
//! One task ([`keep`]) requests a certificate for each configured name and renews it. Files are in
//! the data directory ([`files`]), so that a start does not wait for the CA. The CA connects to the
//! listeners to check that a name leads here; they answer with what [`Challenges`] has.

mod challenges;
mod client;
pub mod files;
mod order;
mod schedule;

pub use challenges::Challenges;
pub use client::check;
pub use schedule::keep;

use crate::config::Server;

/// Why names have no new certificate, after a failed attempt. Blocks.
pub fn problem(server: &Server) -> Option<String> {
    let problem = |name: String| {
        let trouble = files::trouble(server, &name)?;
        Some(format!("{name}: {}", trouble.why))
    };
    let problems: Vec<String> = server.acme_names().into_iter().filter_map(problem).collect();
    (!problems.is_empty()).then(|| problems.join("; "))
}
