//! Counts attempts among all servers: a window of a key begins with its first attempt.

use std::sync::LazyLock;
use std::time::Duration;

use redis::Script;

use super::place;
use super::shared::{Shard, Shared};
use crate::live::bus::BusUnavailable;

/// KEYS: the counter. ARGV: limit, window in milliseconds. Returns -1, or the milliseconds to wait.
static ATTEMPT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local count = tonumber(redis.call('GET', KEYS[1]) or '0')
        if count >= tonumber(ARGV[1]) then
            local left = redis.call('PTTL', KEYS[1])
            return left >= 0 and left or tonumber(ARGV[2])
        end
        redis.call('INCR', KEYS[1])
        if count == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
        return -1
        ",
    )
});

/// KEYS: the counter.
static GIVE_BACK: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local count = tonumber(redis.call('GET', KEYS[1]) or '0')
        if count > 1 then redis.call('DECR', KEYS[1]) end
        if count == 1 then redis.call('DEL', KEYS[1]) end
        ",
    )
});

/// Counts an attempt; the inner Err is the time to wait.
pub(super) async fn attempt(
    shared: &Shared,
    key: &str,
    limit: u32,
    window: Duration,
) -> Result<Result<(), Duration>, BusUnavailable> {
    let (name, millis) = (name(shared, key), u64::try_from(window.as_millis()).unwrap_or(u64::MAX));
    let mut call = ATTEMPT.prepare_invoke();
    call.key(&name).arg(limit).arg(millis);
    let wait: i64 = shard(shared, key).link.run(&call).await?;
    Ok(match u64::try_from(wait) {
        Err(_) => Ok(()),
        // Whole seconds, as the store counts.
        Ok(wait) => Err(Duration::from_secs(wait.div_ceil(1000).max(1))),
    })
}

/// Removes the newest attempt.
pub(super) async fn give_back(shared: &Shared, key: &str) -> Result<(), BusUnavailable> {
    let mut call = GIVE_BACK.prepare_invoke();
    call.key(name(shared, key));
    shard(shared, key).link.run(&call).await
}

fn shard<'a>(shared: &'a Shared, key: &str) -> &'a Shard {
    let chosen = place::chosen(shared.shards.iter().map(|s| s.id), place::hash(key.as_bytes()));
    let found = shared.shards.iter().find(|shard| Some(shard.id) == chosen);
    found.unwrap_or(&shared.shards[0])
}

fn name(shared: &Shared, key: &str) -> String {
    format!("{}try:{key}", shared.prefix)
}
