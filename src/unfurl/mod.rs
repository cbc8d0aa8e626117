//! Previews of links: fetches the page that a link leads to, and reads what it says of itself.
//!
//! Only addresses that [`Egress`](crate::egress::Egress) permits are connected to, at each
//! redirect too. Previews are kept in memory, and so is that a link has none. A leaf that knows
//! nothing of the chat: who may have a link fetched is decided there.

mod cache;
mod fetch;
mod page;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::Url;
use sha2::{Digest, Sha512};
use tokio::sync::Semaphore;
use tokio::time::{timeout, timeout_at};
use tracing::debug;

use crate::config::Config;
use crate::model::{FileKind, SNIFFED, Size, thumbnail};

use cache::{Cache, Known};
use fetch::Fetcher;

pub use page::{Facts, read_page};

/// Links fetched at the same time by this server.
const AT_ONCE: usize = 4;
/// How long a preview is kept.
const KEPT: Duration = Duration::from_hours(1);
/// How long it is remembered that a link has none.
const FAILURE_KEPT: Duration = Duration::from_mins(10);
/// Longer side of a picture, in pixels: a card shows it on at most 84, of which screens have up to
/// three for each.
const SIDE: u32 = 320;

/// What is shown of a link.
#[derive(Debug)]
pub struct Preview {
    /// Title of the page; not empty.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// Name of the site, or the host of the page.
    pub site: String,
    /// Its picture.
    pub picture: Option<Picture>,
}

/// The small picture of a preview, encoded by this server.
#[derive(Debug)]
pub struct Picture {
    /// SHA-512 of its bytes, in hexadecimal.
    pub name: String,
    /// Its type.
    pub kind: FileKind,
    /// Its bytes.
    pub bytes: Bytes,
    /// Its dimensions.
    pub size: Size,
}

impl Preview {
    /// Bytes that it takes in memory, about.
    fn weight(&self) -> usize {
        let text = self.title.len() + self.site.len();
        let picture = self.picture.as_ref().map_or(0, |picture| picture.bytes.len());
        text + self.description.as_ref().map_or(0, String::len) + picture
    }
}

/// Too many links are being fetched; the same may be asked for again.
#[derive(Debug, PartialEq, Eq)]
pub struct Busy;

/// Fetches previews and keeps them. Clones share them.
#[derive(Clone)]
pub struct Unfurl(Arc<Inner>);

struct Inner {
    cache: Cache,
    places: Semaphore,
    /// Pictures are decoded one at a time.
    decoder: Arc<Semaphore>,
}

impl Unfurl {
    /// Knows nothing yet. `decoder` permits decoding one picture, which takes a core and memory.
    pub fn new(decoder: Arc<Semaphore>) -> Self {
        let places = Semaphore::new(AT_ONCE);
        Self(Arc::new(Inner { cache: Cache::default(), places, decoder }))
    }

    /// Forgets everything, as what is permitted has changed.
    pub fn forget(&self) {
        self.0.cache.clear();
    }

    /// Returns whether it is known what a link leads to, so that nothing is fetched.
    pub fn knows(&self, link: &str) -> bool {
        address(link).is_none_or(|url| self.0.cache.has(url.as_str(), Instant::now()))
    }

    /// Returns the preview of a link; None: it has none. Several callers share one fetch.
    pub async fn preview(&self, link: &str, config: &Config) -> Result<Option<Arc<Preview>>, Busy> {
        let Some(url) = address(link) else { return Ok(None) };
        let place = self.0.cache.place(url.as_str(), Instant::now());
        let known = place.get_or_try_init(|| self.fetch(url, config)).await?.preview.clone();
        self.0.cache.trim();
        Ok(known)
    }

    async fn fetch(&self, url: Url, config: &Config) -> Result<Known, Busy> {
        let patience = Duration::from_secs(config.link_previews.timeout_seconds);
        let place = timeout(patience, self.0.places.acquire()).await.map_err(|_| Busy)?;
        let _place = place.map_err(|_| Busy)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let read = self.read(url, patience, config).await;
        // Not the whole link: what follows the host may be a secret.
        let found = read.inspect_err(|why| debug!("A link to {host} has no preview: {why}")).ok();
        let kept = if found.is_some() { KEPT } else { FAILURE_KEPT };
        Ok(Known { preview: found.map(Arc::new), until: Instant::now() + kept })
    }

    async fn read(&self, url: Url, patience: Duration, config: &Config) -> Result<Preview, String> {
        let until = tokio::time::Instant::now() + patience;
        let page = async {
            let fetcher = Fetcher::new(config, &url).await?;
            let page = fetcher.page(url, config.link_previews.max_page_bytes).await?;
            Ok::<_, String>((fetcher, page))
        };
        let page = timeout_at(until, page).await;
        let (fetcher, fetch::Page { url, charset, bytes }) =
            page.map_err(|_| "it took too long".to_owned())??;
        let read = tokio::task::spawn_blocking(move || read_page(&bytes, charset.as_deref()));
        let facts = read.await.ok().flatten().ok_or("the page has no title")?;
        let picture = async {
            let address = url.join(facts.picture.as_deref()?).ok()?;
            let most = config.link_previews.max_picture_bytes;
            let bytes = fetcher.picture(address, most).await;
            let bytes = bytes
                .inspect_err(|why| debug!("The picture of a preview cannot be fetched: {why}"));
            self.reduce(bytes.ok()?).await
        };
        // A page is worth a preview without its picture, too.
        let picture = timeout_at(until, picture).await.ok().flatten();
        let host = url.host_str().unwrap_or_default();
        let site = facts.site.unwrap_or_else(|| host.trim_start_matches("www.").to_owned());
        Ok(Preview { title: facts.title, description: facts.description, site, picture })
    }

    /// Encodes a picture anew, small.
    async fn reduce(&self, bytes: Vec<u8>) -> Option<Picture> {
        let alone = Arc::clone(&self.0.decoder).acquire_owned().await.ok()?;
        let made = tokio::task::spawn_blocking(move || {
            let _alone = alone;
            let kind = FileKind::sniff(&bytes[..bytes.len().min(SNIFFED)]);
            let made = thumbnail(kind, &bytes, SIDE)?;
            let name = hex::encode(Sha512::digest(&made.bytes));
            Some(Picture { name, kind: made.kind, bytes: made.bytes.into(), size: made.size })
        });
        // A decoder that panics, which has been logged, costs the picture only.
        made.await.ok().flatten()
    }
}

/// Returns the address of a page that may be fetched.
fn address(link: &str) -> Option<Url> {
    let mut url = Url::parse(link).ok().filter(fetch::is_fetchable)?;
    url.set_fragment(None);
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_pages_without_a_password_are_fetched() {
        let address = |link| address(link).map(String::from);
        assert_eq!(address("HTTPS://A.example#part").as_deref(), Some("https://a.example/"));
        assert_eq!(address("http://2130706433/").as_deref(), Some("http://127.0.0.1/"));
        for link in
            ["ftp://a.example", "https://ann:pw@a.example", "https://ann@a.example", "http://"]
        {
            assert_eq!(address(link), None, "{link}");
        }
    }
}
