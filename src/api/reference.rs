//! The API reference: one OpenAPI description of all dialects at `/api/openapi.json`, and `/docs`,
//! a page that renders it.

#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use utoipa::openapi::{
    Components, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, RefOr, Server,
};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::{HeaderMap, Method};
use warp::path::FullPath;
use warp::reply::Response;

use super::administration::Administration;
use super::chatrooms::Chatrooms;
use super::hooks::Hooks;
use super::http::prefix::redirect;
use super::openapi::{JSON, PAGE, carriers, document, operator};
use super::{Dialect, chats, realtime, rooms, v1, web};
use crate::model::Error;

/// The page where it is not: redirected.
const PAGE_ELSEWHERE: &str = "elsewhere";
const TEXT: &str = "One chat server with several chat APIs (\"dialects\") that share users, rooms \
                    and messages. A change made through one dialect is immediately visible to \
                    clients of the others; a credential of one dialect is valid in every other \
                    that can carry it. Paths are case-sensitive; a trailing slash is ignored. \
                    Bodies are JSON, whatever their Content-Type; unknown fields are ignored. \
                    Unknown paths answer 404, and other methods 405 with `Allow`, in the error \
                    format of the dialect that owns the first path segment. Limits shown here are \
                    the defaults of the configuration. A refused request stores nothing.";

/// Describes all routes of the server.
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
        document::of::<Hooks>()?,
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

/// Returns the description as JSON.
fn json(base_path: &str) -> Bytes {
    let described = description().map(|mut all| {
        all.servers = (!base_path.is_empty()).then(|| vec![Server::new(base_path)]);
        all
    });
    match described.and_then(|all| serde_json::to_vec(&all)) {
        Ok(json) => json.into(),
        Err(error) => {
            tracing::error!(%error, "the API description could not be serialized");
            Bytes::new()
        }
    }
}

/// Serves the description and the page. The description is built at the first request: few servers
/// are asked for it, and building it would delay every start.
///
/// `base_path` is that of `public_url`.
pub(super) fn filter(base_path: &str) -> BoxedFilter<(Response,)> {
    let base_path = base_path.to_owned();
    let built = Arc::new(OnceLock::new());
    let ours = warp::path::full().and_then(|path: FullPath| {
        let ours = match path.as_str() {
            PAGE => Some(PAGE),
            // The addresses in the page are relative to its own.
            "/docs/" | "/docs/index.html" => Some(PAGE_ELSEWHERE),
            path => (path.strip_suffix('/').unwrap_or(path) == JSON).then_some(JSON),
        };
        std::future::ready(ours.ok_or_else(warp::reject::not_found))
    });
    ours.and(warp::method())
        .and(warp::header::headers_cloned())
        .map(move |path: &str, method: Method, headers: HeaderMap| match path {
            PAGE => web::answer("docs/index.html", &method, &headers),
            PAGE_ELSEWHERE => redirect("../docs"),
            _ if method != Method::GET && method != Method::HEAD => {
                Chatrooms::error(&Error::MethodNotAllowed("GET, HEAD".to_owned()))
            }
            _ => web::made(JSON, built.get_or_init(|| json(&base_path)), &method, &headers),
        })
        .boxed()
}
