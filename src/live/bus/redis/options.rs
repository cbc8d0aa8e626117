//! How to reach Redis.

/// How to reach Redis.
#[derive(Clone, Default)]
pub struct RedisOptions {
    /// Addresses of one instance or of several independent ones, such as `redis://127.0.0.1:6379`
    /// or `rediss://redis.example.org:6380`. Every server must have the same, since rooms are
    /// divided among them by their text.
    pub urls: Vec<String>,
    /// User, instead of one in the addresses.
    pub user: Option<String>,
    /// Password, instead of one in the addresses.
    pub password: Option<String>,
    /// Certificates of authorities (PEM) for `rediss`, instead of those of the system.
    pub roots: Option<Vec<u8>>,
    /// Beginning of all keys and channels, so that several clusters can share an instance.
    pub prefix: String,
}

impl std::fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Addresses may contain passwords.
        f.debug_struct("RedisOptions").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// An address of Redis cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("invalid address of Redis: {0}")]
pub struct InvalidAddress(pub(super) String);
