#![doc = include_str!("../README.md")]

#[cfg(feature = "catalogue")]
mod catalogue;
#[cfg(feature = "sources")]
pub mod markup;
pub mod pseudo;
#[cfg(feature = "sources")]
mod source;
pub mod template;

#[cfg(feature = "catalogue")]
pub use catalogue::Catalogue;
#[cfg(feature = "catalogue")]
pub use catalogue::CatalogueError;
#[cfg(feature = "catalogue")]
pub use catalogue::Entry;
#[cfg(feature = "sources")]
pub use source::Message;
#[cfg(feature = "sources")]
pub use source::messages;
