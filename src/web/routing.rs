//! Routes, as [`axum::routing`] makes them, to handlers of one type.
//!
//! Axum makes its layers for each type of handler anew, and each function is a type of its own. The compiler asks for each
//! layer whether the whole future of the function is [`Send`]. Behind a pointer there is one type of handler.

use std::pin::Pin;
use std::sync::Arc;

use axum::extract::Request;
use axum::handler::Handler;
use axum::response::Response;
use axum::routing;
use axum::routing::MethodRouter;

use crate::web::state::AppState;

/// What answers a request, later.
type Answer = Pin<Box<dyn Future<Output = Response> + Send>>;

/// A function that answers requests, behind a pointer.
#[derive(Clone)]
struct AnyHandler(Arc<dyn Fn(Request, AppState) -> Answer + Send + Sync>);

impl AnyHandler {
    fn new<T>(handler: impl Handler<T, AppState, Future = Answer>) -> Self {
        Self(Arc::new(move |request, state| {
            handler.clone().call(request, state)
        }))
    }
}

impl Handler<(), AppState> for AnyHandler {
    type Future = Answer;

    fn call(self, request: Request, state: AppState) -> Answer {
        (self.0)(request, state)
    }
}

/// Answers `GET` and `HEAD`.
pub fn get<T>(handler: impl Handler<T, AppState, Future = Answer>) -> MethodRouter<AppState> {
    routing::get(AnyHandler::new(handler))
}

/// Answers `POST`.
pub fn post<T>(handler: impl Handler<T, AppState, Future = Answer>) -> MethodRouter<AppState> {
    routing::post(AnyHandler::new(handler))
}

/// Answers every method.
pub fn any<T>(handler: impl Handler<T, AppState, Future = Answer>) -> MethodRouter<AppState> {
    routing::any(AnyHandler::new(handler))
}
