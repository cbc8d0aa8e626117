//! Buckets of S3 servers: a client with its keys, TLS and time limits, and what a failed request
//! means. A leaf: it knows neither the configuration nor what is stored.

mod client;
mod fault;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3;
use object_store::path::Path as Key;

pub use fault::{Fault, Kind, is_mere_absence};

/// Begin of the URL of a place in a bucket.
const SCHEME: &str = "s3://";

/// An S3 server, and the keys for it.
#[derive(Clone)]
pub struct Server {
    /// Section of the configuration that describes it, in messages.
    pub section: &'static str,
    /// Its URL; None: Amazon S3.
    pub endpoint: Option<String>,
    /// Region.
    pub region: String,
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: String,
    /// Token of a temporary session, to which the keys belong.
    pub session_token: Option<String>,
    /// PEM file with certificates that are trusted in addition to those of the system.
    pub tls_ca: Option<PathBuf>,
}

/// How long an S3 server is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Time limit of a connection.
    pub connect: Duration,
    /// Time limit of a request with its response; None: only `silence` ends it.
    pub request: Option<Duration>,
    /// Time without a byte of the response after which a request has failed.
    pub silence: Option<Duration>,
    /// Attempts after a failed request, with growing pauses.
    pub retries: usize,
    /// Time after which a request is not tried again.
    pub retrying: Duration,
}

/// A place in a bucket. Clones share the client.
#[derive(Clone)]
pub struct Place {
    store: Arc<AmazonS3>,
    bucket: String,
    /// Begin of all keys; empty, or ends in a slash.
    prefix: String,
    /// The server in messages.
    server: String,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Place").field(&self.url("")).finish()
    }
}

impl Place {
    /// The objects of a bucket whose keys begin with `prefix`, which is empty or ends in a slash.
    /// Sends nothing yet.
    pub fn open(
        server: &Server,
        bucket: &str,
        prefix: &str,
        patience: Patience,
    ) -> Result<Self, Fault> {
        let (store, server) = client::connect(server, bucket, patience)?;
        Ok(Self {
            store: Arc::new(store),
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            server,
        })
    }

    /// The client.
    pub fn store(&self) -> &Arc<AmazonS3> {
        &self.store
    }

    /// Begin of all keys; empty, or ends in a slash.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// `s3://BUCKET/PREFIX/NAME`.
    pub fn url(&self, name: &str) -> String {
        format!("{SCHEME}{}/{}{name}", self.bucket, self.prefix)
    }

    /// The key of an object.
    pub fn key(&self, name: &str) -> Result<Key, Fault> {
        Key::parse(format!("{}{name}", self.prefix)).map_err(|error| {
            Fault::new(Kind::Usage, format!("{} is not valid: {error}", self.url(name)))
        })
    }

    /// What a failed request on an object means, or on the place if `name` is empty. `doing` is a
    /// verb.
    pub fn fault(&self, doing: &str, name: &str, error: &object_store::Error) -> Fault {
        let cannot = format!("cannot {doing} {}", self.url(name));
        fault::told(&cannot, error, &self.bucket, &self.server)
    }
}
