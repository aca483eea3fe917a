//! What operators and their machines ask: is Kith alive, is it ready.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

use crate::services::health::Health;
use crate::services::health::Readiness;
use crate::web::site::Site;

/// The process runs and answers.
#[utoipa::path(get, path = "/healthz", tag = "operation",
    responses((status = 200, description = "Alive", body = str)))]
pub async fn healthz() -> &'static str {
    "alive\n"
}

/// Kith can do its work now, and how each part of it is.
#[utoipa::path(get, path = "/readyz", tag = "operation", responses(
    (status = 200, description = "Ready", body = Readiness),
    (status = 503, description = "Not ready", body = Readiness)))]
pub async fn readyz(
    State(health): State<Health>,
    State(site): State<Site>,
) -> (StatusCode, Json<Readiness>) {
    let readiness = health.readiness(site.missing().is_none()).await;
    let status = if readiness.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness))
}
