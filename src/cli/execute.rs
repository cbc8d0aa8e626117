//! Sends a command to the running server, or runs it on the data of a stopped one.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::interrupt::Interrupt;
use super::patient::Patient;
use super::print::{Layout, Printer, note};
use super::{Global, lock};
use crate::admin::command::Command;
use crate::admin::control;
use crate::admin::frame::{self, Answer};
use crate::admin::identity::name;
use crate::admin::soundness::unsound;
use crate::admin::{Failure, Kind, Operator, Output, Reply, identity};
use crate::config::load::{ConfigError, Flags, Loaded, chosen as chosen_by, load};
use crate::config::salvage::whereabouts;
use crate::config::{self, Config};
use crate::logging;
use crate::server;

/// How long to wait for a server that is starting or stopping.
const PATIENCE: Duration = Duration::from_secs(5);

/// The configuration. It is read once: later the command may run as a user who cannot read the
/// file.
pub(super) fn configuration(global: &Global) -> Result<Config, Failure> {
    Ok(loaded(global).map_err(|error| unsound(&error))?.config)
}

/// The configuration and the file that it came from.
pub(super) fn loaded(global: &Global) -> Result<Loaded, ConfigError> {
    if let Some(loaded) = global.loaded.get() {
        return Ok(loaded.clone());
    }
    let loaded = load(&flags(global))?;
    for remark in &loaded.remarks {
        note(&format!("note: {remark}"));
    }
    Ok(global.loaded.get_or_init(|| loaded).clone())
}

/// The configuration file that was chosen, readable or not, and whether it was named.
pub(super) fn chosen(global: &Global) -> (Option<PathBuf>, bool) {
    chosen_by(&flags(global))
}

/// The configuration in another file.
pub(super) fn load_other(global: &Global, file: &Path) -> Result<Loaded, ConfigError> {
    load(&Flags { config: Some(file.to_owned()), ..flags(global) })
}

fn flags(global: &Global) -> Flags {
    Flags { config: global.config.clone(), data_dir: global.data_dir.clone(), ..Flags::default() }
}

/// Where the running server is, if the configuration has mistakes that do not concern its place. At
/// the first time, the mistakes are reported. The data of a stopped server must not be worked on
/// with this configuration.
pub(super) fn salvaged(global: &Global) -> Option<&Config> {
    if let Some(config) = global.salvaged.get() {
        return Some(config);
    }
    let Err(error @ ConfigError::Wrong(_)) = loaded(global) else { return None };
    let config = whereabouts(&flags(global))?;
    let path = config.server.control_path();
    let stream = identity::as_caller(|| control::call(&path)).ok()?;
    control::check_peer(&stream, &path, &config.server.data_dir).ok()?;
    note(&format!(
        "warning: {}\n  The running server at {} is used nevertheless; it could not start again \
         with this configuration.",
        unsound(&error),
        path.display()
    ));
    Some(global.salvaged.get_or_init(|| config))
}

/// The server, or else the data of a stopped one.
pub(super) fn reach(global: &Global) -> Result<(Config, Found), Failure> {
    let config = existing(global)?;
    match connect(&config)? {
        Found::Nobody(_) if global.salvaged.get().is_some() => Err(lost(&closed_pipe())),
        found => Ok((config, found)),
    }
}

fn closed_pipe() -> std::io::Error {
    std::io::ErrorKind::BrokenPipe.into()
}

/// The configuration, if its data directory exists.
pub(super) fn existing(global: &Global) -> Result<Config, Failure> {
    if let Some(config) = salvaged(global) {
        return Ok(config.clone());
    }
    let config = configuration(global)?;
    let (data, database) =
        (&config.server.data_dir, config.server.data_dir.join(&config.database.path));
    match std::fs::metadata(&database) {
        Ok(_) => Ok(config),
        // The data is elsewhere; the directory has files of this server.
        Err(_) if config.database.engine == config::Engine::Cluster => Ok(config),
        // Without access to the directory, the socket may still be accessible.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Ok(config),
        // A running server reports the state of its database itself.
        Err(_) if identity::as_caller(|| control::call(&config.server.control_path())).is_ok() => {
            Ok(config)
        }
        Err(_) => Err(Failure::not_found(format!(
            "there is no database in {}; use --data-dir for another data directory, or --config \
             for another configuration file",
            std::path::absolute(data).unwrap_or_else(|_| data.clone()).display()
        ))),
    }
}

/// Runs a command and prints its items.
pub(super) fn run(global: &Global, command: &Command, layout: Layout) -> Result<(), Failure> {
    run_with(global, command, layout, &mut |_| ())
}

/// Runs a command that only a server can carry out, and prints its items.
pub(super) fn on_server(global: &Global, command: &Command, layout: Layout) -> Result<(), Failure> {
    match reach(global)?.1 {
        Found::Server(stream) => {
            let mut printer = Printer::new(global, layout);
            remote(stream, command, &mut |reply| match reply {
                Reply::Item(item) => printer.item(item),
                _ => Ok(()),
            })?;
            printer.finish()
        }
        Found::Nobody(_) => Err(Failure::new(
            Kind::Unreachable,
            "no server is running; it reads the configuration when it starts",
        )),
    }
}

/// Like [`run`]; `see` may change each item before it is printed.
pub(super) fn run_with(
    global: &Global,
    command: &Command,
    layout: Layout,
    see: &mut dyn FnMut(&mut serde_json::Value),
) -> Result<(), Failure> {
    let mut printer = Printer::new(global, layout);
    let ended = carry_out(global, command, &mut |reply| match reply {
        Reply::Item(mut item) => {
            see(&mut item);
            printer.item(item)
        }
        Reply::Progress { done, total } => {
            printer.progress(done, total);
            Ok(())
        }
        Reply::Bytes(_) => Ok(()),
    });
    // A check that found problems prints them before it fails.
    match &ended {
        Err(failure) if failure.kind != Kind::Problems => (),
        _ => printer.finish()?,
    }
    ended
}

/// Runs a command that tries several things, and prints the outcome of each, also if one failed.
pub(super) fn run_trials(
    global: &Global,
    command: &Command,
    layout: Layout,
) -> Result<(), Failure> {
    let mut printer = Printer::new(global, layout);
    let mut count = 0;
    let ended = carry_out(global, command, &mut |reply| match reply {
        Reply::Item(item) => {
            count += 1;
            printer.item(item)
        }
        _ => Ok(()),
    });
    if ended.is_ok() || count > 0 {
        printer.finish()?;
    }
    ended
}

/// Runs a command and returns its items.
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

/// Receives the replies of a command.
pub(super) type Take<'a> = &'a mut dyn FnMut(Reply) -> Result<(), Failure>;

/// Runs a command on the server, or on the data if no server is running.
pub(super) fn carry_out(global: &Global, command: &Command, take: Take<'_>) -> Result<(), Failure> {
    let (config, found) = reach(global)?;
    match found {
        Found::Server(stream) => {
            if global.verbose {
                note("A server is running: using its control socket.");
            }
            remote(stream, command, take)
        }
        Found::Nobody(lock) => {
            if global.verbose {
                note("No server is running: working on the data directly.");
            }
            let done = offline(config, command, take);
            drop(lock);
            done
        }
    }
}

/// Who holds a data directory.
pub(super) enum Found {
    /// A server that answers.
    Server(UnixStream),
    /// Nobody; this process now holds the lock.
    Nobody(std::fs::File),
}

/// Why the caller has no access to the control socket, and which directory denies it.
fn closed(path: &Path) -> String {
    let who = name(identity::caller().as_raw());
    let mut message = format!(
        "{who} has no access to the control socket {}; its owner has, and the members of [server] \
         control_socket_group",
        path.display()
    );
    let above: Vec<&Path> =
        path.ancestors().skip(1).filter(|place| !place.as_os_str().is_empty()).collect();
    if let Some(shut) = above
        .iter()
        .rev()
        .find(|place| nix::unistd::access(**place, nix::unistd::AccessFlags::X_OK).is_err())
    {
        let mode = std::fs::metadata(shut)
            .map(|meta| {
                format!(" (mode {:04o})", std::os::unix::fs::MetadataExt::mode(&meta) & 0o7777)
            })
            .unwrap_or_default();
        message = format!(
            "{message}, but {who} may not enter the directory {}{mode}: run it as its owner, or \
             set [server] control_socket to a path in a directory that the group may enter, such \
             as /run/chatctl/control.sock",
            shut.display()
        );
    }
    message
}

/// Connects to a running server; if there is none, takes the lock as the owner of the data
/// directory.
pub(super) fn connect(config: &Config) -> Result<Found, Failure> {
    let path = config.server.control_path();
    let began = Instant::now();
    loop {
        let refused = match identity::as_caller(|| control::call(&path)) {
            Ok(stream) => {
                control::check_peer(&stream, &path, &config.server.data_dir)?;
                return Ok(Found::Server(stream));
            }
            Err(error) => error,
        };
        if refused.kind() == std::io::ErrorKind::PermissionDenied {
            return Err(Failure::new(Kind::NotPermitted, closed(&path)));
        }
        identity::work_as_owner_of(&config.server.data_dir)?;
        let taken = lock::take(&config.server.data_dir);
        if taken.as_ref().is_err_and(|failure| failure.kind == Kind::Conflict)
            && let Some(stream) = moved(config, &path)?
        {
            return Ok(Found::Server(stream));
        }
        match taken {
            Ok(lock) => return Ok(Found::Nobody(lock)),
            Err(failure) if failure.kind == Kind::Conflict && began.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(failure) if failure.kind == Kind::Conflict => {
                let message = format!(
                    "{failure}, but does not answer at the control socket {}",
                    path.display()
                );
                return Err(Failure::new(Kind::Unreachable, message));
            }
            Err(other) if other.kind == Kind::NotPermitted => {
                return Err(stopped(config, &path).unwrap_or(other));
            }
            Err(other) => return Err(other),
        }
    }
}

/// The server at the control socket of its start, if `control_socket` was changed since.
fn moved(config: &Config, path: &Path) -> Result<Option<UnixStream>, Failure> {
    let data = &config.server.data_dir;
    let Some(former) = lock::socket_of_holder(data).filter(|former| former != path) else {
        return Ok(None);
    };
    let Ok(stream) = identity::as_caller(|| control::call(&former)) else { return Ok(None) };
    control::check_peer(&stream, &former, data)?;
    note(&format!(
        "note: the server still uses the control socket {}; {} is used after a restart",
        former.display(),
        path.display()
    ));
    Ok(Some(stream))
}

/// Why a caller who does not own the data directory can do nothing while no server runs.
fn stopped(config: &Config, path: &Path) -> Option<Failure> {
    use std::os::unix::fs::MetadataExt;
    let (data, caller) = (&config.server.data_dir, identity::caller().as_raw());
    let is_owner = std::fs::metadata(data).is_ok_and(|meta| meta.uid() == caller);
    (caller != 0 && !is_owner).then(|| {
        let message = format!(
            "no server is running at the control socket {}, and {} may not work on the data \
             directory {}: start the server, or run the command as the user of the server or as \
             root",
            path.display(),
            name(caller),
            data.display()
        );
        Failure::new(Kind::NotPermitted, message)
    })
}

/// Runs a command on the server. Gives up after [`control::SILENCE`] without a reply.
pub(super) fn remote(stream: UnixStream, command: &Command, take: Take<'_>) -> Result<(), Failure> {
    let asked = serde_json::to_vec(command).map_err(|error| Failure::failed(error.to_string()))?;
    let mut stream = Patient::new(stream).map_err(|error| lost(&error))?;
    stream.send(&frame::frame(frame::Kind::Command, &asked)).map_err(|error| lost(&error))?;
    let mut stream = std::io::BufReader::with_capacity(64 * 1024, stream);
    loop {
        match frame::read_answer(&mut stream) {
            Ok(Answer::Reply(reply)) if frame::is_sign_of_life(&reply) => (),
            Ok(Answer::Reply(reply)) => take(reply)?,
            Ok(Answer::End(ended)) => return ended,
            Err(error) => {
                stream.get_ref().interrupt.check()?;
                return Err(lost(&error));
            }
        }
    }
}

/// Why the connection to the server ended early.
fn lost(error: &std::io::Error) -> Failure {
    use std::io::ErrorKind;
    let message = match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => {
            "the server has stopped".to_owned()
        }
        ErrorKind::TimedOut => format!(
            "the server does not answer: it sent nothing for {} seconds",
            control::SILENCE.as_secs()
        ),
        _ => format!("the server sent an invalid reply: {error}"),
    };
    Failure::new(Kind::Unreachable, message)
}

/// Runs a command on the data itself; the caller holds the lock.
fn offline(config: Config, command: &Command, take: Take<'_>) -> Result<(), Failure> {
    let (command, quiet) = (command.clone(), command.only_reads());
    on_data(
        config,
        quiet,
        async move |admin, output| admin.run(&operator(), command, output).await,
        take,
    )
}

/// The operator of this process: the operating-system user.
pub(super) fn operator() -> Operator {
    Operator::cli(&name(identity::caller().as_raw()), "stopped server")
}

/// Works on the data itself and logs to the log files only; the caller holds the lock.
pub(super) fn on_data(
    config: Config,
    quiet: bool,
    work: impl AsyncFnOnce(&crate::admin::Admin, &Output) -> Result<(), Failure>,
    take: Take<'_>,
) -> Result<(), Failure> {
    let data = config.server.data_dir.clone();
    start_log(&config, &data)?;
    let database = data.join(&config.database.path);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    let mut interrupt = Interrupt::watch();
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
                    biased;
                    interrupted = interrupt.came() => return Err(interrupted),
                    ended = &mut working, if done.is_none() => done = Some(ended),
                    reply = replies.recv() => match reply {
                        Some(reply) => take(reply)?,
                        None => break,
                    },
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
    match &done {
        // Give interrupted work time to remove its temporary files.
        Err(_) => runtime.shutdown_timeout(PATIENCE),
        // Do not wait for idle blocking threads.
        Ok(()) => runtime.shutdown_background(),
    }
    done
}

/// The log of this command, open once work on the data has begun.
static LOG: Mutex<Option<logging::Logging>> = Mutex::new(None);

/// Opens the log of a stopped server, without standard output, unless it is open already.
pub(super) fn start_log(config: &Config, data: &Path) -> Result<(), Failure> {
    let mut held = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    if held.is_none() {
        let directory: PathBuf = data.join(&config.log.directory);
        let log = config::Log { stdout: false, ..config.log.clone() };
        // Only a server sends its log elsewhere.
        let own = Config { log, log_ship: config::Ship::default(), ..config.clone() };
        let started = logging::start(&own, &directory).map_err(|error| {
            Failure::io(&format!("cannot write the log in {}", directory.display()), &error)
        })?;
        *held = Some(started);
    }
    Ok(())
}

/// Flushes and closes the log at the end of the command.
pub(super) fn end_log() {
    drop(LOG.lock().unwrap_or_else(PoisonError::into_inner).take());
}
