//! `chatctl serve`: locks the data directory, starts the log, runs the server until a signal.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};

use super::{Global, config, init, lock, log, print};
use crate::admin::soundness::unsound;
use crate::admin::{Failure, Kind, control, database, identity, lost};
use crate::config::load::{Flags, Loaded, load};
use crate::config::{Config, LogLevel, remarks};
use crate::logging;
use crate::model::rules::openable;
use crate::server::{self, Process, Ready};
use crate::service::sockets;

/// How long to wait for a command that works on the data directory.
const PATIENCE: Duration = Duration::from_secs(10);

/// Options of `serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chatctl serve\n  chatctl serve --listen 0.0.0.0:8080 \
                        --listen unix:/run/chat.sock --data-dir /var/lib/chatctl")]
pub(super) struct Opts {
    /// Address to listen on, `HOST:PORT` or `unix:PATH`; may be repeated
    #[arg(long, value_name = "ADDR")]
    listen: Vec<String>,
    /// Minimum log level
    #[arg(long, value_name = "LEVEL", value_parser = log::level)]
    log_level: Option<LogLevel>,
    /// Start with an empty database even if uploads, logs or backups exist
    #[arg(long)]
    new: bool,
}

pub(super) fn run(global: &Global, opts: Opts) -> Result<(), Failure> {
    // Before any thread is started, since it changes the environment.
    let passed = sockets::take().map_err(|error| Failure::failed(error.to_string()))?;
    let flags = Flags {
        config: global.config.clone(),
        data_dir: global.data_dir.clone(),
        listen: opts.listen,
        log_level: opts.log_level,
    };
    let mut loaded = configuration(&flags)?;
    for remark in passed.remark.iter().chain(&loaded.remarks) {
        print::note(&format!("note: {remark}"));
    }
    let config = loaded.config.clone();
    let data = config.server.data_dir.clone();
    let owner = become_owner(&mut loaded)?;
    lost::check(&config, opts.new)?;
    init::make(&data)?;
    config::require_usable(&loaded)?;
    let _lock = lock_data(&config)?;
    // Before the log is opened: log files without a database indicate a lost database.
    database::create(&config)?;
    let database = data.join(&config.database.path);
    let log_directory = data.join(&config.log.directory);
    let logging = logging::start(&config, &log_directory).map_err(|error| {
        Failure::io(&format!("cannot write the log in {}", log_directory.display()), &error)
    })?;
    if let Some(owner) = owner {
        tracing::info!(
            "Started as root; the server now runs as {owner}, the owner of the data directory."
        );
    }
    for remark in &loaded.remarks {
        tracing::warn!("Configuration: {remark}.");
    }
    if let Some(remark) = &passed.remark {
        tracing::warn!("Socket activation: {remark}.");
    }
    if global.verbose {
        let file = loaded.file.as_ref();
        let file = file.map_or_else(|| "none".to_owned(), |file| file.display().to_string());
        print::line(&format!("Configuration file: {file}"))?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    let public = config.server.public_url.clone();
    let ready = |ready: Ready<'_>| {
        announce(&ready, public.as_deref(), &data);
    };
    let process =
        Process { log: logging.control(), sockets: passed.sockets, flags, file: loaded.file };
    let served = runtime.block_on(async {
        let stop = stop(logging.control())
            .map_err(|error| Failure::failed(format!("cannot wait for signals: {error}")))?;
        server::run(config, database, process, ready, stop).await.map_err(|error| {
            tracing::error!(target: "chatctl::plain", "The server could not start: {error}");
            error.into_failure()
        })
    });
    // Do not wait for idle blocking threads.
    runtime.shutdown_background();
    served
}

/// Loads the configuration, with remarks on values that are probably mistakes or unsafe.
fn configuration(flags: &Flags) -> Result<Loaded, Failure> {
    let mut loaded = load(flags).map_err(|error| unsound(&error))?;
    loaded.remarks.extend(remarks::all(&loaded.config));
    Ok(loaded)
}

/// Switches from root to the owner of the data directory, and returns the owner's name if it did.
/// A configuration file that only root can read is remarked.
fn become_owner(loaded: &mut Loaded) -> Result<Option<String>, Failure> {
    let owner = identity::become_owner_of(&loaded.config.server.data_dir)?;
    if let (Some(owner), Some(file)) = (&owner, &loaded.file)
        && let Err(error) = File::open(file)
    {
        let remark = format!(
            "the server runs as {owner}, who cannot read {} ({error}): the configuration cannot be \
         reloaded; make the file and its directory readable for {owner}",
            file.display()
        );
        print::note(&format!("note: {remark}"));
        loaded.remarks.push(remark);
    }
    Ok(owner)
}

/// Prints where the server can be reached, and how to create the first administrator.
fn announce(ready: &Ready<'_>, public: Option<&str>, data: &Path) {
    let mut lines: Vec<String> =
        ready.addresses.iter().map(|address| format!("Listening on {address}")).collect();
    lines.push(format!("Data in {}", shown(data)));
    if let Some(invitation) = ready.invitation {
        let own = || {
            ready
                .addresses
                .iter()
                .find(|address| address.starts_with("http"))
                .map(|address| openable(address, &host()))
        };
        let base = public.map(|url| url.trim_end_matches('/').to_owned()).or_else(own);
        let create = "chatctl user create NAME --admin";
        if let Some(base) = base {
            lines.push(format!(
                "There is no administrator yet. The first administrator can be created at \
                 {base}/#setup={invitation}"
            ));
            lines.push(format!("Or: {create}"));
        } else {
            // Nobody can open a Unix socket in a browser.
            lines.push(format!("There is no administrator yet. Create one: {create}"));
        }
    }
    for line in lines {
        // A closed standard output must not stop the server.
        drop(print::line(&line));
    }
}

/// Takes the lock, and notes the control socket in it.
fn lock_data(config: &Config) -> Result<File, Failure> {
    let mut lock = wait_for_lock(config)?;
    let socket = std::path::absolute(config.server.control_path());
    let noted = socket.and_then(|socket| lock::note_socket(&mut lock, &socket));
    noted.map_err(|error| {
        let data = config.server.data_dir.display();
        Failure::io(&format!("cannot write the lock in {data}"), &error)
    })?;
    Ok(lock)
}

/// Takes the lock. Waits for a command that works on the data, such as a scheduled one at boot, but
/// not for another server.
fn wait_for_lock(config: &Config) -> Result<File, Failure> {
    let began = Instant::now();
    let mut told = false;
    loop {
        match lock::take(&config.server.data_dir) {
            Err(failure)
                if failure.kind == Kind::Conflict
                    && began.elapsed() < PATIENCE
                    && control::call(&config.server.control_path()).is_err() =>
            {
                if !told {
                    print::note(&format!(
                        "{failure}; waiting up to {} seconds for it to end",
                        PATIENCE.as_secs()
                    ));
                    told = true;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            taken => return taken,
        }
    }
}

/// The host name of this machine, for a link that is opened on another one.
fn host() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    let usable = |name: &String| {
        !name.is_empty()
            && name != "localhost"
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
    };
    name.filter(usable).unwrap_or_else(|| "127.0.0.1".to_owned())
}

fn shown(path: &Path) -> String {
    std::fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path)).display().to_string()
}

/// Completes at SIGTERM or SIGINT; a second SIGINT ends the process at once. SIGHUP reopens the log
/// file; the server itself reloads its configuration.
fn stop(log: logging::Control) -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = hang_up.recv() => log.reopen(),
            }
        }
        tokio::spawn(async move {
            interrupt.recv().await;
            std::process::exit(130);
        });
    })
}
