//! Imports records: collects them into batches for the store, and stores the content of files.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha512};
use tokio::runtime::Handle;

use super::disk;
use super::foreign::aliases::CustomEmoji;
use super::foreign::heir::Standing;
use super::sanitize::sanitize;
use crate::admin::Failure;
use crate::store::StoreError;
use crate::store::engine::{Embedded, Engine, Loader};
use crate::store::files::{Files, Incoming};
use crate::store::transfer::{FileRecord, Header, Kind, Reason, Record, Report, Taken, Terms};

/// Rows per transaction, which should not take longer than about 10 ms.
const BATCH: usize = 250;

/// The target of an import.
#[derive(Clone)]
pub(super) struct Target {
    /// The database of a stopped server, or an empty keyspace.
    pub(super) engine: Engine,
    /// The content of files; None only checks it.
    pub(super) files: Option<Files>,
    /// Whether to refuse login names that look like another.
    pub(super) refuse_look_alikes: bool,
    /// Maximum length of a message in code points.
    pub(super) max_chars: usize,
    /// Maximum size of a file.
    pub(super) max_bytes: u64,
    /// The directory of the database.
    pub(super) data: PathBuf,
}

impl Target {
    /// The failure for a store error.
    pub(super) fn failure(&self, error: StoreError) -> Failure {
        disk::failure("cannot store the imported data", error, &self.data)
    }
}

/// Receives the records of an import. Its methods block.
pub(super) struct Taker<'p> {
    handle: Handle,
    pub(super) target: Target,
    into: Into,
    batch: Vec<Record>,
    weight: usize,
    pub(super) report: Report,
    logins: HashMap<String, String>,
    /// Users of another product, by their key there.
    pub(super) people: HashMap<String, Standing>,
    /// Custom emoji of another product.
    pub(super) emoji: CustomEmoji,
    receiving: Option<Receiving>,
    /// Names of files whose content was received, and their sizes.
    arrived: HashMap<String, u64>,
    progress: &'p mut dyn FnMut(u64) -> Result<(), Failure>,
    done: u64,
}

/// Where the records go.
enum Into {
    /// Into a database, which may have data already.
    Database(Embedded, Arc<Terms>),
    /// Into an empty keyspace. Always there but while the import is finished.
    Keyspace(Option<Box<Loader>>),
}

impl Into {
    async fn begin(
        target: &Target,
        source: &str,
        native: Option<&Header>,
    ) -> Result<Self, Failure> {
        match &target.engine {
            Engine::Embedded(database) => {
                let keep = database.begin_import(source, native.map(|header| header.ids)).await;
                let terms = Terms {
                    source: source.to_owned(),
                    native: native.is_some(),
                    keep: keep.map_err(|error| target.failure(error))?,
                    refuse_look_alikes: target.refuse_look_alikes,
                };
                Ok(Self::Database(database.clone(), Arc::new(terms)))
            }
            Engine::Cluster(cluster) => {
                let Some(header) = native else {
                    return Err(Failure::usage(
                        "only an export of chatctl can be imported into a cluster; import this one \
                         into a server with SQLite, and export from there",
                    ));
                };
                let loader = cluster.load(header).await.map_err(|error| target.failure(error))?;
                let loader = loader.ok_or_else(|| {
                    Failure::conflict(
                        "the cluster has data already; an import needs an empty keyspace (drop \
                         it, and run chatctl cluster init)",
                    )
                })?;
                Ok(Self::Keyspace(Some(Box::new(loader))))
            }
        }
    }

    async fn take(&mut self, records: Vec<Record>) -> Result<Taken, StoreError> {
        match self {
            Self::Database(database, terms) => {
                database.import(Arc::clone(terms), Arc::new(records)).await
            }
            Self::Keyspace(loader) => {
                let Some(loader) = loader else { return Err(StoreError::Unavailable) };
                let mut report = loader.take(&records).await?;
                for (kind, number) in records.iter().flat_map(counted) {
                    report.counts.entry(kind).or_default().taken += number;
                }
                Ok(Taken { report, logins: Vec::new() })
            }
        }
    }

    async fn finish(&mut self) -> Result<(), StoreError> {
        match self {
            Self::Database(database, terms) => {
                while database.finish_import(Arc::clone(terms)).await? {}
                Ok(())
            }
            Self::Keyspace(loader) => match loader.take() {
                Some(loader) => loader.finish().await,
                None => Ok(()),
            },
        }
    }
}

/// What a record adds.
fn counted(record: &Record) -> Vec<(Kind, u64)> {
    match record {
        Record::User(_) => vec![(Kind::Users, 1)],
        Record::Media(_) => vec![(Kind::Media, 1)],
        Record::Room(_) => vec![(Kind::Rooms, 1)],
        Record::Participant(_) => vec![(Kind::Participants, 1)],
        Record::Message(message) => {
            vec![(Kind::Messages, 1), (Kind::Reactions, message.reactions.len() as u64)]
        }
        // The keyspace reports which of them it has added.
        Record::SlashCommand(_) => vec![(Kind::SlashCommands, 1)],
        Record::Emoji(_)
        | Record::Preferences(_)
        | Record::Saved(_)
        | Record::Follow(_)
        | Record::Header(_)
        | Record::File(_)
        | Record::Imported(_)
        | Record::Job(_)
        | Record::End(_) => Vec::new(),
    }
}

/// A file of which some parts were received.
struct Receiving {
    name: String,
    next: u32,
    hash: Sha512,
    size: u64,
    incoming: Option<Incoming>,
}

impl<'p> Taker<'p> {
    /// Begins an import. `progress` receives the number of imported records.
    pub(super) fn begin(
        handle: Handle,
        target: Target,
        source: &str,
        native: Option<&Header>,
        progress: &'p mut dyn FnMut(u64) -> Result<(), Failure>,
    ) -> Result<Self, Failure> {
        let into = handle.block_on(Into::begin(&target, source, native))?;
        Ok(Self {
            handle,
            target,
            into,
            batch: Vec::new(),
            weight: 0,
            report: Report::default(),
            logins: HashMap::new(),
            people: HashMap::new(),
            emoji: CustomEmoji::default(),
            receiving: None,
            arrived: HashMap::new(),
            progress,
            done: 0,
        })
    }

    /// Imports a record.
    pub(super) fn take(&mut self, record: Record) -> Result<(), Failure> {
        if let Record::File(part) = &record {
            return self.file(part);
        }
        let mut record = sanitize(record, &mut self.report);
        if let Record::Media(media) = &mut record
            && let Some(size) = self.arrived.get(&media.name)
        {
            // Downloads rely on it.
            media.size = i64::try_from(*size).unwrap_or(i64::MAX);
        }
        match &record {
            Record::Media(media) if !self.has_bytes(&media.name)? => {
                self.report.note(Reason::BytesMissing, format!("file {}", media.id));
            }
            Record::Message(message) => {
                self.weight +=
                    message.reactions.len() + message.media.len() + message.mentions.len();
            }
            _ => {}
        }
        self.weight += 1;
        self.batch.push(record);
        if self.weight >= BATCH { self.flush() } else { Ok(()) }
    }

    /// Stores the current batch.
    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        let records = std::mem::take(&mut self.batch);
        self.weight = 0;
        if records.is_empty() {
            return Ok(());
        }
        self.done += records.len() as u64;
        let taken = self.handle.block_on(self.into.take(records));
        let Taken { report, logins } = taken.map_err(|error| self.target.failure(error))?;
        self.report.add(report);
        self.logins.extend(logins);
        (self.progress)(self.done)
    }

    /// The login name of a user of the source; None if the user was not imported.
    pub(super) fn login(&self, key: &str) -> Option<&str> {
        self.logins.get(key).map(String::as_str)
    }

    /// Finishes the import and returns the report.
    pub(super) fn finish(mut self) -> Result<Report, Failure> {
        self.flush()?;
        let finished = self.handle.block_on(self.into.finish());
        finished.map_err(|error| self.target.failure(error))?;
        for kind in [
            Kind::Users,
            Kind::Media,
            Kind::Rooms,
            Kind::Participants,
            Kind::Messages,
            Kind::Reactions,
        ] {
            self.report.counts.entry(kind).or_default();
        }
        Ok(self.report)
    }

    fn has_bytes(&self, name: &str) -> Result<bool, Failure> {
        if self.arrived.contains_key(name) {
            return Ok(true);
        }
        let Some(files) = &self.target.files else { return Ok(false) };
        let found = self
            .handle
            .block_on(files.has(name))
            .map_err(|error| Failure::failed(format!("cannot read the files: {error}")))?;
        Ok(found)
    }

    /// Receives a part of a file; after the last part, the file is kept if its checksum is its
    /// name.
    fn file(&mut self, part: &FileRecord) -> Result<(), Failure> {
        let io = |error: std::io::Error| {
            Failure::failed(format!("cannot write the file {}: {error}", part.name))
        };
        if part.part == 0 {
            let incoming = match &self.target.files {
                Some(files) => Some(self.handle.block_on(files.begin()).map_err(io)?),
                None => None,
            };
            self.receiving = Some(Receiving {
                name: part.name.clone(),
                next: 0,
                hash: Sha512::new(),
                size: 0,
                incoming,
            });
        }
        let Some(mut receiving) =
            self.receiving.take().filter(|file| file.name == part.name && file.next == part.part)
        else {
            return Ok(());
        };
        let Ok(bytes) = STANDARD.decode(&part.data) else { return Ok(()) };
        receiving.next += 1;
        receiving.size += bytes.len() as u64;
        receiving.hash.update(&bytes);
        if let Some(incoming) = &mut receiving.incoming {
            self.handle.block_on(incoming.write(&bytes)).map_err(io)?;
        }
        if !part.last {
            self.receiving = Some(receiving);
            return Ok(());
        }
        if hex::encode(receiving.hash.finalize()) == receiving.name {
            if let Some(incoming) = receiving.incoming {
                self.handle.block_on(incoming.keep(&receiving.name)).map_err(io)?;
            }
            self.arrived.insert(receiving.name, receiving.size);
        }
        Ok(())
    }
}
