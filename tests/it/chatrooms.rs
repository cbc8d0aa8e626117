//! Dialect `chatrooms`, by topic.

mod accounts;
mod changes;
mod fragments;
mod guests;
mod history;
mod input;
mod lists;
mod live;
mod media;
mod mentions;
mod messages;
mod order;
mod origins;
mod personal;
mod pins;
mod profile;
mod reactions;
mod reconnect;
mod roles;
mod rooms;
mod search;
mod sessions;
mod settings;
mod socket;
mod socket_errors;
mod subscribe;
