//! What the server and the browser share: the types that cross the wire, and the addresses of pages.
//!
//! - [`contact`]: contacts and their activities. [`location`]: the addresses of pages.
//! - [`view`]: the contacts page as data, with its [`form`]s. [`error`]: what a client may learn when something goes
//!   wrong.
//! - [`wire`]: the JSON between both halves. [`html`]: text as HTML. [`format`]: numbers and
//!   dates. [`language`]: texts in the language of the reader.

pub mod contact;
pub mod error;
pub mod form;
pub mod format;
pub mod html;
pub mod language;
pub mod location;
pub mod query;
pub mod view;
pub mod wire;
