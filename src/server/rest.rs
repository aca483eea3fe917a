//! The REST API: what programs call. Handlers read a request, ask the service, and write its
//! answer; they hold no rule of their own.

pub mod contacts;
pub mod extract;
pub mod metrics;
pub mod read;

use utoipa::OpenApi;
use utoipa::openapi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Kith",
        description = "Contacts for programs. Errors are RFC 9457 problems whose `error` says what to do.",
        license(name = "MIT"),
    ),
    tags(
        (name = "contacts", description = "People, and how to reach them"),
        (name = "operation", description = "How Kith is doing"),
    ),
)]
struct Description;

/// What the OpenAPI description says before any route adds itself to it.
pub fn description() -> openapi::OpenApi {
    Description::openapi()
}
