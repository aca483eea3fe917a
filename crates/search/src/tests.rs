//! Tests of the crate as a whole.

mod properties;
mod rows;
