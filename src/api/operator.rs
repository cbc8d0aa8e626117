//! `/health`: for operators of the server; not part of any dialect.

use serde_json::json;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::http::header::ALLOW;
use warp::http::{HeaderValue, Method, StatusCode};
use warp::reply::Response;

use super::{Context, respond};

/// Answers `/health` and `/health?live`, also with a trailing slash.
pub(super) fn filter(context: &Context) -> BoxedFilter<(Response,)> {
    let chat = context.chat.clone();
    let query = warp::query::raw()
        .or_else(|_| std::future::ready(Ok::<_, std::convert::Infallible>((String::new(),))));
    warp::path("health")
        .and(warp::path::end())
        .and(warp::method())
        .and(query)
        .then(move |method: Method, query: String| {
            let chat = chat.clone();
            async move {
                if method != Method::GET && method != Method::HEAD {
                    let failure =
                        json!({"error": "method_not_allowed", "message": "method not allowed"});
                    let mut response = respond::json(StatusCode::METHOD_NOT_ALLOWED, &failure);
                    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                    return response;
                }
                // A liveness check only asks whether the process responds.
                if query.split('&').any(|pair| pair == "live" || pair.starts_with("live=")) {
                    let alive = json!({"status": "ok", "server": chat.server_id()});
                    return respond::json(StatusCode::OK, &alive);
                }
                let (store, bus) = chat.health().await;
                let word = |good| if good { "ok" } else { "failing" };
                // Without the bus everything works, only later: changes are read from the store.
                let status = if store { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
                let health = json!({
                    "status": word(store),
                    "server": chat.server_id(),
                    "store": word(store),
                    "bus": word(bus),
                });
                respond::json(status, &health)
            }
        })
        .boxed()
}
