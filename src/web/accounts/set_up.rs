//! `/set-up`: the first account. While Kith has none, only clients on this machine reach it.

use std::io;
use std::io::Write;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use serde::Deserialize;

use super::enter;
use super::user_agent;
use super::with_status;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::accounts::AccountService;
use crate::services::accounts::SetUp;
use crate::services::accounts::SetUpError;
use crate::web::accounts::visitor::Visitor;
use crate::web::page::PageRenderer;
use crate::web::pages::accounts::SetUpView;
use crate::web::problem::Problem;
use crate::web::rest::extract::FormBody;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    code: String,
    name: String,
    password: String,
}

pub async fn show(
    State(accounts): State<AccountService>,
    State(pages): State<PageRenderer>,
    parts: Parts,
) -> Response {
    match accounts.has_accounts().await {
        Ok(true) => Redirect::to("/sign-in").into_response(),
        Ok(false) => draw(pages, parts, SetUpView::default()).await,
        Err(_) => AppError::Unavailable.into_response(),
    }
}

/// Redirects a reload of the address of an action to the page.
pub async fn go_back() -> Redirect {
    Redirect::to("/set-up")
}

/// Prints a code where the server was started, for clients on this machine. A service manager may keep what a server
/// prints, so a code is valid for an hour and once.
pub async fn print_code(
    State(accounts): State<AccountService>,
    State(pages): State<PageRenderer>,
    visitor: Visitor,
    parts: Parts,
) -> Response {
    match accounts.has_accounts().await {
        Ok(true) => return Redirect::to("/sign-in").into_response(),
        Ok(false) => {}
        Err(_) => return AppError::Unavailable.into_response(),
    }
    if !visitor.is_local {
        return Problem::new(
            StatusCode::FORBIDDEN,
            "not-local",
            t!("Only people on the machine that Kith runs on have a code printed."),
        )
        .into_response();
    }
    match accounts.issue_setup_code().await {
        Ok(code) => {
            // Without an output, no code is seen, and none can be used.
            let _ = writeln!(io::stderr(), "kith: the code for /set-up is {code}");
            let view = SetUpView {
                printed: true,
                ..SetUpView::default()
            };
            draw(pages, parts, view).await
        }
        Err(error) => refused(error),
    }
}

pub async fn set_up(
    State(accounts): State<AccountService>,
    State(pages): State<PageRenderer>,
    visitor: Visitor,
    parts: Parts,
    FormBody(form): FormBody<Form>,
) -> Response {
    let made = accounts.set_up(SetUp {
        code: &form.code,
        name: &form.name,
        password: &form.password,
        client: visitor.client,
        user_agent: user_agent(&parts),
    });
    let error = match made.await {
        Ok(signed_in) => return enter(visitor.scope, &signed_in, "/account"),
        Err(error) => error,
    };
    let problem = match &error {
        SetUpError::HasAccounts | SetUpError::Unavailable(_) => return refused(error),
        other => other.to_string(),
    };
    let view = SetUpView {
        name: form.name,
        code: form.code,
        printed: false,
        problem: Some(problem),
    };
    with_status(
        draw(pages, parts, view).await,
        StatusCode::UNPROCESSABLE_ENTITY,
    )
}

/// The answer where no account can be made here.
fn refused(error: SetUpError) -> Response {
    match error {
        SetUpError::Unavailable(_) => AppError::Unavailable.into_response(),
        _ => Redirect::to("/sign-in").into_response(),
    }
}

async fn draw(pages: PageRenderer, mut parts: Parts, view: SetUpView) -> Response {
    parts.uri = Uri::from_static("/set-up");
    pages.render_view(parts, view).await
}
