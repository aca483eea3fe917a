//! The registry of jobs: their routes.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::post;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::broker::COMPLETED_HEADER;
use crate::job::Failure;
use crate::job::Job;
use crate::job::Outcome;
use crate::job::runner::Executed;
use crate::job::runner::NotExecuted;
use crate::job::runner::Runner;
use crate::problem::Problem;
use crate::receiver;
use crate::receiver::NOT_RETRYABLE;
use crate::receiver::NOT_RETRYABLE_HEADER;
use crate::receiver::Receiver;
use crate::receiver::Verified;

/// The jobs of an application.
pub struct Jobs {
    runner: Runner,
    router: Router,
}

impl Jobs {
    /// A registry without jobs. Cancel `stopping` when the process is about to end: a delivery then waits for
    /// no other consumer any more.
    pub fn new(receiver: Receiver, stopping: CancellationToken) -> Self {
        Self {
            runner: Runner::new(receiver, stopping),
            router: Router::new(),
        }
    }

    /// Registers a kind of job, with what it needs to run.
    #[must_use]
    pub fn register<J: Job>(mut self, context: J::Context) -> Self {
        let destinations = self.runner.broker().destinations();
        let state = (self.runner.clone(), context);
        let run = post(run::<J>).with_state(state.clone());
        let mut router = self.router.route(&J::path(destinations), run);
        if J::DISCARD_LABEL.is_some() {
            let discard = post(discard::<J>).with_state(state);
            router = router.route(&J::discard_path(destinations), discard);
        }
        self.router = router;
        self
    }

    /// The routes that the queue delivers to. They refuse requests that the queue has not signed.
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        self.router.clone().with_state(())
    }

    /// Waits for the jobs that are under way.
    pub async fn close(&self) {
        self.runner.close().await;
    }
}

async fn run<J: Job>(
    State((runner, context)): State<(Runner, J::Context)>,
    request: Request<Body>,
) -> Result<Response, Response> {
    let verified = runner.receiver().verify(request).await?;
    let now = runner.broker().clock().now();
    let Some(job) = J::parse(&verified.delivery.body, now) else {
        return Err(refuse_unreadable::<J>(&runner, verified).await);
    };
    let key = job.key(&verified.delivery.message_id);
    let job = Arc::new(job);
    let (running, needs) = (job.clone(), context.clone());
    let executed = runner
        .execute(verified, key, move |attempt| async move {
            running.run(&needs, &attempt).await
        })
        .await?;
    let answer = job.answer(&context).await.map_err(failed)?;
    Ok(success(answer, executed))
}

/// What the queue reports of a message whose attempts have all failed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    source_message_id: String,
    source_body: String,
}

impl Report {
    fn parse<J: Job>(body: &[u8], now: Timestamp) -> Option<(String, J)> {
        let report: Self = serde_json::from_slice(body).ok()?;
        let body = BASE64_STANDARD.decode(report.source_body).ok()?;
        Some((report.source_message_id, J::parse(&body, now)?))
    }
}

async fn discard<J: Job>(
    State((runner, context)): State<(Runner, J::Context)>,
    request: Request<Body>,
) -> Result<Response, Response> {
    let verified = runner.receiver().verify(request).await?;
    let now = runner.broker().clock().now();
    let Some((message, job)) = Report::parse::<J>(&verified.delivery.body, now) else {
        return Err(refuse_unreadable::<J>(&runner, verified).await);
    };
    let key = format!("{}-failed:{message}", J::KIND);
    let executed = runner
        .execute(verified, key, move |_| async move {
            match job.discard(&context).await {
                Ok(None) => Outcome::done(),
                Ok(Some(step)) => Outcome::done().with_step(step),
                Err(failure) => Outcome::failed(failure),
            }
        })
        .await?;
    Ok(success(json!({ "success": true }), executed))
}

/// Answers a message that no release can execute.
async fn refuse_unreadable<J: Job>(runner: &Runner, verified: Verified) -> Response {
    if let Err(denied) = runner.receiver().redeem(verified.claims).await {
        return denied.into();
    }
    tracing::warn!(kind = J::KIND, "a message is not understood");
    failed(Failure::Permanent)
}

fn success(answer: Value, executed: Executed) -> Response {
    let mut response = Json(answer).into_response();
    if executed.completed {
        let value = HeaderValue::from_static("true");
        response.headers_mut().insert(COMPLETED_HEADER, value);
    }
    response
}

impl From<NotExecuted> for Response {
    fn from(cause: NotExecuted) -> Self {
        match cause {
            NotExecuted::Failed(failure) => failed(failure),
            NotExecuted::Postponed(wait) => receiver::postponed(wait, not_executed()),
            NotExecuted::Denied(denied) => denied.into(),
        }
    }
}

fn not_executed() -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "not-executed",
        "The message could not be executed. Send it again.",
    )
}

fn failed(failure: Failure) -> Response {
    let Failure::Retry(wait) = failure else {
        let status = StatusCode::from_u16(NOT_RETRYABLE);
        let problem = Problem::new(
            status.unwrap_or(StatusCode::UNPROCESSABLE_ENTITY),
            "not-executable",
            "This message will never be executed. Do not send it again.",
        );
        return ([(NOT_RETRYABLE_HEADER, "true")], problem).into_response();
    };
    let mut response = not_executed().into_response();
    if let Some(wait) = wait {
        let seconds = wait.as_millis().div_ceil(1000).max(1) as u64;
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
