//! Builds one warp filter per dialect from its route table: all errors under its prefixes have its
//! format.
//!
//! Handlers never reject, so that no error of one dialect is answered by another.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use futures_util::{FutureExt, StreamExt};
use hyper::upgrade::OnUpgrade;
use metrics::histogram;
use percent_encoding::percent_decode_str;
use tracing::{Instrument, debug, error_span, field::Empty};
use warp::filters::BoxedFilter;
use warp::http::header::{
    ACCEPT_LANGUAGE, ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ORIGIN, USER_AGENT, VARY,
};
use warp::http::{HeaderMap, HeaderValue, Method, StatusCode};
use warp::path::FullPath;
use warp::reply::Response;
use warp::{Buf, Filter, Rejection, Stream};

use super::auth::{self, Origin};
use super::body::Body;
use super::door::Refusal;
use super::gzip::{self, Accepted};
use super::proxies::Seen;
use super::request::{self, Request};
use super::respond;
use crate::api::{Context, Dialect, Route};
use crate::model::{Client, Error};

/// A template, split into segments.
struct Compiled<O> {
    method: Method,
    template: &'static str,
    segments: Vec<Segment>,
    operation: O,
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Literal(&'static str),
    Param(&'static str),
}

/// The match of a path and method.
enum Found<'a, O> {
    Route(&'a Compiled<O>, Vec<(&'static str, String)>),
    OtherMethods(String),
    Nothing,
}

/// Builds the filter of a dialect. Paths with other first segments are left to the next filter.
pub(in crate::api) fn mount<D: Dialect>(context: &Context) -> BoxedFilter<(Response,)> {
    let routes: Arc<Vec<Compiled<D::Operation>>> =
        Arc::new(D::ROUTES.iter().map(compile).collect());
    let context = context.clone();
    let known = Arc::clone(&routes);
    let owned = path_where(move |path| {
        first_segment(path).is_some_and(|first| D::PREFIXES.contains(&first))
            && (!D::ROUTES_ONLY || !matches!(find(&known, path, &Method::GET), Found::Nothing))
    });
    let root = path_where(|path| D::ROOT_SOCKET && path == "/");
    let socket = root.and(warp::method()).and(warp::header::headers_cloned()).and_then(
        |path, method, headers| {
            std::future::ready(if request::is_upgrade(&method, &headers) {
                Ok(path)
            } else {
                Err(warp::reject::not_found())
            })
        },
    );
    let owned = owned.or(socket).unify().boxed();
    let query = warp::query::raw()
        .or_else(|_: Rejection| std::future::ready(Ok::<_, Infallible>((String::new(),))));
    owned
        .and(warp::method())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::ext::optional::<Seen>())
        .and(warp::ext::optional::<Refusal>())
        .and(warp::ext::optional::<OnUpgrade>())
        .and(warp::body::stream())
        .then(
            move |path: FullPath,
                  method,
                  query,
                  headers,
                  seen: Option<Seen>,
                  refusal,
                  upgrade,
                  body| {
                let arrived = Arrived {
                    method,
                    query,
                    headers,
                    seen: seen.unwrap_or_default(),
                    refusal,
                    upgrade,
                    body: boxed(body),
                };
                handle::<D>(Arc::clone(&routes), context.clone(), path, arrived)
            },
        )
        .boxed()
}

/// Matches a path with this property; others are left to the next filter.
fn path_where(
    wanted: impl Fn(&str) -> bool + Clone + Send + Sync + 'static,
) -> BoxedFilter<(FullPath,)> {
    let path = warp::path::full().and_then(move |path: FullPath| {
        let found = wanted(path.as_str());
        std::future::ready(if found { Ok(path) } else { Err(warp::reject::not_found()) })
    });
    path.boxed()
}

/// A request before routing.
struct Arrived {
    method: Method,
    query: String,
    headers: HeaderMap,
    seen: Seen,
    refusal: Option<Refusal>,
    upgrade: Option<OnUpgrade>,
    body: Body,
}

fn boxed(body: impl Stream<Item = Result<impl Buf, warp::Error>> + Send + 'static) -> Body {
    Box::pin(body.map(|chunk| chunk.map(|mut chunk| chunk.copy_to_bytes(chunk.remaining()))))
}

async fn handle<D: Dialect>(
    routes: Arc<Vec<Compiled<D::Operation>>>,
    context: Context,
    path: FullPath,
    arrived: Arrived,
) -> Response {
    let began = Instant::now();
    let origin = auth::origin(&arrived.headers, &context.config.get().server);
    let allowed = arrived.headers.get(ORIGIN).filter(|_| origin == Origin::Allowed).cloned();
    let method = arrived.method.clone();
    let accepted = Accepted::of(&method, &arrived.headers);
    let found = find(&routes, path.as_str(), &method);
    let (route, mut response) = match found {
        Found::Route(Compiled { template, .. }, _) if arrived.refusal.is_some() => {
            (*template, refused::<D>(arrived.refusal))
        }
        _ if arrived.refusal.is_some() => ("refused", refused::<D>(arrived.refusal)),
        Found::Nothing => ("unknown", D::error(&Error::NotFound)),
        Found::OtherMethods(allow) if method == Method::OPTIONS && allowed.is_some() => {
            ("preflight", preflight(&allow))
        }
        Found::OtherMethods(allow) => ("other method", D::error(&Error::MethodNotAllowed(allow))),
        Found::Route(route, params) => {
            let span = error_span!("request", user = Empty, room = Empty);
            let request = request::<D>(&context, arrived, params, span.clone());
            let call = async {
                #[cfg(debug_assertions)]
                crate::api::planted::panic(route.template);
                D::call(context.chat.clone(), route.operation, request).await
            };
            let call = AssertUnwindSafe(call).catch_unwind();
            let response = match call.instrument(span).await {
                Ok(Ok(response)) => response,
                Ok(Err(error)) => D::error(&error),
                Err(_) => {
                    // The panic hook has logged the panic.
                    debug!(route = route.template, "a handler panicked");
                    D::error(&Error::Internal)
                }
            };
            (route.template, response)
        }
    };
    response = gzip::answer(accepted, response).await;
    if let Some(origin) = allowed {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
    // Unknown paths and methods must not create metric series of their own.
    let known = if route.starts_with('/') { method.to_string() } else { "any".to_owned() };
    histogram!(
        "chatctl_request_seconds",
        "dialect" => D::NAME,
        "method" => known,
        "route" => route,
        "status" => response.status().as_str().to_owned()
    )
    .record(began.elapsed());
    let (status, ms) = (response.status().as_u16(), began.elapsed().as_millis());
    debug!(dialect = D::NAME, %method, route, status, ms, "request answered");
    response
}

/// Returns a refusal in the dialect's format.
fn refused<D: Dialect>(refusal: Option<Refusal>) -> Response {
    D::error(&refusal.map_or(Error::Unavailable, |refusal| refusal.0))
}

fn request<D: Dialect>(
    context: &Context,
    arrived: Arrived,
    params: Vec<(&'static str, String)>,
    span: tracing::Span,
) -> Request {
    let Arrived { method, query, headers, seen, upgrade, body, .. } = arrived;
    let text =
        |name| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let (device, languages) = (text(USER_AGENT), text(ACCEPT_LANGUAGE));
    let config = context.config.get();
    let mut request = Request {
        method,
        params,
        query,
        headers,
        client: Client {
            address: seen.address,
            counted: seen.counted,
            device,
            languages,
            dialect: Some(D::NAME),
        },
        secure: seen.secure || config.server.is_https(),
        carried: None,
        body: Mutex::new(Some(body)),
        upgrade,
        span,
        config,
        sockets: context.sockets.clone(),
        strangers: Arc::clone(&context.strangers),
        admin: context.admin.clone(),
        known: OnceLock::new(),
    };
    request.carried =
        auth::carried(&request.headers, &request.query, request.is_upgrade(), D::COOKIE);
    request
}

fn preflight(allow: &str) -> Response {
    let mut response = respond::empty(StatusCode::NO_CONTENT);
    if let Ok(allow) = HeaderValue::from_str(allow) {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_METHODS, allow);
    }
    response.headers_mut().insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type, x-session-id"),
    );
    response
}

fn first_segment(path: &str) -> Option<&str> {
    path.strip_prefix('/')?.split('/').next()
}

/// Returns the segments of a path; a trailing slash is ignored, so that `/` has none.
fn segments(path: &str) -> std::iter::Skip<std::str::Split<'_, char>> {
    path.strip_suffix('/').unwrap_or(path).split('/').skip(1)
}

fn compile<O: Copy>(route: &Route<O>) -> Compiled<O> {
    let segments = segments(route.template).map(|part| {
        match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
            Some(name) => Segment::Param(name),
            None => Segment::Literal(part),
        }
    });
    Compiled {
        method: route.method.clone(),
        template: route.template,
        segments: segments.collect(),
        operation: route.operation,
    }
}

fn find<'a, O>(routes: &'a [Compiled<O>], path: &str, method: &Method) -> Found<'a, O> {
    let parts: Vec<&str> = segments(path).collect();
    let mut allowed: Vec<&str> = Vec::new();
    for route in routes {
        let Some(params) = matches(&route.segments, &parts) else { continue };
        if route.method == *method {
            return Found::Route(route, params);
        }
        if !allowed.contains(&route.method.as_str()) {
            allowed.push(route.method.as_str());
        }
    }
    if allowed.is_empty() { Found::Nothing } else { Found::OtherMethods(allowed.join(", ")) }
}

fn matches(segments: &[Segment], parts: &[&str]) -> Option<Vec<(&'static str, String)>> {
    if segments.len() != parts.len() {
        return None;
    }
    let mut params = Vec::new();
    for (segment, part) in segments.iter().zip(parts) {
        match segment {
            Segment::Literal(literal) if literal == part => (),
            Segment::Literal(_) => return None,
            Segment::Param(_) if part.is_empty() => return None,
            Segment::Param(name) => params.push((
                *name,
                percent_decode_str(part)
                    .decode_utf8()
                    .map(std::borrow::Cow::into_owned)
                    .unwrap_or_default(),
            )),
        }
    }
    Some(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: [Route<u8>; 5] = [
        Route { method: Method::GET, template: "/", operation: 0 },
        Route { method: Method::GET, template: "/api/users/me", operation: 1 },
        Route { method: Method::GET, template: "/api/users/{userId}", operation: 2 },
        Route { method: Method::PATCH, template: "/api/users/me", operation: 3 },
        Route {
            method: Method::POST,
            template: "/api/rooms/{roomId}/participants/{userId}",
            operation: 4,
        },
    ];

    fn word(path: &str, method: &Method) -> String {
        let routes: Vec<_> = ROUTES.iter().map(compile).collect();
        match find(&routes, path, method) {
            Found::Route(route, params) => format!("{} {params:?}", route.operation),
            Found::OtherMethods(allow) => format!("405 {allow}"),
            Found::Nothing => "404".to_owned(),
        }
    }

    #[test]
    fn paths_lead_to_routes() {
        assert_eq!(word("/", &Method::GET), "0 []");
        assert_eq!(word("/api/users/me", &Method::GET), "1 []");
        assert_eq!(word("/api/users/me/", &Method::GET), "1 []");
        assert_eq!(word("/api/users/%D0%92a%2Fb", &Method::GET), r#"2 [("userId", "Вa/b")]"#);
        assert_eq!(
            word("/api/rooms/room1/participants/bob", &Method::POST),
            r#"4 [("roomId", "room1"), ("userId", "bob")]"#
        );
        assert_eq!(word("/api/users/me", &Method::DELETE), "405 GET, PATCH");
        for path in ["//", "/api/users", "/api/users//", "/API/users/me", "/api/users/me/x", "/api"]
        {
            assert_eq!(word(path, &Method::GET), "404", "{path}");
        }
    }
}
