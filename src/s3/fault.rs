//! What a failed request to an S3 server means, in plain words.

use std::error::Error;
use std::io;

/// Kinds of failed requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The configuration or a name is not valid.
    Usage,
    /// The bucket or the object does not exist.
    NotFound,
    /// The server refuses it, or does not know the keys.
    NotPermitted,
    /// The object was changed meanwhile.
    Conflict,
    /// The server does not answer.
    Unreachable,
    /// Anything else.
    Failed,
}

/// A failed request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// What kind it is.
    pub kind: Kind,
    /// A sentence without a full stop, for people.
    pub message: String,
}

impl Fault {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// A failed system call.
    pub(super) fn io(what: &str, error: &io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::PermissionDenied => Kind::NotPermitted,
            io::ErrorKind::NotFound => Kind::NotFound,
            _ => Kind::Failed,
        };
        Self::new(kind, format!("{what}: {error}"))
    }
}

/// The failure of an operation; `cannot` says which.
pub(super) fn told(cannot: &str, error: &object_store::Error, bucket: &str, server: &str) -> Fault {
    let text = error.to_string();
    let (code, message) = (element(&text, "Code"), element(&text, "Message"));
    let (kind, why) = match code {
        Some(code) => by_code(code, message.unwrap_or_default(), bucket),
        None => without_code(error, &text, server),
    };
    Fault::new(kind, format!("{cannot}: {why}"))
}

/// Whether a request failed only because the object does not exist, or may not be read.
pub fn is_mere_absence(error: &object_store::Error) -> bool {
    let text = error.to_string();
    match element(&text, "Code") {
        Some(code) => matches!(code, "NoSuchKey" | "AccessDenied"),
        None => matches!(error, object_store::Error::NotFound { .. }),
    }
}

/// The content of the first XML element of this name.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(content, _)| content)
}

fn by_code(code: &str, message: &str, bucket: &str) -> (Kind, String) {
    match code {
        "NoSuchBucket" => (Kind::NotFound, format!("there is no bucket {bucket}")),
        "NoSuchKey" => (Kind::NotFound, "it does not exist".to_owned()),
        "SignatureDoesNotMatch" => {
            (Kind::NotPermitted, format!("the secret access key is wrong ({code})"))
        }
        "InvalidAccessKeyId" => {
            (Kind::NotPermitted, format!("the access key id is unknown ({code})"))
        }
        "AccessDenied" | "AccountProblem" | "AllAccessDisabled" => {
            (Kind::NotPermitted, format!("the server refuses it: {message} ({code})"))
        }
        "RequestTimeTooSkewed" => {
            (Kind::Failed, format!("the clock of this machine is wrong ({code})"))
        }
        "AuthorizationHeaderMalformed" | "PermanentRedirect" | "TemporaryRedirect" => {
            (Kind::Usage, format!("the region is probably wrong: {message} ({code})"))
        }
        _ => (Kind::Failed, format!("the server answered: {message} ({code})")),
    }
}

fn without_code(error: &object_store::Error, text: &str, server: &str) -> (Kind, String) {
    use object_store::Error as Of;
    match error {
        Of::NotFound { .. } => (Kind::NotFound, "it does not exist".to_owned()),
        Of::PermissionDenied { .. } | Of::Unauthenticated { .. } => {
            (Kind::NotPermitted, "the server refuses it".to_owned())
        }
        Of::Precondition { .. } => {
            (Kind::Conflict, "it was replaced while it was being read".to_owned())
        }
        _ => match text.split_once("non-2xx status code: ") {
            Some((_, status)) => {
                let status = status.split(':').next().unwrap_or(status);
                (Kind::Failed, format!("the server answered with the status {status}"))
            }
            None => (Kind::Unreachable, format!("no answer from {server}: {}", deepest(error))),
        },
    }
}

/// The last cause, which says the most about a failed connection.
fn deepest(error: &dyn Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
