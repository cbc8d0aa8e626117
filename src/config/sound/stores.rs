//! Where data is: backups, uploaded files, S3 servers, and the shared database with Redis.

use crate::config::{Config, Engine, S3, check};

/// Maximum size of an object that an S3 server copies with one request, as it does when a file is
/// moved to the trash: 5 GiB.
const LARGEST_OBJECT: u64 = 5 * 1024 * 1024 * 1024;

/// Returns what is wrong with the bucket and the recipients of backups.
pub(super) fn wrong_backups(config: &Config) -> Vec<String> {
    let backup = &config.backup;
    let mut found = Vec::new();
    let mut bad =
        |section: &str, key: &str, why: &str| found.push(format!("[{section}] {key} {why}"));
    if let Some(Err(why)) = backup.to.as_deref().map(check::Bucket::parse) {
        bad("backup", "to", &why);
    }
    found.extend(wrong_s3("backup.s3", &config.backup_s3));
    let mut bad =
        |section: &str, key: &str, why: &str| found.push(format!("[{section}] {key} {why}"));
    for key in backup.recipients.iter().filter(|key| !check::is_recipient(key)) {
        bad("backup", "recipients", &format!("contains {}", check::wrong_recipient(key)));
    }
    found
}

/// Returns what is wrong with an S3 server.
fn wrong_s3(section: &str, s3: &S3) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(why) = s3.endpoint.as_deref().and_then(check::wrong_endpoint) {
        found.push(format!("[{section}] endpoint {why}"));
    }
    if s3.access_key_id.is_some() != s3.secret_access_key.is_some() {
        found.push(format!(
            "[{section}] access_key_id and secret_access_key must be given together"
        ));
    }
    found
}

/// Returns what is wrong with the place of uploaded files.
pub(super) fn wrong_media(config: &Config) -> Vec<String> {
    let media = &config.media;
    let mut found = wrong_s3("media.s3", &config.media_s3);
    let mut bad = |key: &str, why: &str| found.push(format!("[media] {key} {why}"));
    if let Some(Err(why)) = media.bucket().map(check::Bucket::parse) {
        bad("store", &format!("must be \"directory\" or a bucket: {why}"));
    }
    if media.bucket().is_some() && media.max_bytes > LARGEST_OBJECT {
        let why = format!(
            "must be at most {LARGEST_OBJECT}, the size of an object that S3 copies at once: {}",
            media.max_bytes
        );
        bad("max_bytes", &why);
    }
    found
}

/// Returns what is wrong with the shared database and Redis.
pub(super) fn wrong_cluster(config: &Config) -> Vec<String> {
    let cluster = &config.cluster;
    let mut found = Vec::new();
    let mut bad =
        |section: &str, key: &str, why: &str| found.push(format!("[{section}] {key} {why}"));
    if config.database.engine == Engine::Cluster {
        if cluster.cassandra.is_empty() {
            bad("cluster", "cassandra", "must contain a node, since [database] engine is cluster");
        }
        if config.backup.every_hours.is_some() {
            bad(
                "backup",
                "every_hours",
                "must be unset, since [database] engine is cluster: a cluster is backed up with \
                 the tools of its database",
            );
        }
    }
    for node in cluster.cassandra.iter().filter(|node| !check::is_node(node)) {
        bad("cluster", "cassandra", &format!("contains {node:?}, which is not HOST or HOST:PORT"));
    }
    if !check::is_keyspace(&cluster.keyspace) {
        bad(
            "cluster",
            "keyspace",
            &format!(
                "must be 1 to 48 lowercase letters, digits and underscores, and begin with a \
                 letter: {:?}",
                cluster.keyspace
            ),
        );
    }
    if cluster.user.is_some() != cluster.password.is_some() {
        bad("cluster", "user", "and password must be given together");
    }
    if cluster.redis_user.is_some() && cluster.redis_password.is_none() {
        bad("cluster", "redis_user", "requires redis_password");
    }
    for (n, url) in cluster.redis.iter().enumerate() {
        if url.contains('@') {
            // Not shown: it is a secret, and nothing would mask it.
            let place = format!("entry {} of {}", n + 1, cluster.redis.len());
            bad(
                "cluster",
                "redis",
                &format!(
                    "{place} must not contain a password; give it in \
                                              redis_password"
                ),
            );
        } else if !check::is_redis(url) {
            bad("cluster", "redis", &format!("contains {url:?}, which is not redis://HOST:PORT"));
        }
    }
    found
}
