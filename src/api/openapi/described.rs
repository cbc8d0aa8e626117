//! The description of one route, as its dialect gives it. The document adds the responses that
//! every route of the same kind can have.

use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Object;
use utoipa::openapi::{RefOr, Required, Schema};

use super::Shape;
use crate::model::Error;

/// Description of a route.
#[must_use]
pub struct Described {
    pub(super) summary: &'static str,
    pub(super) text: String,
    pub(super) carriers: Carriers,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
    pub(super) answers: Vec<Answer>,
    pub(super) fails: Vec<Error>,
    pub(super) frames: Option<Frames>,
}

/// Whether a route requires a credential.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Carriers {
    Needed,
    /// Optional: requests without one get a response too.
    Welcome,
    /// Required: requests without the right one are answered as if the route did not exist.
    Hidden,
    Ignored,
}

pub(super) struct Body {
    pub(super) shape: Shape,
    pub(super) media_type: &'static str,
    pub(super) required: bool,
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: &'static str,
    pub(super) shape: Option<Shape>,
    pub(super) media_type: &'static str,
    pub(super) headers: Vec<(&'static str, &'static str)>,
}

pub(super) struct Frames {
    pub(super) client: Vec<Shape>,
    pub(super) server: Vec<Shape>,
}

impl Described {
    /// A route that requires a session.
    pub fn new(summary: &'static str) -> Self {
        Self {
            summary,
            text: String::new(),
            carriers: Carriers::Needed,
            parameters: Vec::new(),
            body: None,
            answers: Vec::new(),
            fails: Vec::new(),
            frames: None,
        }
    }

    /// Adds a longer description.
    pub fn text(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    /// Marks the route as public: a session is neither required nor checked.
    pub fn open(mut self) -> Self {
        self.carriers = Carriers::Ignored;
        self
    }

    /// Makes the session optional: requests without one get a response of their own.
    pub fn half_open(mut self) -> Self {
        self.carriers = Carriers::Welcome;
        self
    }

    /// Hides the route from callers without the right session.
    pub fn hidden(mut self) -> Self {
        self.carriers = Carriers::Hidden;
        self
    }

    /// Adds a path parameter.
    pub fn path(mut self, name: &str, schema: impl Into<RefOr<Schema>>, text: &str) -> Self {
        self.parameters.push(
            parameter(name, schema, text)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .build(),
        );
        self
    }

    /// Adds an optional query parameter.
    pub fn query(mut self, name: &str, schema: impl Into<RefOr<Schema>>, text: &str) -> Self {
        self.parameters.push(
            parameter(name, schema, text)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .build(),
        );
        self
    }

    /// Adds a required query parameter.
    pub fn query_needed(
        mut self,
        name: &str,
        schema: impl Into<RefOr<Schema>>,
        text: &str,
    ) -> Self {
        self.parameters.push(
            parameter(name, schema, text)
                .parameter_in(ParameterIn::Query)
                .required(Required::True)
                .build(),
        );
        self
    }

    /// Adds a JSON body.
    pub fn body<T: ToSchema>(mut self) -> Self {
        self.body =
            Some(Body { shape: Shape::of::<T>(), media_type: "application/json", required: true });
        self
    }

    /// Adds a JSON body whose schema is not a type of `wire`.
    pub fn json_body(mut self, shape: Shape) -> Self {
        self.body = Some(Body { shape, media_type: "application/json", required: true });
        self
    }

    /// Adds an optional JSON body.
    pub fn body_if_any<T: ToSchema>(mut self) -> Self {
        self.body =
            Some(Body { shape: Shape::of::<T>(), media_type: "application/json", required: false });
        self
    }

    /// Adds a body with the bytes of a file.
    pub fn raw_body(mut self) -> Self {
        self.body = Some(Body {
            shape: Shape::plain(Object::new()),
            media_type: "application/octet-stream",
            required: false,
        });
        self
    }

    /// Adds a JSON response.
    pub fn answers(self, status: u16, text: &'static str, shape: Shape) -> Self {
        self.answers_as(status, text, "application/json", Some(shape))
    }

    /// Adds a response without a body.
    pub fn empty(self, status: u16, text: &'static str) -> Self {
        self.answers_as(status, text, "", None)
    }

    /// Adds a response of another content type.
    pub fn answers_as(
        mut self,
        status: u16,
        text: &'static str,
        media_type: &'static str,
        shape: Option<Shape>,
    ) -> Self {
        self.answers.push(Answer { status, text, shape, media_type, headers: Vec::new() });
        self
    }

    /// Adds a header to the response added last.
    pub fn header(mut self, name: &'static str, text: &'static str) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.headers.push((name, text));
        }
        self
    }

    /// Adds failures beyond those of every route of its kind; status and body come from the
    /// dialect's `error.rs`.
    pub fn fails(mut self, errors: impl IntoIterator<Item = Error>) -> Self {
        self.fails.extend(errors);
        self
    }

    /// Adds the frames of a WebSocket in both directions.
    pub fn frames(mut self, client: Vec<Shape>, server: Vec<Shape>) -> Self {
        self.frames = Some(Frames { client, server });
        self.empty(101, "The WebSocket is open")
    }
}

fn parameter(name: &str, schema: impl Into<RefOr<Schema>>, text: &str) -> ParameterBuilder {
    ParameterBuilder::new().name(name).schema(Some(schema)).description(Some(text))
}
