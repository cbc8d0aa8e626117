//! `chatctl serve`: takes the data directory, starts the log, runs the server until a signal.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use super::exit::Failure;
use super::{Global, say};
use crate::config::LogLevel;
use crate::config::load::{Flags, load};
use crate::logging::{self, Logging};
use crate::server;

/// Options of `serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chatctl serve\n  chatctl serve --listen 0.0.0.0:8080 --listen unix:/run/chat.sock --data-dir /var/lib/chatctl")]
pub(super) struct Opts {
    /// Address to listen on, `HOST:PORT` or `unix:PATH`; may be repeated
    #[arg(long, value_name = "ADDR")]
    listen: Vec<String>,
    /// The least important level that is logged
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    log_level: Option<LogLevel>,
}

fn level(text: &str) -> Result<LogLevel, String> {
    match text.to_ascii_lowercase().as_str() {
        "error" => Ok(LogLevel::Error),
        "warn" => Ok(LogLevel::Warn),
        "info" => Ok(LogLevel::Info),
        "debug" => Ok(LogLevel::Debug),
        "trace" => Ok(LogLevel::Trace),
        _ => Err("must be error, warn, info, debug or trace".to_owned()),
    }
}

pub(super) fn run(global: &Global, opts: Opts) -> Result<(), Failure> {
    let flags = Flags { config: global.config.clone(), data_dir: global.data_dir.clone(), listen: opts.listen, log_level: opts.log_level };
    let loaded = load(&flags).map_err(|error| Failure::usage(error.to_string()))?;
    let config = loaded.config;
    let data = config.server.data_dir.clone();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&data)
        .map_err(|error| Failure::io(&format!("cannot make the data directory {}", data.display()), &error))?;
    let _lock = lock(&data)?;
    let log_directory = data.join(&config.log.directory);
    let logging =
        logging::start(&config.log, &log_directory).map_err(|error| Failure::io(&format!("cannot write the log in {}", log_directory.display()), &error))?;
    let logging = Arc::new(logging);
    if global.verbose {
        let file = loaded.file.map_or_else(|| "none".to_owned(), |file| file.display().to_string());
        say(&format!("Configuration file: {file}"))?;
    }
    let database = data.join(&config.database.path);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    let ready = |addresses: &[String]| {
        let lines = addresses.iter().map(|address| format!("Listening on {address}")).chain([format!("Data in {}", shown(&data))]);
        for line in lines {
            // A closed standard output does not stop the server.
            drop(say(&line));
        }
    };
    let served = runtime.block_on(async {
        let stop = stop(Arc::clone(&logging)).map_err(|error| Failure::failed(format!("cannot wait for signals: {error}")))?;
        server::run(config, database, ready, stop).await.map_err(|error| {
            tracing::error!("The server could not start: {error}");
            Failure::failed(error.to_string())
        })
    });
    // Idle connections of the runtime's blocking threads need not be waited for.
    runtime.shutdown_background();
    served
}

fn shown(path: &Path) -> String {
    std::fs::canonicalize(path).unwrap_or_else(|_| PathBuf::from(path)).display().to_string()
}

/// One server a data directory. The lock goes with the process, however it ends.
fn lock(data: &Path) -> Result<File, Failure> {
    let path = data.join("lock");
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
    let mut file = opened.map_err(|error| Failure::io(&format!("cannot write in the data directory {}", data.display()), &error))?;
    match file.try_lock() {
        Ok(()) => (),
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            drop(file.read_to_string(&mut holder));
            return Err(Failure::conflict(format!("another chatctl (process {}) is running on the data directory {}", holder.trim(), data.display())));
        }
        Err(TryLockError::Error(error)) => return Err(Failure::io(&format!("cannot lock {}", path.display()), &error)),
    }
    let noted = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
    noted.map_err(|error| Failure::io(&format!("cannot write {}", path.display()), &error))?;
    Ok(file)
}

/// Ends at SIGTERM or SIGINT; a second SIGINT ends the process at once. SIGHUP begins a new log file.
fn stop(logging: Arc<Logging>) -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = hang_up.recv() => logging.reopen(),
            }
        }
        tokio::spawn(async move {
            interrupt.recv().await;
            std::process::exit(130);
        });
    })
}
