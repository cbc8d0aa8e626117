//! Builds the OpenAPI description of one dialect from its route table and route descriptions.

use std::collections::BTreeMap;

use futures_util::FutureExt;
use http_body_util::BodyExt;
use serde_json::Value;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, Content, ContentBuilder, OpenApi, OpenApiBuilder, Paths, RefOr, Required, Schema,
};
use warp::http::Method;
use warp::http::header::{
    ALLOW, CONTENT_TYPE, HeaderName, RETRY_AFTER, SEC_WEBSOCKET_VERSION, UPGRADE,
};

use super::described::{Answer, Body, Carriers, Described, Frames};
use super::{Shape, carriers, types};
use crate::api::Dialect;
use crate::model::Error;

/// Schemas by name.
pub(super) type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Response headers of failures that are part of the protocol.
const TOLD: [(HeaderName, &str); 4] = [
    (RETRY_AFTER, "Seconds to wait before the next try"),
    (ALLOW, "Methods allowed for this path"),
    (UPGRADE, "The protocol to switch to"),
    (SEC_WEBSOCKET_VERSION, "The supported protocol version"),
];

/// Describes a dialect; its schemas are named `dialect.Type`.
pub(in crate::api) fn of<D: Dialect>() -> Result<OpenApi, serde_json::Error> {
    let mut schemas = Schemas::new();
    let failure = take((D::ABOUT.failure)(), &mut schemas);
    let mut paths = Paths::new();
    // HEAD is described with GET.
    for route in D::ROUTES.iter().filter(|route| route.method != Method::HEAD) {
        let described = D::describe(route.operation);
        let fails = failures::<D>(&described, &route.method);
        let id = format!("{}.{:?}", D::NAME, route.operation);
        let operation =
            operation(D::NAME, &id, D::ABOUT.carriers, described, (fails, &failure), &mut schemas);
        paths.add_path_operation(route.template, vec![method(&route.method)], operation);
    }
    let mut components = Components::new();
    components.schemas = schemas;
    let tag = TagBuilder::new().name(D::NAME).description(Some(D::ABOUT.text)).build();
    under_own_name(
        D::NAME,
        &OpenApiBuilder::new().paths(paths).components(Some(components)).tags(Some([tag])).build(),
    )
}

/// Renames schemas to `dialect.Type`, since types of two dialects may have the same name.
pub(super) fn under_own_name(
    dialect: &str,
    description: &OpenApi,
) -> Result<OpenApi, serde_json::Error> {
    let text = serde_json::to_string(description)?
        .replace("\"#/components/schemas/", &format!("\"#/components/schemas/{dialect}."));
    let mut description: OpenApi = serde_json::from_str(&text)?;
    if let Some(components) = &mut description.components {
        components.schemas = std::mem::take(&mut components.schemas)
            .into_iter()
            .map(|(name, schema)| (format!("{dialect}.{name}"), schema))
            .collect();
    }
    Ok(description)
}

/// Describes one operation; `fails` has its failures by status, `failure` their schema.
pub(super) fn operation(
    tag: &str,
    id: &str,
    own: &[&str],
    described: Described,
    (fails, failure): (Fails, &RefOr<Schema>),
    schemas: &mut Schemas,
) -> Operation {
    let mut operation =
        OperationBuilder::new().tag(tag).operation_id(Some(id)).summary(Some(described.summary));
    if !described.text.is_empty() {
        operation = operation.description(Some(described.text));
    }
    for parameter in described.parameters {
        operation = operation.parameter(parameter);
    }
    if let Some(Body { shape, media_type, required }) = described.body {
        let content = Content::new(Some(take(shape, schemas)));
        let required = if required { Required::True } else { Required::False };
        operation = operation.request_body(Some(
            RequestBodyBuilder::new().content(media_type, content).required(Some(required)).build(),
        ));
    }
    for answer in described.answers {
        operation = operation.response(answer.status.to_string(), success(answer, schemas));
    }
    for (status, bodies) in fails {
        operation = operation.response(status.to_string(), refused(bodies, failure.clone()));
    }
    if let Some(Frames { client, server }) = described.frames {
        let mut list = |shapes: Vec<Shape>| {
            shapes
                .into_iter()
                .map(|shape| serde_json::json!(take(shape, schemas)))
                .collect::<Value>()
        };
        let frames = serde_json::json!({"client": list(client), "server": list(server)});
        operation =
            operation.extensions(Some(ExtensionsBuilder::new().add("x-frames", frames).build()));
    }
    // Any way to send a session is accepted; the dialect's own come first.
    let needed = carriers::all(own, described.carriers);
    operation.securities(Some(needed)).build()
}

fn success(answer: Answer, schemas: &mut Schemas) -> Response {
    let mut response = ResponseBuilder::new().description(answer.text);
    if !answer.media_type.is_empty() {
        response = response.content(
            answer.media_type,
            Content::new(answer.shape.map(|shape| take(shape, schemas))),
        );
    }
    for (name, text) in answer.headers {
        response = response.header(
            name,
            HeaderBuilder::new().schema(Some(types::text())).description(Some(text)).build(),
        );
    }
    response.build()
}

/// A failure response: its body and headers.
pub(super) struct Refusal {
    text: String,
    media_type: String,
    body: Value,
    headers: Vec<(&'static str, &'static str)>,
}

/// Failures by status.
pub(super) type Fails = BTreeMap<u16, Vec<Refusal>>;

fn refused(bodies: Vec<Refusal>, schema: RefOr<Schema>) -> Response {
    let texts: Vec<&str> = bodies.iter().map(|refusal| refusal.text.as_str()).collect();
    let mut response = ResponseBuilder::new().description(texts.join("; "));
    for (name, text) in bodies.iter().flat_map(|refusal| &refusal.headers) {
        response = response.header(
            *name,
            HeaderBuilder::new().schema(Some(types::text())).description(Some(*text)).build(),
        );
    }
    let media_type = bodies.first().map(|refusal| refusal.media_type.clone()).unwrap_or_default();
    let examples = bodies
        .into_iter()
        .map(|Refusal { text, body, .. }| (text, ExampleBuilder::new().value(Some(body)).build()));
    response
        .content(
            media_type,
            ContentBuilder::new().schema(Some(schema)).examples_from_iter(examples).build(),
        )
        .build()
}

/// All failures of a route: its own and those of every route of its kind, with the texts of the
/// dialect's `error.rs`.
pub(super) fn failures<D: Dialect>(described: &Described, method: &Method) -> Fails {
    let mut errors = described.fails.clone();
    if described.body.as_ref().is_some_and(|body| body.media_type == "application/json") {
        errors.extend([Error::Malformed("…".to_owned()), Error::invalid("FIELD", "breaks a rule")]);
    }
    if described.body.is_some() {
        errors.push(Error::TooLarge);
    }
    if described.carriers == Carriers::Needed {
        errors.extend([Error::NoSession, Error::BadSession]);
    }
    if described.carriers == Carriers::Hidden {
        errors.push(Error::NotFound);
    }
    let safe = *method == Method::GET && described.frames.is_none();
    if !safe && (described.carriers != Carriers::Ignored || described.frames.is_some()) {
        errors.push(Error::ForeignOrigin);
    }
    errors.extend([
        Error::RateLimited(std::time::Duration::from_secs(1)),
        Error::Unavailable,
        Error::Internal,
    ]);
    let mut fails = Fails::new();
    for error in errors {
        let response = D::error(&error);
        let told = TOLD.into_iter().filter(|(name, _)| response.headers().contains_key(name));
        let headers = told.map(|(name, text)| (spelled(&name), text)).collect();
        let status = response.status().as_u16();
        let media_type = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let media_type = media_type.unwrap_or("application/json").to_owned();
        // Bodies of failures are in memory, so they are available at once.
        let body = response
            .into_body()
            .collect()
            .now_or_never()
            .and_then(Result::ok)
            .map(http_body_util::Collected::to_bytes);
        let body = body.unwrap_or_default();
        let body =
            serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8_lossy(&body).into());
        let bodies = fails.entry(status).or_default();
        if bodies.iter().all(|known: &Refusal| known.body != body) {
            bodies.push(Refusal { text: error.to_string(), media_type, body, headers });
        }
    }
    fails
}

/// Returns the usual spelling of a header name.
fn spelled(name: &HeaderName) -> &'static str {
    match *name {
        RETRY_AFTER => "Retry-After",
        ALLOW => "Allow",
        SEC_WEBSOCKET_VERSION => "Sec-WebSocket-Version",
        _ => "Upgrade",
    }
}

/// Registers the schemas a shape needs and returns a reference to it.
fn take(shape: Shape, schemas: &mut Schemas) -> RefOr<Schema> {
    schemas.extend(shape.needs);
    shape.schema
}

pub(super) fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        Method::PUT => HttpMethod::Put,
        _ => HttpMethod::Get,
    }
}
