//! The use cases: what people and programs can do with contacts.
//!
//! [`Contacts`] has the use cases, for one caller; each part adds the methods of its subject:
//!
//! - `create`: adds a contact, once for any number of the same requests. [`CreationHook`] is what else
//!   happens then.
//! - `read`: one contact, and how many there are. `list`: pages of contacts. `activities`: what has happened
//!   around a contact.
//! - `update`: replaces, patches and merges fields, and moves a contact to another book. `trash`: deletes,
//!   restores, and deletes for ever.
//! - `history`: what a contact said before, and bringing that back.
//! - `dates`: the days that come back each year.
//! - `labels`: the labels of a book, which are renamed, merged and removed in all cards.
//! - `cards`: the vCards behind the fields. `forms`: what forms start with and send.
//!   `photos`: the pictures in cards.
//!
//! `decoder` makes pictures of files, a few at a time. `contact_service` makes `Contacts`, `shared` is what they share, and `options` what it is made of. `caching` says what the cache keeps of
//! contacts, and for how long.

mod activities;
mod caching;
mod caller_contacts;
mod cards;
mod contact_service;
mod create;
mod creation_hook;
mod dates;
mod decoder;
mod forms;
mod history;
mod labels;
mod list;
mod options;
mod photos;
mod read;
mod saved_searches;
mod shared;
mod trash;
mod update;
mod uses;

pub use self::caching::AUDIENCE;
pub use self::caller_contacts::Contacts;
pub use self::cards::Export;
pub use self::contact_service::ContactService;
pub use self::creation_hook::CreationHook;
pub use self::dates::DateExport;
pub use self::forms::FormResult;
pub use self::forms::value;
pub use self::history::History;
pub use self::history::Restoration;
pub use self::history::Version;
pub use self::labels::LabelAnswer;
pub use self::labels::LabelError;
pub use self::options::Options;
pub use self::options::Settings;
pub use self::photos::Upload;
pub use self::update::Edit;
pub use self::update::FormEdit;

#[cfg(test)]
mod tests;
