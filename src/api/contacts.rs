//! The use cases of contacts for the browser.

use leptos::prelude::*;

use super::json_post::JsonPost;
use crate::model::contact::ContactDetails;
use crate::model::contact::ContactDraft;
use crate::model::contact::ContactId;
use crate::model::contact::ContactList;
use crate::model::error::AppError;
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

/// A page of the contacts that match `search`, in the order of names: the one of `cursor`, otherwise the
/// one that holds the contact `around`, otherwise the first.
#[server(
    prefix = "/fn",
    endpoint = "contacts/list",
    input_derive = (Clone, Serialize, Deserialize),
    protocol = JsonPost,
)]
pub async fn list_contacts(
    search: String,
    cursor: Option<String>,
    around: Option<ContactId>,
) -> Result<ContactList, AppError> {
    let contacts = contacts().await?;
    contacts
        .list_beside(around, &search, cursor.as_deref())
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
    contacts.details(id).await
}

/// Creates a contact, once for all requests with the same `key`. `welcome` says whether the contact gets a
/// welcome email.
#[server(
    prefix = "/fn",
    endpoint = "contacts/create",
    input_derive = (Clone, Serialize, Deserialize),
    protocol = JsonPost,
)]
pub async fn create_contact(
    draft: ContactDraft,
    welcome: bool,
    key: String,
) -> Result<ContactDetails, AppError> {
    let contacts = contacts().await?;
    let request = crate::services::contacts::IdempotentRequest::of_form(&key, &draft)?;
    let required = crate::services::contacts::fields::Required::AnyField;
    let created = contacts
        .create(&draft, required, Some(welcome), Some(request))
        .await?;
    expect_context::<leptos_axum::ResponseOptions>().append_header(
        axum::http::header::SET_COOKIE,
        axum::http::HeaderValue::from_static(crate::services::welcome::choice::cookie(welcome)),
    );
    Ok(contacts.detail(created.contact).await)
}

/// Saves the fields of `draft` that differ from `base`. `restore` restores the contact from the trash first.
#[server(
    prefix = "/fn",
    endpoint = "contacts/update",
    input_derive = (Clone, Serialize, Deserialize),
    protocol = JsonPost,
)]
pub async fn update_contact(
    id: ContactId,
    base: ContactDraft,
    draft: ContactDraft,
    restore: bool,
) -> Result<ContactDetails, AppError> {
    let contacts = contacts().await?;
    let (saved, merged) = contacts.edit(id, &base, draft, restore).await?;
    Ok(ContactDetails {
        merged,
        ..contacts.detail(saved).await
    })
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
    Ok(contacts.detail(restored).await)
}
