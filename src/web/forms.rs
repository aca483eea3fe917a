//! Forms as a browser posts them when it runs no JavaScript, or not yet.
//!
//! After a success the browser is redirected to the next page, so that a reload repeats nothing. After a
//! failure it gets the same page again, with its status, the errors beside the fields, and everything that the
//! person has typed. No address ever holds typed text.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use crate::model::contact::ContactDraft;
use crate::model::contact::ContactId;
use crate::model::contact::Field;
use crate::model::error::AppError;
use crate::model::location::BOOK;
use crate::model::location::Location;
use crate::model::location::PaneRoute;
use crate::model::view::FormView;
use crate::model::view::Pane;
use crate::model::view::Saved;
use crate::services::book::BookId;
use crate::services::book::BookRole;
use crate::services::contacts::Contacts;
use crate::services::contacts::IdempotentRequest;
use crate::services::contacts::fields::Required;
use crate::services::welcome::choice;
use crate::web::page::PageRenderer;
use crate::web::pages::contacts::RefusedPane;
use crate::web::pages::contacts::merged_parameter;
use crate::web::pages::move_contact::MoveView;
use crate::web::problem::Problem;
use crate::web::rest::extract::FormBody;
use crate::web::rest::extract::PathId;

/// The fields of the contact form, hidden ones included. A missing field is an empty one.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ContactForm {
    name: String,
    email: String,
    phone: String,
    company: String,
    notes: String,
    /// For a form that says nothing of what it started from: it replaces everything, if the contact is
    /// still at this version.
    version: Option<u32>,
    key: String,
    /// A box that is not ticked is not sent.
    welcome: Option<String>,
    /// Sent by the button that takes the contact out of the trash.
    restore: Option<String>,
    #[serde(rename = "base-name")]
    base_name: Option<String>,
    #[serde(rename = "base-email")]
    base_email: String,
    #[serde(rename = "base-phone")]
    base_phone: String,
    #[serde(rename = "base-company")]
    base_company: String,
    #[serde(rename = "base-notes")]
    base_notes: String,
    #[serde(rename = "choice-name")]
    choice_name: Choice,
    #[serde(rename = "choice-email")]
    choice_email: Choice,
    #[serde(rename = "choice-phone")]
    choice_phone: Choice,
    #[serde(rename = "choice-company")]
    choice_company: Choice,
    #[serde(rename = "choice-notes")]
    choice_notes: Choice,
}

/// What is kept of a field that two people have changed.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Choice {
    #[default]
    Mine,
    Theirs,
}

impl ContactForm {
    /// What was typed.
    fn draft(&self) -> ContactDraft {
        ContactDraft {
            name: self.name.clone(),
            email: self.email.clone(),
            phone: self.phone.clone(),
            company: self.company.clone(),
            notes: lines(&self.notes),
        }
    }

    /// What the form started from.
    fn base(&self) -> Option<ContactDraft> {
        Some(ContactDraft {
            name: self.base_name.clone()?,
            email: self.base_email.clone(),
            phone: self.base_phone.clone(),
            company: self.base_company.clone(),
            notes: lines(&self.base_notes),
        })
    }

    /// What was typed, without the fields that were left to others: those are not touched.
    fn chosen(&self, base: &ContactDraft) -> ContactDraft {
        let mut draft = self.draft();
        for (field, choice) in [
            (Field::Name, self.choice_name),
            (Field::Email, self.choice_email),
            (Field::Phone, self.choice_phone),
            (Field::Company, self.choice_company),
            (Field::Notes, self.choice_notes),
        ] {
            if choice == Choice::Theirs {
                base.get(field).clone_into(draft.get_mut(field));
            }
        }
        draft
    }
}

/// Text as Kith keeps it. A browser sends the lines of a field apart by CRLF.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

pub async fn create(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    parts: Parts,
    FormBody(form): FormBody<ContactForm>,
) -> Response {
    let draft = form.draft();
    let created = match idempotent(&form.key, &draft) {
        Ok(request) => {
            let welcome = Some(form.welcome.is_some());
            contacts
                .create(&draft, Required::AnyField, welcome, request)
                .await
        }
        Err(error) => Err(error),
    };
    match created {
        Ok(creation) => {
            let cookie = choice::cookie(form.welcome.is_some());
            let shown = go_to(&parts.uri, PaneRoute::Contact(creation.contact.id));
            ([(SET_COOKIE, cookie)], shown).into_response()
        }
        Err(error) => {
            // A person who learns that the contact exists already, and sends the form again, means another one.
            let key = match &error {
                AppError::AlreadyCreated { .. } => Uuid::new_v4().to_string(),
                _ => form.key.clone(),
            };
            let view = FormView {
                draft: form.draft(),
                welcome: form.welcome.is_some(),
                key,
                error: Some(error),
                saved: None,
            };
            render_again(pages, parts, PaneRoute::New, Pane::Form(view)).await
        }
    }
}

pub async fn update(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    parts: Parts,
    FormBody(form): FormBody<ContactForm>,
) -> Response {
    let base = form.base();
    let (draft, saved) = match &base {
        Some(base) => {
            let draft = form.chosen(base);
            let restore = form.restore.is_some();
            let saved = contacts.edit(id, base, draft.clone(), restore).await;
            (draft, saved)
        }
        None => {
            let draft = form.draft();
            let required = Required::AnyField;
            let saved = contacts.update(id, &draft, required, form.version).await;
            (draft, saved.map(|contact| (contact, Vec::new())))
        }
    };
    match saved {
        Ok((contact, merged)) => {
            let mut href = list_behind(&parts.uri)
                .with_pane(PaneRoute::Contact(contact.id))
                .url();
            if !merged.is_empty() {
                href.push(if href.contains('?') { '&' } else { '?' });
                href += &merged_parameter(&merged);
            }
            Redirect::to(&href).into_response()
        }
        Err(error) => {
            let base = match base {
                Some(base) => base,
                None => saved_base(&contacts, id, form.version).await,
            };
            let view = FormView {
                draft,
                error: Some(error),
                saved: Some(Saved { id, base }),
                ..FormView::default()
            };
            render_again(pages, parts, PaneRoute::Edit(id), Pane::Form(view)).await
        }
    }
}

/// What a form without a base started from: the saved contact, unless the form names another version of
/// it. Then the base is empty, and Kith asks about every filled field that differs.
async fn saved_base(contacts: &Contacts, id: ContactId, version: Option<u32>) -> ContactDraft {
    let saved = contacts.get(id).await.ok();
    let saved = saved.filter(|saved| version.is_none_or(|version| version == saved.version));
    saved.map(ContactDraft::from).unwrap_or_default()
}

pub async fn delete(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    parts: Parts,
) -> Response {
    match contacts.delete(id, None).await {
        Ok(()) => {
            let after = Location {
                deleted: Some(id),
                ..list_behind(&parts.uri)
            };
            Redirect::to(&after.url()).into_response()
        }
        Err(error) => render_again(pages, parts, PaneRoute::Contact(id), Pane::Failed(error)).await,
    }
}

pub async fn restore(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    parts: Parts,
) -> Response {
    match contacts.restore(id).await {
        Ok(contact) => go_to(&parts.uri, PaneRoute::Contact(contact.id)),
        Err(error) => render_again(pages, parts, PaneRoute::Contact(id), Pane::Failed(error)).await,
    }
}

/// Draws the page that asks to which address book a contact goes.
pub async fn show_move(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    parts: Parts,
) -> Response {
    match move_view(&contacts, id).await {
        // The head of the page marks the book that its address names.
        Ok(view) if contacts.book().is_ok_and(|book| book.id != view.from) => {
            let href = format!("/contacts/{id}/move?{BOOK}={}", view.from);
            Redirect::to(&href).into_response()
        }
        Ok(view) => pages.render_view(parts, view).await,
        Err(error) => render_again(pages, parts, PaneRoute::Contact(id), Pane::Failed(error)).await,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct MoveForm {
    /// The id of the address book.
    to: String,
}

pub async fn move_contact(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    parts: Parts,
    FormBody(form): FormBody<MoveForm>,
) -> Response {
    let moved = match form.to.parse::<BookId>() {
        Ok(book) => contacts.move_to(id, book).await.map(|_| book),
        Err(_) => Err(AppError::NoBook),
    };
    let error = match moved {
        Ok(book) => return Redirect::to(&format!("/contacts/{id}?book={book}")).into_response(),
        Err(error) => error,
    };
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    match move_view(&contacts, id).await {
        Ok(view) => {
            let problem = Some(error.to_string());
            let view = MoveView { problem, ..view };
            let mut response = pages.render_view(parts, view).await;
            *response.status_mut() = status;
            response
        }
        Err(error) => render_again(pages, parts, PaneRoute::Contact(id), Pane::Failed(error)).await,
    }
}

/// What the page for moving a contact shows.
async fn move_view(contacts: &Contacts, id: ContactId) -> Result<MoveView, AppError> {
    let contact = contacts.get(id).await?;
    let from = contacts.book_of(id, BookRole::Editor).await?.id;
    let books = contacts.caller().books().iter();
    let books = books.filter(|book| book.role >= BookRole::Editor);
    Ok(MoveView {
        id,
        name: contact.name,
        from,
        books: books.cloned().collect(),
        problem: None,
    })
}

/// Redirects a reload of the address of an action to its contact.
pub async fn go_back(PathId(id): PathId, uri: Uri) -> Response {
    go_to(&uri, PaneRoute::Contact(id))
}

/// The request of a form with the key that the page has put into it. A form without a key is accepted each
/// time.
fn idempotent(key: &str, draft: &ContactDraft) -> Result<Option<IdempotentRequest>, AppError> {
    if key.is_empty() {
        return Ok(None);
    }
    IdempotentRequest::of_form(key, draft).map(Some)
}

/// The list that a form was sent from. The query of the address has its search and page.
fn list_behind(form: &Uri) -> Location {
    Location::parse("/contacts", form.query().unwrap_or_default()).unwrap_or_default()
}

fn go_to(form: &Uri, pane: PaneRoute) -> Response {
    Redirect::to(&list_behind(form).with_opened_pane(pane).url()).into_response()
}

/// Draws the page of `place` with `pane` on it, as the answer to a form.
async fn render_again(
    pages: PageRenderer,
    mut parts: Parts,
    route: PaneRoute,
    pane: Pane,
) -> Response {
    let url = list_behind(&parts.uri).with_pane(route).url();
    let Ok(uri) = Uri::try_from(url) else {
        return Problem::new(
            StatusCode::URI_TOO_LONG,
            "long-address",
            "The address of this form is too long. Open the form again from the list.",
        )
        .into_response();
    };
    parts.uri = uri;
    pages.render_view(parts, RefusedPane(pane)).await
}
