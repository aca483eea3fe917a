#![doc = include_str!("../README.md")]
#![warn(missing_docs, unreachable_pub)]

mod column;
mod document;
mod filter;
mod fold;
mod held;
mod marks;
mod mistyped;
mod parse;
mod phone;
mod search;
#[cfg(any(test, feature = "table"))]
#[doc(hidden)]
pub mod table;
mod term;
#[cfg(test)]
mod tests;
mod token;
mod words;

pub use column::{Column, Part};
pub use document::{Document, VERSION};
pub use filter::KINDS;
pub use marks::{Finder, Found, Terms};
pub use mistyped::Mistyped;
pub use search::{Search, SearchError};
pub use term::{Probe, Term, Tier};
