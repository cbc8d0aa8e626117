//! Places in buckets of S3 servers, as the configuration and the environment describe them.

use super::Failure;
use crate::config::S3;
use crate::config::check::{self, Bucket};
use crate::s3::{Patience, Place, Server};

/// Region if none is configured; servers other than Amazon's usually accept it.
const REGION: &str = "us-east-1";

/// The place `s3://BUCKET/PREFIX/` on the server of a section of the configuration, or of the usual
/// environment variables. Sends nothing yet.
pub fn open(
    section: &'static str,
    s3: &S3,
    url: &str,
    patience: Patience,
) -> Result<Place, Failure> {
    let bucket = Bucket::parse(url).map_err(Failure::usage)?;
    let server = server(section, s3)?;
    Ok(Place::open(&server, &bucket.name, &bucket.prefix, patience)?)
}

/// The value of a setting, or else of an environment variable that other programs use for it.
fn setting(configured: Option<&str>, variables: &[&str]) -> Option<String> {
    let of_environment = || variables.iter().find_map(|name| std::env::var(name).ok());
    let given = configured.map(str::to_owned).filter(|text| !text.is_empty());
    given.or_else(of_environment).filter(|text| !text.is_empty())
}

fn server(section: &'static str, s3: &S3) -> Result<Server, Failure> {
    let endpoint = setting(s3.endpoint.as_deref(), &["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]);
    if let Some(why) = endpoint.as_deref().and_then(check::wrong_endpoint) {
        return Err(Failure::usage(format!("the endpoint of the S3 server {why}")));
    }
    let region = setting(s3.region.as_deref(), &["AWS_REGION", "AWS_DEFAULT_REGION"]);
    let key = setting(s3.access_key_id.as_deref(), &["AWS_ACCESS_KEY_ID"]);
    let secret = s3.secret_access_key.as_ref().map(|secret| secret.0.as_str());
    let secret = setting(secret, &["AWS_SECRET_ACCESS_KEY"]);
    let (Some(access_key_id), Some(secret_access_key)) = (key, secret) else {
        return Err(Failure::usage(format!(
            "the keys of the S3 server are not known: set access_key_id and secret_access_key in \
             [{section}], or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment"
        )));
    };
    // A session token belongs to the keys of the environment.
    let session_token =
        if s3.access_key_id.is_none() { setting(None, &["AWS_SESSION_TOKEN"]) } else { None };
    Ok(Server {
        section,
        endpoint,
        region: region.unwrap_or_else(|| REGION.to_owned()),
        access_key_id,
        secret_access_key,
        session_token,
        tls_ca: s3.tls_ca.clone(),
    })
}
