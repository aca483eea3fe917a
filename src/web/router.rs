//! The one list of routes. Tests and `main` serve the same router.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::Request;
use axum::http::StatusCode;
use axum::http::header;
use axum::middleware::Next;
use axum::middleware::from_fn;
use axum::middleware::from_fn_with_state;
use axum::middleware::map_response;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use axum::routing::any;
use axum::routing::get;
use axum::routing::post;
use leptos_axum::LeptosRoutes;
use leptos_axum::generate_route_list_with_exclusions;
use tower::Service;
use tower::ServiceExt;
use tower_http::services::ServeDir;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use crate::model::location::Location;
use crate::model::location::PRINT_PATH;
use crate::services::health;
use crate::model::location::PRINT;
use crate::model::location::Location;
use crate::services::policies::RequestClass;
use kith_queue;
use crate::services::report;
use crate::services::welcome;
use crate::web::app;
use crate::web::dashboard;
use crate::web::forms;
use crate::web::grammar::range::ByteRange;
use crate::web::health;
use crate::web::middleware;
use crate::web::page;
use crate::web::problem;
use crate::web::page::PageRenderer;
use crate::web::problem::Problem;
use crate::web::rest;
use crate::web::state::AppState;
use crate::web::webhooks;
use kith_limit::Limiter;

/// Everything that Kith answers, with the middleware around it.
pub fn build(
    state: AppState,
) -> impl Service<Request<Body>, Response = Response, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    // For programs and operators. The description is gathered from the routes themselves.
    let (api, of_api) = OpenApiRouter::with_openapi(rest::description::beginning())
        .routes(routes!(rest::contacts::list, rest::contacts::create))
        .routes(routes!(rest::contacts::totals))
        .routes(routes!(
            rest::contacts::read,
            rest::contacts::replace,
            rest::contacts::amend,
            rest::contacts::delete
        ))
        .routes(routes!(rest::contacts::restore))
        .split_for_parts();
    let api = api
        .route("/api", any(no_such_path))
        .route("/api/", any(no_such_path))
        .route("/api/{*path}", any(no_such_path))
        .method_not_allowed_fallback(wrong_method);
    let api = middleware::limited(api, RequestClass::Api, &state);

    // Figures, for those who watch them all the time.
    let (figures, of_figures) = OpenApiRouter::new()
        .routes(routes!(rest::metrics::metrics))
        .split_for_parts();
    let figures = figures
        .route("/metrics", get(rest::metrics::prometheus))
        .merge(dashboard::router())
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(middleware::admin::only));
    let figures = middleware::limited(figures, RequestClass::Dashboard, &state);

    // Whoever watches over Kith is never refused, and what does not change costs nothing.
    let (operation, of_operation) = OpenApiRouter::new()
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .split_for_parts();
    let description =
        rest::description::complete([of_api, of_figures], of_operation, &state.config.contacts);
    let operation = operation
        .merge(SwaggerUi::new("/api/docs").external_url_unchecked("/api/openapi.json", description))
        .method_not_allowed_fallback(wrong_method);

    // For the queue, which signs what it delivers, and for its callers, who have a token.
    let webhooks = Router::new()
        .route(welcome::PATH, post(webhooks::welcome_email))
        .route(welcome::FAILURE_PATH, post(webhooks::welcome_failed))
        .route(report::PATH, post(webhooks::daily_report))
        .method_not_allowed_fallback(wrong_method);
    let token = state.config.queue.token.as_ref();
    let token = token.map(|token| token.reveal().to_owned());
    let broker = kith_queue::api::router(kith_queue::api::Options {
        broker: state.queue.broker().clone(),
        token,
        token_setting: "queue.token",
        body_setting: "server.max_body",
    });
    let queue = webhooks
        .merge(broker.layer(from_fn_with_state(state.clone(), admit_caller)))
        .layer(map_response(problem::write_refusal_of_queue));

    // For browsers: pages, and the forms of those that run no JavaScript. `leptos_routes` adds
    // the server functions.
    let options = state.site.leptos.clone();
    let services = state.clone();
    let context = move || {
        services.provide_services();
        middleware::provide_nonce();
    };
    let pages = Router::new()
        .route("/", get(|| async { Redirect::to("/contacts") }))
        .route("/contacts/new", post(forms::create))
        .route("/contacts/{id}/edit", post(forms::update))
        .route(
            "/contacts/{id}/delete",
            post(forms::delete).get(forms::go_back),
        )
        .route(
            "/contacts/{id}/restore",
            post(forms::restore).get(forms::go_back),
        )
        .leptos_routes_with_context(
            &state,
            // The dashboard is drawn by a handler of its own.
            generate_route_list_with_exclusions(app::App, Some(vec!["/dashboard".to_owned()])),
            context,
            move || app::shell(options.clone()),
        )
        .route("/fn/{*path}", any(no_such_path))
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(
            state.clone(),
            middleware::server_fn::say_status,
        ));
    let pages = middleware::limited(pages, RequestClass::Ui, &state);

    // Files are sent freely; the page that says there is no such file is a page.
    let missing = Router::new().fallback_service(
        get(not_found)
            .fallback(wrong_method)
            .with_state(state.clone()),
    );
    let missing = middleware::limited(missing, RequestClass::Ui, &state).with_state(state.clone());
    let files = ServeDir::new(state.site.root())
        .precompressed_br()
        .precompressed_gzip()
        .append_index_html_on_directories(false)
        .call_fallback_on_method_not_allowed(true)
        .fallback(missing.clone());
    let site = Router::new()
        .fallback_service(files)
        .layer(from_fn_with_state(missing, pass_by_files));

    let router = api
        .merge(queue)
        .merge(figures)
        .merge(operation)
        .merge(pages)
        .fallback_service(site)
        .with_state(state.clone());
    middleware::around(router, state)
}

/// Says to the queue whose request it is, unless it is somebody's who is denied. Whoever may call the
/// queue is told by its token and not limited.
async fn admit_caller(
    State(limiter): State<Limiter>,
    mut request: Request<Body>,
    next: Next,
) -> Response {
    if let Some(client) = middleware::client::known(&request) {
        if let Some(refusal) = middleware::limit::denial(&limiter, client) {
            return refusal.into_response();
        }
        request
            .extensions_mut()
            .insert(kith_queue::api::CallerIp(client));
    }
    next.run(request).await
}

/// The longest path of a file of the site. Names that no file can have are no business of the
/// file system, which answers them with an error of its own.
const LONGEST_FILE_PATH: usize = 255;

/// Answers what cannot name a file as what names none.
async fn pass_by_files(
    State(missing): State<Router>,
    request: Request<Body>,
    next: Next,
) -> Response {
    if request.uri().path().len() <= LONGEST_FILE_PATH {
        return send_file(request, next).await;
    }
    missing.oneshot(request).await.into_response()
}

/// Sends a file, or the part of it that is asked for. `ServeDir` refuses every range that it does not
/// understand, so it is given only those that it does.
async fn send_file(mut request: Request<Body>, next: Next) -> Response {
    // Only GET has ranges. What `If-Range` holds against a file is not known here, and the whole is
    // never wrong.
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
    // The end of a file that is shorter is all of it.
    let is_end = matches!(range, ByteRange::Last(1..));
    if is_end && response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        return next.run(Request::from_parts(whole, Body::empty())).await;
    }
    response
}

/// The page for an address that leads nowhere. One that leads somewhere but for a slash at its
/// end is put right.
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

async fn no_such_path() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not-found",
        "There is nothing at this address. /api/docs lists what there is.",
    )
}

async fn wrong_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "wrong-method",
        "This address does not take this method. The Allow header lists those that it takes.",
    )
}
