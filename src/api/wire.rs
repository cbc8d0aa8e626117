//! Timestamps and keys in the form shared by all dialects: separate types, so that a field declares
//! its content and the API description is derived from it.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::openapi::types;
use crate::model::{MessageId, RoomId, Timestamp};

/// Defines a newtype that is serialized as the text of `$text` and described by `$schema`.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident($inner:ty), $text:expr, $schema:path) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub $inner);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&$text(self.0))
            }
        }

        impl From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self(value)
            }
        }

        impl From<&$inner> for $name {
            fn from(value: &$inner) -> Self {
                Self(*value)
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema().into()
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    };
}

text!(
    /// The key of a room.
    RoomKey(RoomId),
    RoomId::key,
    types::room_key
);
text!(
    /// The key of a message.
    MessageKey(MessageId),
    MessageId::key,
    types::message_key
);
text!(
    /// A timestamp in whole seconds, UTC.
    Seconds(Timestamp),
    Timestamp::seconds,
    types::seconds
);
text!(
    /// A timestamp in milliseconds, UTC.
    Millis(Timestamp),
    Timestamp::millis,
    types::millis
);
