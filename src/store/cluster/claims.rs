//! Names that must be unique.
