//! Pages about imports, and their forms. They need no script.

use std::sync::Arc;

use axum::body::Body;
use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::Multipart;
use axum::extract::Request;
use axum::extract::State;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use futures_util::stream;

use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::book::BookId;
use crate::services::config::Config;
use crate::services::contacts::Contacts;
use crate::services::imports::Import;
use crate::services::imports::ImportError;
use crate::services::imports::ImportId;
use crate::services::imports::ImportService;
use crate::web::caller_contacts::asked_book;
use crate::web::page::PageRenderer;
use crate::web::pages::imports::ImportsPart;
use crate::web::pages::imports::ImportsView;
use crate::web::pages::imports::MAX_PROBLEMS;
use crate::web::pages::imports::address;
use crate::web::problem::Problem;
use crate::web::rest::extract::PathOf;
use crate::web::uploads;
use crate::web::vcards;

/// Draws the form, and the last imports.
pub async fn show(
    contacts: Contacts,
    State(imports): State<ImportService>,
    State(pages): State<PageRenderer>,
    parts: Parts,
) -> Result<Response, Problem> {
    let book = contacts.book()?;
    let part = ImportsPart::Form {
        imports: imports.list(book).await?,
        limits: imports.limits(),
        // Which book it is matters once there are several.
        into: (contacts.caller().books().len() > 1).then(|| book.label()),
    };
    Ok(draw(pages, parts, part).await)
}

/// Takes in the files of the form. Each is an import of its own.
pub async fn send(
    contacts: Contacts,
    State(imports): State<ImportService>,
    State(config): State<Arc<Config>>,
    request: Request,
) -> Result<Response, Problem> {
    let asked = asked_book(request.uri());
    let book = contacts.book()?;
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| unreadable())?;
    let mut uploads = Vec::new();
    let mut welcome = false;
    loop {
        let field = form.next_field().await;
        let Some(field) = field.map_err(|error| uploads::broken_off(&error, &config))? else {
            break;
        };
        if field.name() == Some("welcome") {
            welcome = true;
            continue;
        }
        let Some(name) = field.file_name().map(str::to_owned) else {
            continue;
        };
        let actor = contacts.caller().actor();
        let mut upload = imports.begin(book, actor, &name).await?;
        uploads::receive(&mut upload, field, &config).await?;
        // A browser sends a file without a name and without content where none is chosen.
        if !name.is_empty() || !upload.is_empty() {
            uploads.push(upload);
        }
    }
    let mut ids = Vec::new();
    for upload in uploads {
        ids.push(upload.finish(welcome).await?);
    }
    let path = match ids.as_slice() {
        [] => return Err(AppError::bad_request(t!("Choose a file of vCards first.")).into()),
        [only] => format!("/imports/{only}"),
        _ => "/import".to_owned(),
    };
    Ok(Redirect::to(&address(&path, asked)).into_response())
}

fn unreadable() -> Problem {
    AppError::bad_request(t!(
        "This form cannot be read. Reload the page and try again."
    ))
    .into()
}

/// Draws how far an import is, or what has become of it.
pub async fn show_one(
    contacts: Contacts,
    State(imports): State<ImportService>,
    State(pages): State<PageRenderer>,
    PathOf(id): PathOf<ImportId>,
    parts: Parts,
) -> Result<Response, Problem> {
    let import = imports.get(contacts.caller(), id).await?;
    let part = ImportsPart::One {
        problems: imports.problems(&import, MAX_PROBLEMS).await?,
        import,
    };
    Ok(draw(pages, parts, part).await)
}

/// Ends an import. What it has added stays.
pub async fn cancel(
    contacts: Contacts,
    State(imports): State<ImportService>,
    PathOf(id): PathOf<ImportId>,
    parts: Parts,
) -> Result<Response, Problem> {
    imports.cancel(contacts.caller(), id).await?;
    Ok(back_to(id, asked_book(&parts.uri)))
}

/// Draws the question whether an import shall be undone.
pub async fn show_undo(
    contacts: Contacts,
    State(imports): State<ImportService>,
    State(pages): State<PageRenderer>,
    PathOf(id): PathOf<ImportId>,
    parts: Parts,
) -> Result<Response, Problem> {
    let import = imports.get(contacts.caller(), id).await?;
    Ok(draw(pages, parts, ImportsPart::Undo(import)).await)
}

pub async fn undo(
    contacts: Contacts,
    State(imports): State<ImportService>,
    PathOf(id): PathOf<ImportId>,
    parts: Parts,
) -> Result<Response, Problem> {
    imports.undo(contacts.caller(), id).await?;
    Ok(back_to(id, asked_book(&parts.uri)))
}

/// Sends what could not be read as a file.
pub async fn broken(
    contacts: Contacts,
    State(imports): State<ImportService>,
    PathOf(id): PathOf<ImportId>,
) -> Result<Response, Problem> {
    let import = imports.get(contacts.caller(), id).await?;
    Ok(broken_file(imports, import).await?)
}

/// What of a file could not be read, as a file. It is sent as it is read.
///
/// # Errors
/// [`AppError::Unavailable`].
pub async fn broken_file(imports: ImportService, import: Import) -> Result<Response, ImportError> {
    // What is wrong is found out before the answer begins. A later error breaks it off.
    let first = imports.broken_behind(&import, -1).await?;
    let parts = stream::try_unfold(
        (first, imports, import),
        |(part, imports, import)| async move {
            let Some((place, mut bytes)) = part else {
                return Ok(None);
            };
            if !bytes.ends_with(b"\n") {
                bytes.extend_from_slice(b"\r\n");
            }
            let next = imports.broken_behind(&import, place).await?;
            Ok::<_, ImportError>(Some((Bytes::from(bytes), (next, imports, import))))
        },
    );
    Ok(vcards::file("not imported", Body::from_stream(parts)))
}

fn back_to(id: ImportId, book: Option<BookId>) -> Response {
    Redirect::to(&address(&format!("/imports/{id}"), book)).into_response()
}

async fn draw(pages: PageRenderer, parts: Parts, part: ImportsPart) -> Response {
    let book = asked_book(&parts.uri);
    pages.render_view(parts, ImportsView { book, part }).await
}
