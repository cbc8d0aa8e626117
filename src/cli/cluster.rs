//! `chatctl cluster`: the database that several servers share.

use std::future::Future;

use clap::Subcommand;

use super::print::{Layout, Printer};
use super::{Global, execute};
use crate::admin::{Failure, cluster};
use crate::config::Config;

/// Verbs of `chatctl cluster`.
#[derive(Debug, Subcommand)]
#[command(after_help = "The commands need [cluster] in the configuration. They connect to the \
                        database themselves, whether a server is running or not.\n\n\
                        Examples:\n  chatctl cluster init\n  chatctl cluster status")]
pub(super) enum Verb {
    /// Create the keyspace and its tables, or what a new version adds
    Init {
        /// Replicas of each row in a new keyspace (default: 3, or the number of nodes if smaller)
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=10))]
        replicas: Option<u32>,
    },
    /// Show the nodes of the database, the keyspace, Redis and all servers
    Status,
    /// Try in a temporary keyspace what the server relies on; exit code 6 if anything fails
    Check,
    /// Tell clients that the data were restored from a snapshot (restart all servers afterwards)
    NewEpoch,
}

const PARTS: Layout =
    Layout::List(&[("part", "part"), ("name", "name"), ("up", "up"), ("details", "details")]);
const PROMISES: Layout =
    Layout::List(&[("promise", "promise"), ("kept", "kept"), ("found", "found")]);

pub(super) fn run(global: &Global, verb: &Verb) -> Result<(), Failure> {
    let config = execute::configuration(global)?;
    let one = |item| {
        let mut printer = Printer::new(global, Layout::One);
        printer.item(item)?;
        printer.finish()
    };
    match verb {
        Verb::Init { replicas } => one(wait(cluster::init(&config, *replicas))?),
        Verb::NewEpoch => one(wait(cluster::renew(&config))?),
        Verb::Status => {
            let mut printer = Printer::new(global, PARTS);
            for part in wait(cluster::report::status(&config))? {
                printer.item(part)?;
            }
            printer.finish()
        }
        Verb::Check => check(global, &config),
    }
}

/// A check that found problems prints them before it fails; one that could not start prints no
/// empty table.
fn check(global: &Global, config: &Config) -> Result<(), Failure> {
    let mut printer = Printer::new(global, PROMISES);
    let mut tried = false;
    let checked = wait(cluster::check(config, &mut |item| {
        tried = true;
        printer.item(item)
    }));
    if tried {
        printer.finish()?;
    }
    checked
}

/// Runs a command that connects to the cluster.
fn wait<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start: {error}")))?;
    let mut interrupt = super::interrupt::Interrupt::watch();
    runtime.block_on(async {
        tokio::select! {
            biased;
            interrupted = interrupt.came() => Err(interrupted),
            done = work => done,
        }
    })
}
