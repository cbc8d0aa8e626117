//! Argon2id on dedicated threads: a flood of log-ins cannot exhaust the cores of the chat or, since
//! the threads reuse their memory, its memory.

use std::sync::mpsc::{Receiver, RecvError, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use metrics::counter;
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;

use crate::model::{Error, Result};

/// Maximum number of queued jobs; beyond it log-ins are refused and must be repeated.
const QUEUE: usize = 32;
/// Time after the last job until a thread gives its memory back.
const KEEP: Duration = Duration::from_secs(2);
/// 19 MiB, two passes, one lane (OWASP's first choice; security.md 6).
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const OUTPUT_BYTES: usize = 32;

/// Hashes and verifies passwords.
pub(super) struct Hasher {
    queue: SyncSender<Job>,
    /// Hash of an unknown password: checking unknown users takes as long as checking known ones.
    decoy: String,
}

struct Job {
    work: Work,
    answer: oneshot::Sender<Option<Done>>,
}

enum Work {
    Hash(Vec<String>),
    Verify { secret: String, hash: String },
}

enum Done {
    Hashes(Vec<String>),
    Matches(bool),
}

impl Hasher {
    /// Starts this number of threads; they end when the hasher is dropped.
    pub(super) fn start(threads: usize) -> Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..threads.max(1) {
            let jobs = Arc::clone(&jobs);
            let named = thread::Builder::new().name(format!("argon2-{number}"));
            named.spawn(move || serve(&jobs)).map_err(|_| Error::Internal)?;
        }
        let decoy = unusable_password().ok_or(Error::Internal)?;
        Ok(Self { queue, decoy })
    }

    /// Returns one PHC string per secret.
    pub(super) async fn hash(&self, secrets: Vec<String>) -> Result<Vec<String>> {
        match self.run(Work::Hash(secrets)).await? {
            Done::Hashes(hashes) => Ok(hashes),
            Done::Matches(_) => Err(Error::Internal),
        }
    }

    /// Returns whether the secret matches the hash; with None it takes as long and returns false.
    pub(super) async fn verify(&self, secret: &str, hash: Option<&str>) -> Result<bool> {
        let known = hash.is_some();
        let work = Work::Verify {
            secret: secret.to_owned(),
            hash: hash.unwrap_or(&self.decoy).to_owned(),
        };
        match self.run(work).await? {
            Done::Matches(matches) => Ok(matches && known),
            Done::Hashes(_) => Err(Error::Internal),
        }
    }

    async fn run(&self, work: Work) -> Result<Done> {
        let (answer, done) = oneshot::channel();
        // A full queue empties quickly: reply 503, and the client tries again.
        self.queue.try_send(Job { work, answer }).map_err(|_| {
            counter!("chatctl_unavailable_total", "cause" => "hashing").increment(1);
            Error::Unavailable
        })?;
        done.await.ok().flatten().ok_or(Error::Internal)
    }
}

fn serve(jobs: &Mutex<Receiver<Job>>) {
    let mut memory = Vec::new();
    loop {
        let next = match jobs.try_lock() {
            Ok(jobs) if !memory.is_empty() => match jobs.recv_timeout(KEEP) {
                Err(RecvTimeoutError::Timeout) => {
                    memory = Vec::new();
                    continue;
                }
                next => next.map_err(|_| RecvError),
            },
            Ok(jobs) => jobs.recv(),
            // Another thread waits for the next job.
            Err(_) => {
                memory = Vec::new();
                jobs.lock().unwrap_or_else(PoisonError::into_inner).recv()
            }
        };
        let Ok(job) = next else { return };
        let done = match job.work {
            Work::Hash(secrets) => secrets
                .iter()
                .map(|secret| hash(&mut memory, secret))
                .collect::<Option<_>>()
                .map(Done::Hashes),
            Work::Verify { secret, hash } => verify(&mut memory, &secret, &hash).map(Done::Matches),
        };
        // The caller may have disconnected.
        drop(job.answer.send(done));
    }
}

fn hash(memory: &mut Vec<Block>, secret: &str) -> Option<String> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).ok()?;
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(OUTPUT_BYTES)).ok()?;
    let output = compute(memory, &params, Version::V0x13, secret, &salt)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).ok()?,
        salt: Some(Salt::new(&salt).ok()?),
        hash: Some(Output::new(&output).ok()?),
    };
    Some(hash.to_string())
}

fn verify(memory: &mut Vec<Block>, secret: &str, hash: &str) -> Option<bool> {
    let hash = PasswordHash::new(hash).ok()?;
    let version = Version::try_from(hash.version?).ok()?;
    let params = Params::try_from(&hash).ok()?;
    let output = compute(memory, &params, version, secret, hash.salt?.as_ref())?;
    Some(output.as_slice().ct_eq(hash.hash?.as_bytes()).into())
}

/// Returns a value stored if there is no password: it has the form of a hash but matches nothing.
pub fn unusable_password() -> Option<String> {
    let (mut salt, mut output) = ([0; 16], [0; OUTPUT_BYTES]);
    getrandom::fill(&mut salt).ok()?;
    getrandom::fill(&mut output).ok()?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(
            &Params::new(MEMORY_KIB, PASSES, 1, Some(OUTPUT_BYTES)).ok()?,
        )
        .ok()?,
        salt: Some(Salt::new(&salt).ok()?),
        hash: Some(Output::new(&output).ok()?),
    };
    Some(hash.to_string())
}

/// Returns whether a log-in can be checked against this hash within the usual memory.
pub fn is_password_hash(text: &str) -> bool {
    let Ok(hash) = PasswordHash::new(text) else { return false };
    let bounded = Params::try_from(&hash).is_ok_and(|params| {
        params.m_cost() <= 16 * MEMORY_KIB && params.t_cost() <= 16 && params.p_cost() <= 4
    });
    text.starts_with("$argon2id$")
        && hash.version.is_some()
        && hash.salt.is_some()
        && hash.hash.is_some()
        && bounded
}

fn compute(
    memory: &mut Vec<Block>,
    params: &Params,
    version: Version,
    secret: &str,
    salt: &[u8],
) -> Option<Vec<u8>> {
    memory.resize(params.block_count(), Block::default());
    let mut output = vec![0; params.output_len().unwrap_or(OUTPUT_BYTES)];
    let argon2 = Argon2::new(Algorithm::Argon2id, version, params.clone());
    argon2
        .hash_password_into_with_memory(secret.as_bytes(), salt, &mut output, memory.as_mut_slice())
        .ok()?;
    Some(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_matches_its_secret_only() {
        let mut memory = Vec::new();
        let phc = hash(&mut memory, "correct horse").unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert_eq!(verify(&mut memory, "correct horse", &phc), Some(true));
        assert_eq!(verify(&mut memory, "correct horsf", &phc), Some(false));
        let nobodys = unusable_password().unwrap();
        assert!(is_password_hash(&phc) && is_password_hash(&nobodys), "{nobodys}");
        assert_eq!(verify(&mut memory, "", &nobodys), Some(false));
        for bad in [
            "",
            "plain",
            "$2b$10$abc",
            "$argon2id$v=19$m=99999999,t=2,p=1$c2FsdHNhbHQ$b3V0cHV0b3V0cHV0",
        ] {
            assert!(!is_password_hash(bad), "{bad}");
        }
    }
}
