//! Rules of the chat as pure functions of facts: the store persists their results, and live rooms apply them.

pub mod settings;
pub mod succession;
