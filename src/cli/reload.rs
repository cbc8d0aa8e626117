//! `chatctl reload`: has the running server load its configuration again.

use super::print::Layout;
use super::{Global, execute};
use crate::admin::reload::Reload;
use crate::admin::soundness::unsound;
use crate::admin::{Command, Failure};

pub(super) fn run(global: &Global) -> Result<(), Failure> {
    // A file that the server would refuse is refused here already, with the same text and code.
    execute::loaded(global).map_err(|error| Failure::failed(unsound(&error).to_string()))?;
    execute::on_server(global, &Command::Reload(Reload {}), Layout::One)
}
