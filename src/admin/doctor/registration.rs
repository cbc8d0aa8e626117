//! Check `registration`: warns of open registration if other machines can reach the server.

use super::Installation;
use super::report::Report;
use crate::config::Registration;
use crate::model::rules::is_local;

pub(super) fn look(ground: &Installation, report: &mut Report) {
    match ground.config.auth.registration {
        Registration::Closed => return report.ok("only administrators can create accounts"),
        Registration::Invite => {
            return report.ok("accounts are created by administrators and with invitations");
        }
        Registration::Open => (),
    }
    let advice = "To prevent this, set [auth] registration = \"closed\" and create accounts with \
                  chatctl user create, or set it to \"invite\" and send links that chatctl invite \
                  create prints.";
    let open: Vec<&str> = ground
        .addresses()
        .iter()
        .filter(|address| !is_local(address))
        .map(String::as_str)
        .collect();
    if !open.is_empty() {
        return report.warn(
            format!("anybody who can reach {} can create an account", open.join(", ")),
            advice,
        );
    }
    match &ground.config.server.public_url {
        Some(url) if !is_local(url) => {
            report.warn(format!("anybody who can reach {url} can create an account"), advice);
        }
        _ => report
            .ok("anybody on this machine can create an account; other machines cannot reach the \
                 server"),
    }
}
