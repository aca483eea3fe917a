//! What the queue calls. Nobody else gets in: each handler takes a verified [`Delivery`]. None of them
//! is limited, since each is signed.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::json;

use crate::services::metrics::Figures;
use kith_queue::receiver::Delivery;
use kith_queue::receiver::NOT_RETRYABLE;
use kith_queue::receiver::NOT_RETRYABLE_HEADER;
use kith_queue::receiver::NotExecuted;
use crate::services::report::ReportService;
use crate::services::welcome::WelcomeService;
use crate::web::problem::Problem;

/// Sends a welcome email.
pub async fn welcome_email(State(welcome): State<WelcomeService>, delivery: Delivery) -> Response {
    let attempt = delivery.retried.saturating_add(1);
    answer(welcome.execute(&delivery.body, attempt).await)
}

/// Hears that all deliveries of a welcome email have failed.
pub async fn welcome_failed(State(welcome): State<WelcomeService>, delivery: Delivery) -> Response {
    answer(welcome.give_up(&delivery.body).await)
}

fn answer(executed: Result<(), NotExecuted>) -> Response {
    let wait = match executed {
        Ok(()) => return success(),
        Err(NotExecuted::Never) => return never(),
        Err(NotExecuted::Later(wait)) => wait,
    };
    let problem = Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "not-executed",
        "The message could not be executed. Send it again.",
    );
    let mut response = problem.into_response();
    if let Some(wait) = wait {
        let seconds = wait.as_millis().div_ceil(1000).max(1) as u64;
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// Reports the figures of a day that is over: yesterday in UTC, or the one that the message names. They
/// are only read, so that the same day gives the same report however often it is asked for.
pub async fn daily_report(State(reports): State<ReportService>, delivery: Delivery) -> Response {
    #[derive(Default, Deserialize)]
    struct Asked {
        date: Option<String>,
    }
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let asked = if delivery.body.is_empty() {
        Some(Asked::default())
    } else {
        serde_json::from_slice(&delivery.body).ok()
    };
    let date = asked.and_then(|asked: Asked| match asked.date {
        Some(date) => date.parse::<Date>().ok(),
        None => Some(today.saturating_sub(1.day())),
    });
    // A day that is not over has no report yet, and one of long ago has none any more.
    let oldest = today.saturating_sub(1.year());
    let Some(date) = date.filter(|date| (oldest..today).contains(date)) else {
        return never();
    };
    match reports.execute(&delivery.message_id, date).await {
        Ok(figures) => report(date, &figures),
        Err(not_executed) => answer(Err(not_executed)),
    }
}

fn report(date: Date, figures: &Figures) -> Response {
    Json(json!({ "report": {
        "date": date.to_string(),
        "totalRequests": figures.requests(),
        "newContacts": figures.new_contacts(),
        "rateLimitHits": figures.refusals(),
    }}))
    .into_response()
}

fn success() -> Response {
    Json(json!({ "success": true })).into_response()
}

/// Tells the queue not to send a message again.
fn never() -> Response {
    let status = StatusCode::from_u16(NOT_RETRYABLE).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
    let problem = Problem::new(
        status,
        "not-executable",
        "This message will never be executed. Do not send it again.",
    );
    ([(NOT_RETRYABLE_HEADER, "true")], problem).into_response()
}
