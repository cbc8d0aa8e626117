//! Previews of links.

use serde::Serialize;
use utoipa::ToSchema;

use crate::chat;

/// `GET …/messages/{messageId}/previews`
#[derive(Serialize, ToSchema)]
pub(crate) struct LinkPreviews<'a> {
    previews: Vec<LinkPreview<'a>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LinkPreview<'a> {
    /// The link as it stands in the message.
    url: &'a str,
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<&'a str>,
    /// Name of the site, or its host.
    site_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    picture: Option<LinkPicture<'a>>,
}

/// The picture of a preview, at `…/previews/{key}`.
#[derive(Serialize, ToSchema)]
struct LinkPicture<'a> {
    key: &'a str,
    /// Pixels.
    width: u32,
    /// Pixels.
    height: u32,
}

impl<'a> From<&'a [chat::LinkPreview]> for LinkPreviews<'a> {
    fn from(all: &'a [chat::LinkPreview]) -> Self {
        let previews = all.iter().map(|found| {
            let preview = &*found.preview;
            LinkPreview {
                url: &found.link,
                title: &preview.title,
                description: preview.description.as_deref(),
                site_name: &preview.site,
                picture: preview.picture.as_ref().map(|picture| LinkPicture {
                    key: &found.key,
                    width: picture.size.width,
                    height: picture.size.height,
                }),
            }
        });
        Self { previews: previews.collect() }
    }
}
