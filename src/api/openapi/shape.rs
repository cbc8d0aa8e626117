//! The schema of a body, response or frame, with all schemas it refers to.

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AllOfBuilder, AnyOfBuilder, Object, ObjectBuilder};
use utoipa::openapi::{ArrayBuilder, Ref, RefOr, Schema};

use super::types;

/// Schemas by name.
type Named = Vec<(String, RefOr<Schema>)>;

/// Schema of a body, a response or a frame.
pub struct Shape {
    /// The schema at the point of use, usually a reference.
    pub(super) schema: RefOr<Schema>,
    /// Named schemas that `schema` refers to.
    pub(super) needs: Named,
}

impl Shape {
    /// The schema of a type of a dialect's `wire`.
    pub fn of<T: ToSchema>() -> Self {
        let mut needs = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut needs);
        Self { schema: Ref::from_schema_name(T::name()).into(), needs }
    }

    /// A list of such values.
    pub fn list_of<T: ToSchema>() -> Self {
        let Self { schema, needs } = Self::of::<T>();
        Self { schema: Schema::Array(ArrayBuilder::new().items(schema).build()).into(), needs }
    }

    /// A schema without a type of its own.
    pub fn plain(schema: impl Into<RefOr<Schema>>) -> Self {
        Self { schema: schema.into(), needs: Vec::new() }
    }

    /// A list whose items are of any of these types.
    pub fn list_of_any(shapes: impl IntoIterator<Item = Self>, text: &str) -> Self {
        let (mut any, mut needs) = (AnyOfBuilder::new(), Vec::new());
        for Self { schema, needs: more } in shapes {
            any = any.item(schema);
            needs.extend(more);
        }
        let list = ArrayBuilder::new().items(any).description(Some(text)).build();
        Self { schema: Schema::Array(list).into(), needs }
    }

    /// Adds examples.
    #[must_use]
    pub fn with_examples(self, examples: impl IntoIterator<Item = Value>) -> Self {
        let schema = AllOfBuilder::new().item(self.schema).examples(examples).into();
        Self { schema, needs: self.needs }
    }

    /// Wraps the schema in a field of an object.
    #[must_use]
    pub fn within(self, field: &str, object: ObjectBuilder) -> Self {
        Self {
            schema: object.property(field, self.schema).required(field).build().into(),
            needs: self.needs,
        }
    }

    /// A client frame: the value of its tag, and its fields.
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

    /// A server frame that is a type of its own.
    pub fn server_frame<T: ToSchema>(verb: &str) -> Frame {
        let Self { schema, needs } = Self::of::<T>();
        Frame { name: format!("server.{verb}"), schema, needs }
    }

    /// Splits the enum of server frames into one schema per frame; `tag` names the frame.
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

/// Returns the tag value of a frame.
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

/// A frame that is yet to be named in the description.
pub struct Frame {
    name: String,
    schema: RefOr<Schema>,
    needs: Named,
}

impl Frame {
    /// Returns whether it is the server frame of this name.
    pub fn is(&self, verb: &str) -> bool {
        self.name.strip_prefix("server.") == Some(verb)
    }

    /// Adds an optional field.
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
