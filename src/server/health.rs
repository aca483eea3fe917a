//! What operators and their machines ask: is it alive, is it ready.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::server::AppState;

/// Readiness, part by part.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// Whether Kith can answer requests.
    ready: bool,
    database: PartState,
}

/// How one part of Kith is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum PartState {
    Up,
    Down,
}

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
pub async fn readyz(State(state): State<AppState>) -> (StatusCode, Json<Readiness>) {
    let up = state.contacts.ping().await.is_ok();
    let (status, database) = if up {
        (StatusCode::OK, PartState::Up)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, PartState::Down)
    };
    let readiness = Readiness {
        ready: up,
        database,
    };
    (status, Json(readiness))
}
