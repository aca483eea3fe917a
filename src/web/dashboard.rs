//! The page `/dashboard`, and the forms on it.
//!
//! Who runs no JavaScript loads the page and is led back to it by each form. The island on it asks
//! for the same with the header [`LIVE`], and is answered with the part of the page that changes.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::Router;
use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::extract::Path;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
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
use axum::routing::get;
use axum::routing::post;
use ipnet::IpNet;
use jiff::Timestamp;
use leptos::prelude::Owner;
use leptos::prelude::provide_context;

use crate::model::error::AppError;
use crate::services::admin::Admin;
use crate::services::admin::AuditLogEntry;
use crate::services::admin::DeadLetterSelection;
use crate::services::config;
use crate::services::contacts::CONTACTS;
use crate::services::dashboard::Snapshot;
use crate::services::metrics::series::Range;
use crate::services::network::Network;
use crate::services::policies::RequestClass;
use crate::web::page;
use crate::web::pages::dashboard::dashboard_part;
use crate::web::pages::dashboard::view::Notice;
use crate::web::pages::dashboard::view::View;
use crate::web::pages::dashboard::view::href;
use crate::web::pages::dashboard::view::query;
use crate::web::rest::extract::FormBody;
use crate::web::state::AppState;
use kith_limit::Quota;

/// The island asks with it.
pub const LIVE: HeaderName = HeaderName::from_static("x-kith-live");

/// For how long an action is news.
const NEWS: Duration = Duration::from_secs(60);

/// What an address asks for.
#[derive(Clone, Copy, Default)]
struct Asked {
    range: Range,
    full: bool,
    /// The entry of the action that has led here.
    done: Option<i64>,
}

impl Asked {
    fn read(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "range" => asked.range = Range::named(&value).unwrap_or_default(),
                "addresses" => asked.full = value == "full",
                "done" => asked.done = value.parse().ok(),
                _ => {}
            }
        }
        asked
    }
}

pub fn router() -> Router<AppState> {
    let back = get(go_back);
    Router::new()
        .route("/dashboard", get(look))
        .route(
            "/dashboard/limits/{policy}",
            back.clone().merge(post(limit)),
        )
        .route("/dashboard/denied", back.clone().merge(post(denied)))
        .route(
            "/dashboard/cache/{tag}",
            back.clone().merge(post(invalidate)),
        )
        .route("/dashboard/dead-letters", back.merge(post(dead_letters)))
}

async fn look(
    State(state): State<AppState>,
    Extension(admin): Extension<Admin>,
    parts: Parts,
) -> Response {
    let asked = Asked::read(&parts.uri);
    let snapshot = state.dashboard.snapshot(&admin, asked.range).await;
    let entries = snapshot.stored.iter().flat_map(|stored| &stored.audit_log);
    let mut news = entries.filter(|entry| {
        let age = Timestamp::now().duration_since(entry.at).unsigned_abs();
        asked.done == Some(entry.seq) && entry.admin == admin.name() && age < NEWS
    });
    let notice = news.next().map(|entry| Notice::Done(entry.action.clone()));
    draw(state, parts, snapshot, notice).await
}

/// Where a reload leads that asks for the address of an action.
async fn go_back(uri: Uri) -> Redirect {
    let Asked { range, full, .. } = Asked::read(&uri);
    Redirect::to(&href(range, full))
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

async fn limit(
    State(state): State<AppState>,
    Extension(admin): Extension<Admin>,
    policy: Name,
    parts: Parts,
    FormBody(fields): FormBody<Fields>,
) -> Response {
    let mut classes = RequestClass::ALL.into_iter();
    let class = classes.find(|class| policy.is(class.name()));
    let quota = match fields.contains_key("configured") {
        true => Ok(None),
        false => quota(&fields).map(Some),
    };
    let done = match (class, quota) {
        (None, _) => Err(AppError::bad_request("There is no such policy.")),
        (_, Err(error)) => Err(error),
        (Some(class), Ok(quota)) => state.admin.set_limit(&admin, class, quota).await,
    };
    answer(state, admin, parts, fields, done).await
}

fn quota(fields: &Fields) -> Result<Quota, AppError> {
    let text = |name: &str| fields.get(name).map_or("", |text| text.trim());
    let limit: u32 = text("limit")
        .parse()
        .ok()
        .filter(|limit| *limit > 0)
        .ok_or_else(|| {
            AppError::bad_request("The limit is a whole number of requests from 1 to 4294967295.")
        })?;
    let window = config::parse_duration(text("window")).ok_or_else(|| {
        AppError::bad_request(
            "The window is from 1ms to 8760h: a number with ms, s, m or h, such as 30s.",
        )
    })?;
    Quota::new(limit.into(), window).map_err(|error| {
        let mut words = error.to_string();
        // Errors begin in lower case, sentences do not.
        if let Some(first) = words.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        AppError::bad_request(format!("{words}."))
    })
}

async fn denied(
    State(state): State<AppState>,
    Extension(admin): Extension<Admin>,
    parts: Parts,
    FormBody(fields): FormBody<Fields>,
) -> Response {
    let text = |name: &str| fields.get(name).map(|text| text.trim());
    let network = text("network").and_then(|text| text.parse::<Network>().ok());
    let network = network.map(IpNet::from);
    let done = match (network, text("do")) {
        (None, _) => Err(AppError::bad_request(
            "Give an address or a network, such as 203.0.113.7 or 2001:db8::/32.",
        )),
        (Some(network), Some("allow")) => state.admin.allow(&admin, network).await,
        (Some(network), Some("deny")) => state.admin.deny(&admin, network).await,
        (Some(_), _) => Err(AppError::bad_request(
            "Choose whether the address is denied or allowed.",
        )),
    };
    answer(state, admin, parts, fields, done).await
}

async fn invalidate(
    State(state): State<AppState>,
    Extension(admin): Extension<Admin>,
    tag: Name,
    parts: Parts,
) -> Response {
    let done = if tag.is(CONTACTS.0) {
        state.admin.invalidate(&admin, CONTACTS).await
    } else {
        Err(AppError::bad_request("Nothing is cached under this tag."))
    };
    answer(state, admin, parts, Fields::new(), done).await
}

async fn dead_letters(
    State(state): State<AppState>,
    Extension(admin): Extension<Admin>,
    parts: Parts,
    // The same field may come many times, once for each that is ticked.
    FormBody(fields): FormBody<Vec<(String, String)>>,
) -> Response {
    let named = |wanted: &'static str| {
        let fields = fields.iter().filter(move |(name, _)| name == wanted);
        fields.map(|(_, value)| value.clone())
    };
    let some = DeadLetterSelection::Ids(named("letter").collect());
    let action = named("do").next();
    let done = match action.as_deref() {
        Some("retry") => state.admin.retry(&admin, &some).await,
        Some("retry-all") => state.admin.retry(&admin, &DeadLetterSelection::All).await,
        Some("delete") => state.admin.delete(&admin, &some).await,
        Some("delete-all") => state.admin.delete(&admin, &DeadLetterSelection::All).await,
        _ => Err(AppError::bad_request(
            "Choose what to do with the dead letters.",
        )),
    };
    answer(state, admin, parts, Fields::new(), done).await
}

/// Answers a form.
async fn answer(
    state: AppState,
    admin: Admin,
    mut parts: Parts,
    typed: Fields,
    done: Result<AuditLogEntry, AppError>,
) -> Response {
    let asked = Asked::read(&parts.uri);
    state.dashboard.invalidate().await;
    let notice = match done {
        Ok(entry) if !is_live(&parts.headers) => {
            let query = query(asked.range, asked.full);
            let joint = if query.is_empty() { "?" } else { "&" };
            let news = format!("/dashboard{query}{joint}done={}", entry.seq);
            return Redirect::to(&news).into_response();
        }
        Ok(entry) => Notice::Done(entry.action),
        Err(error) => Notice::Refused {
            error,
            form: parts.uri.path().to_owned(),
            typed,
        },
    };
    let status = match &notice {
        Notice::Done(_) => StatusCode::OK,
        Notice::Refused { error, .. } => {
            StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST)
        }
    };
    let snapshot = state.dashboard.snapshot(&admin, asked.range).await;
    // The page is drawn as if it had been asked for.
    parts.uri = Uri::try_from(href(asked.range, asked.full)).unwrap_or_default();
    let mut response = draw(state, parts, snapshot, Some(notice)).await;
    *response.status_mut() = status;
    response
}

fn is_live(headers: &HeaderMap) -> bool {
    headers.contains_key(LIVE)
}

/// Draws the page, or the part of it that changes.
async fn draw(
    state: AppState,
    parts: Parts,
    snapshot: Snapshot,
    notice: Option<Notice>,
) -> Response {
    let Asked { full, .. } = Asked::read(&parts.uri);
    let unavailable = snapshot.stored.is_none();
    let period = state.config.dashboard.poll.duration().as_millis();
    let view = Arc::new(View {
        snapshot,
        full,
        notice,
        period: u32::try_from(period).unwrap_or(u32::MAX),
    });
    let mut response = if is_live(&parts.headers) {
        Html(Owner::new().with(|| dashboard_part(&view))).into_response()
    } else {
        let request = Request::from_parts(parts, Body::empty());
        page::draw(state, request, move || provide_context(view.clone())).await
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
