//! Integration tests: a whole Kith on a port of its own, spoken to over HTTP.
//!
//! [`app`] has the `TestApp` that they all use. Each test owns its server, its data and its
//! clients, so that they run beside each other in any order.

mod accounts;
mod app;
mod backup;
mod birthdays;
mod books;
mod cache;
mod classes;
mod crash;
mod dashboard;
mod destinations;
mod docs;
mod engine;
mod errors;
mod export;
mod forms;
mod history;
mod html;
mod imports;
mod instances;
mod invitations;
mod labels;
mod language;
mod limits;
mod list_view;
mod live;
mod mail;
mod mail_server;
mod markup;
mod metrics;
mod oidc_provider;
mod one_contact;
mod operation;
mod output;
mod page_cache;
mod passkeys;
mod people;
mod photos;
mod process;
mod queue;
mod readiness;
mod redis_kinds;
mod rest;
mod searches;
mod security;
mod server_faults;
mod server_fns;
mod sign_in;
mod statements;
mod transfer;
mod trash;
mod upgrade;
mod uses;
mod with_provider;
