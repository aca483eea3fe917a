//! Tests of the crate as a whole.

mod phones;
mod properties;
mod rows;
