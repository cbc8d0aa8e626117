//! Previews of the links in a message. Who may read the message may have its links fetched, and
//! nothing else: which links it has is read from the stored text.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use sha2::{Digest, Sha256};

use super::messages::in_room;
use super::{Chat, Download};
use crate::config::Config;
use crate::model::{Error, MessageRef, Result, RoomId, Session, preview_links};
use crate::unfurl::{Busy, Preview};

/// When a refused client may try again.
const AGAIN: Duration = Duration::from_secs(5);
/// Number of bytes of a key; enough to tell the links of a message apart.
const KEY: usize = 16;

/// The preview of one link of a message.
pub struct LinkPreview {
    /// The link as it stands in the message.
    pub link: String,
    /// By which [`Chat::link_picture`] finds its picture: hexadecimal digits.
    pub key: String,
    /// What the page says.
    pub preview: Arc<Preview>,
}

impl Chat {
    /// Returns the previews of a message's links, in their order; links without one are left out.
    /// Nothing is fetched and none is returned unless `[link_previews] enabled` is set.
    /// `RateLimited` if the caller, or all together, have too many links fetched.
    pub async fn link_previews(
        &self,
        session: &Session,
        room: RoomId,
        message: MessageRef,
    ) -> Result<Vec<LinkPreview>> {
        let links = self.links(session, room, message).await?;
        self.unfurl(session, links).await
    }

    /// Returns the picture of a preview. `MediaNotFound`: the message has no such link, or its page
    /// no picture.
    pub async fn link_picture(
        &self,
        session: &Session,
        room: RoomId,
        message: MessageRef,
        key: &str,
    ) -> Result<Download> {
        let mut links = self.links(session, room, message).await?;
        links.retain(|link| key_of(link) == key);
        let found = self.unfurl(session, links).await?;
        let picture = found.first().and_then(|found| found.preview.picture.as_ref());
        let picture = picture.ok_or(Error::MediaNotFound)?;
        Ok(Download::of_bytes(&picture.name, picture.kind, &picture.bytes, picture.size))
    }

    /// Returns the links of a message that may have a preview.
    async fn links(
        &self,
        session: &Session,
        room: RoomId,
        message: MessageRef,
    ) -> Result<Vec<String>> {
        self.take_part(session, room).await?;
        let message = self.message(room, in_room(room, message)?).await?;
        let config = self.config();
        if !config.link_previews.enabled {
            return Ok(Vec::new());
        }
        let links = preview_links(&message.text).into_iter();
        Ok(links.filter(|link| !is_own(link, &config)).map(str::to_owned).collect())
    }

    async fn unfurl(&self, session: &Session, links: Vec<String>) -> Result<Vec<LinkPreview>> {
        let (unfurl, config) = (&self.0.unfurl, self.config());
        // One message of a user at a time, so that others get their turn.
        let _turn = if links.iter().all(|link| unfurl.knows(link)) {
            None
        } else {
            Some(self.0.fetches.take(session.user).await?)
        };
        // One after the other: a user has one of the places that all share.
        let mut found = Vec::with_capacity(links.len());
        for link in &links {
            let preview = unfurl.preview(link, &config).await;
            found.push(preview.map_err(|Busy| Error::RateLimited(AGAIN))?);
        }
        let with_preview = links.into_iter().zip(found);
        Ok(with_preview
            .filter_map(|(link, preview)| {
                Some(LinkPreview { key: key_of(&link), link, preview: preview? })
            })
            .collect())
    }
}

/// Returns whether a link leads to this server, whose page says nothing of what is behind it.
fn is_own(link: &str, config: &Config) -> bool {
    let origin = |url: &str| Url::parse(url).ok().map(|url| url.origin());
    let own = config.server.public_url.as_deref().and_then(origin);
    own.is_some() && own == origin(link)
}

fn key_of(link: &str) -> String {
    hex::encode(&Sha256::digest(link)[..KEY])
}
