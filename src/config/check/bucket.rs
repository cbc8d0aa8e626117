//! Buckets of S3 servers, and the addresses of these servers.

use super::origin;

/// Begin of the URL of a place in a bucket.
pub const REMOTE: &str = "s3://";

/// A place in a bucket of an S3 server: `s3://BUCKET/PREFIX/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Name of the bucket.
    pub name: String,
    /// Begin of the names of the objects; empty, or ends in a slash.
    pub prefix: String,
}

impl Bucket {
    /// Parses a URL; the last slash may be missing. The error is a sentence without a full stop.
    pub fn parse(url: &str) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("{url:?} {why}"));
        let Some(rest) = url.strip_prefix(REMOTE) else {
            return wrong("is not the URL of a bucket, such as \"s3://BUCKET/PREFIX/\"");
        };
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if name.is_empty() || !name.chars().all(is_plain) {
            return wrong("does not contain the name of a bucket, as in \"s3://BUCKET/PREFIX/\"");
        }
        let inner = prefix.strip_suffix('/').unwrap_or(prefix);
        let is_wrong = |part: &str| {
            part.is_empty() || part == "." || part == ".." || part.chars().any(char::is_control)
        };
        if !prefix.is_empty() && inner.split('/').any(is_wrong) {
            return wrong("has an empty part, \".\" or \"..\" in its prefix");
        }
        let prefix = if inner.is_empty() { String::new() } else { format!("{inner}/") };
        Ok(Self { name: name.to_owned(), prefix })
    }
}

/// Returns what is wrong with the URL of an S3 server, if anything; continues a sentence.
pub fn wrong_endpoint(url: &str) -> Option<String> {
    origin(url.trim_end_matches('/')).err().map(|_| {
        // What stands before an @ is a secret.
        let shown = url.rsplit('@').next().unwrap_or_default();
        format!("is {shown:?}; it must be a scheme and a host, such as \"https://s3.example.org\"")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_has_a_name_and_maybe_a_prefix() {
        for (url, name, prefix) in [
            ("s3://b", "b", ""),
            ("s3://b/", "b", ""),
            ("s3://my.bucket-1/a/b", "my.bucket-1", "a/b/"),
            ("s3://b/a/", "b", "a/"),
        ] {
            let wanted = Bucket { name: name.to_owned(), prefix: prefix.to_owned() };
            assert_eq!(Bucket::parse(url), Ok(wanted), "{url}");
        }
        let bad =
            ["b", "/b", "s3://", "s3:///a", "s3://b//", "s3://b/a//c", "s3://b/..", "s3://a b"];
        for bad in bad {
            assert!(Bucket::parse(bad).is_err(), "{bad}");
        }
    }
}
