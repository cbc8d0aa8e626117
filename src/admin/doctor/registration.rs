//! Whether strangers can make accounts: open registration where others than this machine can reach
//! the server.

use super::Installation;
use super::report::Report;
use crate::config::Registration;
use crate::model::rules::is_local;

pub(super) fn look(ground: &Installation, report: &mut Report) {
    if ground.config.auth.registration == Registration::Closed {
        return report.ok("only administrators make accounts");
    }
    let advice = "If strangers shall not make accounts: [auth] registration = \"closed\", and \
                  chatctl user create for everybody else.";
    let open: Vec<&str> = ground
        .addresses()
        .iter()
        .filter(|address| !is_local(address))
        .map(String::as_str)
        .collect();
    if !open.is_empty() {
        return report.warn(
            format!("everybody who reaches {} may make an account", open.join(", ")),
            advice,
        );
    }
    match &ground.config.server.public_url {
        Some(url) if !is_local(url) => {
            report.warn(format!("everybody who reaches {url} may make an account"), advice);
        }
        _ => report
            .ok("everybody on this machine may make an account, and nobody else reaches the \
                     server"),
    }
}
