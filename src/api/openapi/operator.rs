//! The routes that belong to no dialect.

use std::collections::BTreeMap;

use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, OpenApi, OpenApiBuilder, Paths, RefOr, Schema};
use warp::http::Method;

use super::document::{Fails, method, operation};
use super::{Described, Shape, types};

const TAG: &str = "operator";

/// Their description.
pub(in crate::api) fn description() -> Result<OpenApi, serde_json::Error> {
    let mut schemas: BTreeMap<String, RefOr<Schema>> = BTreeMap::new();
    let mut paths = Paths::new();
    for (path, name, described) in routes() {
        let none = (Fails::new(), &RefOr::T(Schema::default()));
        let operation =
            operation(TAG, &format!("{TAG}.{name}"), &[], described.open(), none, &mut schemas);
        paths.add_path_operation(path, vec![method(&Method::GET)], operation);
    }
    let mut components = Components::new();
    components.schemas = schemas;
    let tag = TagBuilder::new()
        .name(TAG)
        .description(Some("For whoever runs the server; no dialect's. HEAD works on all of them."))
        .build();
    super::document::under_own_name(
        TAG,
        &OpenApiBuilder::new().paths(paths).components(Some(components)).tags(Some([tag])).build(),
    )
}

fn routes() -> [(&'static str, &'static str, Described); 4] {
    let known = "Unchanged since the version of `If-None-Match`";
    let tag = "What `If-None-Match` takes";
    let text = || Some(Shape::plain(types::text()));
    [
        (
            "/health",
            "Health",
            Described::new("Whether the server can serve")
                .query("live", types::text(), "Ask only whether the process answers")
                .answers(
                    200,
                    "It can; with `live`: it answers, `store` and `bus` are left out",
                    health("ok"),
                )
                .answers(503, "It cannot: `store` or `bus` is `failing`", health("failing")),
        ),
        (
            "/metrics",
            "Metrics",
            Described::new("What the server counts, as Prometheus text")
                .text(
                    "For peers on this machine that no proxy has sent; with `[metrics] listen` on \
                     that address alone. Others hear 404.",
                )
                .answers_as(200, "Prometheus text, version 0.0.4", "text/plain", text())
                .answers(404, "Not for this caller", Shape::plain(failure())),
        ),
        (
            super::JSON,
            "Description",
            Described::new("This description")
                .answers(200, "OpenAPI 3.1", Shape::plain(ObjectBuilder::new().build()))
                .header("ETag", tag)
                .empty(304, known),
        ),
        (
            super::PAGE,
            "Page",
            Described::new("A page to read this description")
                .answers_as(200, "The page", "text/html", text())
                .header("ETag", tag)
                .empty(304, known),
        ),
    ]
}

fn health(status: &str) -> Shape {
    let part = || types::word(&["ok", "failing"], "ok");
    let object = ObjectBuilder::new()
        .property("status", types::always(status))
        .property("server", types::text())
        .property("store", part())
        .property("bus", part())
        .required("status")
        .required("server");
    Shape::plain(object.build())
}

fn failure() -> Schema {
    ObjectBuilder::new()
        .property("error", types::text())
        .property("message", types::text())
        .required("error")
        .required("message")
        .build()
        .into()
}
