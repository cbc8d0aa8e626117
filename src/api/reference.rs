//! The API reference: one OpenAPI description of every dialect at `/api/openapi.json`, and `/docs`,
//! a page that shows it.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use utoipa::openapi::{Components, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, RefOr};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderMap, Method};
use warp::path::FullPath;
use warp::reply::Response;

use super::administration::Administration;
use super::chatrooms::Chatrooms;
use super::openapi::{JSON, PAGE, carriers, document, operator};
use super::{Dialect, chats, realtime, rooms, v1, web};
use crate::model::Error;

const TEXT: &str = "One chat server, several chat APIs (\"dialects\") over one world of users, \
                    rooms and messages. What one dialect changes is seen at once by clients of \
                    the others, in their own words; a credential of one is valid in every other \
                    that can carry it. Paths are case-sensitive; a trailing slash is ignored. \
                    Bodies are JSON, whatever their Content-Type says; keys that are not \
                    described are ignored. A path that is not described answers 404, another \
                    method 405 with `Allow`, in the words of the dialect whose first path segment \
                    it has. Limits are those of the configuration, here at their defaults. A \
                    request that is refused stores nothing.";

/// Everything that the server answers, described.
fn description() -> Result<OpenApi, serde_json::Error> {
    let info = InfoBuilder::new()
        .title("chatctl")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(TEXT));
    let license = LicenseBuilder::new().name("MIT").identifier(Some("MIT")).build();
    let mut all = OpenApiBuilder::new().info(info.license(Some(license)).build()).build();
    let mut tags = Vec::new();
    let parts = [
        document::of::<Chatrooms>()?,
        document::of::<chats::Chats>()?,
        document::of::<rooms::Rooms>()?,
        document::of::<v1::V1>()?,
        document::of::<realtime::Realtime>()?,
        document::of::<Administration>()?,
        operator::description()?,
    ];
    let mut components = Components::new();
    for part in parts {
        tags.extend(part.tags.unwrap_or_default());
        all.paths.merge(part.paths);
        components.schemas.extend(part.components.unwrap_or_default().schemas);
    }
    components.security_schemes = carriers::schemes()
        .into_iter()
        .map(|(name, scheme)| (name.to_owned(), RefOr::T(scheme)))
        .collect();
    all.tags = Some(tags);
    all.components = Some(components);
    Ok(all)
}

/// Serves the description and the page; made once.
pub(super) fn filter() -> BoxedFilter<(Response,)> {
    let json: Arc<Bytes> = Arc::new(match description().and_then(|all| serde_json::to_vec(&all)) {
        Ok(json) => json.into(),
        Err(error) => {
            tracing::error!(%error, "the description of the API could not be written as JSON");
            Bytes::new()
        }
    });
    let ours = warp::path::full().and_then(|path: FullPath| {
        let name = path.as_str().strip_suffix('/').unwrap_or(path.as_str());
        let ours = [JSON, PAGE].into_iter().find(|ours| *ours == name);
        std::future::ready(ours.ok_or_else(warp::reject::not_found))
    });
    ours.and(warp::method())
        .and(warp::header::headers_cloned())
        .map(move |path: &str, method: Method, headers: HeaderMap| match path {
            PAGE => web::answer("docs/index.html", &method, &headers),
            _ if method != Method::GET && method != Method::HEAD => {
                Chatrooms::error(&Error::MethodNotAllowed("GET, HEAD".to_owned()))
            }
            _ => web::made(JSON, &json, &method, &headers),
        })
        .boxed()
}
