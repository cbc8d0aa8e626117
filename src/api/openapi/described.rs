//! What a dialect says of one of its routes. What every route of the kind can answer, the document
//! adds by itself.

use utoipa::ToSchema;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Object;
use utoipa::openapi::{RefOr, Required, Schema};

use super::Shape;
use crate::model::Error;

/// A route, described.
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

/// Whether a request says whose it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Carriers {
    Needed,
    /// Without one there is an answer too.
    Welcome,
    /// Without the right one there is nothing here.
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
    /// A route that wants a session.
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

    /// More than a line about it.
    pub fn text(mut self, text: &str) -> Self {
        text.clone_into(&mut self.text);
        self
    }

    /// No session is needed, nor looked at.
    pub fn open(mut self) -> Self {
        self.carriers = Carriers::Ignored;
        self
    }

    /// A session is looked at; without one there is an answer of its own.
    pub fn half_open(mut self) -> Self {
        self.carriers = Carriers::Welcome;
        self
    }

    /// A session is needed; for everybody else there is nothing here.
    pub fn hidden(mut self) -> Self {
        self.carriers = Carriers::Hidden;
        self
    }

    /// A parameter in braces of the template.
    pub fn path(mut self, name: &str, schema: impl Into<RefOr<Schema>>, text: &str) -> Self {
        self.parameters.push(
            parameter(name, schema, text)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .build(),
        );
        self
    }

    /// A parameter of the query.
    pub fn query(mut self, name: &str, schema: impl Into<RefOr<Schema>>, text: &str) -> Self {
        self.parameters.push(
            parameter(name, schema, text)
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .build(),
        );
        self
    }

    /// A parameter of the query that must be there.
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

    /// A JSON body.
    pub fn body<T: ToSchema>(mut self) -> Self {
        self.body =
            Some(Body { shape: Shape::of::<T>(), media_type: "application/json", required: true });
        self
    }

    /// A JSON body that no type stands for.
    pub fn json_body(mut self, shape: Shape) -> Self {
        self.body = Some(Body { shape, media_type: "application/json", required: true });
        self
    }

    /// A JSON body that may be left out.
    pub fn body_if_any<T: ToSchema>(mut self) -> Self {
        self.body =
            Some(Body { shape: Shape::of::<T>(), media_type: "application/json", required: false });
        self
    }

    /// The bytes of a file as body.
    pub fn raw_body(mut self) -> Self {
        self.body = Some(Body {
            shape: Shape::plain(Object::new()),
            media_type: "application/octet-stream",
            required: false,
        });
        self
    }

    /// An answer in JSON.
    pub fn answers(self, status: u16, text: &'static str, shape: Shape) -> Self {
        self.answers_as(status, text, "application/json", Some(shape))
    }

    /// An answer without a body.
    pub fn empty(self, status: u16, text: &'static str) -> Self {
        self.answers_as(status, text, "", None)
    }

    /// An answer of another type.
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

    /// A header of the answer named last.
    pub fn header(mut self, name: &'static str, text: &'static str) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.headers.push((name, text));
        }
        self
    }

    /// How it may fail beyond what every route of its kind may; status and body come from the
    /// dialect's `error.rs`.
    pub fn fails(mut self, errors: impl IntoIterator<Item = Error>) -> Self {
        self.fails.extend(errors);
        self
    }

    /// A WebSocket with these frames, each way.
    pub fn frames(mut self, client: Vec<Shape>, server: Vec<Shape>) -> Self {
        self.frames = Some(Frames { client, server });
        self.empty(101, "The WebSocket is open")
    }
}

fn parameter(name: &str, schema: impl Into<RefOr<Schema>>, text: &str) -> ParameterBuilder {
    ParameterBuilder::new().name(name).schema(Some(schema)).description(Some(text))
}
