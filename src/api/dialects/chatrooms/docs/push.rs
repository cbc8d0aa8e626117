//! Push notifications.

use super::bad;
use crate::api::chatrooms::wire;
use crate::api::openapi::{Described, Shape};
use crate::model::Error;

pub(super) fn state() -> Described {
    Described::new("Get what this device needs to receive push notifications")
        .text("A subscription belongs to a log-in, and ends with it; API tokens cannot have any.")
        .answers(200, "The key of the server, and the subscription", Shape::of::<wire::Push<'_>>())
}

pub(super) fn subscribe() -> Described {
    Described::new("Have push notifications sent to this device")
        .text(
            "The body is the `PushSubscription` of a browser in JSON, made with `key` of `GET \
             /api/users/me/push`. It replaces the subscription of this log-in; at most 20 devices \
             of a user have one. A notification is encrypted for the browser (`aes128gcm`) and \
             contains JSON: `type` (`message`), `room_id`, `message_id`, `room_name` (null in a \
             conversation of two), `sender`, `text` (the first 120 characters; null if it is not \
             sent) and `unread`, the number of my unread messages.",
        )
        .body::<wire::Subscribe>()
        .empty(204, "The device is subscribed")
        .fails([bad("endpoint"), Error::Forbidden])
}

pub(super) fn unsubscribe() -> Described {
    Described::new("Send no push notifications to this device any more")
        .empty(204, "The device is not subscribed")
        .fails([Error::Forbidden])
}
