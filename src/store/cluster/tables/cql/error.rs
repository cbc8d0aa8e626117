//! What the caller may conclude from an error of the driver.

use scylla::errors::{DbError, ExecutionError, RequestAttemptError};
use scylla::statement::Consistency;

use crate::store::cluster::tables::TableError;

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// A read: nothing is ever unknown.
    Read,
    /// A plain write, which the driver may have tried more than once.
    Write,
    /// A conditional write, which was tried once.
    Compare,
}

impl Action {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Compare];

    /// Returns its name in the metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Compare => "compare",
        }
    }
}

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The driver says so.
    #[error("{0}")]
    Driver(Box<ExecutionError>),
    /// The driver did not answer within its own time-out.
    #[error("the driver does not answer")]
    Silent,
    /// An answer that cannot be understood.
    #[error("an unexpected answer: {0}")]
    Odd(String),
}

impl From<ExecutionError> for Failure {
    fn from(error: ExecutionError) -> Self {
        Self::Driver(Box::new(error))
    }
}

impl Failure {
    /// Returns why it failed, in one line.
    pub(super) fn cause(&self) -> String {
        first_line(&self.to_string())
    }

    /// Returns what the caller may conclude.
    pub(super) fn meaning(&self, action: Action) -> TableError {
        let known = match self {
            _ if action == Action::Read => true,
            Self::Silent | Self::Odd(_) => false,
            Self::Driver(error) => never_sent(error) || refused(error, action),
        };
        if known { TableError::Unavailable } else { TableError::Unknown }
    }
}

/// The driver repeats nested errors line by line.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn never_sent(error: &ExecutionError) -> bool {
    matches!(
        error,
        ExecutionError::BadQuery(_)
            | ExecutionError::EmptyPlan
            | ExecutionError::PrepareError(_)
            | ExecutionError::ConnectionPoolError(_)
    )
}

/// Whether a node answered that it wrote nothing. What was tried before, at another node, is not
/// known: then only a conditional write, which is tried once, was surely not done.
fn refused(error: &ExecutionError, action: Action) -> bool {
    let ExecutionError::LastAttemptError(RequestAttemptError::DbError(error, _)) = error else {
        return false;
    };
    match error {
        DbError::SyntaxError
        | DbError::Invalid
        | DbError::Unauthorized
        | DbError::AuthenticationError
        | DbError::ConfigError => true,
        DbError::IsBootstrapping => action == Action::Compare,
        // Too few replicas for agreeing: nothing was proposed. Too few for writing what was agreed
        // on has a plain consistency: it will be finished by the next who looks.
        DbError::Unavailable { consistency, .. } => {
            let serial = matches!(consistency, Consistency::Serial | Consistency::LocalSerial);
            action == Action::Compare && serial
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use scylla::errors::WriteType;

    use super::*;

    fn db(error: DbError) -> Failure {
        RequestAttemptError::DbError(error, String::new()).into_failure()
    }

    trait IntoFailure {
        fn into_failure(self) -> Failure;
    }

    impl IntoFailure for RequestAttemptError {
        fn into_failure(self) -> Failure {
            ExecutionError::LastAttemptError(self).into()
        }
    }

    fn meanings(failure: &Failure) -> [TableError; 3] {
        [Action::Read, Action::Write, Action::Compare].map(|action| failure.meaning(action))
    }

    #[test]
    fn only_what_surely_did_not_happen_is_unavailable() {
        use TableError::{Unavailable as No, Unknown};
        let unavailable = |consistency| DbError::Unavailable { consistency, required: 2, alive: 1 };
        let timeout = |write_type| DbError::WriteTimeout {
            consistency: Consistency::LocalQuorum,
            received: 1,
            required: 2,
            write_type,
        };
        let late = Failure::from(ExecutionError::RequestTimeout(Duration::from_secs(2)));
        for (failure, wanted) in [
            (late, [No, Unknown, Unknown]),
            (Failure::Silent, [No, Unknown, Unknown]),
            (ExecutionError::EmptyPlan.into(), [No, No, No]),
            (db(DbError::Invalid), [No, No, No]),
            (db(timeout(WriteType::Simple)), [No, Unknown, Unknown]),
            (db(timeout(WriteType::Cas)), [No, Unknown, Unknown]),
            (db(unavailable(Consistency::LocalSerial)), [No, Unknown, No]),
            (db(unavailable(Consistency::LocalQuorum)), [No, Unknown, Unknown]),
            (db(DbError::Overloaded), [No, Unknown, Unknown]),
            // CAS_WRITE_UNKNOWN of Cassandra.
            (db(DbError::Other(0x1700)), [No, Unknown, Unknown]),
        ] {
            assert_eq!(meanings(&failure), wanted, "{failure}");
        }
    }
}
