//! Imports over HTTP.

use std::sync::Arc;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::extract::Path;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use super::contacts::filled;
use super::extract::QueryString;
use crate::services::book::BookId;
use crate::services::config::Config;
use crate::services::contacts::Contacts;
use crate::services::imports::Import;
use crate::services::imports::ImportError;
use crate::services::imports::ImportId;
use crate::services::imports::ImportService;
use crate::services::imports::Problem as ImportProblem;
use crate::web::grammar::media_type;
use crate::web::imports::broken_file;
use crate::web::problem::Problem;
use crate::web::uploads;

/// The types of a body that is imported.
const MEDIA_TYPES: [&str; 3] = ["text/vcard", "text/x-vcard", "text/directory"];

/// The problems of an answer.
const MAX_PROBLEMS: u32 = 100;

/// Where the contacts go.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportParameters {
    /// Whether each new contact that has an address gets a welcome email.
    #[serde(default)]
    #[param(default = false)]
    welcome: bool,
    /// The id of an address book; without it, the first one of the caller.
    #[serde(default, deserialize_with = "filled")]
    #[param(value_type = Option<BookId>)]
    #[expect(
        dead_code,
        reason = "whose contacts they are is read from the address for every route"
    )]
    book: Option<String>,
}

/// An import, and what of its file could not be read.
#[derive(Serialize, ToSchema)]
pub struct ImportBody {
    import: Import,
    /// At most the first 100. `/api/imports/{id}/broken` answers all of them, with their text.
    problems: Vec<ImportProblem>,
}

/// The import that a path names. A malformed id names none.
pub struct PathImport(ImportId);

impl<S: Send + Sync> FromRequestParts<S> for PathImport {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(ImportError::NoImport.into()),
        }
    }
}

async fn answer(
    imports: &ImportService,
    status: StatusCode,
    import: Import,
) -> Result<Response, Problem> {
    let problems = imports.problems(&import, MAX_PROBLEMS).await?;
    Ok((status, Json(ImportBody { import, problems })).into_response())
}

/// Imports vCards of 2.1, 3.0 or 4.0. The answer comes once the file has arrived; the import goes on behind it.
#[utoipa::path(post, path = "/api/imports", operation_id = "import", tag = "contacts", params(ImportParameters),
    request_body(content = String, content_type = "text/vcard", description = "Any number of vCards, one behind the other"),
    responses(
    (status = 202, description = "The import has begun", body = ImportBody, headers(("Location"))),
    (status = 400, description = "A parameter makes no sense, or the file has broken off", body = Problem),
    (status = 404, description = "The caller sees no such address book", body = Problem),
    (status = 408, description = "Nothing of the file has arrived for too long", body = Problem),
    (status = 415, description = "The body is no vCard", body = Problem)))]
pub async fn begin(
    contacts: Contacts,
    State(imports): State<ImportService>,
    State(config): State<Arc<Config>>,
    QueryString(asked): QueryString<ImportParameters>,
    request: Request,
) -> Result<Response, Problem> {
    let kind = media_type::of_body(request.headers());
    if !kind.is_some_and(|kind| MEDIA_TYPES.contains(&kind.as_str())) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "wrong-content-type",
            "Send vCards, and say so: Content-Type: text/vcard",
        ));
    }
    let caller = contacts.caller();
    let mut upload = imports.begin(contacts.book()?, caller.actor(), "").await?;
    let body = request.into_body().into_data_stream();
    uploads::receive(&mut upload, body, &config).await?;
    let id = upload.finish(asked.welcome).await?;
    let import = imports.get(caller, id).await?;
    let mut response = answer(&imports, StatusCode::ACCEPTED, import).await?;
    if let Ok(location) = HeaderValue::try_from(format!("/api/imports/{id}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Tells how far an import is, or what has become of it. Reports are kept for 30 days.
#[utoipa::path(get, path = "/api/imports/{id}", operation_id = "importState", tag = "contacts",
    params(("id" = ImportId, Path)), responses(
    (status = 200, description = "The import", body = ImportBody),
    (status = 404, description = "No such import", body = Problem)))]
pub async fn read(
    contacts: Contacts,
    State(imports): State<ImportService>,
    PathImport(id): PathImport,
) -> Result<Response, Problem> {
    let import = imports.get(contacts.caller(), id).await?;
    answer(&imports, StatusCode::OK, import).await
}

/// Answers the text of what could not be read, to be put right and imported again.
#[utoipa::path(get, path = "/api/imports/{id}/broken", operation_id = "brokenCards", tag = "contacts",
    params(("id" = ImportId, Path)), responses(
    (status = 200, description = "The parts of the file, one behind the other", content_type = "text/vcard", body = String),
    (status = 404, description = "No such import", body = Problem)))]
pub async fn broken(
    contacts: Contacts,
    State(imports): State<ImportService>,
    PathImport(id): PathImport,
) -> Result<Response, Problem> {
    let import = imports.get(contacts.caller(), id).await?;
    Ok(broken_file(imports, import).await?)
}

/// Undoes an import: ends it if it is under way, and removes what it has added and what was not changed since.
#[utoipa::path(delete, path = "/api/imports/{id}", operation_id = "undoImport", tag = "contacts",
    params(("id" = ImportId, Path)), responses(
    (status = 202, description = "The undo has begun, or is done", body = ImportBody),
    (status = 404, description = "No such import", body = Problem)))]
pub async fn undo(
    contacts: Contacts,
    State(imports): State<ImportService>,
    PathImport(id): PathImport,
) -> Result<Response, Problem> {
    let import = imports.undo(contacts.caller(), id).await?;
    answer(&imports, StatusCode::ACCEPTED, import).await
}
