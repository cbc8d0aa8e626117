//! Whether a server runs, and what a dead one has left: a socket that nobody answers.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use super::report::Report;
use super::{Installation, Server};
use crate::admin::control;

pub(super) fn look(ground: &Installation, report: &mut Report) {
    match &ground.server {
        Server::Here(_) | Server::Elsewhere => report.ok("a server runs and answers"),
        Server::Silent(why) => report.fail(
            why.clone(),
            "Wait if it is just starting; else look at its log, and end the process.",
        ),
        Server::Stopped => {
            let path = ground.config.server.control_path();
            if !is_stale(&path) {
                return report.ok("no server runs");
            }
            let found =
                format!("no server runs, and one that died has left its socket {}", path.display());
            let advice = format!(
                "Start the server, which replaces it, or: rm {} (chatctl doctor --fix does it).",
                path.display()
            );
            if !ground.may_mend() {
                return report.warn(found, advice);
            }
            report.mended(found, "it was removed", remove(&path), advice);
        }
    }
}

/// Removes it, unless somebody answers by now.
fn remove(path: &Path) -> io::Result<()> {
    if is_stale(path) { fs::remove_file(path) } else { Ok(()) }
}

fn is_stale(path: &Path) -> bool {
    let socket = fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    socket
        && control::call(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}
