//! Finds out who calls, and refuses callers that a route does not admit.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use tokio::time::timeout;

use super::context::RequestContext;
use super::guard::HostKind;
use super::response_format;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::accounts::AccountService;
use crate::services::accounts::AuthenticateError;
use crate::services::accounts::Credentials;
use crate::services::book::BookId;
use crate::services::client::Caller;
use crate::services::client::Client;
use crate::services::client::Scope;
use crate::web::accounts::NextPage;
use crate::web::cookies::AccountCookie;
use crate::web::cookies::CookieScope;
use crate::web::problem::Problem;
use crate::web::state::AppState;

/// Whom a route admits once Kith has an account. Before that, each route admits everyone who reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everyone: the sign-in, and pages that say nothing of contacts.
    Open,
    /// People who are signed in.
    SignedIn,
    /// Programs with a token, and people who are signed in.
    Programs,
}

/// The parts of a request that say who calls. Unlike the whole request, threads can share them.
pub struct Asked<'a> {
    pub client: Client,
    host: HostKind,
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
}

impl<'a> Asked<'a> {
    /// The parts of a request that has passed the outermost layer.
    pub fn of(request: &'a Request) -> Option<Self> {
        let context = RequestContext::of(request)?;
        Self::new(context, request.method(), request.uri(), request.headers())
    }

    /// The same for an extractor.
    fn of_parts(parts: &'a Parts) -> Option<Self> {
        let context = parts.extensions.get::<Arc<RequestContext>>()?;
        Self::new(context, &parts.method, &parts.uri, &parts.headers)
    }

    fn new(
        context: &RequestContext,
        method: &'a Method,
        uri: &'a Uri,
        headers: &'a HeaderMap,
    ) -> Option<Self> {
        let (client, host) = context.origin()?;
        Some(Self {
            client,
            host,
            method,
            uri,
            headers,
        })
    }
}

/// The caller of a request; `None` if a route that is open was asked without a session that is valid.
///
/// # Errors
/// The refusal of a caller that the route does not admit.
pub async fn authenticate(
    state: &AppState,
    access: Access,
    asked: &Asked<'_>,
) -> Result<Option<Caller>, Box<Response>> {
    match caller(state, access, asked).await {
        Ok(caller) => Ok(Some(caller)),
        Err(AuthenticateError::Unavailable(_)) => {
            Err(Box::new(AppError::Unavailable.into_response()))
        }
        Err(_) if access == Access::Open => Ok(None),
        Err(error) => Err(Box::new(refusal(access, error, asked))),
    }
}

/// The refusal of a request that its caller may not make: a token that only reads changes nothing.
pub fn authorize(caller: &Caller, method: &Method) -> Option<Problem> {
    let may = method.is_safe() || caller.scope() >= Scope::Write;
    (!may).then(|| {
        Problem::new(
            StatusCode::FORBIDDEN,
            "read-only",
            t!("This token only reads. Make one with the scope `write` on the page /account."),
        )
    })
}

/// Finds out the caller of a request while or after it is handled.
pub struct CallerCheck {
    accounts: AccountService,
    client: Client,
    host: HostKind,
    /// The value of the cookie.
    session: Option<String>,
    token: Option<String>,
}

/// How long [`CallerCheck::may_see_faults`] waits for a database that does not answer.
const FAULT_TIMEOUT: Duration = Duration::from_secs(2);

impl CallerCheck {
    pub fn client(&self) -> Client {
        self.client
    }

    async fn caller(&self, token: Option<&str>) -> Result<Caller, AuthenticateError> {
        let credentials = Credentials {
            session: self.session.as_deref(),
            token,
        };
        identify(&self.accounts, credentials, self.client, self.host).await
    }

    /// Whether the session of the caller would still be let in, and sees this book. While the database is away nothing is
    /// decided.
    pub async fn sees(&self, book: BookId) -> bool {
        match self.caller(None).await {
            Ok(caller) => caller.book(Some(book)).is_ok(),
            Err(error) => matches!(error, AuthenticateError::Unavailable(_)),
        }
    }

    /// Whether the caller may see what is wrong with Kith: admins, and everyone while Kith has no account.
    pub async fn may_see_faults(&self) -> bool {
        match timeout(FAULT_TIMEOUT, self.caller(self.token.as_deref())).await {
            Ok(Ok(caller)) => caller.account().is_none() || caller.is_admin(),
            // It is the database that does not answer, so the caller cannot be found out.
            Ok(Err(AuthenticateError::Unavailable(_))) | Err(_) => self.accounts.had_none(),
            Ok(Err(_)) => false,
        }
    }
}

impl FromRequestParts<AppState> for CallerCheck {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let asked = Asked::of_parts(parts).ok_or_else(Problem::internal)?;
        let scope = CookieScope::of(asked.host, asked.client, &state.config.server);
        let session = scope.read(asked.headers, AccountCookie::Session);
        Ok(Self {
            accounts: state.accounts.clone(),
            client: asked.client,
            host: asked.host,
            session: session.map(str::to_owned),
            token: bearer(asked.headers).map(str::to_owned),
        })
    }
}

/// The caller by the token, if there is one, and otherwise by the session of the browser.
async fn caller(
    state: &AppState,
    access: Access,
    asked: &Asked<'_>,
) -> Result<Caller, AuthenticateError> {
    let token = match access {
        Access::Programs => bearer(asked.headers),
        Access::Open | Access::SignedIn => None,
    };
    let session = match token {
        Some(_) => None,
        None => CookieScope::of(asked.host, asked.client, &state.config.server)
            .read(asked.headers, AccountCookie::Session),
    };
    let credentials = Credentials { session, token };
    identify(&state.accounts, credentials, asked.client, asked.host).await
}

async fn identify(
    accounts: &AccountService,
    credentials: Credentials<'_>,
    client: Client,
    host: HostKind,
) -> Result<Caller, AuthenticateError> {
    let uses_local_name = host == HostKind::Local;
    accounts
        .authenticate(credentials, client, uses_local_name)
        .await
}

/// The token of a request (RFC 6750, 2.1). A header that cannot be read counts as a token that is not valid.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?;
    let text = value.to_str().unwrap_or_default();
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The answer to a caller that a route does not admit. A browser that asks for a page is led to the sign-in, and from
/// there to the page.
fn refusal(access: Access, error: AuthenticateError, asked: &Asked<'_>) -> Response {
    let accept = asked.headers.get_all(header::ACCEPT).iter();
    let accept: Vec<HeaderValue> = accept.cloned().collect();
    let is_visit = matches!(*asked.method, Method::GET | Method::HEAD)
        && response_format::is_page(asked.uri.path(), &accept);
    if is_visit {
        let mut response = Redirect::to(&NextPage::of(asked.uri).sign_in_url()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        return response;
    }
    let detail = match (access, error) {
        (Access::Programs, AuthenticateError::InvalidToken) => {
            t!(
                "This token is not valid: it has expired, or it was revoked, or parts of it are missing. \
                 Make a new one on the page /account."
            )
        }
        (Access::Programs, _) => {
            t!(
                "Kith has accounts, so this needs a token: Authorization: Bearer kith_… \
                 Make one on the page /account."
            )
        }
        _ => {
            t!(
                "You are not signed in any more. Sign in at /sign-in in another tab, then try again here: \
                 what you have typed stays."
            )
        }
    };
    let mut response =
        Problem::new(StatusCode::UNAUTHORIZED, "not-signed-in", detail).into_response();
    response.headers_mut().insert(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"Kith\""),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stands_behind_the_name_of_its_scheme() {
        for (value, expected) in [
            ("Bearer kith_a", Some("kith_a")),
            ("bearer  kith_a ", Some("kith_a")),
            ("Bearer", Some("")),
            ("Basic a2l0aA==", None),
            ("", None),
        ] {
            let value = HeaderValue::from_static(value);
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value)]);
            assert_eq!(bearer(&headers), expected);
        }
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
