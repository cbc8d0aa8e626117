//! S3 servers, and values that are secret.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A value that `Debug` output and `config show` do not contain.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Masked(pub String);

impl std::fmt::Debug for Masked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// `[backup.s3]`, `[media.s3]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S3 {
    /// URL of the S3 server. Default: the environment variable `AWS_ENDPOINT_URL`, or else Amazon
    /// S3.
    pub endpoint: Option<String>,
    /// Region. Default: the environment variable `AWS_REGION`, or else `us-east-1`.
    pub region: Option<String>,
    /// Access key id. Default: the environment variable `AWS_ACCESS_KEY_ID`.
    pub access_key_id: Option<String>,
    /// Secret access key. Default: the environment variable `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Option<Masked>,
    /// PEM file with certificates of authorities that are trusted in addition to those of the
    /// system.
    pub tls_ca: Option<PathBuf>,
}
