//! The schema of something that goes over the wire, with all that it refers to.

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AllOfBuilder, AnyOfBuilder, Object, ObjectBuilder};
use utoipa::openapi::{ArrayBuilder, Ref, RefOr, Schema};

use super::types;

/// Schemas by name.
type Named = Vec<(String, RefOr<Schema>)>;

/// What a body, an answer or a frame looks like.
pub struct Shape {
    /// Where it is used: mostly a reference.
    pub(super) schema: RefOr<Schema>,
    /// What the description must hold for that, by name.
    pub(super) needs: Named,
}

impl Shape {
    /// A type of a dialect's `wire`.
    pub fn of<T: ToSchema>() -> Self {
        let mut needs = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut needs);
        Self { schema: Ref::from_schema_name(T::name()).into(), needs }
    }

    /// A list of them.
    pub fn list_of<T: ToSchema>() -> Self {
        let Self { schema, needs } = Self::of::<T>();
        Self { schema: Schema::Array(ArrayBuilder::new().items(schema).build()).into(), needs }
    }

    /// What no type stands for.
    pub fn plain(schema: impl Into<RefOr<Schema>>) -> Self {
        Self { schema: schema.into(), needs: Vec::new() }
    }

    /// A list of things each of which is one of these.
    pub fn list_of_any(shapes: impl IntoIterator<Item = Self>, text: &str) -> Self {
        let (mut any, mut needs) = (AnyOfBuilder::new(), Vec::new());
        for Self { schema, needs: more } in shapes {
            any = any.item(schema);
            needs.extend(more);
        }
        let list = ArrayBuilder::new().items(any).description(Some(text)).build();
        Self { schema: Schema::Array(list).into(), needs }
    }

    /// The same with examples.
    #[must_use]
    pub fn with_examples(self, examples: impl IntoIterator<Item = Value>) -> Self {
        let schema = AllOfBuilder::new().item(self.schema).examples(examples).into();
        Self { schema, needs: self.needs }
    }

    /// The same as a field of an object.
    #[must_use]
    pub fn within(self, field: &str, object: ObjectBuilder) -> Self {
        Self {
            schema: object.property(field, self.schema).required(field).build().into(),
            needs: self.needs,
        }
    }

    /// A frame of a client: what `tag` says, and its fields.
    pub fn frame(tag: &str, verb: &str, fields: Option<Self>) -> Frame {
        let own = ObjectBuilder::new().property(tag, types::always(verb)).required(tag).build();
        let (schema, needs) = match fields {
            None => (own.into(), Vec::new()),
            Some(Self { schema, needs }) => {
                (AllOfBuilder::new().item(own).item(schema).into(), needs)
            }
        };
        Frame { name: format!("client.{verb}"), schema, needs }
    }

    /// A frame of the server that is a type of its own.
    pub fn server_frame<T: ToSchema>(verb: &str) -> Frame {
        let Self { schema, needs } = Self::of::<T>();
        Frame { name: format!("server.{verb}"), schema, needs }
    }

    /// The frames of a server's enum, each by itself; `tag` tells which it is.
    pub fn frames_of<T: ToSchema>(tag: &str) -> Vec<Frame> {
        let RefOr::T(Schema::OneOf(all)) = T::schema() else { return Vec::new() };
        let mut needs = Vec::new();
        T::schemas(&mut needs);
        let frame = |schema: RefOr<Schema>| {
            Some(Frame {
                name: format!("server.{}", verb(&schema, tag)?),
                needs: needs.clone(),
                schema,
            })
        };
        all.items.into_iter().filter_map(frame).collect()
    }
}

/// What the tag of a frame says.
fn verb<'a>(schema: &'a RefOr<Schema>, tag: &str) -> Option<&'a str> {
    match schema {
        RefOr::T(Schema::Object(object)) => match object.properties.get(tag)? {
            RefOr::T(Schema::Object(Object { enum_values: Some(words), .. })) => {
                words.first()?.as_str()
            }
            _ => None,
        },
        RefOr::T(Schema::AllOf(parts)) => parts.items.iter().find_map(|part| verb(part, tag)),
        _ => None,
    }
}

/// A frame, to be named in the description.
pub struct Frame {
    name: String,
    schema: RefOr<Schema>,
    needs: Named,
}

impl Frame {
    /// Whether it is the server's of this name.
    pub fn is(&self, verb: &str) -> bool {
        self.name.strip_prefix("server.") == Some(verb)
    }

    /// With one more field, which may be absent.
    #[must_use]
    pub fn with(mut self, field: &str, schema: Object) -> Self {
        let more = ObjectBuilder::new().property(field, schema);
        self.schema = AllOfBuilder::new().item(self.schema).item(more).into();
        self
    }
}

impl From<Frame> for Shape {
    fn from(Frame { name, schema, mut needs }: Frame) -> Self {
        let place = Ref::from_schema_name(&name).into();
        needs.push((name, schema));
        Self { schema: place, needs }
    }
}
