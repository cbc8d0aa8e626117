//! Whether several servers write into a room at the same time.
//!
//! A server that loses a race notices it. Once it has its posts written by another server it loses
//! none any more; then it sees from the revs of its posts whether others write in between.

use std::time::Duration;

use tokio::time::Instant;

use crate::model::Rev;

/// Time without a lost race after which this server writes by itself again.
const QUIET: Duration = Duration::from_secs(10);
/// What others wrote counts if it was between two of the own batches, within this time.
const DENSE: Duration = Duration::from_secs(1);

/// What this server has noticed of others who write into a room.
#[derive(Debug, Default)]
pub(super) struct Contention {
    until: Option<Instant>,
    /// The last rev that was written for this server, and when.
    last: Option<(Rev, Instant)>,
}

impl Contention {
    /// Another server has been faster.
    pub(super) fn lost(&mut self) {
        self.until = Some(Instant::now() + QUIET);
    }

    /// Posts with these revs, in this order, were written for this server.
    pub(super) fn written(&mut self, revs: &[Rev]) {
        let now = Instant::now();
        for rev in revs {
            let before = self.last.replace((*rev, now));
            if before.is_some_and(|(last, at)| rev.0 > last.0 + 1 && now - at < DENSE) {
                self.until = Some(now + QUIET);
            }
        }
    }

    /// Returns whether others write into the room.
    pub(super) fn is_found(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn after(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_room_is_contended_for_a_while_after_a_lost_race() {
        let mut contention = Contention::default();
        assert!(!contention.is_found());
        contention.lost();
        after(9).await;
        assert!(contention.is_found());
        after(1).await;
        assert!(!contention.is_found());
    }

    #[tokio::test(start_paused = true)]
    async fn it_stays_contended_while_others_write_between_the_own_posts() {
        let mut contention = Contention::default();
        contention.lost();
        for rev in 0..30 {
            contention.written(&[Rev(3 * rev), Rev(3 * rev + 1)]);
            tokio::time::advance(Duration::from_millis(900)).await;
        }
        assert!(contention.is_found(), "every third rev is of somebody else");
        for rev in 100..130 {
            contention.written(&[Rev(rev)]);
            tokio::time::advance(Duration::from_millis(900)).await;
        }
        assert!(!contention.is_found(), "nobody else writes");
        contention.lost();
        for rev in 0..10 {
            contention.written(&[Rev(200 + 10 * rev)]);
            after(1).await;
        }
        assert!(!contention.is_found(), "others write, but seldom at the same time");
    }
}
