//! What the log says about failures of shipping, at most once a minute.

use std::time::Duration;

use tokio::time::Instant;

use super::OWN;
use super::waiting::{Dropped, Lost, Problem};

/// Minimum time between two reports.
const EVERY: Duration = Duration::from_mins(1);

/// Failures that are reported together.
#[derive(Default)]
pub(super) struct Report {
    /// Time of the last report.
    last: Option<Instant>,
    /// The problem that was reported last and is not over.
    told: Option<Problem>,
    /// What the receiver says of records that it accepted.
    pub(super) remark: Option<String>,
}

impl Report {
    fn is_due(&self, now: Instant) -> bool {
        self.last.is_none_or(|last| now.duration_since(last) >= EVERY)
    }

    /// Logs the state of this receiver if it is new and a report is due. `lost` returns the lines
    /// that were dropped since its last call.
    pub(super) fn look(
        &mut self,
        host: &str,
        problem: Option<Problem>,
        lost: impl FnOnce() -> Vec<Lost>,
        now: Instant,
    ) {
        if problem.is_none() && self.told.take().is_some() {
            tracing::info!(target: OWN, "The log can be sent to {host} again.");
        }
        if !self.is_due(now) {
            return;
        }
        let lost = lost();
        let is_new = problem.is_some() && problem != self.told;
        let text = text(host, problem.as_ref().filter(|_| is_new), self.remark.take(), &lost);
        if let Some(text) = text {
            self.last = Some(now);
            self.told = problem;
            tracing::warn!(target: OWN, "{text}");
        }
    }
}

/// The text of a report; None if there is nothing to say.
fn text(
    host: &str,
    problem: Option<&Problem>,
    remark: Option<String>,
    lost: &[Lost],
) -> Option<String> {
    // The records of a refused request are lost, which is said with their number.
    let refused = |problem: &Problem| {
        problem.is_final && lost.iter().any(|lost| lost.said.as_ref() == Some(&problem.why))
    };
    let problem = problem.filter(|problem| !refused(problem));
    let problem =
        problem.map(|problem| format!("The log cannot be sent to {host}: {}.", problem.why));
    let remark = remark.map(|remark| format!("The receiver of the log says: {remark}"));
    let parts: Vec<String> =
        problem.into_iter().chain(remark).chain(lost.iter().map(loss)).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// `3 log records were not sent: the queue was full.`
fn loss(Lost { why, said, count }: &Lost) -> String {
    let cause = match (why, said) {
        (Dropped::Refused | Dropped::Rejected, Some(said)) => {
            format!("the receiver refused them ({said})")
        }
        (Dropped::Refused | Dropped::Rejected, None) => "the receiver refused them".to_owned(),
        (Dropped::Queue, _) => "the queue was full".to_owned(),
        (Dropped::Ended, _) => "otlp_endpoint was removed".to_owned(),
    };
    let were = if *count == 1 { "was" } else { "were" };
    format!("{} {were} not sent: {cause}.", records(*count))
}

/// `1 log record`, `2 log records`.
pub(super) fn records(count: u64) -> String {
    format!("{count} log record{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_its_number() {
        let problem = |why: &str, is_final| Problem { why: why.to_owned(), is_final };
        let lost =
            |why, said: Option<&str>, count| Lost { why, said: said.map(str::to_owned), count };
        assert_eq!(text("h", None, None, &[]), None);
        let down = problem("Connection refused", false);
        let said = text("h", Some(&down), None, &[lost(Dropped::Queue, None, 1)]).unwrap();
        assert_eq!(
            said,
            "The log cannot be sent to h: Connection refused. 1 log record was not sent: the queue \
             was full."
        );
        let refusal = problem("it answered 400", true);
        let all =
            [lost(Dropped::Queue, None, 3), lost(Dropped::Refused, Some("it answered 400"), 2)];
        let said = text("h", Some(&refusal), None, &all).unwrap();
        assert_eq!(
            said,
            "3 log records were not sent: the queue was full. 2 log records were not sent: the \
             receiver refused them (it answered 400)."
        );
        let said = text("h", Some(&down), None, &all[1..]).unwrap();
        assert!(
            said.contains("to h: Connection refused.") && said.contains("answered 400)"),
            "{said}"
        );
    }
}
