//! What operators and their machines ask: is it alive, is it ready.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::services::telemetry;
use crate::web::site::Site;
use crate::web::state::AppState;
use kith_limit::Limiter;
use kith_redis::Redis;
use kith_runtime::ComponentHealth;
use kith_runtime::HealthRecorder;

/// Readiness, part by part.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// Whether Kith can answer requests.
    ready: bool,
    database: PartState,
    /// Once reads or writes of the database have failed, until they work again.
    #[serde(rename = "databaseFault", skip_serializing_if = "Option::is_none")]
    database_fault: Option<Part>,
    site: SiteState,
    #[serde(skip_serializing_if = "Option::is_none")]
    redis: Option<Part>,
    /// Once QStash was asked for something.
    #[serde(skip_serializing_if = "Option::is_none")]
    qstash: Option<Part>,
    /// Once a mail was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<Part>,
    /// Once a line of the log was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<Part>,
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
            state: PartState::of(!missing),
            effect: missing.then_some(
                "Pages have no styles and do not come alive. Run `cargo xtask build`, start Kith \
                 in the folder it was built in, or set server.site_root.",
            ),
        }
    }
}

/// How a part is that Kith works without, for a while, so that it does not decide on readiness.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Part {
    pub state: PartState,
    /// Since when, as RFC 3339.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Why it is down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What that means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<&'static str>,
}

impl Part {
    fn new(since: Timestamp, reason: Option<String>, effect: &'static str) -> Self {
        Self {
            state: PartState::of(reason.is_none()),
            since,
            effect: reason.is_some().then_some(effect),
            reason,
        }
    }

    /// What keeps the database from its work is more to the point than that it does not answer.
    fn database(state: &AppState) -> Self {
        let answers = state.database_health.get();
        let answers = answers.expect("it was asked when it was opened");
        let ComponentHealth { since, failure } = state.database.health();
        match failure {
            Some(fault) => Self::new(since, Some(fault.to_string()), fault.effect()),
            None if !answers.is_up() => Self::of(answers, "Nothing can be read or changed."),
            None => Self::new(since.max(answers.since), None, ""),
        }
    }

    /// A Redis that answers but does not decide is of as little use to limits as none.
    fn redis(redis: &Redis, limiter: &Limiter) -> Self {
        let health = redis.health();
        let reason = health.failure.map(|reason| format!("Redis {reason}."));
        if let (None, Some(since)) = (&reason, limiter.failing_since()) {
            let since = i64::try_from(since).unwrap_or(i64::MAX);
            return Self::new(
                Timestamp::from_millisecond(since).unwrap_or_default(),
                Some("Redis answers, but the limiter's script fails on it.".to_owned()),
                "Limits hold for each instance of Kith by itself.",
            );
        }
        Self::new(
            health.since,
            reason,
            "Limits hold for each instance of Kith by itself, and what is cached is not shared.",
        )
    }

    fn of(health: ComponentHealth<impl Into<String>>, effect: &'static str) -> Self {
        Self::new(health.since, health.failure.map(Into::into), effect)
    }
}

/// Every part, as it was when it was last asked for something.
pub struct Parts {
    pub database: Part,
    pub redis: Option<Part>,
    pub qstash: Option<Part>,
    pub mail: Option<Part>,
    pub log: Option<Part>,
}

/// Why the database is down, as far as anybody is told.
pub const NO_DATABASE: &str = "The database does not answer.";

impl Parts {
    pub fn of(state: &AppState) -> Self {
        let qstash = state.queue.qstash().and_then(HealthRecorder::get);
        let mail = state.mailer.health().get();
        Self {
            database: Part::database(state),
            redis: state
                .redis
                .as_ref()
                .map(|redis| Part::redis(redis, &state.limiter)),
            qstash: qstash.map(|known| {
                Part::of(
                    known,
                    "Messages wait in the outbox and are published later.",
                )
            }),
            mail: mail.map(|known| Part::of(known, "Mails wait in the queue and are sent again.")),
            log: telemetry::health().map(|known| Part::of(known, "Lines of the log are lost.")),
        }
    }
}

/// How one part of Kith is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PartState {
    Up,
    Down,
}

impl PartState {
    fn of(up: bool) -> Self {
        if up { Self::Up } else { Self::Down }
    }
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
    state.limiter.probe().await;
    state.database_health.record((!up).then_some(NO_DATABASE));
    let parts = Parts::of(&state);
    let fault = state.database.health().failure;
    let ready = up && fault.is_none() && !state.stopping.is_cancelled();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let readiness = Readiness {
        ready,
        database: parts.database.state,
        database_fault: fault.is_some().then_some(parts.database),
        site: SiteState::of(&state.site),
        redis: parts.redis,
        qstash: parts.qstash,
        mail: parts.mail,
        log: parts.log,
    };
    (status, Json(readiness))
}
