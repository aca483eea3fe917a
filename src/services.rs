//! The use cases, and what they need: no module here knows HTTP or Leptos.
//!
//! - [`config`]: what an operator may set.
//! - [`contacts`]: the use cases of contacts, and their store.
//! - [`imports`]: files of vCards that become contacts.
//! - [`jobs`]: what Kith does later, by its queue. [`welcome`]: what it offers to send to new contacts.
//!   [`mail`]: how that reaches people.
//! - [`database`]: where all of it is. [`transfer`]: moving it elsewhere. [`check`]: whether it fits together.
//!   [`metrics`]: what is counted.
//! - [`origin`] and [`network`]: how the server is named, and where its clients are.
//! - [`policies`]: what Kith limits with `kith-limit`.
//! - [`accounts`]: who may use Kith, and how they show it. [`client`]: who calls. [`user_command`]: what an
//!   operator does with accounts. [`oidc`]: who people are at a provider.
//! - [`admin`] and [`overrides`]: what an admin may change while Kith runs.
//! - [`dashboard`] and [`health`]: how Kith is doing. [`instances`]: the processes that share a database.
//!   [`process`]: what the system says about this one. [`telemetry`]: the log.
//! - [`lease`]: one instance at a time does what all could.
//! - [`audit_log`]: who did what, when and from where. [`security_contact`]: where people report a weakness.
//! - [`time_zone`]: what day it is.
#![warn(clippy::print_stdout, clippy::print_stderr)] // They panic where the output cannot be written.

pub mod accounts;
pub mod admin;
pub mod audit_log;
pub mod backup;
pub mod book;
pub mod check;
pub mod client;
pub mod config;
pub mod contacts;
pub mod dashboard;
pub mod database;
pub mod format;
pub mod health;
pub mod imports;
pub mod instances;
pub mod jobs;
pub mod lease;
pub mod live;
pub mod mail;
pub mod metrics;
pub mod network;
pub mod oidc;
pub mod origin;
pub mod overrides;
pub mod pause;
pub mod policies;
pub mod process;
pub mod security_contact;
pub mod telemetry;
pub mod time_zone;
pub mod transfer;
pub mod user_command;
pub mod welcome;
