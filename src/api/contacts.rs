//! The use cases of contacts for the browser.

use leptos::prelude::*;

use super::json_post::JsonPost;
#[cfg(feature = "ssr")]
use crate::components::drawn;
use crate::model::contact::ContactDetails;
use crate::model::contact::ContactId;
use crate::model::contact::ContactList;
use crate::model::error::AppError;
use crate::model::form::FormInputs;
use crate::model::form::FormView;
use crate::model::form::Saving;
#[cfg(feature = "ssr")]
use crate::model::location::FIELD;
use crate::model::location::ListFilter;
#[cfg(feature = "ssr")]
use crate::model::query::Query;
use crate::model::wire::Deserialize;
use crate::model::wire::Serialize;
#[cfg(feature = "ssr")]
use crate::services::contacts::ContactService;
#[cfg(feature = "ssr")]
use crate::services::contacts::Contacts;

/// The contacts of the caller, in the book that the address of the page names.
#[cfg(feature = "ssr")]
async fn contacts() -> Result<Contacts, AppError> {
    let service = expect_context::<ContactService>();
    let contacts = leptos_axum::extract_with_state(&service).await;
    contacts.map_err(|_| AppError::Internal)
}

/// A page of the contacts that match `search` and that the filter lets through, in the order that it asks for: the one of
/// `cursor`, otherwise the one that holds the contact `around`, otherwise the one with the contact that has `at` others
/// before it, otherwise the first.
#[server(
    prefix = "/fn",
    endpoint = "contacts/list",
    input_derive = (Clone, Serialize, Deserialize),
    protocol = JsonPost,
)]
pub async fn list_contacts(
    search: String,
    filter: ListFilter,
    cursor: Option<String>,
    around: Option<ContactId>,
    at: Option<u64>,
) -> Result<ContactList, AppError> {
    let contacts = contacts().await?;
    contacts
        .list_beside(around, &search, &filter, cursor.as_deref(), at)
        .await
}

#[server(
    prefix = "/fn",
    endpoint = "contacts/get",
    input_derive = (Clone, Serialize, Deserialize),
    protocol = JsonPost,
)]
pub async fn get_contact(id: ContactId) -> Result<ContactDetails, AppError> {
    let contacts = contacts().await?;
    contacts.details(id).await.map(drawn::details)
}

/// The form for a new contact, or the one that edits a contact, with what was typed into it before.
#[server(
    prefix = "/fn",
    endpoint = "contacts/form",
    input_derive = (Clone, Serialize, Deserialize),
    protocol = JsonPost,
)]
pub async fn contact_form(
    id: Option<ContactId>,
    typed: FormInputs,
    welcome: bool,
) -> Result<FormView, AppError> {
    let form = match id {
        Some(id) => contacts().await?.edit_form(id, &typed).await?,
        None => Contacts::new_form(&typed, welcome),
    };
    let uri = leptos_axum::extract::<axum::http::Uri>().await;
    let query = uri.ok().and_then(|uri| uri.query().map(Query::parse));
    let begin = query.and_then(|query| query.get(FIELD)).unwrap_or_default();
    Ok(drawn::form(FormView { begin, ..form }))
}

/// Saves a form: adds a contact, once for all requests with the same key, or changes one.
#[server(
    prefix = "/fn",
    endpoint = "contacts/save",
    input_derive = (Clone, Serialize, Deserialize),
    protocol = JsonPost,
)]
pub async fn save_contact(
    id: Option<ContactId>,
    inputs: FormInputs,
    welcome: bool,
) -> Result<Saving, AppError> {
    use crate::services::contacts::FormResult;

    let contacts = contacts().await?;
    let saved = match contacts.save_form(id, &inputs, welcome).await {
        Err(error) if !error.fields().is_empty() => {
            let form = match id {
                Some(id) => contacts.edit_form(id, &inputs).await?,
                None => Contacts::new_form(&inputs, welcome),
            };
            return Ok(Saving::Again(drawn::form(FormView {
                error: Some(error),
                ..form
            })));
        }
        saved => saved?,
    };
    match saved {
        FormResult::Created(contact) => {
            expect_context::<leptos_axum::ResponseOptions>().append_header(
                axum::http::header::SET_COOKIE,
                axum::http::HeaderValue::from_static(crate::services::welcome::choice::cookie(
                    welcome,
                )),
            );
            Ok(Saving::Saved(drawn::details(
                contacts.detail(contact).await,
            )))
        }
        FormResult::Saved(contact, kept) => Ok(Saving::Saved(drawn::details(ContactDetails {
            merged: crate::services::contacts::catalogue::in_words(&kept),
            ..contacts.detail(contact).await
        }))),
        FormResult::Conflict(form) => Ok(Saving::Again(drawn::form(*form))),
    }
}

/// Moves a contact to the trash.
#[server(
    prefix = "/fn",
    endpoint = "contacts/delete",
    input_derive = (Clone, Serialize, Deserialize),
    protocol = JsonPost,
)]
pub async fn delete_contact(id: ContactId) -> Result<(), AppError> {
    let contacts = contacts().await?;
    contacts.delete(id, None).await
}

/// Restores a contact from the trash.
#[server(
    prefix = "/fn",
    endpoint = "contacts/restore",
    input_derive = (Clone, Serialize, Deserialize),
    protocol = JsonPost,
)]
pub async fn restore_contact(id: ContactId) -> Result<ContactDetails, AppError> {
    let contacts = contacts().await?;
    let restored = contacts.restore(id).await?;
    Ok(drawn::details(contacts.detail(restored).await))
}
