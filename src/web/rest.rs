//! The REST API, for programs. Handlers read a request, call the service, and write the response. They have no
//! rules of their own.

pub mod audit;
pub mod birthdays;
pub mod body;
pub mod books;
pub mod contacts;
pub mod description;
pub mod extract;
pub mod imports;
pub mod labels;
pub mod metrics;
pub mod photos;
pub mod read;
mod schema;
pub mod trash;
pub mod versions;
