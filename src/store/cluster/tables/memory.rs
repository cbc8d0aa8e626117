//! Tables in memory.
