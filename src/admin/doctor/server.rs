//! Check `server`: whether a server is running, and whether a crashed one left a stale socket.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use super::report::Report;
use super::{Installation, Server};
use crate::admin::control;

pub(super) fn look(ground: &Installation, report: &mut Report) {
    match &ground.server {
        Server::Here(_) | Server::Elsewhere => {
            report.ok("running, and answers at the control socket");
        }
        Server::Silent(why) => report.fail(
            why.clone(),
            "Wait if it is starting; otherwise check its log, and end the process.",
        ),
        Server::Stopped => {
            let path = ground.config.server.control_path();
            if !is_stale(&path) {
                return report.ok("no server is running");
            }
            let found = format!(
                "no server is running; a crashed one left its socket {} behind",
                path.display()
            );
            let advice = format!(
                "Start the server, which replaces it, or remove it: rm {}, or chatctl doctor \
                 --fix.",
                path.display()
            );
            if !ground.may_repair() {
                return report.warn(found, advice);
            }
            report.repaired(found, "removed", remove(&path), advice);
        }
    }
}

/// Removes it, unless a server answers meanwhile.
fn remove(path: &Path) -> io::Result<()> {
    if is_stale(path) { fs::remove_file(path) } else { Ok(()) }
}

fn is_stale(path: &Path) -> bool {
    let socket = fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    socket
        && control::call(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}
