//! Contacts: what Kith is about.
//!
//! - [`catalogue`] describes each field that a contact has. [`fields`] are what people type, cleaned: nothing below takes
//!   anything else. [`text`] cleans and [`fold`] compares what they typed.
//! - [`Contacts`] has the use cases, for one caller, and is the only place with rules about contacts. It
//!   takes drafts and gives [`AppError`](crate::model::error::AppError)s; it never sees HTTP.
//! - [`card`] is the vCard of a contact, from which everything else about it is derived.
//! - [`labels`] are what contacts are filed under. [`label_work`] edits the cards of many contacts when one changes.
//! - [`dates`] are the days of contacts that come back each year, and [`calendar`] writes them for programs of calendars.
//! - [`details`] and [`form`] are a contact as people read and edit it.
//! - [`short_card`] is what a QR code says of a contact.
//! - [`photo`] names the photo in a card, and the pictures that are made of it.
//! - [`store`] keeps contacts: the contract, and the engine that fulfils it.
//! - Reads go through the [cache](kith_cache), under the tag [`CONTACTS`]; whole pages have
//!   the tag [`PAGES`].
//! - [`activity`] is what happens around contacts, and [`history`] what has changed in their cards.
//! - [`trash_rule`] says how long contacts stay in the trash; [`trash_retention`] deletes them then.
//! - [`search_rebuild`] makes the search index anew after an update that reads it in another way.
//! - [`saved_search`] is a search that a book keeps.
//! - [`list_view`] says how a reader wants to see lists.
//! - [`uses`] counts how contacts are used, and [`frecency`] is what that makes.
//! - [`query`] says which contacts a list shows, and in which order.

pub mod activity;
pub mod calendar;
pub mod card;
pub mod catalogue;
pub mod dates;
pub mod details;
pub mod fields;
pub mod fold;
pub mod form;
pub mod frecency;
pub mod history;
pub mod label_work;
pub mod labels;
pub mod letters;
pub mod list_view;
pub mod photo;
pub mod query;
pub mod saved_search;
pub mod search_document;
pub mod search_marks;
pub mod search_rebuild;
pub mod service;
pub mod short_card;
pub mod sort_keys;
pub mod store;
pub mod text;
pub mod trash_retention;
pub mod trash_rule;
pub mod uses;

use kith_cache::Tag;

/// What everything that is cached of contacts is made of.
pub const CONTACTS: Tag = Tag::new("contacts");

/// What whole pages are made of: contacts, and what has happened around them.
pub const PAGES: Tag = Tag::new("pages");

/// Everything that is cached.
pub const TAGS: [Tag; 2] = [CONTACTS, PAGES];

pub use label_work::LabelWork;
pub use query::ContactQuery;
pub use search_rebuild::SearchRebuild;
pub use service::AUDIENCE;
pub use service::ContactService;
pub use service::Contacts;
pub use service::CreationHook;
pub use service::Edit;
pub use service::FormEdit;
pub use service::FormResult;
pub use service::History;
pub use service::LabelAnswer;
pub use service::LabelError;
pub use service::Options;
pub use service::Restoration;
pub use service::Settings;
pub use service::Version;
pub use service::value as form_value;
pub use store::ContactPage;
pub use store::Creation;
pub use store::IdempotentRequest;
pub use store::Totals;
pub use trash_retention::TrashRetention;
pub use trash_rule::TrashRule;
pub use uses::Uses;
