//! The page `/dashboard`, and the forms on it.
//!
//! A browser without JavaScript loads the page, and each form redirects it to the page. The island on the
//! page sends the same requests with the header [`LIVE`] and gets the part of the page that changes.

mod audit;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::FromRef;
use axum::extract::FromRequestParts;
use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::Html;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use ipnet::IpNet;
use jiff::Timestamp;
use kith_limit::Quota;
use kith_limit::QuotaError;
use leptos::prelude::Owner;

use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::admin::Admin;
use crate::services::admin::AdminService;
use crate::services::admin::AuditLogEntry;
use crate::services::admin::DeadLetterSelection;
use crate::services::config;
use crate::services::contacts::TAGS;
use crate::services::dashboard::Dashboard;
use crate::services::dashboard::Snapshot;
use crate::services::metrics::series::Range;
use crate::services::network::Network;
use crate::services::policies::RequestClass;
use crate::web::page::PageRenderer;
use crate::web::pages::dashboard::dashboard_part;
use crate::web::pages::dashboard::view::Notice;
use crate::web::pages::dashboard::view::View;
use crate::web::pages::dashboard::view::href;
use crate::web::pages::dashboard::view::query;
use crate::web::problem::Problem;
use crate::web::rest::extract::FormBody;
use crate::web::routing::get;
use crate::web::routing::post;
use crate::web::state::AppState;

/// The island asks with this header.
pub const LIVE: HeaderName = HeaderName::from_static("x-kith-live");

/// For how long the page shows what came of an action.
const NOTICE_TTL: Duration = Duration::from_secs(60);

/// What an address chooses.
#[derive(Clone, Copy, Default)]
struct Choices {
    range: Range,
    /// Whether addresses of clients are shown in full.
    full: bool,
    /// The number of the audit log entry about the action that has led to this address.
    done: Option<i64>,
}

impl Choices {
    fn read(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        let mut choices = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "range" => choices.range = Range::named(&value).unwrap_or_default(),
                "addresses" => choices.full = value == "full",
                "done" => choices.done = value.parse().ok(),
                _ => {}
            }
        }
        choices
    }

    fn href(self) -> String {
        href(self.range, self.full)
    }
}

pub fn router() -> Router<AppState> {
    let back = get(go_back);
    Router::new()
        .route("/dashboard", get(show))
        .route("/dashboard/audit", get(audit::show))
        .route(
            "/dashboard/limits/{policy}",
            back.clone().merge(post(change_limit)),
        )
        .route(
            "/dashboard/denied",
            back.clone().merge(post(change_deny_list)),
        )
        .route(
            "/dashboard/cache/{tag}",
            back.clone().merge(post(invalidate)),
        )
        .route("/dashboard/queue", back.clone().merge(post(change_queue)))
        .route("/dashboard/dead-letters", back.merge(post(dead_letters)))
}

/// A request for the dashboard, and what answers it.
struct Visit {
    admin: Admin,
    choices: Choices,
    dashboard: Dashboard,
    pages: PageRenderer,
    /// How often the island asks.
    poll_interval: Duration,
    parts: Parts,
}

impl FromRequestParts<AppState> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        // `middleware::admin` refuses every other client.
        let admin = parts.extensions.get::<Admin>().cloned();
        Ok(Self {
            admin: admin.ok_or_else(Problem::internal)?,
            choices: Choices::read(&parts.uri),
            dashboard: Dashboard::from_ref(state),
            pages: PageRenderer::from_ref(state),
            poll_interval: state.config.dashboard.poll.duration(),
            parts: parts.clone(),
        })
    }
}

impl Visit {
    fn is_live(&self) -> bool {
        self.parts.headers.contains_key(LIVE)
    }

    async fn snapshot(&self) -> Snapshot {
        self.dashboard
            .snapshot(&self.admin, self.choices.range)
            .await
    }

    /// Answers a form.
    async fn answer(mut self, typed: Fields, outcome: Result<AuditLogEntry, AppError>) -> Response {
        self.dashboard.invalidate().await;
        let notice = match outcome {
            Ok(entry) if !self.is_live() => {
                let query = query(self.choices.range, self.choices.full);
                let joint = if query.is_empty() { "?" } else { "&" };
                let href = format!("/dashboard{query}{joint}done={}", entry.seq);
                return Redirect::to(&href).into_response();
            }
            Ok(entry) => Notice::Done(entry.action),
            Err(error) => Notice::Refused {
                error,
                form: self.parts.uri.path().to_owned(),
                typed,
            },
        };
        let status = match &notice {
            Notice::Done(_) => StatusCode::OK,
            Notice::Refused { error, .. } => {
                StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST)
            }
        };
        let snapshot = self.snapshot().await;
        // The page is drawn as if the client had asked for its own address.
        self.parts.uri = Uri::try_from(self.choices.href()).unwrap_or_default();
        let mut response = self.render(snapshot, Some(notice)).await;
        *response.status_mut() = status;
        response
    }

    /// Draws the page, or the part of it that changes.
    async fn render(self, snapshot: Snapshot, notice: Option<Notice>) -> Response {
        let unavailable = snapshot.stored.is_none();
        let period = self.poll_interval.as_millis();
        let view = Arc::new(View {
            snapshot,
            full: self.choices.full,
            notice,
            period: u32::try_from(period).unwrap_or(u32::MAX),
        });
        let mut response = if self.is_live() {
            Html(Owner::new().with(|| dashboard_part(&view))).into_response()
        } else {
            self.pages.render_view(self.parts, view).await
        };
        if unavailable {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
        let headers = response.headers_mut();
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-store"),
        );
        headers.append(header::VARY, HeaderValue::from(LIVE));
        response
    }
}

async fn show(visit: Visit) -> Response {
    let snapshot = visit.snapshot().await;
    let entries = snapshot.stored.iter().flat_map(|stored| &stored.audit_log);
    let mut entries = entries.filter(|entry| {
        let age = Timestamp::now().duration_since(entry.at).unsigned_abs();
        visit.choices.done == Some(entry.seq)
            && entry.admin == visit.admin.name()
            && age < NOTICE_TTL
    });
    let notice = entries
        .next()
        .map(|entry| Notice::Done(entry.action.clone()));
    visit.render(snapshot, notice).await
}

/// Redirects a reload of the address of an action to the page.
async fn go_back(uri: Uri) -> Redirect {
    Redirect::to(&Choices::read(&uri).href())
}

type Fields = HashMap<String, String>;

/// A name in the path of a form; what cannot be read names nothing.
struct Name(Option<String>);

impl Name {
    fn is(&self, name: &str) -> bool {
        self.0.as_deref() == Some(name)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let name = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(name.ok().map(|Path(name)| name)))
    }
}

async fn change_limit(
    visit: Visit,
    State(service): State<AdminService>,
    policy: Name,
    FormBody(fields): FormBody<Fields>,
) -> Response {
    let mut classes = RequestClass::ALL.into_iter();
    let class = classes.find(|class| policy.is(class.name()));
    let quota = match fields.contains_key("configured") {
        true => Ok(None),
        false => quota(&fields).map(Some),
    };
    let outcome = match (class, quota) {
        (None, _) => Err(AppError::bad_request(t!("There is no such policy."))),
        (_, Err(error)) => Err(error),
        (Some(class), Ok(quota)) => service.set_limit(&visit.admin, class, quota).await,
    };
    visit.answer(fields, outcome).await
}

fn quota(fields: &Fields) -> Result<Quota, AppError> {
    let text = |name: &str| fields.get(name).map_or("", |text| text.trim());
    let limit: u32 = text("limit")
        .parse()
        .ok()
        .filter(|limit| *limit > 0)
        .ok_or_else(|| {
            AppError::bad_request(t!(
                "The limit is a whole number of requests from 1 to 4294967295."
            ))
        })?;
    let window = config::parse_duration(text("window")).ok_or_else(|| {
        AppError::bad_request(t!(
            "The window is from 1ms to 8760h: a number with ms, s, m or h, such as 30s."
        ))
    })?;
    Quota::new(limit.into(), window).map_err(|error| AppError::bad_request(not_valid(error)))
}

/// Why a quota is not valid, as a sentence.
fn not_valid(error: QuotaError) -> &'static str {
    match error {
        QuotaError::NoLimit => t!("The limit is at least 1."),
        QuotaError::NoWindow => t!("The window is at least 1 ms."),
        QuotaError::TooLarge => t!(
            "The limit times the milliseconds of the window is at most 2^50; choose smaller ones."
        ),
    }
}

async fn change_deny_list(
    visit: Visit,
    State(service): State<AdminService>,
    FormBody(fields): FormBody<Fields>,
) -> Response {
    let text = |name: &str| fields.get(name).map(|text| text.trim());
    let network = text("network").and_then(|text| text.parse::<Network>().ok());
    let network = network.map(IpNet::from);
    let outcome = match (network, text("do")) {
        (None, _) => Err(AppError::bad_request(t!(
            "Give an address or a network, such as 203.0.113.7 or 2001:db8::/32."
        ))),
        (Some(network), Some("allow")) => service.allow(&visit.admin, network).await,
        (Some(network), Some("deny")) => service.deny(&visit.admin, network).await,
        (Some(_), _) => Err(AppError::bad_request(t!(
            "Choose whether the address is denied or allowed."
        ))),
    };
    visit.answer(fields, outcome).await
}

async fn invalidate(visit: Visit, State(service): State<AdminService>, tag: Name) -> Response {
    let outcome = match TAGS.into_iter().find(|known| tag.is(known.kind())) {
        Some(known) => service.invalidate(&visit.admin, known).await,
        None => Err(AppError::bad_request(t!(
            "Nothing is cached under this tag."
        ))),
    };
    visit.answer(Fields::new(), outcome).await
}

async fn change_queue(
    visit: Visit,
    State(service): State<AdminService>,
    FormBody(fields): FormBody<Fields>,
) -> Response {
    let outcome = match fields.get("do").map(String::as_str) {
        Some("resume") => service.resume_queue(&visit.admin).await,
        Some("cancel") => service.cancel_waiting(&visit.admin).await,
        _ => Err(AppError::bad_request(t!(
            "Choose what to do with the queue."
        ))),
    };
    visit.answer(fields, outcome).await
}

async fn dead_letters(
    visit: Visit,
    State(service): State<AdminService>,
    // The same field may come many times, once for each that is ticked.
    FormBody(fields): FormBody<Vec<(String, String)>>,
) -> Response {
    let named = |wanted: &'static str| {
        let fields = fields.iter().filter(move |(name, _)| name == wanted);
        fields.map(|(_, value)| value.clone())
    };
    let some = DeadLetterSelection::Ids(named("letter").collect());
    let action = named("do").next();
    let outcome = match action.as_deref() {
        Some("retry") => service.retry(&visit.admin, &some).await,
        Some("retry-all") => service.retry(&visit.admin, &DeadLetterSelection::All).await,
        Some("delete") => service.delete(&visit.admin, &some).await,
        Some("delete-all") => {
            service
                .delete(&visit.admin, &DeadLetterSelection::All)
                .await
        }
        _ => Err(AppError::bad_request(t!(
            "Choose what to do with the dead letters."
        ))),
    };
    visit.answer(Fields::new(), outcome).await
}
