//! The dialects and their common parts: listeners, mounting, credentials, the socket loop.
//!
//! A dialect is a pair of pure translations and a route table; all state is kept outside, once. To
//! add a dialect: a folder, a line below, a row in the conformance table (ARCHITECTURE.md).

mod administration;
pub mod dialects;
#[cfg(test)]
mod golden;
mod hooks;
mod http;
pub mod metrics;
pub mod openapi;
mod operator;
#[cfg(debug_assertions)]
mod planted;
mod reference;
mod socket;
mod web;
pub mod wire;

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio_tungstenite::tungstenite::Utf8Bytes;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::Method;
use warp::reply::Response;

pub use self::dialects::{chatrooms, chats, realtime, rooms, v1};
pub use self::http::door::Door;
use self::http::door::Refusal;
pub use self::http::redirect::{Target, best_port};
use self::http::strangers::Strangers;
pub use self::http::{accept, auth, download, request, respond};
use self::http::{gzip, mount, patience, prefix, proxies, redirect};
pub use self::socket::Sockets;

use crate::admin::Admin;
use crate::chat::{Authenticated, Chat};
use crate::config::Config;
use crate::config::current::Current;
use crate::live::Encoded;
use crate::model::{Client, Command, Error, Event, Outcome, Result, RoomId, Session, Timestamp};

/// A row of a dialect's route table: filters, 405 with `Allow`, metrics labels and the
/// authorization test are derived from it.
pub struct Route<O: 'static> {
    /// GET, POST …; a WebSocket route is a GET.
    pub method: Method,
    /// `/api/chatrooms/{roomId}/name`: literals and parameters in braces. No trailing slash.
    pub template: &'static str,
    /// Operation of the route.
    pub operation: O,
}

/// The REST part of a dialect: routes, one function, one error body.
pub trait Dialect: Send + Sync + 'static {
    /// Name in log spans, metric labels and the configuration.
    const NAME: &'static str;
    /// The cookie set by this dialect, checked before those of other dialects.
    const COOKIE: Option<&'static str>;
    /// First path segments under which unknown paths get this dialect's 404.
    const PREFIXES: &'static [&'static str];
    /// Whether handshakes on `/` belong to it; other requests there belong to the web UI.
    const ROOT_SOCKET: bool = false;
    /// Whether only its routes belong to it, not other paths under its prefixes.
    const ROUTES_ONLY: bool = false;
    /// Operations of its routes.
    type Operation: Copy + Debug + Send + Sync + 'static;
    /// All routes.
    const ROUTES: &'static [Route<Self::Operation>];

    /// Answers a request for this operation.
    fn call(
        chat: Chat,
        operation: Self::Operation,
        request: request::Request,
    ) -> impl Future<Output = Result<Response>> + Send;
    /// Returns the documented response for an error.
    fn error(error: &Error) -> Response;

    /// Description of the dialect in the API reference.
    const ABOUT: openapi::About;
    /// Describes an operation in the API reference.
    fn describe(operation: Self::Operation) -> openapi::Described;
}

/// The WebSocket part of a dialect.
pub trait SocketDialect: Dialect {
    /// State of a socket kept by this dialect.
    type State: Send + 'static;
    /// Whether its sockets receive events of a user in all rooms and may subscribe to them;
    /// otherwise a socket belongs to one room.
    const PERSONAL: bool;

    /// Returns the first frame, sent before anything else.
    fn greet(state: &mut Self::State, hello: &Greeting<'_>) -> Option<Utf8Bytes>;
    /// Decodes a text frame.
    fn decode(state: &mut Self::State, frame: &str) -> SocketRequest;
    /// Encodes the reply to a request. Also used for `Outcome::Changes`, `Subscribed` and the
    /// automatic entry of a one-room socket (verb `enter`).
    fn reply(
        state: &mut Self::State,
        asked: &RequestContext,
        outcome: Result<Outcome>,
    ) -> Option<Utf8Bytes>;
    /// Encodes an event; empty: the dialect has no frame for it.
    fn encode(event: &Event) -> Vec<Encoded>;
}

/// A WebSocket part without authentication in the handshake: the first frame identifies the user.
/// If it is refused, the socket gets the reply to that error and is closed with 1008.
pub trait FirstFrameAuth: SocketDialect {
    /// Time limit for the first frame; afterwards it is treated as empty.
    const PATIENCE: Duration;

    /// Authenticates the first frame and returns the room to enter; [`SocketDialect::reply`] then
    /// answers the entry.
    fn admit(
        chat: &Chat,
        client: &Client,
        frame: &str,
    ) -> impl Future<Output = Result<(Authenticated, RoomId)>> + Send;
}

/// Values for the greeting of a new socket.
pub struct Greeting<'a> {
    /// Session of the socket.
    pub session: &'a Session,
    /// Seconds between pings.
    pub heartbeat_seconds: u64,
    /// Epoch of the database.
    pub epoch: &'a str,
    /// Current time.
    pub now: Timestamp,
}

/// A decoded frame.
pub struct SocketRequest {
    /// Context for the reply.
    pub question: RequestContext,
    /// The command, or the error of decoding it.
    pub command: Result<Command>,
}

/// Properties of a request needed for its reply.
#[derive(Clone, Debug, Default)]
pub struct RequestContext {
    /// `ref` of the frame.
    pub reference: Option<String>,
    /// `type` of the frame, as far as known.
    pub verb: String,
}

/// Dependencies of the filters.
#[derive(Clone)]
pub struct Context {
    /// The use cases.
    pub chat: Chat,
    /// The administration commands.
    pub admin: Admin,
    /// The configuration in effect.
    pub config: Current,
    /// Open sockets, for the graceful stop.
    pub sockets: Sockets,
    strangers: Arc<Strangers>,
    /// Metrics served here; None: on another address or not at all.
    metrics: Option<metrics::Metrics>,
}

impl Context {
    /// Creates the context of the filters.
    pub fn new(chat: Chat, admin: Admin, config: Current, metrics: &metrics::Metrics) -> Self {
        let strangers = strangers(&config);
        let metrics = config.get().metrics.listen.is_empty().then(|| metrics.clone());
        Self { chat, admin, config, sockets: Sockets::default(), strangers, metrics }
    }
}

fn strangers(config: &Current) -> Arc<Strangers> {
    let limit = |config: &Config| {
        config.limits.enabled.then_some(config.limits.requests_per_minute_per_address)
    };
    let strangers = Arc::new(Strangers::new(limit(&config.get())));
    let limited = Arc::clone(&strangers);
    config.follow(move |config| limited.limit_to(limit(config)));
    strangers
}

/// Creates the entry point of all listeners, which listen on these addresses.
pub fn door(context: &Context, addresses: &[String]) -> Door {
    Door::new(
        &context.config,
        filter(context),
        Arc::clone(&context.strangers),
        Some(context.chat.clone()),
        addresses,
    )
}

/// Creates the entry point of the separate listener of `/metrics`.
pub fn metrics_door(context: &Context, metrics: &metrics::Metrics) -> Door {
    let filter = metrics::alone(metrics, context);
    Door::new(&context.config, filter, strangers(&context.config), None, &[])
}

/// Creates the entry point of the addresses that redirect to `https`.
pub fn redirect_door(context: &Context, target: Target) -> Door {
    let filter = redirect::filter(target);
    Door::new(&context.config, filter, Arc::clone(&context.strangers), None, &[]).with_whole_paths()
}

/// Builds the filter of all routes. A dialect is one line.
fn filter(context: &Context) -> BoxedFilter<(Response,)> {
    let dialects = [
        mount::mount::<administration::Administration>(context),
        mount::mount::<hooks::Hooks>(context),
        mount::mount::<chatrooms::Chatrooms>(context),
        mount::mount::<chats::Chats>(context),
        mount::mount::<rooms::Rooms>(context),
        mount::mount::<v1::V1>(context),
        mount::mount::<realtime::Realtime>(context),
    ];
    let health = operator::filter(context);
    let operator = match &context.metrics {
        Some(metrics) => health.or(metrics::filter(metrics, false)).unify().boxed(),
        None => health,
    };
    // Refusals of the checks before the filters are answered by the dialects in their own format,
    // and for other paths by the last filter but one.
    let welcome = warp::ext::optional::<Refusal>()
        .and_then(|refusal: Option<Refusal>| {
            std::future::ready(if refusal.is_none() {
                Ok(())
            } else {
                Err(warp::reject::not_found())
            })
        })
        .untuple_one();
    let refused =
        warp::ext::get::<Refusal>().map(|Refusal(error)| chatrooms::Chatrooms::error(&error));
    let shared = welcome
        .and(operator.or(reference::filter(context.config.get().server.base_path())).unify())
        .boxed();
    let first = dialects.into_iter().fold(shared, |all, dialect| all.or(dialect).unify().boxed());
    // The web UI answers all remaining paths.
    first.or(refused).unify().or(web::filter(&context.chat)).unify().boxed()
}
