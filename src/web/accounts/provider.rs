//! Signing in with a provider of OpenID Connect: the way there and the way back. Both work without JavaScript.

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

use super::NextPage;
use super::enter;
use super::forbid_storing;
use super::own::Own;
use super::visit;
use super::visitor::Visitor;
use super::with_status;
use crate::model::error::AppError;
use crate::services::accounts::AccountService;
use crate::services::accounts::Arrival;
use crate::services::accounts::Arrived;
use crate::services::accounts::Destination;
use crate::services::accounts::WithProviderError;
use crate::web::cookies::AccountCookie;
use crate::web::page::PageRenderer;
use crate::web::pages::accounts::LeaveView;
use crate::web::pages::accounts::Notice;
use crate::web::pages::accounts::SignInView;
use crate::web::problem::Problem;
use crate::web::rest::extract::FormBody;
use crate::web::state::AppState;

/// Leads a browser on. A redirect would be the end of the form, which the policy of the page keeps on this site: browsers
/// hold that also against the redirects of the provider.
const REFRESH: HeaderName = HeaderName::from_static("refresh");

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    next: String,
}

/// A request on the way to the provider or back, and what answers it.
pub struct Way {
    visitor: Visitor,
    accounts: AccountService,
    pages: PageRenderer,
    parts: Parts,
}

impl FromRequestParts<AppState> for Way {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        Ok(Self {
            visitor: Visitor::from_request_parts(parts, state).await?,
            accounts: AccountService::from_ref(state),
            pages: PageRenderer::from_ref(state),
            parts: parts.clone(),
        })
    }
}

/// Leads to the provider, to sign in there.
pub async fn depart(way: Way, FormBody(form): FormBody<Form>) -> Response {
    let next = NextPage::parse(&form.next);
    match way.accounts.has_accounts().await {
        // There is nothing to sign in to.
        Ok(false) => Redirect::to(next.as_str()).into_response(),
        Ok(true) => way.leave(Destination::Page(next.as_str())).await,
        Err(_) => AppError::Unavailable.into_response(),
    }
}

/// Leads to the provider, to link the identity there to the caller's account.
pub async fn depart_to_link(way: Way) -> Response {
    match way.visitor.caller.clone() {
        Some(caller) => way.leave(Destination::Link(&caller)).await,
        None => Redirect::to("/set-up").into_response(),
    }
}

/// What a provider adds to the address to which it leads a browser back (OpenID Connect Core 1.0, 3.1.2.5).
#[derive(Default)]
struct Answer {
    state: String,
    code: Option<String>,
    issuer: Option<String>,
}

impl Answer {
    fn read(query: &str) -> Self {
        let mut answer = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "state" => answer.state = value.into_owned(),
                "code" => answer.code = Some(value.into_owned()),
                "iss" => answer.issuer = Some(value.into_owned()),
                _ => {}
            }
        }
        answer
    }
}

/// The way back from the provider.
pub async fn arrive(way: Way) -> Response {
    let answer = Answer::read(way.parts.uri.query().unwrap_or_default());
    let scope = way.visitor.scope;
    let arrived = way.accounts.arrive(Arrival {
        secret: scope.read(&way.parts.headers, AccountCookie::PendingSignIn),
        state: &answer.state,
        code: answer.code.as_deref(),
        issuer: answer.issuer.as_deref(),
        caller: way.visitor.caller.as_ref(),
        visit: visit(&way.visitor, &way.parts),
    });
    let mut response = match arrived.await {
        Ok(Arrived::SignedIn { signed_in, next }) => {
            enter(scope, &signed_in, NextPage::parse(&next).as_str())
        }
        Ok(Arrived::Linked) => Redirect::to("/account?done=linked").into_response(),
        // A link that another site has made must not end what is under way.
        Err(WithProviderError::NotBegun) => return way.refuse(WithProviderError::NotBegun).await,
        Err(error) => way.refuse(error).await,
    };
    if let Some(cookie) = scope.remove(AccountCookie::PendingSignIn) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    forbid_storing(&mut response);
    response
}

impl Way {
    async fn leave(mut self, destination: Destination<'_>) -> Response {
        let departure = match self.accounts.depart(destination).await {
            Ok(departure) => departure,
            Err(error) => return self.refuse(error).await,
        };
        let Ok(refresh) = HeaderValue::try_from(format!("0; url={}", departure.url)) else {
            return Problem::internal().into_response();
        };
        let view = LeaveView {
            provider: self
                .accounts
                .provider_label()
                .unwrap_or_default()
                .to_owned(),
            url: departure.url,
        };
        self.parts.uri = Uri::from_static("/sign-in/provider");
        let mut response = self.pages.render_view(self.parts, view).await;
        let headers = response.headers_mut();
        headers.insert(REFRESH, refresh);
        let scope = self.visitor.scope;
        if let Some(cookie) = scope.set(AccountCookie::PendingSignIn, &departure.secret) {
            headers.append(header::SET_COOKIE, cookie);
        }
        forbid_storing(&mut response);
        response
    }

    /// Shows the sign-in, or the account of a caller that has signed in, with the reason why nothing has come of it.
    async fn refuse(mut self, error: WithProviderError) -> Response {
        let status = match error {
            WithProviderError::Unavailable(_) => return AppError::Unavailable.into_response(),
            WithProviderError::Unreachable => StatusCode::BAD_GATEWAY,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        if let Some(caller) = self.visitor.caller {
            let own = Own {
                caller,
                scope: self.visitor.scope,
                accounts: self.accounts,
                pages: self.pages,
                parts: self.parts,
            };
            let notice = Notice::WayRefused(error.to_string());
            return own.refuse(notice, String::new()).await;
        }
        let view = SignInView {
            next: NextPage::default().as_str().to_owned(),
            problem: Some(error.to_string()),
            ..SignInView::of(&self.accounts)
        };
        self.parts.uri = Uri::from_static("/sign-in");
        with_status(self.pages.render_view(self.parts, view).await, status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_a_provider_is_read_from_the_address() {
        let answer = Answer::read("state=a%20b&code=c&iss=https%3A%2F%2Fid.example&other=d");
        assert_eq!(answer.state, "a b");
        assert_eq!(answer.code.as_deref(), Some("c"));
        assert_eq!(answer.issuer.as_deref(), Some("https://id.example"));
        let refused = Answer::read("state=a&error=access_denied");
        assert_eq!(refused.code, None);
    }
}
