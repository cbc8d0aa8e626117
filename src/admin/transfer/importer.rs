//! Imports records: collects them into batches for the store, and stores the content of files.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha512};
use tokio::runtime::Handle;

use super::disk;
use super::foreign::heir::Standing;
use super::sanitize::sanitize;
use crate::admin::Failure;
use crate::store::StoreError;
use crate::store::engine::Embedded;
use crate::store::files::{Files, Incoming};
use crate::store::transfer::{FileRecord, Kind, LastIds, Reason, Record, Report, Taken, Terms};

/// Rows per transaction, which should not take longer than about 10 ms.
const BATCH: usize = 250;

/// The target of an import.
#[derive(Clone)]
pub(super) struct Target {
    /// The database of a stopped server.
    pub(super) store: Embedded,
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
    terms: Arc<Terms>,
    batch: Vec<Record>,
    weight: usize,
    pub(super) report: Report,
    logins: HashMap<String, String>,
    /// Users of another product, by their key there.
    pub(super) people: HashMap<String, Standing>,
    receiving: Option<Receiving>,
    /// Names of files whose content was received.
    arrived: std::collections::HashSet<String>,
    progress: &'p mut dyn FnMut(u64) -> Result<(), Failure>,
    done: u64,
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
        native: Option<LastIds>,
        progress: &'p mut dyn FnMut(u64) -> Result<(), Failure>,
    ) -> Result<Self, Failure> {
        let keep = handle
            .block_on(target.store.begin_import(source, native))
            .map_err(|error| target.failure(error))?;
        let terms = Terms {
            source: source.to_owned(),
            native: native.is_some(),
            keep,
            refuse_look_alikes: target.refuse_look_alikes,
        };
        Ok(Self {
            handle,
            target,
            terms: Arc::new(terms),
            batch: Vec::new(),
            weight: 0,
            report: Report::default(),
            logins: HashMap::new(),
            people: HashMap::new(),
            receiving: None,
            arrived: std::collections::HashSet::new(),
            progress,
            done: 0,
        })
    }

    /// Imports a record.
    pub(super) fn take(&mut self, record: Record) -> Result<(), Failure> {
        if let Record::File(part) = &record {
            return self.file(part);
        }
        let record = sanitize(record, &mut self.report);
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
        let taken = self
            .handle
            .block_on(self.target.store.import(Arc::clone(&self.terms), Arc::new(records)));
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
        while self
            .handle
            .block_on(self.target.store.finish_import(Arc::clone(&self.terms)))
            .map_err(|error| self.target.failure(error))?
        {}
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
        if self.arrived.contains(name) {
            return Ok(true);
        }
        let Some(files) = &self.target.files else { return Ok(false) };
        let found = self
            .handle
            .block_on(files.read(name))
            .map_err(|error| Failure::failed(format!("cannot read the files: {error}")))?;
        Ok(found.is_some())
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
            self.arrived.insert(receiving.name);
        }
        Ok(())
    }
}
