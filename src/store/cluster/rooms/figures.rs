//! What is counted of commits.

use metrics::counter;

use crate::store::cluster::tables::{Outcome, TableError};

const COMMITS: &str = "chatctl_room_commits_total";
const FORWARDED: &str = "chatctl_forwarded_posts_total";

/// Makes the counters known, so that they begin with 0.
pub(in crate::store::cluster) fn declare() {
    for result in ["made", "lost", "unavailable", "unknown"] {
        counter!(COMMITS, "result" => result).absolute(0);
    }
    for result in ["answered", "unanswered"] {
        counter!(FORWARDED, "result" => result).absolute(0);
    }
}

/// Counts a conditional write, by what its first answer says.
pub(super) fn committed(outcome: Result<Outcome, TableError>) {
    let result = match outcome {
        Ok(Outcome::Applied) => "made",
        Ok(Outcome::Refused) => "lost",
        Err(TableError::Unavailable) => "unavailable",
        Err(TableError::Unknown) => "unknown",
    };
    counter!(COMMITS, "result" => result).increment(1);
}

/// Counts posts that another server was asked to write.
pub(super) fn forwarded(answered: usize, unanswered: usize) {
    counter!(FORWARDED, "result" => "answered").increment(answered as u64);
    counter!(FORWARDED, "result" => "unanswered").increment(unanswered as u64);
}
