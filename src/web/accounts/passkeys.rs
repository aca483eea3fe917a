//! Signing in with a passkey, and adding and removing one. `passkeys.js` asks the browser; the forms are as all others.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;

use super::NextPage;
use super::enter;
use super::forbid_storing;
use super::own::Own;
use super::visit;
use super::visitor::Visitor;
use super::with_status;
use crate::model::error::AppError;
use crate::services::accounts::AccountService;
use crate::services::accounts::Challenge;
use crate::services::accounts::NewPasskey;
use crate::services::accounts::PasskeyError;
use crate::services::accounts::WithPasskey;
use crate::services::client::PasskeyId;
use crate::web::cookies::AccountCookie;
use crate::web::cookies::CookieScope;
use crate::web::page::PageRenderer;
use crate::web::pages::accounts::Notice;
use crate::web::pages::accounts::SignInView;
use crate::web::rest::extract::FormBody;
use crate::web::rest::extract::PathOf;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct SignInForm {
    credential: String,
    next: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct NewForm {
    name: String,
    credential: String,
}

/// What a browser needs to ask its owner for a passkey.
pub async fn sign_in_options(State(accounts): State<AccountService>, visitor: Visitor) -> Response {
    answer(visitor.scope, accounts.begin_with_passkey().await)
}

pub async fn sign_in(
    State(accounts): State<AccountService>,
    State(pages): State<PageRenderer>,
    visitor: Visitor,
    mut parts: Parts,
    FormBody(form): FormBody<SignInForm>,
) -> Response {
    let next = NextPage::parse(&form.next);
    let scope = visitor.scope;
    let signed_in = accounts.sign_in_with_passkey(WithPasskey {
        secret: scope.read(&parts.headers, AccountCookie::PendingSignIn),
        credential: &form.credential,
        visit: visit(&visitor, &parts),
    });
    match signed_in.await {
        Ok(signed_in) => done(scope, enter(scope, &signed_in, next.as_str())),
        Err(PasskeyError::Unavailable(_)) => AppError::Unavailable.into_response(),
        Err(error) => {
            let view = SignInView {
                next: next.as_str().to_owned(),
                problem: Some(error.to_string()),
                ..SignInView::of(&accounts)
            };
            parts.uri = Uri::from_static("/sign-in");
            with_status(
                pages.render_view(parts, view).await,
                StatusCode::UNPROCESSABLE_ENTITY,
            )
        }
    }
}

/// What a browser needs to make a passkey.
pub async fn new_options(own: Own) -> Response {
    answer(own.scope, own.accounts.begin_passkey(&own.caller).await)
}

pub async fn add(own: Own, FormBody(form): FormBody<NewForm>) -> Response {
    let scope = own.scope;
    let new = NewPasskey {
        name: &form.name,
        secret: scope.read(&own.parts.headers, AccountCookie::PendingSignIn),
        credential: &form.credential,
    };
    match own.accounts.add_passkey(&own.caller, new).await {
        Ok(()) => done(scope, Own::done("passkey")),
        Err(PasskeyError::Unavailable(_)) => AppError::Unavailable.into_response(),
        Err(error) => {
            let notice = Notice::WayRefused(error.to_string());
            own.refuse(notice, String::new()).await
        }
    }
}

pub async fn remove(own: Own, PathOf(id): PathOf<PasskeyId>) -> Response {
    let removed = own.accounts.remove_passkey(&own.caller, id).await;
    own.removed(removed, "passkey-removed").await
}

/// The first step, and the cookie for the second one.
fn answer(scope: CookieScope, challenge: Result<Challenge, PasskeyError>) -> Response {
    let challenge = match challenge {
        Ok(challenge) => challenge,
        Err(PasskeyError::Unavailable(_)) => return AppError::Unavailable.into_response(),
        Err(error) => return AppError::bad_request(error.to_string()).into_response(),
    };
    let mut response = Json(challenge.options).into_response();
    if let Some(cookie) = scope.set(AccountCookie::PendingSignIn, &challenge.secret) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    forbid_storing(&mut response);
    response
}

/// The secret is used up.
fn done(scope: CookieScope, mut response: Response) -> Response {
    if let Some(cookie) = scope.remove(AccountCookie::PendingSignIn) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
