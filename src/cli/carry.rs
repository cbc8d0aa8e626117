//! Gives a command to the running server, or carries it out on the data of a stopped one.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::print::{Layout, Printer, note};
use super::{Global, lock};
use crate::admin::command::Command;
use crate::admin::control::{self, name};
use crate::admin::frame::{self, Answer};
use crate::admin::{Failure, Kind, Operator, Output, Reply};
use crate::config::Config;
use crate::config::load::{ConfigError, Flags, load};
use crate::logging;
use crate::server;

/// How long a server that is starting or stopping is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The configuration as this command sees it.
pub(super) fn configuration(global: &Global) -> Result<Config, Failure> {
    let flags = Flags { config: global.config.clone(), data_dir: global.data_dir.clone(), ..Flags::default() };
    Ok(load(&flags).map_err(|error| unsound(&error))?.config)
}

/// Why there is no configuration to work with.
pub(super) fn unsound(error: &ConfigError) -> Failure {
    match error {
        ConfigError::Unreadable { path, source } => Failure::io(&format!("cannot read {}", path.display()), source),
        other => Failure::usage(other.to_string()),
    }
}

/// The configuration, and a data directory that is there.
pub(super) fn existing(global: &Global) -> Result<Config, Failure> {
    let config = configuration(global)?;
    let (data, database) = (&config.server.data_dir, config.server.data_dir.join(&config.database.path));
    match std::fs::metadata(&database) {
        Ok(_) => Ok(config),
        // Who may not look inside may still be let in by the socket.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Ok(config),
        Err(_) => Err(Failure::not_found(format!(
            "there is no data in {}; name its directory with --data-dir, or the configuration file with --config",
            std::path::absolute(data).unwrap_or_else(|_| data.clone()).display()
        ))),
    }
}

/// Carries a command out and prints what it says.
pub(super) fn run(global: &Global, command: &Command, layout: Layout) -> Result<(), Failure> {
    let mut printer = Printer::new(global.output, layout);
    let ended = carry_out(global, command, &mut |reply| match reply {
        Reply::Item(item) => printer.item(item),
        Reply::Progress { done, total } => {
            printer.progress(done, total);
            Ok(())
        }
        Reply::Bytes(_) => Ok(()),
    });
    // What was said before it failed is said.
    match &ended {
        Err(failure) if failure.kind != Kind::Problems => (),
        _ => printer.finish()?,
    }
    ended
}

/// The items that a command says.
pub(super) fn ask(global: &Global, command: &Command) -> Result<Vec<serde_json::Value>, Failure> {
    let mut items = Vec::new();
    carry_out(global, command, &mut |reply| {
        if let Reply::Item(item) = reply {
            items.push(item);
        }
        Ok(())
    })?;
    Ok(items)
}

/// Takes what a command says.
pub(super) type Take<'a> = &'a mut dyn FnMut(Reply) -> Result<(), Failure>;

/// Carries a command out, wherever that is possible.
pub(super) fn carry_out(global: &Global, command: &Command, take: Take<'_>) -> Result<(), Failure> {
    let config = existing(global)?;
    match connect(&config)? {
        Found::Server(stream) => {
            if global.verbose {
                note("A server runs: through its control socket.");
            }
            remote(stream, command, take)
        }
        Found::Nobody(lock) => {
            if global.verbose {
                note("No server runs: on the data itself.");
            }
            let done = offline(config, command, take);
            drop(lock);
            done
        }
    }
}

/// What was found in a data directory.
pub(super) enum Found {
    /// A server that answers.
    Server(std::os::unix::net::UnixStream),
    /// Nobody, and now the lock is ours.
    Nobody(std::fs::File),
}

/// Looks for a running server; takes the lock where there is none.
pub(super) fn connect(config: &Config) -> Result<Found, Failure> {
    let path = config.server.control_path();
    let began = Instant::now();
    loop {
        let refused = match control::call(&path) {
            Ok(stream) => return Ok(Found::Server(stream)),
            Err(error) => error,
        };
        if refused.kind() == std::io::ErrorKind::PermissionDenied {
            let message = format!("{} may not use the control socket {}; its owner and group may", name(nix::unistd::geteuid().as_raw()), path.display());
            return Err(Failure::new(Kind::NotPermitted, message));
        }
        match lock::take(&config.server.data_dir) {
            Ok(lock) => return Ok(Found::Nobody(lock)),
            Err(failure) if failure.kind == Kind::Conflict && began.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(50)),
            Err(failure) if failure.kind == Kind::Conflict => {
                let message = format!("{failure}, but does not answer at the control socket {}", path.display());
                return Err(Failure::new(Kind::Unreachable, message));
            }
            Err(other) => return Err(other),
        }
    }
}

/// Asks a running server.
pub(super) fn remote(mut stream: std::os::unix::net::UnixStream, command: &Command, take: Take<'_>) -> Result<(), Failure> {
    let lost = |error: std::io::Error| Failure::new(Kind::Unreachable, format!("the server has gone: {error}"));
    let asked = serde_json::to_vec(command).map_err(|error| Failure::failed(error.to_string()))?;
    stream.write_all(&frame::frame(frame::Kind::Command, &asked)).map_err(lost)?;
    let mut stream = std::io::BufReader::with_capacity(64 * 1024, stream);
    loop {
        match frame::read_answer(&mut stream).map_err(lost)? {
            Answer::Reply(reply) => take(reply)?,
            Answer::End(ended) => return ended,
        }
    }
}

/// Carries a command out on the data itself; the lock is held by the caller.
fn offline(config: Config, command: &Command, take: Take<'_>) -> Result<(), Failure> {
    let (command, quiet) = (command.clone(), command.only_reads());
    on_data(config, quiet, async move |admin, output| admin.run(&operator(), command, output).await, take)
}

/// Who gives commands here.
pub(super) fn operator() -> Operator {
    Operator::cli(&name(nix::unistd::geteuid().as_raw()))
}

/// Works on the data itself, with a log but without standard output; the lock is held by the caller.
pub(super) fn on_data(
    config: Config,
    quiet: bool,
    work: impl AsyncFnOnce(&crate::admin::Admin, &Output) -> Result<(), Failure>,
    take: Take<'_>,
) -> Result<(), Failure> {
    let data = config.server.data_dir.clone();
    let _logging = start_log(&config, &data)?;
    let database = data.join(&config.database.path);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    let done = runtime.block_on(async {
        let (output, mut replies) = Output::new();
        let worked = server::offline(config, database, quiet, async |admin| {
            let working = async move {
                let done = work(admin, &output).await;
                drop(output);
                done
            };
            tokio::pin!(working);
            let mut done = None;
            loop {
                tokio::select! {
                    ended = &mut working, if done.is_none() => done = Some(ended),
                    reply = replies.recv() => match reply {
                        Some(reply) => take(reply)?,
                        None => break,
                    },
                    interrupted = tokio::signal::ctrl_c() => {
                        interrupted.map_err(|error| Failure::io("cannot wait for signals", &error))?;
                        return Err(Failure::new(Kind::Interrupted, "interrupted"));
                    }
                }
            }
            match done {
                Some(done) => done,
                None => working.await,
            }
        })
        .await;
        worked.map_err(|error| Failure::failed(error.to_string()))?
    });
    // Idle connections of the runtime's blocking threads need not be waited for.
    runtime.shutdown_background();
    lock::give_back(&data);
    done
}

/// The log of a stopped server, without standard output.
pub(super) fn start_log(config: &Config, data: &Path) -> Result<logging::Logging, Failure> {
    let directory: PathBuf = data.join(&config.log.directory);
    let log = crate::config::Log { stdout: false, ..config.log.clone() };
    logging::start(&log, &directory).map_err(|error| Failure::io(&format!("cannot write the log in {}", directory.display()), &error))
}
