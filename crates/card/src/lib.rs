#![doc = include_str!("../README.md")]
#![warn(missing_docs, unreachable_pub)]

mod canonical;
mod card;
mod content;
mod convert;
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
mod merge;
mod order;
mod photo;
mod read;
mod split;
mod text;
mod version;

pub use canonical::fingerprint;
pub use card::{Card, Property};
pub use entry::{Entry, Label};
pub use error::{Limits, ParseError, Reason};
pub use mapping::{Mapping, Source};
pub use merge::{Merge, merge};
pub use photo::Photo;
pub use split::{BrokenCard, RawCard, Split, SplitReason, split};
pub use text::{content_line, escape_text};
pub use version::Version;
