//! The files of the site, and the page for what is not there.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::Request;
use axum::http::StatusCode;
use axum::http::header;
use axum::middleware::Next;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use axum::routing::get;
use tower::ServiceExt;
use tower_http::services::ServeDir;

use super::wrong_method;
use crate::model::location::Location;
use crate::model::location::PRINT_PATH;
use crate::services::policies::RequestClass;
use crate::web::grammar::range::ByteRange;
use crate::web::middleware;
use crate::web::middleware::Access;
use crate::web::page::PageRenderer;
use crate::web::state::AppState;

/// The longest path of a file of the site. The file system answers longer names with an error of its own, so
/// it does not see them.
const MAX_FILE_PATH_BYTES: usize = 255;

/// Files, and for all other paths the page that says that there is no such file.
pub fn service(state: &AppState) -> Router {
    // Files are not limited, but the page is.
    let not_found = Router::new().fallback_service(
        get(not_found)
            .fallback(wrong_method)
            .with_state(state.clone()),
    );
    let not_found = middleware::limited(not_found, RequestClass::Ui, Access::Open, state)
        .with_state(state.clone());
    let files = ServeDir::new(state.site.root())
        .precompressed_br()
        .precompressed_gzip()
        .append_index_html_on_directories(false)
        .call_fallback_on_method_not_allowed(true)
        .fallback(not_found.clone());
    Router::new()
        .fallback_service(files)
        .layer(from_fn_with_state(not_found, serve_file))
}

/// Answers a path that no file can have like a path without a file: one that is too long, or has a NUL in it, for which
/// `ServeDir` has an error of the server.
async fn serve_file(
    State(not_found): State<Router>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if path.len() <= MAX_FILE_PATH_BYTES && !path.contains("%00") {
        return send_file(request, next).await;
    }
    not_found.oneshot(request).await.into_response()
}

/// Sends a file, or the range of it that the client asks for. `ServeDir` refuses every range that it does not
/// understand, so it gets only those that it does.
async fn send_file(mut request: Request<Body>, next: Next) -> Response {
    // Only GET has ranges. This function cannot compare `If-Range` with a file, and the whole file is never
    // wrong.
    let has_ranges =
        request.method() == Method::GET && !request.headers().contains_key(header::IF_RANGE);
    let range = has_ranges
        .then(|| ByteRange::read(request.headers()))
        .flatten();
    request.headers_mut().remove(header::RANGE);
    let Some(range) = range else {
        return next.run(request).await;
    };
    let (mut parts, body) = request.into_parts();
    let whole = parts.clone();
    if let Ok(range) = HeaderValue::from_str(&range.to_string()) {
        parts.headers.insert(header::RANGE, range);
    }
    let response = next.clone().run(Request::from_parts(parts, body)).await;
    // The last bytes of a file that is shorter are the whole file.
    let is_end = matches!(range, ByteRange::Last(1..));
    if is_end && response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        return next.run(Request::from_parts(whole, Body::empty())).await;
    }
    response
}

/// The page for an address that leads nowhere. An address that leads somewhere without the slash at its end
/// is redirected.
async fn not_found(State(pages): State<PageRenderer>, request: Request<Body>) -> Response {
    let path = request.uri().path();
    if let Some(page) = path.strip_suffix('/')
        && ["/trash", "/dashboard", PRINT_PATH].contains(&page)
    {
        return Redirect::permanent(page).into_response();
    }
    if path.ends_with('/')
        && let Some(location) = Location::parse(path, request.uri().query().unwrap_or_default())
    {
        return Redirect::permanent(&location.url()).into_response();
    }
    pages.render(request, || ()).await
}
