//! What operators and their machines ask: is it alive, is it ready.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::server::AppState;
use crate::server::redis::Health;
use crate::server::site::Site;

/// Readiness, part by part.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// Whether Kith can answer requests.
    ready: bool,
    database: PartState,
    site: SiteState,
    #[serde(skip_serializing_if = "Option::is_none")]
    redis: Option<RedisState>,
}

/// How the built site is, which pages link to. The API works without it, so it does not decide on
/// readiness.
#[derive(Serialize, ToSchema)]
struct SiteState {
    state: PartState,
    /// What that means, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    effect: Option<&'static str>,
}

impl SiteState {
    fn of(site: &Site) -> Self {
        let missing = site.missing().is_some();
        Self {
            state: if missing {
                PartState::Down
            } else {
                PartState::Up
            },
            effect: missing.then_some(
                "Pages have no styles and do not come alive. Run `cargo xtask build`, start Kith \
                 in the folder it was built in, or set server.site_root.",
            ),
        }
    }
}

/// How Redis is. Kith works without it, so it does not decide on readiness.
#[derive(Serialize, ToSchema)]
struct RedisState {
    state: PartState,
    /// Since when, as RFC 3339.
    since: String,
    /// Why it is down.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What that means.
    #[serde(skip_serializing_if = "Option::is_none")]
    effect: Option<&'static str>,
}

impl From<Health> for RedisState {
    fn from(health: Health) -> Self {
        let loss = health.loss();
        Self {
            state: match loss {
                None => PartState::Up,
                Some(_) => PartState::Down,
            },
            since: health.since().to_string(),
            reason: loss.map(|loss| format!("Redis {loss}.")),
            effect: loss.map(|_| "Limits hold for each instance of Kith by itself, and what is cached is not shared."),
        }
    }
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
    let ready = up && !state.stopping.is_cancelled();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let readiness = Readiness {
        ready,
        database: if up { PartState::Up } else { PartState::Down },
        site: SiteState::of(&state.site),
        redis: state.redis.as_ref().map(|redis| redis.health().into()),
    };
    (status, Json(readiness))
}
