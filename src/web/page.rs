//! Drawing a page as the answer to something other than a visit to it.

use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use leptos::prelude::provide_context;

use crate::web::app;
use crate::web::middleware;
use crate::web::state::AppState;

/// Provides what server functions and the parts of a page take from their context without the state
/// around it.
pub fn provide_parts(state: &AppState) {
    provide_context(state.contacts.clone());
    middleware::provide_nonce();
}

/// Draws the page that stands at the address of `request`. `provide` adds to what the page finds
/// in its context.
pub async fn draw(
    state: AppState,
    request: Request<Body>,
    provide: impl Fn() + Clone + Send + Sync + 'static,
) -> Response {
    let options = state.site.leptos.clone();
    let context = move || {
        provide_context(state.clone());
        provide_parts(&state);
        provide();
    };
    let render =
        leptos_axum::render_app_async_with_context(context, move || app::shell(options.clone()));
    render(request).await
}
