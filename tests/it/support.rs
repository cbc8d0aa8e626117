//! Test environment: the real server as a child process, users, a network that can be cut.
//!
//! Only relies on documented properties of the server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and so do its helpers")]

mod answer;
mod browser;
mod chats;
mod client;
mod cluster;
mod ctl;
mod disk;
mod faulty;
mod line;
mod mail;
mod oidc;
mod person;
mod picture;
mod proxy;
mod realtime;
mod redis;
mod rooms;
mod s3;
mod server;
mod site;
mod slapd;
mod socket;
mod stalled;
mod v1;

use std::time::Duration;

pub(crate) use answer::Answer;
pub(crate) use browser::{BROWSER_PATIENCE, Browser, Driver};
pub(crate) use chats::Chats;
pub(crate) use client::{Body, Client, http};
pub(crate) use ctl::{Ctl, Said};
pub(crate) use disk::Disk;
pub(crate) use faulty::Faulty;
pub(crate) use line::{Line, Traffic};
pub(crate) use mail::MailServer;
pub(crate) use oidc::{Provider, Visitor};
pub(crate) use person::{Person, RoomPlan, number, people};
pub(crate) use picture::{encoded, heavy_picture, line_of, photo, picture};
pub(crate) use proxy::Proxy;
pub(crate) use realtime::{Realtime, status};
pub(crate) use redis::Redis;
pub(crate) use rooms::Rooms;
pub(crate) use s3::S3;
pub(crate) use server::Server;
pub(crate) use site::Site;
pub(crate) use slapd::{PEOPLE, READER, Slapd, group_dn};
pub(crate) use socket::{Heard, Socket, is};
pub(crate) use stalled::Stalled;
pub(crate) use v1::V1;

/// A JSON value.
pub(crate) type Json = serde_json::Value;

/// Nothing in these tests takes this long; exceeding it is a failure.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Returns the keys of an object, sorted.
#[track_caller]
pub(crate) fn keys(object: &Json) -> Vec<&str> {
    let Some(object) = object.as_object() else { panic!("no object: {object}") };
    let mut keys: Vec<_> = object.keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// Fails unless the object has exactly these keys.
#[track_caller]
pub(crate) fn has_exactly(object: &Json, wanted: &[&str]) {
    let mut wanted = wanted.to_vec();
    wanted.sort_unstable();
    assert_eq!(keys(object), wanted, "keys of {object}");
}

/// Returns a field of every object in a list.
#[track_caller]
pub(crate) fn each<'a>(list: &'a Json, key: &str) -> Vec<&'a Json> {
    let Some(list) = list.as_array() else { panic!("no list: {list}") };
    list.iter().map(|item| &item[key]).collect()
}

/// Returns a text field of every object in a list; empty if absent.
#[track_caller]
pub(crate) fn texts<'a>(list: &'a Json, key: &str) -> Vec<&'a str> {
    each(list, key).into_iter().map(|value| value.as_str().unwrap_or_default()).collect()
}

/// Returns whether it is a timestamp in whole seconds and UTC, `2025-07-15T13:00:00Z`.
pub(crate) fn is_seconds(value: &Json) -> bool {
    fits(value, "0000-00-00T00:00:00Z")
}

/// Returns whether it is a timestamp in milliseconds and UTC, `2025-07-15T13:00:00.245Z`.
pub(crate) fn is_millis(value: &Json) -> bool {
    fits(value, "0000-00-00T00:00:00.000Z")
}

/// Returns whether a text has digits where the pattern has zeros, and otherwise equals it.
pub(crate) fn fits(value: &Json, shape: &str) -> bool {
    let Some(text) = value.as_str() else { return false };
    text.len() == shape.len()
        && text
            .chars()
            .zip(shape.chars())
            .all(|(c, s)| if s == '0' { c.is_ascii_digit() } else { c == s })
}
