//! `/accounts`: what admins do with accounts.

use std::sync::Arc;

use axum::extract::FromRef;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use serde::Deserialize;

use super::forbid_storing;
use super::own::Own;
use super::with_status;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::accounts::AccountError;
use crate::services::accounts::AccountName;
use crate::services::accounts::Accounts;
use crate::services::accounts::BooksLeft;
use crate::services::accounts::Delivery;
use crate::services::accounts::EmailAddress;
use crate::services::accounts::link_url;
use crate::services::admin::Admin;
use crate::services::client::AccountId;
use crate::services::client::LinkId;
use crate::services::client::Role;
use crate::services::config::Config;
use crate::web::pages::accounts::ManagementNotice;
use crate::web::pages::accounts::ManagementView;
use crate::web::problem::Problem;
use crate::web::query;
use crate::web::rest::extract::FormBody;
use crate::web::rest::extract::PathOf;
use crate::web::state::AppState;

/// In the address of the page: what was done.
const DONE: &str = "done";

/// A request of an admin who is signed in, and what answers it.
pub struct Managing {
    own: Own,
    accounts: Accounts,
    origin: String,
}

impl FromRequestParts<AppState> for Managing {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let own = Own::from_request_parts(parts, state).await?;
        // The layer around these routes admits no one else.
        let admin = parts.extensions.get::<Admin>();
        let admin = admin.ok_or_else(|| Problem::internal().into_response())?;
        let config = Arc::<Config>::from_ref(state);
        Ok(Self {
            accounts: own.accounts.managed_by(admin),
            origin: config.server.origin().to_string(),
            own,
        })
    }
}

impl Managing {
    /// Draws the page with what came of a form.
    async fn draw(self, notice: Option<ManagementNotice>, address: String) -> Response {
        let Some(own) = self.own.caller.account().map(|account| account.id) else {
            return Problem::internal().into_response();
        };
        let accounts = self.accounts.list().await;
        let invitations = self.accounts.invitations().await;
        let (accounts, invitations) = match (accounts, invitations) {
            (Ok(accounts), Ok(invitations)) => (accounts, invitations),
            (Err(error), _) | (_, Err(error)) => return AppError::from(error).into_response(),
        };
        let view = ManagementView {
            own,
            accounts,
            invitations,
            sends_mail: self.own.accounts.sends_mail(),
            notice,
            address,
        };
        let Own {
            pages, mut parts, ..
        } = self.own;
        parts.uri = Uri::from_static("/accounts");
        let mut response = pages.render_view(parts, view).await;
        forbid_storing(&mut response);
        response
    }

    /// What came of a change: the page says what was done, or why nothing was.
    async fn answer(self, changed: Result<(), AccountError>, done: &str) -> Response {
        match changed {
            Ok(()) => Redirect::to(&format!("/accounts?{DONE}={done}")).into_response(),
            Err(error) => self.refuse(error, String::new()).await,
        }
    }

    async fn refuse(self, error: AccountError, address: String) -> Response {
        match error {
            AccountError::Unavailable(error) => AppError::from(error).into_response(),
            // Another tab has done it before.
            AccountError::NoAccount | AccountError::NotFound => {
                Redirect::to("/accounts").into_response()
            }
            refused => {
                let notice = ManagementNotice::Refused(refused.to_string());
                with_status(
                    self.draw(Some(notice), address).await,
                    StatusCode::UNPROCESSABLE_ENTITY,
                )
            }
        }
    }

    /// Shows a link, once.
    async fn show_link(self, what: String, token: &str) -> Response {
        let url = link_url(&self.origin, token);
        let notice = ManagementNotice::Link { what, url };
        self.draw(Some(notice), String::new()).await
    }

    async fn name(&self, id: AccountId) -> Result<AccountName, AccountError> {
        self.accounts.name_of(id).await
    }
}

pub async fn show(managing: Managing) -> Response {
    let done = query::parameter(&managing.own.parts.uri, DONE);
    let done = done.and_then(|what| match &*what {
        "invited" => Some(t!("The invitation is on its way.")),
        "revoked" => Some(t!("The invitation is revoked, and its link does nothing.")),
        "role" => Some(t!(
            "The role is changed, and the sessions of the account have ended."
        )),
        "disabled" => Some(t!("The account is disabled, and its sessions have ended.")),
        "enabled" => Some(t!("The account can sign in again.")),
        "removed" => Some(t!("The account is removed.")),
        _ => None,
    });
    let notice = done.map(ManagementNotice::Done);
    managing.draw(notice, String::new()).await
}

/// Redirects a reload of the address of an action to the page.
pub async fn go_back() -> Redirect {
    Redirect::to("/accounts")
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct InvitationForm {
    role: String,
    /// Empty for a link that the admin passes on.
    address: String,
}

pub async fn invite(managing: Managing, FormBody(form): FormBody<InvitationForm>) -> Response {
    let address = match form.address.trim() {
        "" => None,
        typed => match EmailAddress::parse(typed) {
            Ok(address) => Some(address),
            Err(invalid) => return managing.refuse(invalid.into(), form.address).await,
        },
    };
    let role = form.role.parse().unwrap_or(Role::Member);
    match managing.accounts.invite(role, address.as_ref()).await {
        Ok(Delivery::Mail) => managing.answer(Ok(()), "invited").await,
        Ok(Delivery::Token(token)) => {
            let what = t!("This link makes an account, once and within seven days.");
            managing.show_link(what.to_owned(), &token).await
        }
        Err(error) => managing.refuse(error, form.address).await,
    }
}

pub async fn revoke(managing: Managing, PathOf(id): PathOf<LinkId>) -> Response {
    let revoked = managing.accounts.revoke_invitation(id).await;
    managing.answer(revoked, "revoked").await
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct RoleForm {
    role: String,
}

pub async fn set_role(
    managing: Managing,
    PathOf(id): PathOf<AccountId>,
    FormBody(form): FormBody<RoleForm>,
) -> Response {
    let Ok(role) = form.role.parse() else {
        return Redirect::to("/accounts").into_response();
    };
    let changed = match managing.name(id).await {
        Ok(name) => managing.accounts.set_role(&name, role).await,
        Err(error) => Err(error),
    };
    managing.answer(changed, "role").await
}

pub async fn disable(managing: Managing, PathOf(id): PathOf<AccountId>) -> Response {
    let changed = match managing.name(id).await {
        Ok(name) => managing.accounts.disable(&name).await,
        Err(error) => Err(error),
    };
    managing.answer(changed, "disabled").await
}

pub async fn enable(managing: Managing, PathOf(id): PathOf<AccountId>) -> Response {
    let changed = match managing.name(id).await {
        Ok(name) => managing.accounts.enable(&name).await,
        Err(error) => Err(error),
    };
    managing.answer(changed, "enabled").await
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct RemoveForm {
    /// `give` or `delete`.
    books: String,
    /// Who gets the address books.
    heir: String,
}

pub async fn remove(
    managing: Managing,
    PathOf(id): PathOf<AccountId>,
    FormBody(form): FormBody<RemoveForm>,
) -> Response {
    let changed = async {
        let name = managing.name(id).await?;
        let heir = match form.books.as_str() {
            "give" => Some(AccountName::parse(&form.heir)?),
            _ => None,
        };
        let books = match &heir {
            Some(heir) => Some(BooksLeft::GiveTo(heir)),
            None => (form.books == "delete").then_some(BooksLeft::Delete),
        };
        managing.accounts.remove(&name, books).await
    };
    let changed = changed.await;
    managing.answer(changed, "removed").await
}

/// Makes a link with which the owner of an account chooses a new password. The response shows it, and it is shown
/// nowhere else.
pub async fn make_reset_link(managing: Managing, PathOf(id): PathOf<AccountId>) -> Response {
    let name = match managing.name(id).await {
        Ok(name) => name,
        Err(error) => return managing.refuse(error, String::new()).await,
    };
    match managing.accounts.reset_link(&name).await {
        Ok(token) => {
            let what = t!(
                "With this link {name} chooses a new password, once and within an hour.",
                name = name
            );
            managing.show_link(what, &token).await
        }
        Err(error) => managing.refuse(error, String::new()).await,
    }
}
