#![doc = include_str!("../README.md")]
#![warn(missing_docs, unreachable_pub)]

mod card;
mod content;
mod date;
mod draft;
mod edit;
mod entry;
mod error;
mod grammar;
mod groups;
mod lines;
mod list;
mod mapping;
mod order;
mod read;
mod text;
mod version;

pub use card::{Card, Property};
pub use entry::{Entry, Label};
pub use error::{Limits, ParseError, Reason};
pub use mapping::{Mapping, Source};
pub use version::Version;
