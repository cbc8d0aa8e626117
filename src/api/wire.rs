//! Times and keys as all dialects write them: types of their own, so that a field says what it
//! holds and the description of the API follows from it.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::openapi::types;
use crate::model::{MessageId, RoomId, Timestamp};

/// Defines a newtype that is written as the text of `$text`, and described by `$schema`.
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
    /// A time in whole seconds, UTC.
    Seconds(Timestamp),
    Timestamp::seconds,
    types::seconds
);
text!(
    /// A time in milliseconds, UTC.
    Millis(Timestamp),
    Timestamp::millis,
    types::millis
);
