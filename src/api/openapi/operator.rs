//! Descriptions of the routes that belong to no dialect.

use std::collections::BTreeMap;

use utoipa::openapi::schema::ObjectBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, OpenApi, OpenApiBuilder, Paths, RefOr, Schema};
use warp::http::Method;

use super::document::{Fails, method, operation};
use super::{Described, Shape, types};

const TAG: &str = "operator";

/// Describes these routes.
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
        .description(Some(
            "For operators of the server; not part of any dialect. All support HEAD.",
        ))
        .build();
    super::document::under_own_name(
        TAG,
        &OpenApiBuilder::new().paths(paths).components(Some(components)).tags(Some([tag])).build(),
    )
}

fn routes() -> [(&'static str, &'static str, Described); 4] {
    let known = "Unchanged since the version in `If-None-Match`";
    let tag = "Value for `If-None-Match`";
    let text = || Some(Shape::plain(types::text()));
    [
        (
            "/health",
            "Health",
            Described::new("Check the health of the server")
                .query("live", types::text(), "Check only whether the process responds")
                .answers(
                    200,
                    "Healthy; with `live`: the process responds, `store` and `bus` \
                     are omitted",
                    health("ok"),
                )
                .answers(503, "Unhealthy: `store` is `failing`", health("failing")),
        ),
        (
            "/metrics",
            "Metrics",
            Described::new("Get metrics in Prometheus format")
                .text(
                    "For clients on this machine that do not come through a proxy; with `[metrics] \
                     listen`, only on that address. Other clients get 404.",
                )
                .answers_as(200, "Metrics, Prometheus text 0.0.4", "text/plain", text())
                .answers(404, "Not available to this client", Shape::plain(failure())),
        ),
        (
            super::JSON,
            "Description",
            Described::new("Get this description")
                .answers(200, "OpenAPI 3.1", Shape::plain(ObjectBuilder::new().build()))
                .header("ETag", tag)
                .empty(304, known),
        ),
        (
            super::PAGE,
            "Page",
            Described::new("Get the API reference page")
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
