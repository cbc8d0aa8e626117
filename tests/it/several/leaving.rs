//! A server that is being stopped leaves nothing behind that others wait for.

use super::{Common, until};
use crate::store::cassandra::is_wanted;
use crate::support::Person;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stops_takes_its_users_along() {
    if !is_wanted() {
        return;
    }
    let common = Common::new();
    let (mut one, two) = (common.server(&[]).await, common.server(&[]).await);
    let [ann, ben] = [Person::new(&one, "ann").await, Person::new(&two, "ben").await];
    let room = ann.room(&[&ben]).await;
    let mut here = ben.enter(&room).await;
    let there = ann.enter(&room).await;
    here.until("user_joined").await;
    // Both are known to Redis as servers that take requests.
    let living = |level: &str| {
        let script = "local n = 0 for _, key in ipairs(redis.call('KEYS', '*srv:*')) do \
                      if redis.call('GET', key) == ARGV[1] then n = n + 1 end end return n";
        common.redis.command(&["EVAL", script, "0", level])
    };
    until("both take requests", async || (living("2") == "2").then_some(())).await;
    let stopped = one.terminate().await;
    assert_eq!(stopped.code(), Some(0));
    drop(there);
    // Not five seconds later, when its sign of life would have expired: it is gone with the process.
    assert_eq!((living("1").as_str(), living("2").as_str()), ("0", "1"));
    here.until("user_left").await;
    ben.say(&room, "alone").await;
    here.hears("alone").await;
}
