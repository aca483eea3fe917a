//! Rules that the sources and the documents keep.

mod documents;
mod floors;
mod imports;
mod sources;
mod style;
