//! Building blocks of an OpenAPI description: texts of a dialect and its routes, schemas of bodies,
//! and the document.
//!
//! The `docs.rs` of a dialect describes its routes; statuses and bodies of failures come from its
//! `error.rs`, schemas from its `wire`, paths and methods from its route table, so that the
//! description cannot contradict the code.

pub mod carriers;
mod described;
pub(super) mod document;
pub(super) mod operator;
mod shape;
pub mod types;

pub use described::Described;
pub use shape::Shape;

/// Path of the description.
pub(super) const JSON: &str = "/api/openapi.json";
/// Path of the page that renders it.
pub(super) const PAGE: &str = "/docs";

/// General part of a dialect's description.
pub struct About {
    /// Text for readers.
    pub text: &'static str,
    /// Ways in which its clients send a credential, from [`carriers`].
    pub carriers: &'static [&'static str],
    /// Schema of every failure body.
    pub failure: fn() -> Shape,
}
