//! What operators and their machines ask: is Kith alive, is it ready.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::services::health::Health;
use crate::services::health::Readiness;
use crate::web::middleware::CallerCheck;
use crate::web::site::Site;

/// The process runs and answers.
#[utoipa::path(get, path = "/healthz", tag = "operation",
    responses((status = 200, description = "Alive", body = str)))]
pub async fn healthz() -> &'static str {
    "alive\n"
}

/// The answer to callers who may know no more: once Kith has accounts, everyone but admins.
#[derive(Serialize, ToSchema)]
// It is described without other fields, so that no answer is described twice.
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Whether Kith can answer requests.
    ready: bool,
}

/// What a caller may know of the readiness of Kith.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Report {
    /// For admins, and for clients on this machine while Kith has no account.
    Whole(Box<Readiness>),
    Status(Status),
}

/// Kith can do its work now, and for admins how each part of it is.
#[utoipa::path(get, path = "/readyz", tag = "operation", responses(
    (status = 200, description = "Ready", body = Report),
    (status = 503, description = "Not ready", body = Report)))]
pub async fn readyz(
    State(health): State<Health>,
    State(site): State<Site>,
    caller: CallerCheck,
) -> (StatusCode, Json<Report>) {
    let readiness = health.readiness(site.missing().is_none());
    let (readiness, may_see_faults) = tokio::join!(readiness, caller.may_see_faults());
    let ready = readiness.is_ready();
    let report = match may_see_faults {
        true => Report::Whole(Box::new(readiness)),
        false => Report::Status(Status { ready }),
    };
    let status = match ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(report))
}
