//! `/link`: what the links of invitations, of new passwords and of addresses lead to.
//!
//! The secret of a link stands in its address for one request alone. A cookie keeps it from then on, so that neither the
//! address of the page nor a `Referer` holds it. A visit changes nothing, because mail scanners follow links as well.

use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use serde::Deserialize;

use super::enter;
use super::forbid_storing;
use super::user_agent;
use super::visitor::Visitor;
use super::with_status;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::accounts::Acceptance;
use crate::services::accounts::AccountService;
use crate::services::accounts::LinkError;
use crate::services::accounts::LinkView;
use crate::web::cookies::AccountCookie;
use crate::web::page::PageRenderer;
use crate::web::pages::accounts::LinkPageView;
use crate::web::query;
use crate::web::rest::extract::FormBody;

/// In the address of the page: what was done.
const DONE: &str = "done";

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
    password: String,
}

/// Keeps the secret of a link in a cookie, and leads to the page without it.
pub async fn open(visitor: Visitor, Path(token): Path<String>) -> Response {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let cookie = match token.bytes().all(is_plain) {
        true => visitor.scope.set(AccountCookie::Link, &token),
        false => visitor.scope.remove(AccountCookie::Link),
    };
    let mut response = Redirect::to("/link").into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    forbid_storing(&mut response);
    response
}

/// A request for the page, and what answers it.
pub struct Holder {
    visitor: Visitor,
    accounts: AccountService,
    pages: PageRenderer,
}

impl Holder {
    async fn draw(self, mut parts: Parts, view: LinkPageView, status: StatusCode) -> Response {
        parts.uri = Uri::from_static("/link");
        with_status(self.pages.render_view(parts, view).await, status)
    }

    async fn ended(self, parts: Parts) -> Response {
        let view = LinkPageView {
            problem: Some(LinkError::Ended.to_string()),
            ..LinkPageView::default()
        };
        self.draw(parts, view, StatusCode::GONE).await
    }

    /// Leads to the page, which says what was done. The cookie has no use any more.
    fn done(self, what: &str) -> Response {
        let response = Redirect::to(&format!("/link?{DONE}={what}")).into_response();
        self.forget(response)
    }

    fn forget(&self, mut response: Response) -> Response {
        if let Some(cookie) = self.visitor.scope.remove(AccountCookie::Link) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        forbid_storing(&mut response);
        response
    }
}

pub async fn show(
    State(accounts): State<AccountService>,
    State(pages): State<PageRenderer>,
    visitor: Visitor,
    parts: Parts,
) -> Response {
    let token = visitor.scope.read(&parts.headers, AccountCookie::Link);
    let token = token.unwrap_or_default().to_owned();
    let done = query::parameter(&parts.uri, DONE);
    let done = done.and_then(|what| match &*what {
        "password" => Some(t!("The password is changed, and all sessions have ended.")),
        "address" => Some(t!("The address is confirmed.")),
        _ => None,
    });
    let link = accounts.link(&token).await;
    let holder = Holder {
        visitor,
        accounts,
        pages,
    };
    let link = match link {
        Ok(link) => link,
        Err(error) => return AppError::from(error).into_response(),
    };
    if link.is_none() && done.is_none() {
        return holder.ended(parts).await;
    }
    let view = LinkPageView {
        link: link.filter(|_| done.is_none()),
        done,
        ..LinkPageView::default()
    };
    holder.draw(parts, view, StatusCode::OK).await
}

/// Does what the link is for.
pub async fn submit(
    State(accounts): State<AccountService>,
    State(pages): State<PageRenderer>,
    visitor: Visitor,
    parts: Parts,
    FormBody(form): FormBody<Form>,
) -> Response {
    let token = visitor.scope.read(&parts.headers, AccountCookie::Link);
    let token = token.unwrap_or_default().to_owned();
    let holder = Holder {
        visitor,
        accounts,
        pages,
    };
    let link = match holder.accounts.link(&token).await {
        Ok(Some(link)) => link,
        Ok(None) => return holder.ended(parts).await,
        Err(error) => return AppError::from(error).into_response(),
    };
    let client = holder.visitor.client;
    let done = match &link {
        LinkView::Invitation { .. } => {
            let scope = holder.visitor.scope;
            let accepted = holder.accounts.accept(Acceptance {
                token: &token,
                name: &form.name,
                password: &form.password,
                session: scope.read(&parts.headers, AccountCookie::Session),
                client,
                user_agent: user_agent(&parts),
            });
            match accepted.await {
                Ok(entered) => return holder.forget(enter(scope, &entered, "/contacts")),
                Err(error) => Err(error),
            }
        }
        LinkView::Password { .. } => {
            let reset = holder
                .accounts
                .reset_password(&token, &form.password, client);
            reset.await.map(|()| "password")
        }
        LinkView::Address { .. } => {
            let confirmed = holder.accounts.confirm_address(&token, client);
            confirmed.await.map(|()| "address")
        }
    };
    match done {
        Ok(what) => holder.done(what),
        Err(LinkError::Ended) => holder.ended(parts).await,
        Err(LinkError::Unavailable(error)) => AppError::from(error).into_response(),
        Err(refused) => {
            let view = LinkPageView {
                link: Some(link),
                name: form.name,
                problem: Some(refused.to_string()),
                done: None,
            };
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            holder.draw(parts, view, status).await
        }
    }
}
