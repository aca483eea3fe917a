//! `/sign-in`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use serde::Deserialize;

use super::NextPage;
use super::enter;
use super::next_page;
use super::too_many_attempts;
use super::visit;
use super::with_retry_after;
use super::with_status;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::accounts::AccountService;
use crate::services::accounts::SignIn;
use crate::services::accounts::SignInError;
use crate::services::accounts::Unavailable;
use crate::web::accounts::visitor::Visitor;
use crate::web::middleware::limit::whole_seconds;
use crate::web::page::PageRenderer;
use crate::web::pages::accounts::SignInView;
use crate::web::query;
use crate::web::rest::extract::FormBody;

/// When a client that found Kith busy with passwords may come back.
const BUSY_SECONDS: u32 = 5;

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub struct Form {
    name: String,
    password: String,
    next: String,
}

/// The page. A browser that is signed in is led on.
pub async fn show(
    State(accounts): State<AccountService>,
    State(pages): State<PageRenderer>,
    visitor: Visitor,
    parts: Parts,
) -> Response {
    let named = query::parameter(&parts.uri, next_page::PARAMETER);
    let next = named.map_or_else(NextPage::default, |page| NextPage::parse(&page));
    if visitor.caller.is_some() {
        return Redirect::to(next.as_str()).into_response();
    }
    match accounts.has_accounts().await {
        // There is nothing to sign in to.
        Ok(false) => return Redirect::to(next.as_str()).into_response(),
        Ok(true) => {}
        Err(_) => return AppError::Unavailable.into_response(),
    }
    let view = SignInView {
        next: next.as_str().to_owned(),
        ..SignInView::of(&accounts)
    };
    pages.render_view(parts, view).await
}

/// Redirects a reload of the address of an action to the page.
pub async fn go_back() -> Redirect {
    Redirect::to("/sign-in")
}

pub async fn sign_in(
    State(accounts): State<AccountService>,
    State(pages): State<PageRenderer>,
    visitor: Visitor,
    parts: Parts,
    FormBody(form): FormBody<Form>,
) -> Response {
    let next = NextPage::parse(&form.next);
    let visit = visit(&visitor, &parts);
    let signed_in = accounts.sign_in(SignIn {
        name: &form.name,
        password: &form.password,
        browser: visit.browser,
        session: visit.session,
        client: visit.client,
        user_agent: visit.user_agent,
    });
    let error = match signed_in.await {
        Ok(signed_in) => return enter(visitor.scope, &signed_in, next.as_str()),
        Err(error) => error,
    };
    let problem = match &error {
        SignInError::Wrong => {
            t!("The name or the password is wrong. Check both, and try again.").to_owned()
        }
        SignInError::TooMany { retry_after } => too_many_attempts(whole_seconds(*retry_after)),
        SignInError::Unavailable(Unavailable::Busy) => {
            t!("Too many people are signing in at the moment. Try again in a few seconds.")
                .to_owned()
        }
        SignInError::Unavailable(Unavailable::Database) => {
            return AppError::Unavailable.into_response();
        }
    };
    let view = SignInView {
        name: form.name,
        next: next.as_str().to_owned(),
        problem: Some(problem),
        ..SignInView::of(&accounts)
    };
    let page = pages.render_view(parts, view).await;
    match error {
        SignInError::TooMany { retry_after } => with_retry_after(
            with_status(page, StatusCode::TOO_MANY_REQUESTS),
            whole_seconds(retry_after),
        ),
        SignInError::Unavailable(_) => with_retry_after(
            with_status(page, StatusCode::SERVICE_UNAVAILABLE),
            BUSY_SECONDS,
        ),
        SignInError::Wrong => with_status(page, StatusCode::UNPROCESSABLE_ENTITY),
    }
}
