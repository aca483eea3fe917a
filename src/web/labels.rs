//! Pages about labels, and the forms that change them. They need no script.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use serde::Deserialize;
use uuid::Uuid;

use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::book::BookRole;
use crate::services::contacts::Contacts;
use crate::services::contacts::LabelError;
use crate::services::contacts::labels::Label;
use crate::services::contacts::labels::LabelChangeId;
use crate::services::contacts::labels::LabelColour;
use crate::services::contacts::labels::LabelId;
use crate::services::contacts::labels::LabelName;
use crate::services::contacts::labels::LabelUpdate;
use crate::web::caller_contacts::asked_book;
use crate::web::page::PageRenderer;
use crate::web::pages::labels::LabelForm;
use crate::web::pages::labels::LabelList;
use crate::web::pages::labels::LabelsPart;
use crate::web::pages::labels::LabelsView;
use crate::web::pages::labels::address;
use crate::web::problem::Problem;
use crate::web::query;
use crate::web::rest::extract::FormBody;
use crate::web::rest::extract::PathOf;

/// In the address of the page: what was done, or which change took a label away.
const DONE: &str = "done";
const REMOVED: &str = "removed";

/// A page as it is drawn, with its status.
type Drawn = Result<LabelsPart, LabelError>;

impl From<LabelError> for Problem {
    fn from(error: LabelError) -> Self {
        let detail = error.to_string();
        match error {
            LabelError::NoLabel => Self::new(StatusCode::NOT_FOUND, "not-found", detail),
            LabelError::Exists(_) => Self::new(StatusCode::CONFLICT, "label-exists", detail),
            LabelError::Busy => Self::new(StatusCode::CONFLICT, "labels-busy", detail),
            LabelError::Other(error) => error.into(),
        }
    }
}

fn status_of(error: &LabelError) -> StatusCode {
    match error {
        LabelError::NoLabel => StatusCode::NOT_FOUND,
        LabelError::Exists(_) | LabelError::Busy => StatusCode::CONFLICT,
        LabelError::Other(error) => {
            StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

/// Draws all labels.
pub async fn show(contacts: Contacts, State(pages): State<PageRenderer>, parts: Parts) -> Response {
    let done = query::parameter(&parts.uri, DONE);
    let done = done.and_then(|what| match &*what {
        "added" => Some(t!("The label is added.")),
        "changed" => Some(t!("The label is changed.")),
        "merged" => Some(t!("The labels are merged.")),
        "undone" => Some(t!("The label is back.")),
        _ => None,
    });
    let removed = query::parameter(&parts.uri, REMOVED);
    let removed = removed.and_then(|id| id.parse().ok()).map(LabelChangeId);
    let part = all(&contacts).await.map(|list| LabelList {
        done: done.filter(|_| list.unfinished().is_none()),
        removed,
        ..list
    });
    draw(pages, parts, part.map(LabelsPart::All)).await
}

async fn all(contacts: &Contacts) -> Result<LabelList, LabelError> {
    let changes = contacts.label_changes().await?;
    Ok(LabelList {
        labels: contacts.labels().await?.labels.clone(),
        changes,
        may_write: contacts.book()?.role >= BookRole::Editor,
        removed: None,
        done: None,
        problem: None,
        typed: String::new(),
        colour: LabelColour::default(),
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct LabelInput {
    name: String,
    colour: String,
    /// What the label was when its form was opened.
    was: String,
    was_colour: String,
}

pub async fn add(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    parts: Parts,
    FormBody(form): FormBody<LabelInput>,
) -> Response {
    let colour = LabelColour::of_name(&form.colour);
    let added = match LabelName::parse(&form.name) {
        Ok(name) => contacts.add_label(&name, colour).await,
        Err(error) => Err(error.into()),
    };
    match added {
        Ok(_) => go(&parts.uri, DONE, "added"),
        Err(error) => {
            let again = all(&contacts).await.map(|list| {
                LabelsPart::All(LabelList {
                    problem: Some(error.to_string()),
                    typed: form.name,
                    colour,
                    ..list
                })
            });
            draw_refused(pages, parts, again, &error).await
        }
    }
}

/// Draws the form of one label.
pub async fn show_one(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathOf(id): PathOf<LabelId>,
    parts: Parts,
) -> Response {
    let form = form(&contacts, id).await;
    draw(pages, parts, form.map(LabelsPart::One)).await
}

async fn form(contacts: &Contacts, id: LabelId) -> Result<LabelForm, LabelError> {
    contacts.book()?.require(BookRole::Editor)?;
    let labels = contacts.labels().await?.labels.clone();
    let (label, others): (Vec<Label>, Vec<Label>) =
        labels.into_iter().partition(|label| label.id == id);
    let label = label.into_iter().next().ok_or(LabelError::NoLabel)?;
    Ok(LabelForm {
        typed: label.name.clone(),
        colour: label.colour,
        label,
        others,
        problem: None,
    })
}

/// Renames a label and gives it another color. For a name that another label has, the page asks whether to merge them.
pub async fn change(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathOf(id): PathOf<LabelId>,
    parts: Parts,
    FormBody(typed): FormBody<LabelInput>,
) -> Response {
    let form = match form(&contacts, id).await {
        Ok(form) => form,
        Err(error) => return draw(pages, parts, Err(error)).await,
    };
    match save(&contacts, id, &typed).await {
        Ok(()) => go(&parts.uri, DONE, "changed"),
        Err(error) => {
            let again = match &error {
                LabelError::Exists(target) => LabelsPart::Merge(form.label, target.clone()),
                _ => LabelsPart::One(LabelForm {
                    problem: Some(error.to_string()),
                    colour: LabelColour::of_name(&typed.colour),
                    typed: typed.name,
                    ..form
                }),
            };
            draw_refused(pages, parts, Ok(again), &error).await
        }
    }
}

/// Saves what the form has changed.
async fn save(contacts: &Contacts, id: LabelId, typed: &LabelInput) -> Result<(), LabelError> {
    let to = LabelName::parse(&typed.name)?;
    let change = LabelUpdate {
        name: (to.as_str() != typed.was).then_some(to),
        merge: false,
        colour: (typed.colour != typed.was_colour).then(|| LabelColour::of_name(&typed.colour)),
    };
    contacts.change_label(id, change).await?;
    Ok(())
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct MergeInput {
    /// The id of the other label.
    into: String,
}

pub async fn merge(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathOf(id): PathOf<LabelId>,
    parts: Parts,
    FormBody(typed): FormBody<MergeInput>,
) -> Response {
    let merged = async {
        let form = form(&contacts, id).await?;
        let mut others = form.others.into_iter();
        let target = others.find(|label| label.id.to_string() == typed.into);
        let to = LabelName::parse(&target.ok_or(LabelError::NoLabel)?.name)?;
        let update = LabelUpdate {
            name: Some(to),
            merge: true,
            colour: None,
        };
        contacts.change_label(id, update).await
    };
    match merged.await {
        Ok(_) => go(&parts.uri, DONE, "merged"),
        Err(error) => draw(pages, parts, Err(error)).await,
    }
}

pub async fn remove(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathOf(id): PathOf<LabelId>,
    parts: Parts,
) -> Response {
    match contacts.remove_label(id).await {
        Ok(answer) => go(&parts.uri, REMOVED, &answer.change.0.to_string()),
        Err(error) => draw(pages, parts, Err(error)).await,
    }
}

pub async fn undo(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathOf(id): PathOf<Uuid>,
    parts: Parts,
) -> Response {
    match contacts.undo_label_change(LabelChangeId(id)).await {
        Ok(_) => go(&parts.uri, DONE, "undone"),
        Err(error) => draw(pages, parts, Err(error)).await,
    }
}

/// Redirects a reload of the address of an action to the page.
pub async fn go_back(uri: Uri) -> Redirect {
    Redirect::to(&address("", asked_book(&uri)))
}

fn go(form: &Uri, name: &str, value: &str) -> Response {
    let page = address("", asked_book(form));
    let separator = if page.contains('?') { '&' } else { '?' };
    Redirect::to(&format!("{page}{separator}{name}={value}")).into_response()
}

/// Draws a page below `/labels`. An error has its status.
async fn draw(pages: PageRenderer, parts: Parts, drawn: Drawn) -> Response {
    let (status, part) = match drawn {
        Ok(part) => (StatusCode::OK, part),
        Err(error) => (status_of(&error), LabelsPart::Failed(error.to_string())),
    };
    let book = asked_book(&parts.uri);
    let mut response = pages.render_view(parts, LabelsView { book, part }).await;
    *response.status_mut() = status;
    response
}

/// Draws the answer to a form that was refused.
async fn draw_refused(
    pages: PageRenderer,
    parts: Parts,
    again: Drawn,
    why: &LabelError,
) -> Response {
    if let LabelError::Other(AppError::Forbidden { .. } | AppError::NoBook) = why {
        return draw(pages, parts, Err(why.clone())).await;
    }
    let mut response = draw(pages, parts, again).await;
    *response.status_mut() = status_of(why);
    response
}
