//! The dialects: the same files in each, pure translations and a route table.

pub mod chatrooms;
pub mod chats;
pub mod realtime;
pub mod rooms;
pub mod v1;
