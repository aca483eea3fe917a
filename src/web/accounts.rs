//! The routes of accounts: the sign-in, the first account, links, one's own account, and all accounts for admins. All of
//! them are forms, which work without JavaScript; only a passkey needs a script, which asks the browser for it.

mod activity;
mod address;
mod books;
mod link;
mod management;
mod next_page;
mod own;
mod passkeys;
mod provider;
mod reset;
mod set_up;
mod sign_in;
mod visitor;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;

use self::visitor::Visitor;
use crate::model::language::t;
use crate::services::accounts::SignedIn;
use crate::services::accounts::Visit;
use crate::services::format;
use crate::web::cookies::AccountCookie;
use crate::web::cookies::CookieScope;
use crate::web::routing::get;
use crate::web::routing::post;
use crate::web::state::AppState;

pub use self::next_page::NextPage;

/// What everyone reaches.
pub fn open_routes() -> Router<AppState> {
    Router::new()
        .route("/sign-in", get(sign_in::show).merge(post(sign_in::sign_in)))
        .route(
            "/sign-in/provider",
            get(sign_in::go_back).merge(post(provider::depart)),
        )
        .route("/sign-in/callback", get(provider::arrive))
        .route(
            "/sign-in/passkey",
            get(sign_in::go_back).merge(post(passkeys::sign_in)),
        )
        .route("/sign-in/passkey/options", post(passkeys::sign_in_options))
        .route("/set-up", get(set_up::show).merge(post(set_up::set_up)))
        .route(
            "/set-up/code",
            get(set_up::go_back).merge(post(set_up::print_code)),
        )
        .route("/link", get(link::show).merge(post(link::submit)))
        .route("/link/{token}", get(link::open))
        .route("/reset", get(reset::show).merge(post(reset::request)))
}

/// What people who are signed in reach.
pub fn own_routes() -> Router<AppState> {
    let back = get(own::go_back);
    Router::new()
        .route("/sign-out", post(own::sign_out))
        .route("/account", get(own::show))
        .route(
            "/account/password",
            back.clone().merge(post(own::change_password)),
        )
        .route(
            "/account/sessions/end-others",
            back.clone().merge(post(own::end_other_sessions)),
        )
        .route(
            "/account/sessions/{id}/end",
            back.clone().merge(post(own::end_session)),
        )
        .route(
            "/account/tokens",
            back.clone().merge(post(own::create_token)),
        )
        .route(
            "/account/tokens/{id}/revoke",
            back.clone().merge(post(own::revoke_token)),
        )
        .route(
            "/account/identities",
            back.clone().merge(post(provider::depart_to_link)),
        )
        .route(
            "/account/identities/{id}/unlink",
            back.clone().merge(post(own::unlink_identity)),
        )
        .route("/account/passkeys", back.clone().merge(post(passkeys::add)))
        .route("/account/passkeys/options", post(passkeys::new_options))
        .route(
            "/account/passkeys/{id}/remove",
            back.clone().merge(post(passkeys::remove)),
        )
        .route(
            "/account/address",
            back.clone().merge(post(address::request)),
        )
        .route("/account/address/remove", back.merge(post(address::remove)))
        .route("/account/activity", get(activity::show))
        .merge(book_routes())
}

/// The address books of a person.
fn book_routes() -> Router<AppState> {
    let back = || get(books::go_back);
    Router::new()
        .route("/books", get(books::show).merge(post(books::add)))
        .route("/books/{id}/rename", back().merge(post(books::rename)))
        .route("/books/{id}/share", back().merge(post(books::share)))
        .route(
            "/books/{id}/members/{account}/remove",
            back().merge(post(books::unshare)),
        )
        .route("/books/{id}/remove", back().merge(post(books::remove)))
}

/// What admins reach who are signed in.
pub fn management_routes() -> Router<AppState> {
    let back = || get(management::go_back);
    Router::new()
        .route("/accounts", get(management::show))
        .route(
            "/accounts/invitations",
            back().merge(post(management::invite)),
        )
        .route(
            "/accounts/invitations/{id}/revoke",
            back().merge(post(management::revoke)),
        )
        .route(
            "/accounts/{id}/role",
            back().merge(post(management::set_role)),
        )
        .route(
            "/accounts/{id}/disable",
            back().merge(post(management::disable)),
        )
        .route(
            "/accounts/{id}/enable",
            back().merge(post(management::enable)),
        )
        .route(
            "/accounts/{id}/remove",
            back().merge(post(management::remove)),
        )
        .route(
            "/accounts/{id}/reset-link",
            back().merge(post(management::make_reset_link)),
        )
}

/// The `User-Agent` of a request, which names the session in the list of sessions.
fn user_agent(parts: &Parts) -> &str {
    let value = parts.headers.get(header::USER_AGENT);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// Sends a browser that has signed in to a page, with the cookies of its session.
fn enter(scope: CookieScope, signed_in: &SignedIn, page: &str) -> Response {
    let mut response = go_on(scope, &signed_in.session_token, page);
    if let Some(cookie) = scope.set(AccountCookie::KnownBrowser, &signed_in.browser_token) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A browser in which an account may sign in.
fn visit<'a>(visitor: &Visitor, parts: &'a Parts) -> Visit<'a> {
    Visit {
        browser: visitor
            .scope
            .read(&parts.headers, AccountCookie::KnownBrowser),
        session: visitor.scope.read(&parts.headers, AccountCookie::Session),
        client: visitor.client,
        user_agent: user_agent(parts),
    }
}

/// Sends a browser to a page, with the cookie of the session that it has from now on.
fn go_on(scope: CookieScope, session_token: &str, page: &str) -> Response {
    let mut response = Redirect::to(page).into_response();
    if let Some(cookie) = scope.set(AccountCookie::Session, session_token) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    forbid_storing(&mut response);
    response
}

/// No cache keeps a response that holds a secret.
fn forbid_storing(response: &mut Response) {
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// Gives a page that shows a refused form the status of the refusal.
fn with_status(mut response: Response, status: StatusCode) -> Response {
    *response.status_mut() = status;
    forbid_storing(&mut response);
    response
}

/// The text for a person whose attempt was refused for these seconds.
fn too_many_attempts(seconds: u32) -> String {
    t!(
        "There were too many attempts. Try again in {wait}.",
        wait = format::wait(seconds)
    )
}

/// Says when a refused attempt may be made again.
fn with_retry_after(mut response: Response, seconds: u32) -> Response {
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}
