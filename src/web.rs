//! Kith over HTTP: everything that reads a request or writes an answer.
//!
//! - [`serve`]: the loop that accepts connections. [`connections`]: their slots.
//! - [`router`]: the list of routes. `routing`: what it is made with. [`middleware`]: the stack around them. [`state`]: what every
//!   request can reach.
//! - [`rest`] and [`forms`]: adapters of the use cases in [`crate::services::contacts`], for programs and
//!   for browsers without JavaScript. [`history`]: those about former versions. [`trash`]: those that delete for ever. [`labels`]: those of
//!   labels. [`language`]: in which language a request is answered. [`birthdays`]: the days that come back each year. `calendar`: the same for programs of calendars. `vcards`: files of contacts.
//!   `imports`: the pages of files that become contacts. `uploads`: how such a file is taken in.
//!   `photos`: their pictures.
//!   [`crate::api`] is the third, for the islands.
//! - [`app`] and [`pages`]: the document and the pages around the islands. [`page`]: draws pages as responses.
//! - [`dashboard`]: the routes of the dashboard. [`health`]: the
//!   routes of liveness and readiness.
//! - [`accounts`]: the sign-in, the first account, and one's own account. [`audience`]: for whom a page is drawn.
//! - [`site`]: the built half that browsers load. [`problem`]: errors over HTTP.
//! - [`grammar`]: the parsers of header fields. `header_text`: writes them. [`shutdown`]: the signal to stop.
#![warn(clippy::print_stdout, clippy::print_stderr)] // They panic where the output cannot be written.

pub mod accounts;
pub mod app;
pub mod audience;
pub mod birthdays;
mod body;
mod calendar;
pub mod caller_contacts;
pub mod connections;
pub mod cookies;
pub mod dashboard;
pub mod forms;
pub mod grammar;
mod header_text;
pub mod health;
pub mod history;
mod imports;
pub mod labels;
pub mod language;
pub mod list_view;
pub mod live;
pub mod middleware;
pub mod page;
pub mod pages;
mod photos;
pub mod problem;
mod query;
pub mod rest;
pub mod router;
mod routing;
pub mod searches;
pub mod security_txt;
pub mod serve;
pub mod shutdown;
pub mod site;
pub mod state;
pub mod trash;
mod uploads;
mod vcards;
