//! The registry of jobs: their routes.

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
use serde::Deserialize;

use crate::broker::COMPLETED_HEADER;
use crate::destination::Destinations;
use crate::job::Failure;
use crate::job::Job;
use crate::job::Outcome;
use crate::job::runner::Executed;
use crate::job::runner::Runner;
use crate::job::runner::RunnerOptions;
use crate::problem::Problem;
use crate::receiver::NOT_RETRYABLE;
use crate::receiver::NOT_RETRYABLE_HEADER;
use crate::receiver::Verified;

/// The jobs of an application.
pub struct Jobs {
    runner: Runner,
    destinations: Destinations,
    router: Router,
}

impl Jobs {
    /// A registry without jobs, for messages to the webhooks of `destinations`.
    pub fn new(options: RunnerOptions, destinations: Destinations) -> Self {
        Self {
            runner: Runner::new(options),
            destinations,
            router: Router::new(),
        }
    }

    /// Registers a kind of job, with what it needs to run.
    #[must_use]
    pub fn register<J: Job>(mut self, context: J::Context) -> Self {
        let path = J::path(&self.destinations);
        let state = (self.runner.clone(), context);
        let run = post(run::<J>).with_state(state.clone());
        self.router = self.router.route(&path, run);
        if J::DISCARD_LABEL.is_some() {
            let path = J::discard_path(&self.destinations);
            let discard = post(discard::<J>).with_state(state);
            self.router = self.router.route(&path, discard);
        }
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
) -> Response {
    let verified = match runner.receiver().verify(request).await {
        Ok(verified) => verified,
        Err(refusal) => return refusal,
    };
    let now = runner.clock().now();
    let Some(job) = J::parse(&verified.delivery.body, now) else {
        return refuse_unreadable::<J>(&runner, verified).await;
    };
    let key = job.key(&verified.delivery.message_id);
    let job = std::sync::Arc::new(job);
    let (running, needs) = (job.clone(), context.clone());
    let executed = runner
        .execute(verified, key, move |attempt| async move {
            running.run(&needs, &attempt).await
        })
        .await;
    match executed {
        Executed::Done { completed } => match job.answer(&context).await {
            Ok(answer) => success(Json(answer), completed),
            Err(failure) => failed(failure),
        },
        Executed::Failed(failure) => failed(failure),
        Executed::Denied(denied) => denied.into(),
    }
}

/// What the queue reports of a message whose attempts have all failed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    source_message_id: String,
    source_body: String,
}

impl Report {
    fn parse<J: Job>(body: &[u8], now: jiff::Timestamp) -> Option<(String, J)> {
        let report: Self = serde_json::from_slice(body).ok()?;
        let body = BASE64_STANDARD.decode(report.source_body).ok()?;
        Some((report.source_message_id, J::parse(&body, now)?))
    }
}

async fn discard<J: Job>(
    State((runner, context)): State<(Runner, J::Context)>,
    request: Request<Body>,
) -> Response {
    let verified = match runner.receiver().verify(request).await {
        Ok(verified) => verified,
        Err(refusal) => return refusal,
    };
    let now = runner.clock().now();
    let Some((message, job)) = Report::parse::<J>(&verified.delivery.body, now) else {
        return refuse_unreadable::<J>(&runner, verified).await;
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
        .await;
    match executed {
        Executed::Done { completed } => {
            success(Json(serde_json::json!({ "success": true })), completed)
        }
        Executed::Failed(failure) => failed(failure),
        Executed::Denied(denied) => denied.into(),
    }
}

/// Answers a message that no release can execute.
async fn refuse_unreadable<J: Job>(runner: &Runner, verified: Verified) -> Response {
    if let Err(denied) = runner.redeem(verified.claims).await {
        return denied.into();
    }
    tracing::warn!(kind = J::KIND, "a message is not understood");
    failed(Failure::Permanent)
}

fn success(answer: impl IntoResponse, completed: bool) -> Response {
    let mut response = answer.into_response();
    if completed {
        let value = HeaderValue::from_static("true");
        response.headers_mut().insert(COMPLETED_HEADER, value);
    }
    response
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
