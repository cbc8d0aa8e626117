//! The parts of an OpenAPI description: what a dialect says of itself and of its routes, shapes of
//! bodies, and how they become a document.
//!
//! Each dialect says in its `docs.rs` what its routes are for; statuses and bodies of failures come
//! from its `error.rs`, schemas from its `wire`, paths and methods from its table of routes, so
//! that the description cannot say anything else.

pub mod carriers;
mod described;
pub(super) mod document;
pub(super) mod operator;
mod shape;
pub mod types;

pub use described::Described;
pub use shape::Shape;

/// Where the description is.
pub(super) const JSON: &str = "/api/openapi.json";
/// Where the page is that shows it.
pub(super) const PAGE: &str = "/docs";

/// What the reference says of a dialect as a whole.
pub struct About {
    /// For people.
    pub text: &'static str,
    /// How its clients carry a credential, of [`carriers`].
    pub carriers: &'static [&'static str],
    /// The body of every failure.
    pub failure: fn() -> Shape,
}
