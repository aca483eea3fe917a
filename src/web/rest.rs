//! The REST API: what programs call. Handlers read a request, ask the service, and write its
//! answer; they hold no rule of their own.

pub mod contacts;
pub mod description;
pub mod extract;
pub mod metrics;
pub mod read;
mod schema;
