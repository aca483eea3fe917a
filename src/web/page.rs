//! [`PageRenderer`]: draws a page as the answer to something other than a visit to it.

use axum::body::Body;
use axum::extract::FromRef;
use axum::http::Request;
use axum::http::request::Parts;
use axum::response::Response;
use leptos::prelude::provide_context;

use crate::web::app;
use crate::web::middleware;
use crate::web::state::AppState;

/// Draws pages. Cheap to clone.
#[derive(Clone)]
pub struct PageRenderer(AppState);

impl FromRef<AppState> for PageRenderer {
    fn from_ref(state: &AppState) -> Self {
        Self(state.clone())
    }
}

impl PageRenderer {
    /// Draws the page that stands at the address of `request`. `provide` adds to what the page finds in its
    /// context.
    pub async fn render(
        self,
        request: Request<Body>,
        provide: impl Fn() + Clone + Send + Sync + 'static,
    ) -> Response {
        let Self(state) = self;
        let site = state.site.clone();
        let context = move || {
            state.provide_services();
            middleware::remove_nonce();
            provide();
        };
        let shell = move || app::shell(site.clone());
        let render = leptos_axum::render_app_async_with_context(context, shell);
        render(request).await
    }

    /// Draws the page at the address of `parts`, which finds `view` in its context.
    pub async fn render_view<V: Clone + Send + Sync + 'static>(
        self,
        parts: Parts,
        view: V,
    ) -> Response {
        let request = Request::from_parts(parts, Body::empty());
        let provide = move || provide_context(view.clone());
        self.render(request, provide).await
    }
}
