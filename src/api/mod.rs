//! The dialects and what they share: listeners, mounting, credentials, the one socket loop.
//!
//! A dialect is a pair of pure translations and a table of routes; everything stateful stands
//! outside it, once. To add one: a folder, a line below, a row in the conformance table
//! (ARCHITECTURE.md).

mod administration;
pub mod dialects;
#[cfg(test)]
mod golden;
mod http;
pub mod metrics;
pub mod openapi;
mod operator;
#[cfg(debug_assertions)]
mod planted;
mod reference;
mod socket;
mod web;

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
use self::http::strangers::Strangers;
pub use self::http::{accept, auth, download, request, respond};
use self::http::{mount, patience, proxies};
pub use self::socket::Sockets;

use crate::admin::Admin;
use crate::chat::{Authenticated, Chat};
use crate::config::Config;
use crate::live::Encoded;
use crate::model::{Client, Command, Error, Event, Outcome, Result, RoomId, Session, Timestamp};

/// One row of a dialect's table: filters, 405 with `Allow`, metrics labels and the authorisation
/// test come from it.
pub struct Route<O: 'static> {
    /// GET, POST …; a WebSocket route is a GET.
    pub method: Method,
    /// `/api/chatrooms/{roomId}/name`: literals and parameters in braces. No trailing slash.
    pub template: &'static str,
    /// What it does.
    pub operation: O,
}

/// A REST side: routes, one function, one error body.
pub trait Dialect: Send + Sync + 'static {
    /// Span field, metric label, configuration name.
    const NAME: &'static str;
    /// The cookie that this dialect sets, looked at before those of the others.
    const COOKIE: Option<&'static str>;
    /// First path segments whose unknown paths answer this dialect's 404.
    const PREFIXES: &'static [&'static str];
    /// Whether handshakes on `/` are its own; whatever else comes there is the UI's.
    const ROOT_SOCKET: bool = false;
    /// Only paths that are routes are its own; all others are left to the next.
    const ROUTES_ONLY: bool = false;
    /// What its routes do.
    type Operation: Copy + Debug + Send + Sync + 'static;
    /// Every route.
    const ROUTES: &'static [Route<Self::Operation>];

    /// Answers a request whose path and method are those of `operation`.
    fn call(
        chat: Chat,
        operation: Self::Operation,
        request: request::Request,
    ) -> impl Future<Output = Result<Response>> + Send;
    /// The documented error body.
    fn error(error: &Error) -> Response;

    /// What the API reference says of the dialect.
    const ABOUT: openapi::About;
    /// What it says of a route.
    fn describe(operation: Self::Operation) -> openapi::Described;
}

/// A WebSocket side.
pub trait SocketDialect: Dialect {
    /// What this dialect remembers of a socket.
    type State: Send + 'static;
    /// Whether its sockets hear what is said to a user wherever they are, and may subscribe to all
    /// rooms; else a socket belongs to one room.
    const PERSONAL: bool;

    /// The first frame, before anything else.
    fn greet(state: &mut Self::State, hello: &Greeting<'_>) -> Option<Utf8Bytes>;
    /// Reads a text frame.
    fn decode(state: &mut Self::State, frame: &str) -> SocketRequest;
    /// Answers it. Also what `Outcome::Changes`, `Subscribed` and the automatic entry of a one-room
    /// socket (verb `enter`) say.
    fn reply(
        state: &mut Self::State,
        asked: &RequestContext,
        outcome: Result<Outcome>,
    ) -> Option<Utf8Bytes>;
    /// What this dialect says of an event; empty: nothing.
    fn encode(event: &Event) -> Vec<Encoded>;
}

/// A WebSocket side whose handshake tells nothing: the first frame says whose the socket is.
/// Who is not admitted hears the reply to that error and is closed with 1008.
pub trait FirstFrameAuth: SocketDialect {
    /// How long a new socket may keep silent; then its first frame is as if empty.
    const PATIENCE: Duration;

    /// Whose first frame this is, and which room the socket enters; [`SocketDialect::reply`] then answers
    /// the entry.
    fn admit(
        chat: &Chat,
        client: &Client,
        frame: &str,
    ) -> impl Future<Output = Result<(Authenticated, RoomId)>> + Send;
}

/// What a new socket may be told.
pub struct Greeting<'a> {
    /// Whose it is.
    pub session: &'a Session,
    /// Seconds between pings.
    pub heartbeat_seconds: u64,
    /// Epoch of the database.
    pub epoch: &'a str,
    /// Now.
    pub now: Timestamp,
}

/// A frame that was read.
pub struct SocketRequest {
    /// What the answer refers to.
    pub question: RequestContext,
    /// What to do, or why it could not be read.
    pub command: Result<Command>,
}

/// What an answer needs to know of its question.
#[derive(Clone, Debug, Default)]
pub struct RequestContext {
    /// `ref` of the frame.
    pub reference: Option<String>,
    /// `type` of the frame, as far as known.
    pub verb: String,
}

/// What every filter needs.
#[derive(Clone)]
pub struct Context {
    /// The chat.
    pub chat: Chat,
    /// The administration.
    pub admin: Admin,
    /// The configuration.
    pub config: Arc<Config>,
    /// Open sockets, for the graceful stop.
    pub sockets: Sockets,
    strangers: Arc<Strangers>,
    /// Served here; None: elsewhere.
    metrics: Option<metrics::Metrics>,
}

impl Context {
    /// Puts together what filters need.
    pub fn new(chat: Chat, admin: Admin, config: Arc<Config>, metrics: &metrics::Metrics) -> Self {
        let strangers = Arc::new(strangers(&config));
        let metrics = config.metrics.listen.is_empty().then(|| metrics.clone());
        Self { chat, admin, config, sockets: Sockets::default(), strangers, metrics }
    }
}

fn strangers(config: &Config) -> Strangers {
    Strangers::new(config.limits.enabled.then_some(config.limits.requests_per_minute_per_address))
}

/// The entrance to everything that the server answers.
pub fn door(context: &Context) -> Door {
    Door::new(
        &context.config,
        filter(context),
        Arc::clone(&context.strangers),
        Some(context.chat.clone()),
    )
}

/// The entrance of the address that `/metrics` has for itself.
pub fn metrics_door(context: &Context, metrics: &metrics::Metrics) -> Door {
    Door::new(
        &context.config,
        metrics::alone(metrics, context),
        Arc::new(strangers(&context.config)),
        None,
    )
}

/// Everything that the server answers. A dialect is one line.
fn filter(context: &Context) -> BoxedFilter<(Response,)> {
    let dialects = [
        mount::mount::<administration::Administration>(context),
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
    // What is refused at the door is left to the dialects, which say it in their own words, and for
    // all else to the last filter but one.
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
    let shared = welcome.and(operator.or(reference::filter()).unify()).boxed();
    let first = dialects.into_iter().fold(shared, |all, dialect| all.or(dialect).unify().boxed());
    // The web UI answers every path that nobody else owns.
    first.or(refused).unify().or(web::filter()).unify().boxed()
}
