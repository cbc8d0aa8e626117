//! Why there is no connection.

use std::time::Duration;

use scylla::errors::{
    ConnectionError, ConnectionPoolError, ConnectionSetupRequestErrorKind as Setup, DbError,
    MetadataError, NewSessionError,
};

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The nodes want to know who connects.
    #[error("they need a user and a password")]
    NoLogin,
    /// They do not know the user, or the password is another.
    #[error("the user or the password is wrong")]
    WrongLogin,
    /// Connections fail.
    #[error("{0}")]
    Connection(ConnectionError),
    /// No node can be used for another reason.
    #[error("{0}")]
    Session(NewSessionError),
    /// Nothing was answered in time.
    #[error("no answer within {} seconds", .0.as_secs())]
    Silent(Duration),
    /// A name that is none.
    #[error("\"{0}\" is not a name of a keyspace: use letters, digits and _, at most 48")]
    Keyspace(String),
}

impl From<NewSessionError> for ConnectError {
    fn from(error: NewSessionError) -> Self {
        let NewSessionError::MetadataError(MetadataError::ConnectionPoolError(
            ConnectionPoolError::Broken { last_connection_error: last },
        )) = error
        else {
            return Self::Session(error);
        };
        match &last {
            ConnectionError::ConnectionSetupRequestError(setup) => match &setup.error {
                Setup::MissingAuthentication => Self::NoLogin,
                Setup::DbError(DbError::AuthenticationError, _) => Self::WrongLogin,
                _ => Self::Connection(last),
            },
            _ => Self::Connection(last),
        }
    }
}
