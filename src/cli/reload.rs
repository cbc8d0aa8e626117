//! `chatctl reload`: has the running server load its configuration again.

use super::print::Layout;
use super::{Global, execute};
use crate::admin::reload::Reload;
use crate::admin::soundness::unsound;
use crate::admin::{Command, Failure, Kind};

pub(super) fn run(global: &Global) -> Result<(), Failure> {
    // A file that the server would refuse is refused here already, with the same text and code.
    execute::loaded(global).map_err(|error| Failure::failed(unsound(&error).to_string()))?;
    let done = execute::on_server(global, &Command::Reload(Reload {}), Layout::One);
    done.map_err(|failure| match failure.kind {
        Kind::NotFound => Failure::not_found(format!(
            "{failure}. A running server uses a changed [server] data_dir only after a restart; to \
             reload it until then, name the former one: chatctl --data-dir FORMER reload"
        )),
        _ => failure,
    })
}
