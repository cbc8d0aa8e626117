//! Requests to other web servers, with their redirects.

use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use reqwest::{Response, Url};

use crate::config::Config;
use crate::egress::{Egress, chain};

/// Maximum number of redirects that are followed.
const MOST_REDIRECTS: usize = 5;
/// Types of the pages that are read.
const PAGES: [&str; 2] = ["text/html", "application/xhtml+xml"];
const PICTURES: &str = "image/webp,image/png,image/jpeg";

/// The beginning of a page.
pub(super) struct Page {
    /// Its address, after redirects.
    pub(super) url: Url,
    /// Encoding that the response declares.
    pub(super) charset: Option<String>,
    /// At most as many bytes as were asked for.
    pub(super) bytes: Vec<u8>,
}

/// Sends requests to permitted addresses. Errors are reasons in words.
pub(super) struct Fetcher {
    egress: Egress,
    client: reqwest::Client,
}

/// Returns whether an address is one of the web that needs no password.
pub(super) fn is_fetchable(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
}

impl Fetcher {
    /// Prepares requests of which the first one is for this address.
    pub(super) async fn new(config: &Config, first: &Url) -> Result<Self, String> {
        let egress = Egress::of(&config.egress);
        let client = egress.client(first).await?;
        Ok(Self { egress, client })
    }

    /// Fetches the first bytes of a page.
    pub(super) async fn page(&self, url: Url, most: usize) -> Result<Page, String> {
        let response = self.get(url, &PAGES.join(",")).await?;
        let declared = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let (kind, charset) = content_type(declared.unwrap_or_default());
        if !PAGES.contains(&&*kind) {
            return Err(format!("its type is {kind:?}"));
        }
        let url = response.url().clone();
        let (bytes, _) = read(response, most).await?;
        Ok(Page { url, charset, bytes })
    }

    /// Fetches a picture of at most this size.
    pub(super) async fn picture(&self, url: Url, most: usize) -> Result<Vec<u8>, String> {
        let response = self.get(url, PICTURES).await?;
        if response.content_length().is_some_and(|length| length > most as u64) {
            return Err("it is too large".to_owned());
        }
        match read(response, most).await? {
            (bytes, true) => Ok(bytes),
            (_, false) => Err("it is too large".to_owned()),
        }
    }

    /// Sends a request and follows its redirects; returns a response with content.
    async fn get(&self, mut url: Url, accept: &str) -> Result<Response, String> {
        for _ in 0..=MOST_REDIRECTS {
            if !is_fetchable(&url) {
                return Err("it is redirected to an address that is not fetched".to_owned());
            }
            // The client resolves and checks names, but not addresses in numbers.
            if let Some(refused) = self.egress.refuses_number(url.host_str().unwrap_or_default()) {
                return Err(refused.to_string());
            }
            let request = self.client.get(url.clone()).header(ACCEPT, accept);
            let response = request.send().await.map_err(failed)?;
            let status = response.status();
            if !status.is_redirection() {
                // Nothing compressed is asked for.
                let encoded = response.headers().contains_key(CONTENT_ENCODING);
                return if status.is_success() && !encoded {
                    Ok(response)
                } else if encoded {
                    Err("it is compressed".to_owned())
                } else {
                    Err(format!("it is answered with status {}", status.as_u16()))
                };
            }
            let target = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let target = target.and_then(|target| url.join(target).ok());
            url = target.ok_or("it is redirected to nothing")?;
        }
        Err(format!("it is redirected more than {MOST_REDIRECTS} times"))
    }
}

/// Reads a body up to this many bytes; returns whether that is all of it.
async fn read(mut response: Response, most: usize) -> Result<(Vec<u8>, bool), String> {
    let mut bytes = Vec::new();
    while let Some(part) = response.chunk().await.map_err(failed)? {
        let room = most - bytes.len();
        bytes.extend_from_slice(&part[..part.len().min(room)]);
        if part.len() > room {
            return Ok((bytes, false));
        }
    }
    Ok((bytes, true))
}

/// Returns a media type in lower case, and its parameter `charset`.
fn content_type(text: &str) -> (String, Option<String>) {
    let mut parts = text.split(';');
    let kind = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches(['"', '\'']).to_owned())
    });
    (kind, charset)
}

/// The reason without the address, which may be a secret.
fn failed(error: reqwest::Error) -> String {
    chain(&error.without_url())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_may_declare_an_encoding() {
        for (text, kind, charset) in [
            ("text/html", "text/html", None),
            ("Text/HTML; Charset=EUC-KR", "text/html", Some("EUC-KR")),
            ("text/html;a=b;charset=\"gbk\"", "text/html", Some("gbk")),
            ("", "", None),
        ] {
            assert_eq!(content_type(text), (kind.to_owned(), charset.map(str::to_owned)), "{text}");
        }
    }
}
