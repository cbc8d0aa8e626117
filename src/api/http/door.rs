//! Checks of every request before the filters: client address, limits, and conversion of panics to
//! responses.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use futures_util::FutureExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tower_service::Service as _;
use tracing::debug;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::{HOST, STRICT_TRANSPORT_SECURITY};
use warp::http::{
    HeaderMap, HeaderValue, Request, Response as HttpResponse, StatusCode, Uri, Version,
};
use warp::reply::Response;

use super::accept::peer::Peer;
use super::accept::places::{Full, Places, RequestPlace};
use super::accept::stream::Forwarded;
use super::proxies::{Proxies, Seen};
use super::strangers::{Lane, Strangers};
use super::{auth, authority, prefix, request, respond};
use crate::api::Dialect;
use crate::api::chatrooms::Chatrooms;
use crate::chat::Chat;
use crate::config::current::Current;
use crate::model::Error;
use crate::model::rules::is_loopback_host;

/// The entry point of listeners that share their limits. Clones share it.
#[derive(Clone)]
pub struct Door(Arc<Inner>);

struct Inner {
    service: BoxedFilter<(Response,)>,
    proxies: Arc<ArcSwap<Proxies>>,
    strangers: Arc<Strangers>,
    places: Arc<Places>,
    config: Current,
    /// Whether browsers use these listeners by `https`, because `public_url` says so.
    https: bool,
    /// The path of `public_url`.
    base_path: String,
    /// Checks sessions; None: these listeners accept no sessions.
    chat: Option<Chat>,
}

/// A request to be refused: filters only send the error, each in its dialect's format.
#[derive(Clone, Debug)]
pub(in crate::api) struct Refusal(pub(in crate::api) Error);

impl Door {
    /// `addresses` are those that are listened on; they may differ from `[server] listen`.
    pub(in crate::api) fn new(
        current: &Current,
        service: BoxedFilter<(Response,)>,
        strangers: Arc<Strangers>,
        chat: Option<Chat>,
        addresses: &[String],
    ) -> Self {
        let config = current.get();
        let limits = &config.limits;
        let places = Places::new(limits.max_connections, limits.max_connections_per_address);
        let proxies = Arc::new(ArcSwap::from_pointee(Proxies::new(&config.server, addresses)));
        let (limited, known) = (Arc::clone(&places), Arc::clone(&proxies));
        let addresses = addresses.to_vec();
        current.follow(move |config| {
            let limits = &config.limits;
            limited.limit_to(limits.max_connections, limits.max_connections_per_address);
            known.store(Arc::new(known.load().renew(&config.server, &addresses)));
        });
        Self(Arc::new(Inner {
            service,
            proxies,
            strangers,
            places,
            config: current.clone(),
            https: chat.is_some()
                && config
                    .server
                    .public_url
                    .as_deref()
                    .is_some_and(|url| url.starts_with("https://")),
            base_path: config.server.base_path().to_owned(),
            chat,
        }))
    }

    /// Leaves the path of `public_url` to the filters.
    pub(in crate::api) fn with_whole_paths(mut self) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.base_path = String::new();
        }
        self
    }

    pub(in crate::api) fn places(&self) -> &Arc<Places> {
        &self.0.places
    }

    pub(in crate::api) fn is_trusted(&self, peer: &Peer) -> bool {
        self.0.proxies.load().is_trusted(peer)
    }

    pub(in crate::api) fn stall(&self) -> Duration {
        Duration::from_secs(self.0.config.get().limits.stall_seconds)
    }

    /// How long an idle connection is kept.
    pub(in crate::api) fn keep_alive(&self) -> Duration {
        Duration::from_secs(self.0.config.get().limits.keep_alive_seconds)
    }

    /// Answers a request.
    pub(in crate::api) async fn enter(
        &self,
        mut request: Request<Incoming>,
        peer: &Peer,
        forwarded: &Forwarded,
    ) -> HttpResponse<Held<Inside>> {
        if !authority::unify(&mut request) || !has_path(request.uri()) {
            return respond::empty(StatusCode::BAD_REQUEST).map(|body| Held { body, _place: None });
        }
        if let Some(redirect) = prefix::remove(&self.0.base_path, &mut request) {
            return redirect.map(|body| Held { body, _place: None });
        }
        let seen = self.0.proxies.load().see(peer, request.headers());
        let only_https = (seen.secure || self.0.https) && !is_this_machine(request.headers());
        let (place, refusal) = match self.admit(&seen, &request) {
            Ok(place) => (place, None),
            Err(error) => (None, Some(error)),
        };
        request.extensions_mut().insert(seen);
        if let Some(error) = refusal {
            request.extensions_mut().insert(Refusal(error));
        }
        let service = self.0.service.clone();
        let call = AssertUnwindSafe(async move {
            warp::service(service.map(|response: Response| response)).call(request).await
        });
        // The panic hook has logged the panic.
        let mut response = match call.catch_unwind().await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => Chatrooms::error(&Error::Internal),
        };
        let seconds = self.0.config.get().server.hsts_seconds;
        if only_https
            && seconds > 0
            && let Ok(value) = HeaderValue::try_from(format!("max-age={seconds}"))
        {
            response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, value);
        }
        match place {
            Some(place) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                forwarded.hold(place.of_address);
                response.map(|body| Held { body, _place: None })
            }
            place => response.map(|body| Held { body, _place: place }),
        }
    }

    /// Decides before any work is done whether to process a request.
    fn admit(
        &self,
        seen: &Seen,
        request: &Request<Incoming>,
    ) -> Result<Option<RequestPlace>, Error> {
        if let Some(address) = seen.counted {
            let (uri, headers) = (request.uri(), request.headers());
            let lane = if uri.path().trim_end_matches('/') == "/health" {
                Lane::Health
            } else {
                Lane::Rest
            };
            let handshake = request::is_upgrade(request.method(), headers);
            let now = Instant::now();
            let over =
                match auth::carried(headers, uri.query().unwrap_or_default(), handshake, None) {
                    // A credential that may be valid is accepted, so that a flood from an address
                    // does not block logged-in users there.
                    Some(carried)
                        if self
                            .0
                            .chat
                            .as_ref()
                            .is_some_and(|chat| chat.vouches(&carried.credential)) =>
                    {
                        Ok(())
                    }
                    Some(_) => self.0.strangers.allows(address, lane, now),
                    None => self.0.strangers.count(address, lane, now),
                };
            over.map_err(Error::RateLimited)?;
        }
        let shares = request.version() == Version::HTTP_2;
        let Some(address) = seen.address.filter(|_| seen.forwarded || shares) else {
            return Ok(None);
        };
        self.0.places.take_for_request(address, shares).map(Some).map_err(|_: Full| {
            debug!(%address, "a request was refused: too many connections");
            Error::Unavailable
        })
    }
}

/// Returns whether a request target has a path that filters can handle; `http://host?query` has
/// none.
fn has_path(uri: &Uri) -> bool {
    uri.path_and_query().is_some_and(|path| path.as_str().starts_with('/') || path.as_str() == "*")
}

/// Returns whether the host is local: `https` for a local name would apply to all its ports.
fn is_this_machine(headers: &HeaderMap) -> bool {
    headers.get(HOST).and_then(|host| host.to_str().ok()).is_none_or(is_loopback_host)
}

/// Names warp's body type.
pub(in crate::api) trait Bodied {
    type Body;
}

impl<B> Bodied for HttpResponse<B> {
    type Body = B;
}

/// Body type of the filters' responses.
type Inside = <Response as Bodied>::Body;

/// A body that holds the place of its client.
pub(in crate::api) struct Held<B> {
    body: B,
    _place: Option<RequestPlace>,
}

impl<B: Body + Unpin> Body for Held<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[test]
    fn a_request_target_has_a_path() {
        for good in
            ["/", "/api/users?q=1", "/?x", "http://host/", "http://host", "http://host/a?b", "*"]
        {
            assert!(has_path(&good.parse().unwrap()), "{good}");
        }
        let without =
            Uri::builder().scheme("http").authority("host").path_and_query("?query").build();
        for bad in
            [without.unwrap(), Uri::from_static("host:80"), "http://host?query".parse().unwrap()]
        {
            assert!(!has_path(&bad), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn a_panic_is_a_500_and_ends_nothing_else() {
        let config = crate::config::Config::default();
        let panics = warp::path("panics").map(|| -> Response { panic!("planted") });
        let all = panics.or(warp::any().map(|| respond::empty(StatusCode::OK))).unify().boxed();
        let current = Current::new(config.clone());
        let door = Door::new(&current, all, Arc::new(Strangers::new(None)), None, &[]);
        let server =
            crate::config::Server { listen: vec!["127.0.0.1:0".to_owned()], ..config.server };
        let listeners = crate::api::accept::bind(&server, None).await.unwrap();
        let address = listeners[0].address.trim_start_matches("http://").to_owned();
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let serving = tokio::spawn(crate::api::accept::serve(listeners, door, stopped));
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let requests = b"GET /panics HTTP/1.1\r\nHost: localhost\r\n\r\n\
            GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(requests).await.unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).await.unwrap();
        let statuses: Vec<_> =
            answers.split("HTTP/1.1 ").skip(1).filter_map(|answer| answer.get(..3)).collect();
        assert_eq!(statuses, ["500", "200"], "{answers}");
        stop.send_replace(true);
        serving.await.unwrap();
    }
}
