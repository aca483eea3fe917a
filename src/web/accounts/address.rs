//! The address of one's own account.

use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;

use super::own::Own;
use super::own::refusal;
use super::too_many_attempts;
use crate::model::error::AppError;
use crate::services::accounts::AccountError;
use crate::services::accounts::AddressError;
use crate::services::accounts::ChangePasswordError;
use crate::web::middleware::limit::whole_seconds;
use crate::web::pages::accounts::Notice;
use crate::web::rest::extract::FormBody;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    address: String,
    password: String,
}

/// Has a link sent that confirms an address.
pub async fn request(own: Own, FormBody(form): FormBody<Form>) -> Response {
    let requested = own
        .accounts
        .request_address(&own.caller, &form.address, &form.password);
    let why = match requested.await {
        Ok(()) => return Own::done("address-sent"),
        Err(
            AddressError::Password(ChangePasswordError::Unavailable(error))
            | AddressError::Account(AccountError::Unavailable(error)),
        ) => return AppError::from(error).into_response(),
        Err(AddressError::Password(ChangePasswordError::TooMany { retry_after })) => {
            too_many_attempts(whole_seconds(retry_after))
        }
        Err(refused) => refused.to_string(),
    };
    let notice = Notice::AddressRefused {
        why,
        typed: form.address,
    };
    own.refuse(notice, String::new()).await
}

pub async fn remove(own: Own) -> Response {
    match own.accounts.remove_address(&own.caller).await {
        Ok(()) => Own::done("address-removed"),
        Err(error) => refusal(error),
    }
}
