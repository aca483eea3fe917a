//! The one list of routes, by audience. Tests and `main` serve the same router.

mod site_files;

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::middleware::from_fn;
use axum::middleware::from_fn_with_state;
use axum::middleware::map_response;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use kith_limit::Limiter;
use leptos_axum::LeptosRoutes;
use leptos_axum::generate_route_list_with_exclusions;
use tower::Service;
use tower::layer::layer_fn;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use crate::model::language::t;
use crate::services::policies::RequestClass;
use crate::web::accounts;
use crate::web::app;
use crate::web::birthdays;
use crate::web::calendar;
use crate::web::dashboard;
use crate::web::forms;
use crate::web::health;
use crate::web::history;
use crate::web::imports;
use crate::web::labels;
use crate::web::language;
use crate::web::list_view;
use crate::web::live;
use crate::web::middleware;
use crate::web::middleware::Access;
use crate::web::middleware::page_cache::CachedPages;
use crate::web::middleware::page_cache::PageCache;
use crate::web::photos;
use crate::web::problem;
use crate::web::problem::Problem;
use crate::web::rest;
use crate::web::routing::any;
use crate::web::routing::get;
use crate::web::routing::post;
use crate::web::searches;
use crate::web::security_txt;
use crate::web::state::AppState;
use crate::web::trash;
use crate::web::vcards;

/// Everything that Kith answers, with the middleware around it.
pub fn build(
    state: AppState,
) -> impl Service<Request<Body>, Response = Response, Error = Infallible, Future: Send>
+ Clone
+ Send
+ 'static {
    middleware::around(routes(&state), state)
}

/// All routes. Each stands in a layer that lets its callers in: [`middleware::limited`] or [`middleware::unlimited`].
fn routes(state: &AppState) -> Router {
    let (api, of_api) = api_routes(state);
    let (admin, of_admin) = admin_routes(state);
    api.merge(admin)
        .merge(operations_routes(state, [of_api, of_admin]))
        .merge(queue_routes(state))
        .merge(page_routes(state))
        .merge(calendar_routes(state))
        .merge(live_routes(state))
        .merge(picture_routes(state))
        .merge(account_routes(state))
        .fallback_service(site_files::service(state))
        .with_state(state.clone())
}

/// The REST API, for programs. The description is gathered from the routes themselves.
fn api_routes(state: &AppState) -> (Router<AppState>, OpenApi) {
    let (routes, description) = OpenApiRouter::with_openapi(rest::description::beginning())
        .routes(routes!(rest::contacts::list, rest::contacts::create))
        .routes(routes!(rest::contacts::totals))
        .routes(routes!(
            rest::contacts::read,
            rest::contacts::update,
            rest::contacts::patch,
            rest::contacts::delete
        ))
        .routes(routes!(rest::contacts::restore))
        .routes(routes!(rest::versions::list))
        .routes(routes!(rest::versions::read))
        .routes(routes!(rest::versions::restore))
        .routes(routes!(
            rest::photos::read,
            rest::photos::update,
            rest::photos::remove
        ))
        .routes(routes!(rest::trash::list, rest::trash::empty))
        .routes(routes!(rest::trash::erase))
        .routes(routes!(rest::imports::begin))
        .routes(routes!(rest::imports::read, rest::imports::undo))
        .routes(routes!(rest::imports::broken))
        .routes(routes!(rest::labels::list, rest::labels::add))
        .routes(routes!(rest::labels::patch, rest::labels::remove))
        .routes(routes!(rest::birthdays::list))
        .routes(routes!(rest::books::list))
        .routes(routes!(rest::books::move_contact))
        .split_for_parts();
    let routes = routes
        .route("/api", any(no_such_path))
        .route("/api/", any(no_such_path))
        .route("/api/{*path}", any(no_such_path))
        .method_not_allowed_fallback(wrong_method);
    let routes = middleware::limited(routes, RequestClass::Api, Access::Programs, state);
    (routes, description)
}

/// The dashboard and the metrics, for admins and their monitoring.
fn admin_routes(state: &AppState) -> (Router<AppState>, OpenApi) {
    let (routes, description) = OpenApiRouter::new()
        .routes(routes!(rest::metrics::metrics))
        .routes(routes!(rest::audit::audit_log))
        .split_for_parts();
    let routes = routes
        .route("/metrics", get(rest::metrics::prometheus))
        .merge(dashboard::router())
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(middleware::admin::only));
    let routes = middleware::limited(routes, RequestClass::Dashboard, Access::Programs, state);
    (routes, description)
}

/// Health, which is not limited, because monitoring must never be refused; and the description of the API. `limited`
/// describes the routes of the API and of the metrics.
fn operations_routes(state: &AppState, limited: [OpenApi; 2]) -> Router<AppState> {
    let (health, free) = OpenApiRouter::new()
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .split_for_parts();
    let description = rest::description::complete(limited, free, &state.config.contacts);
    let docs = SwaggerUi::new("/api/docs");
    let docs = Router::from(docs.external_url_unchecked("/api/openapi.json", description))
        .method_not_allowed_fallback(wrong_method);
    let docs = middleware::limited(docs, RequestClass::Ui, Access::Programs, state);
    middleware::unlimited(health.method_not_allowed_fallback(wrong_method)).merge(docs)
}

/// Webhooks, for the queue, which signs what it delivers; and the API of the queue, for clients with its
/// token.
fn queue_routes(state: &AppState) -> Router<AppState> {
    let webhooks = state
        .jobs
        .router()
        .method_not_allowed_fallback(wrong_method);
    let token = state.config.queue.token.as_ref();
    let token = token.map(|token| token.reveal().to_owned());
    let api = kith_queue::api::router(kith_queue::api::Options {
        broker: state.queue.broker().clone(),
        token,
        token_setting: "queue.token",
        body_setting: "server.max_body",
    });
    let routes = webhooks
        .merge(api.layer(from_fn_with_state(state.clone(), name_caller)))
        .layer(map_response(problem::write_refusal_of_queue));
    middleware::unlimited(routes)
}

/// Pages and server functions, for browsers, and forms, for browsers without JavaScript.
fn page_routes(state: &AppState) -> Router<AppState> {
    let pages = PageCache::new(state);
    let site = state.site.clone();
    let services = state.clone();
    let context = move || {
        services.provide_services();
        middleware::remove_nonce();
    };
    let routes = Router::new()
        .route("/", get(|| async { Redirect::to("/contacts") }))
        .route("/contacts/new", post(forms::create))
        .route("/contacts/{id}/edit", post(forms::update))
        .route(
            "/contacts/{id}/delete",
            post(forms::delete).merge(get(forms::go_back)),
        )
        .route(
            "/contacts/{id}/move",
            get(forms::show_move).merge(post(forms::move_contact)),
        )
        .route("/contacts/{id}/history", get(history::show))
        .route(
            "/contacts/{id}/history/{version}",
            get(history::show_version).merge(post(history::restore)),
        )
        .route(
            "/contacts/{id}/photo",
            get(photos::show).merge(post(photos::upload)),
        )
        .route(
            "/contacts/{id}/photo/remove",
            get(photos::show_remove).merge(post(photos::remove)),
        )
        .route(
            "/contacts/{id}/favourite",
            post(forms::set_favourite).merge(get(forms::go_back)),
        )
        .route("/contacts/export.vcf", get(vcards::all))
        .route("/contacts/{id}/card.vcf", get(vcards::one))
        .route(
            "/contacts/{id}/restore",
            post(forms::restore).merge(get(forms::go_back)),
        )
        .merge(import_routes())
        .merge(label_routes())
        .merge(list_routes())
        .merge(birthday_routes())
        .merge(trash_routes())
        // This adds the server functions as well.
        .leptos_routes_with_context(
            state,
            generate_route_list_with_exclusions(app::App, Some(drawn_by_handlers())),
            context,
            move || app::shell(site.clone()),
        )
        .route("/fn/{*path}", any(no_such_path))
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(
            state.clone(),
            middleware::server_fn::set_error_status,
        ))
        // A cached page passes no layer below.
        .layer(layer_fn(move |inner| {
            CachedPages::new(pages.clone(), inner)
        }));
    middleware::limited(routes, RequestClass::Ui, Access::SignedIn, state)
}

/// The pages of files that become contacts.
fn import_routes() -> Router<AppState> {
    Router::new()
        .route("/import", get(imports::show).merge(post(imports::send)))
        .route("/imports/{id}", get(imports::show_one))
        .route("/imports/{id}/broken.vcf", get(imports::broken))
        .route("/imports/{id}/cancel", post(imports::cancel))
        .route(
            "/imports/{id}/undo",
            get(imports::show_undo).merge(post(imports::undo)),
        )
}

/// The pages of labels.
fn label_routes() -> Router<AppState> {
    Router::new()
        .route("/labels", get(labels::show).merge(post(labels::add)))
        .route(
            "/labels/{id}",
            get(labels::show_one).merge(post(labels::change)),
        )
        .route(
            "/labels/{id}/merge",
            post(labels::merge).merge(get(labels::go_back)),
        )
        .route(
            "/labels/{id}/remove",
            post(labels::remove).merge(get(labels::go_back)),
        )
        .route(
            "/labels/changes/{id}/undo",
            post(labels::undo).merge(get(labels::go_back)),
        )
}

/// The forms beside a list: searches that are kept, how the list looks, and how its contacts are used.
fn list_routes() -> Router<AppState> {
    Router::new()
        .route(
            "/searches",
            post(searches::keep).merge(get(searches::go_back)),
        )
        .route(
            "/searches/forget",
            post(searches::forget).merge(get(searches::go_back)),
        )
        .route(
            "/list-view",
            post(list_view::choose).merge(get(list_view::go_back)),
        )
        .route("/contacts/{id}/uses", post(forms::record_use))
}

/// The pages of what is deleted for ever. Leptos draws the trash itself.
fn trash_routes() -> Router<AppState> {
    Router::new()
        .route(
            "/trash/empty",
            get(trash::show_empty).merge(post(trash::empty)),
        )
        .route("/trash/{id}", get(trash::show))
        .route(
            "/trash/{id}/delete",
            get(trash::show_erase).merge(post(trash::erase)),
        )
}

/// The page of birthdays, and the forms of its feed.
fn birthday_routes() -> Router<AppState> {
    Router::new()
        .route("/birthdays", get(birthdays::show))
        .route(
            "/birthdays/feed",
            post(birthdays::make_feed).merge(get(birthdays::go_back)),
        )
        .route(
            "/birthdays/feed/revoke",
            post(birthdays::revoke_feed).merge(get(birthdays::go_back)),
        )
        .route(
            "/birthdays/mail",
            post(birthdays::set_mails).merge(get(birthdays::go_back)),
        )
}

/// The addresses of pages that handlers of their own draw.
fn drawn_by_handlers() -> Vec<String> {
    [
        "/dashboard",
        "/dashboard/audit",
        "/sign-in",
        "/sign-in/provider",
        "/set-up",
        "/account",
        "/account/activity",
        "/accounts",
        "/birthdays",
        "/books",
        "/contacts/{id}/history",
        "/contacts/{id}/history/{version}",
        "/contacts/{id}/move",
        "/import",
        "/imports/{id}",
        "/imports/{id}/undo",
        "/contacts/{id}/photo",
        "/contacts/{id}/photo/remove",
        "/labels",
        "/labels/{id}",
        "/labels/{id}/{action}",
        "/labels/changes/{id}/undo",
        "/language",
        "/trash/empty",
        "/trash/{id}",
        "/trash/{id}/delete",
        "/link",
        "/reset",
    ]
    .map(str::to_owned)
    .into()
}

/// The sign-in, the first account and links, which everyone reaches, one's own account, and all accounts for admins.
fn account_routes(state: &AppState) -> Router<AppState> {
    let own = accounts::own_routes().method_not_allowed_fallback(wrong_method);
    let open = accounts::open_routes().route(security_txt::PATH, get(security_txt::show));
    let open = open
        .route(
            "/language",
            get(language::show).merge(post(language::choose)),
        )
        .method_not_allowed_fallback(wrong_method);
    let own = middleware::limited(own, RequestClass::Ui, Access::SignedIn, state);
    let managing = accounts::management_routes()
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(middleware::admin::only));
    let managing = middleware::limited(managing, RequestClass::Ui, Access::SignedIn, state);
    own.merge(managing).merge(middleware::limited(
        open,
        RequestClass::Ui,
        Access::Open,
        state,
    ))
}

/// Dates for programs of calendars, which show nothing but the secret in the address.
fn calendar_routes(state: &AppState) -> Router<AppState> {
    let routes = Router::new()
        .route("/calendar/{file}", get(calendar::read))
        .method_not_allowed_fallback(wrong_method);
    middleware::limited(routes, RequestClass::Calendar, Access::Open, state)
}

/// News for pages that are open.
fn live_routes(state: &AppState) -> Router<AppState> {
    let routes = Router::new()
        .route("/live", get(live::events))
        .method_not_allowed_fallback(wrong_method);
    middleware::limited(routes, RequestClass::Ui, Access::SignedIn, state)
}

/// The pictures of contacts. A page of a list shows tens of them, so only refused requests are charged. What it takes to
/// make one is bounded in another way.
fn picture_routes(state: &AppState) -> Router<AppState> {
    let routes = Router::new()
        .route("/contacts/{id}/photo/{name}", get(photos::picture))
        .method_not_allowed_fallback(wrong_method);
    middleware::admitted(routes, RequestClass::Ui, Access::SignedIn, state)
}

/// Tells the API of the queue the address of the caller, and refuses callers of the deny list. The token
/// decides who may call, so callers are not limited.
async fn name_caller(
    State(limiter): State<Limiter>,
    mut request: Request<Body>,
    next: Next,
) -> Response {
    if let Some(client) = middleware::client::address_of(&request) {
        if let Some(refusal) = middleware::limit::denial(&limiter, client) {
            return refusal.into_response();
        }
        request
            .extensions_mut()
            .insert(kith_queue::api::CallerIp(client));
    }
    next.run(request).await
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
        t!("This address does not take this method. The Allow header lists those that it takes."),
    )
}

#[cfg(test)]
mod tests;
