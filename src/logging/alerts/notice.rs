//! The words of an alert.

use std::time::Duration;

use crate::model::Timestamp;

/// Subject of alerts about refused credentials.
pub(super) const LOGINS: &str = "Many log-ins fail";
/// Longest text of an error, in characters; the log has all of it.
const LONGEST: usize = 1_000;
/// The same in a subject.
const LONGEST_SUBJECT: usize = 150;

/// A message to administrators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Something fails.
    Failure {
        /// What, without variable parts.
        what: String,
        /// Text of the last occurrence.
        text: String,
        /// Time of the first occurrence.
        since: Timestamp,
        /// Occurrences since the last alert about it, without this one.
        repeated: u64,
        /// Other alerts that were held back.
        held_back: u64,
    },
    /// It no longer fails.
    Recovered {
        /// What, without variable parts.
        what: String,
        /// Time of the first occurrence.
        since: Timestamp,
        /// Number of occurrences.
        times: u64,
        /// For how long there was none.
        quiet: Duration,
    },
    /// Many credentials are refused.
    Refusals {
        /// Text of the last refusal.
        last: String,
        /// Number of refusals so far.
        times: u64,
        /// Time of the first one.
        since: Timestamp,
        /// Time of the last one.
        until: Timestamp,
        /// Other alerts that were held back.
        held_back: u64,
    },
    /// Credentials are no longer refused in great number.
    RefusalsOver {
        /// Number of refusals.
        times: u64,
        /// Time of the first one.
        since: Timestamp,
        /// Time of the last one.
        until: Timestamp,
        /// For how long there were few or none.
        quiet: Duration,
        /// The number per minute that was not reached meanwhile; None: there was no refusal.
        fewer_than: Option<u32>,
    },
    /// Sent by a command.
    Test,
}

impl Notice {
    /// One line: the server and what happened.
    pub fn subject(&self, server: &str) -> String {
        let what = match self {
            Self::Failure { what, .. } => short(what, LONGEST_SUBJECT),
            Self::Recovered { what, .. } => format!("Over: {}", short(what, LONGEST_SUBJECT)),
            Self::Refusals { .. } => LOGINS.to_owned(),
            Self::RefusalsOver { .. } => format!("Over: {LOGINS}"),
            Self::Test => "Test".to_owned(),
        };
        // A subject is one line.
        let what: String = what.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("[chatctl {server}] {what}")
    }

    /// A few lines.
    pub fn body(&self) -> String {
        match self {
            Self::Failure { what, text, since, repeated, held_back } => {
                // What the subject says already is not said again.
                let is_said = what.chars().count() <= LONGEST_SUBJECT;
                let rest = text.strip_prefix(what.as_str()).filter(|_| is_said).map(str::trim);
                let first = match rest {
                    Some("") => format!("It occurred at {}.", since.millis()),
                    Some(rest) => short(rest, LONGEST),
                    None => short(text, LONGEST),
                };
                let mut lines = vec![first];
                if *repeated > 0 {
                    lines.push(format!(
                        "It occurred {repeated} more times since {}.",
                        since.millis()
                    ));
                }
                lines.extend(others(*held_back));
                lines.join("\n")
            }
            Self::Refusals { last, times, since, until, held_back } => {
                let mut lines = vec![
                    format!("{}. Last: {}", refused(*times, *since, *until), short(last, LONGEST)),
                    "Somebody may be guessing passwords. `chatctl log tail --level error` shows \
                     names and addresses."
                        .to_owned(),
                ];
                lines.extend(others(*held_back));
                lines.join("\n")
            }
            Self::RefusalsOver { times, since, until, quiet, fewer_than } => {
                let quiet = humantime::format_duration(*quiet);
                let since_then = match fewer_than {
                    None => format!("none in the last {quiet}"),
                    Some(limit) => format!("fewer than {limit} a minute in the last {quiet}"),
                };
                format!("{}; {since_then}.", refused(*times, *since, *until))
            }
            Self::Recovered { since, times, quiet, .. } => format!(
                "It occurred {times} times since {}, and not in the last {}.",
                since.millis(),
                humantime::format_duration(*quiet)
            ),
            Self::Test => "This is a test. Alerts of this server arrive here.".to_owned(),
        }
    }
}

/// `8 credentials were refused from … to …`, without a full stop.
fn refused(times: u64, since: Timestamp, until: Timestamp) -> String {
    if times == 1 {
        return format!("1 credential was refused at {}", until.millis());
    }
    format!("{times} credentials were refused from {} to {}", since.millis(), until.millis())
}

/// How many other alerts were held back, if any.
fn others(held_back: u64) -> Option<String> {
    let (alerts, were) = if held_back == 1 { ("alert", "was") } else { ("alerts", "were") };
    (held_back > 0).then(|| {
        format!(
            "{held_back} other {alerts} {were} held back because of at_most_per_hour; the log has \
             the errors."
        )
    })
}

fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_short_line() {
        let what = format!("panicked\nat {}", "x".repeat(500));
        let notice = Notice::Failure {
            what: what.clone(),
            text: what,
            since: Timestamp::now(),
            repeated: 3,
            held_back: 2,
        };
        let subject = notice.subject("chat.example");
        assert!(subject.starts_with("[chatctl chat.example] panicked at xxx"), "{subject}");
        assert!(subject.chars().count() < 200 && !subject.contains('\n'), "{subject}");
        let body = notice.body();
        assert!(body.contains("3 more times") && body.contains("2 other alerts"), "{body}");
        assert!(body.starts_with("panicked"), "the subject has only its begin: {body}");
    }

    #[test]
    fn a_body_does_not_repeat_the_subject() {
        let body = |text: &str| {
            let (since, what) = (Timestamp(1_752_589_930_245), "It failed".to_owned());
            Notice::Failure { what, text: text.to_owned(), since, repeated: 0, held_back: 0 }.body()
        };
        assert_eq!(body("It failed"), "It occurred at 2025-07-15T14:32:10.245Z.");
        assert_eq!(body("It failed store.error=disk full"), "store.error=disk full");
        assert_eq!(body("Otherwise"), "Otherwise");
    }
}
