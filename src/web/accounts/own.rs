//! `/account`: one's own account.

use std::time::Duration;

use axum::extract::FromRef;
use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use serde::Deserialize;

use super::forbid_storing;
use super::go_on;
use super::too_many_attempts;
use super::visitor::Visitor;
use super::with_status;
use crate::model::error::AppError;
use crate::services::accounts::AccountError;
use crate::services::accounts::AccountService;
use crate::services::accounts::ChangePasswordError;
use crate::services::accounts::NewToken;
use crate::services::client::Caller;
use crate::services::client::IdentityId;
use crate::services::client::SessionId;
use crate::services::client::TokenId;
use crate::web::cookies::AccountCookie;
use crate::web::cookies::CookieScope;
use crate::web::middleware::limit::whole_seconds;
use crate::web::page::PageRenderer;
use crate::web::pages::accounts::AccountView;
use crate::web::pages::accounts::AddressView;
use crate::web::pages::accounts::Notice;
use crate::web::pages::accounts::WhatAdmits;
use crate::web::problem::Problem;
use crate::web::query;
use crate::web::rest::extract::FormBody;
use crate::web::rest::extract::PathOf;
use crate::web::state::AppState;

/// In the address of the page: what was done.
const DONE: &str = "done";

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// A request of a person who is signed in, and what answers it.
pub struct Own {
    pub(super) caller: Caller,
    pub(super) scope: CookieScope,
    pub(super) accounts: AccountService,
    pub(super) pages: PageRenderer,
    pub(super) parts: Parts,
}

impl FromRequestParts<AppState> for Own {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let visitor = Visitor::from_request_parts(parts, state).await;
        let visitor = visitor.map_err(Problem::into_response)?;
        let Some(caller) = visitor.caller else {
            // Kith has no account, so everyone who gets here may make the first one.
            return Err(Redirect::to("/set-up").into_response());
        };
        Ok(Self {
            caller,
            scope: visitor.scope,
            accounts: AccountService::from_ref(state),
            pages: PageRenderer::from_ref(state),
            parts: parts.clone(),
        })
    }
}

impl Own {
    /// Draws the page with what came of a form.
    async fn draw(mut self, notice: Option<Notice>, token_name: String) -> Response {
        let Some(account) = self.caller.account().cloned() else {
            return Problem::internal().into_response();
        };
        let (admits, address) = match (
            self.what_admits().await,
            self.accounts.address(&self.caller).await,
        ) {
            (Ok(admits), Ok(address)) => (admits, address),
            (Err(error), _) | (_, Err(error)) => return AppError::from(error).into_response(),
        };
        let view = AccountView {
            name: account.name,
            role: account.role,
            provider: self.accounts.provider_label().map(str::to_owned),
            passkey_host: self.accounts.passkey_host().map(str::to_owned),
            admits,
            books: self.caller.books().to_vec(),
            address: AddressView {
                address,
                sends_mail: self.accounts.sends_mail(),
            },
            notice,
            token_name,
        };
        self.parts.uri = Uri::from_static("/account");
        let mut response = self.pages.render_view(self.parts, view).await;
        forbid_storing(&mut response);
        response
    }

    async fn what_admits(&self) -> Result<WhatAdmits, AccountError> {
        let (accounts, caller) = (&self.accounts, &self.caller);
        Ok(WhatAdmits {
            has_password: accounts.has_password(caller).await?,
            sessions: accounts.sessions(caller).await?,
            identities: accounts.identities(caller).await?,
            passkeys: accounts.passkeys(caller).await?,
            tokens: accounts.tokens(caller).await?,
        })
    }

    /// Leads to the page, which says what was done.
    pub(super) fn done(what: &str) -> Response {
        Redirect::to(&format!("/account?{DONE}={what}")).into_response()
    }

    /// The answer to a form that removes a way to sign in.
    pub(super) async fn removed(self, removed: Result<(), AccountError>, what: &str) -> Response {
        match removed {
            Ok(()) => Self::done(what),
            Err(error @ AccountError::LastWay) => {
                let notice = Notice::WayRefused(error.to_string());
                self.refuse(notice, String::new()).await
            }
            Err(error) => refusal(error),
        }
    }

    /// Shows the page with the reason why a form was refused.
    pub(super) async fn refuse(self, notice: Notice, token_name: String) -> Response {
        with_status(
            self.draw(Some(notice), token_name).await,
            StatusCode::UNPROCESSABLE_ENTITY,
        )
    }
}

pub async fn show(own: Own) -> Response {
    let done = query::parameter(&own.parts.uri, DONE);
    let notice = done.and_then(|what| match &*what {
        "password" => Some(Notice::PasswordChanged),
        "session" => Some(Notice::SessionEnded),
        "token" => Some(Notice::TokenRevoked),
        "linked" => Some(Notice::IdentityLinked),
        "unlinked" => Some(Notice::IdentityUnlinked),
        "passkey" => Some(Notice::PasskeyAdded),
        "passkey-removed" => Some(Notice::PasskeyRemoved),
        "address-sent" => Some(Notice::AddressSent),
        "address-removed" => Some(Notice::AddressRemoved),
        _ => None,
    });
    own.draw(notice, String::new()).await
}

/// Redirects a reload of the address of an action to the page.
pub async fn go_back() -> Redirect {
    Redirect::to("/account")
}

/// Ends the session. The browser forgets the pages that it has kept.
pub async fn sign_out(own: Own) -> Response {
    if let Err(error) = own.accounts.sign_out(&own.caller).await {
        return AppError::from(error).into_response();
    }
    let mut response = Redirect::to("/sign-in").into_response();
    let headers = response.headers_mut();
    if let Some(cookie) = own.scope.remove(AccountCookie::Session) {
        headers.append(header::SET_COOKIE, cookie);
    }
    headers.insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\""));
    forbid_storing(&mut response);
    response
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct PasswordForm {
    current: String,
    new: String,
}

pub async fn change_password(own: Own, FormBody(form): FormBody<PasswordForm>) -> Response {
    let changed = own
        .accounts
        .change_password(&own.caller, &form.current, &form.new)
        .await;
    let problem = match changed {
        Ok(session) => return go_on(own.scope, &session, &format!("/account?{DONE}=password")),
        Err(ChangePasswordError::Unavailable(_)) => return AppError::Unavailable.into_response(),
        Err(ChangePasswordError::TooMany { retry_after }) => {
            too_many_attempts(whole_seconds(retry_after))
        }
        Err(other) => other.to_string(),
    };
    own.refuse(Notice::PasswordRefused(problem), String::new())
        .await
}

pub async fn end_session(own: Own, PathOf(id): PathOf<SessionId>) -> Response {
    match own.accounts.end_session(&own.caller, id).await {
        Ok(()) => Own::done("session"),
        Err(error) => refusal(error),
    }
}

pub async fn end_other_sessions(own: Own) -> Response {
    match own.accounts.end_other_sessions(&own.caller).await {
        Ok(_) => Own::done("session"),
        Err(error) => refusal(error),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct TokenForm {
    name: String,
    scope: String,
    /// Empty for a token that does not expire.
    days: String,
    /// The id of the one address book; empty for all.
    book: String,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The most days that a token can be valid for.
const MAX_DAYS: u32 = 3660;

impl TokenForm {
    fn parse(&self) -> Result<NewToken<'_>, AccountError> {
        let days = match self.days.trim() {
            "" => None,
            days => Some(
                days.parse::<u32>()
                    .ok()
                    .filter(|days| (1..=MAX_DAYS).contains(days)),
            ),
        };
        let expires_in = match days {
            None => None,
            Some(Some(days)) => Some(DAY * days),
            Some(None) => return Err(AccountError::Expiry(MAX_DAYS)),
        };
        Ok(NewToken {
            name: &self.name,
            scope: self.scope.parse().map_err(|_| AccountError::Scope)?,
            book: match self.book.as_str() {
                "" => None,
                book => Some(book.parse().map_err(|_| AccountError::NoBook)?),
            },
            expires_in,
        })
    }
}

/// Makes a token. The response shows it, and it is shown nowhere else.
pub async fn create_token(own: Own, FormBody(form): FormBody<TokenForm>) -> Response {
    let made = match form.parse() {
        Ok(token) => own.accounts.create_token(&own.caller, token).await,
        Err(error) => Err(error),
    };
    match made {
        Ok((token, _)) => {
            own.draw(Some(Notice::TokenMade(token)), String::new())
                .await
        }
        Err(AccountError::Unavailable(_)) => AppError::Unavailable.into_response(),
        Err(refused) => {
            let notice = Notice::TokenRefused(refused.to_string());
            own.refuse(notice, form.name.clone()).await
        }
    }
}

pub async fn revoke_token(own: Own, PathOf(id): PathOf<TokenId>) -> Response {
    match own.accounts.revoke_token(&own.caller, id).await {
        Ok(()) => Own::done("token"),
        Err(error) => refusal(error),
    }
}

pub async fn unlink_identity(own: Own, PathOf(id): PathOf<IdentityId>) -> Response {
    let unlinked = own.accounts.unlink(&own.caller, id).await;
    own.removed(unlinked, "unlinked").await
}

/// The answer to a form that names something that is not there any more.
pub(super) fn refusal(error: AccountError) -> Response {
    match error {
        AccountError::Unavailable(_) => AppError::Unavailable.into_response(),
        // Another tab has done it before.
        _ => Redirect::to("/account").into_response(),
    }
}
