//! `/calendar/{secret}.ics`: the dates of an address book for programs of calendars, which show nothing but the secret in
//! the address.

use std::sync::Arc;

use axum::body::Body;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::request::Parts;
use axum::response::Response;
use futures_util::stream;

use crate::model::error::AppError;
use crate::services::accounts::AccountService;
use crate::services::contacts::ContactService;
use crate::services::contacts::calendar;
use crate::web::middleware::context::RequestContext;
use crate::web::problem::Problem;
use crate::web::rest::extract::PathOf;
use crate::web::rest::read::Read;

/// What an address ends with.
const EXTENSION: &str = ".ics";

/// Raise this when the same dates come to be written in another way.
const FORMAT: u32 = 1;

/// The address of a feed.
pub fn address(origin: &str, secret: &str) -> String {
    format!("{origin}/calendar/{secret}{EXTENSION}")
}

/// Answers the dates of the book and sends each page as soon as it is read. The generation of the book is the `ETag`, so a
/// program that has the dates already costs no read of them.
pub async fn read(
    State(accounts): State<AccountService>,
    State(contacts): State<ContactService>,
    PathOf(file): PathOf<String>,
    read: Read,
    parts: Parts,
) -> Result<Response, Problem> {
    let context = parts.extensions.get::<Arc<RequestContext>>();
    let (client, _) = context
        .and_then(|context| context.origin())
        .ok_or_else(Problem::internal)?;
    let secret = file.strip_suffix(EXTENSION).ok_or(AppError::NotFound)?;
    let caller = accounts.feed_caller(secret, client).await;
    let caller = caller.map_err(AppError::from)?.ok_or(AppError::NotFound)?;
    let contacts = contacts.of(caller, None);
    let mut export = contacts.calendar().map_err(|_| AppError::NotFound)?;
    let generation = contacts.generation().await.ok_or(AppError::Unavailable)?;
    let etag = format!("W/\"{FORMAT}-{:x}\"", generation.0);
    // What is wrong is found out before the answer begins. A later error breaks it off.
    let first = match read.knows(&etag) {
        true => Vec::new(),
        false => [calendar::BEGIN.as_bytes(), &export.next_page().await?].concat(),
    };
    let body = stream::try_unfold((Some(first), Some(export)), |(first, export)| async move {
        let Some(mut export) = export else {
            return Ok(None);
        };
        let page = match first {
            Some(first) => first,
            None => export.next_page().await?,
        };
        Ok::<_, AppError>(Some(match export.is_done() {
            true => {
                let end = [&page, calendar::END.as_bytes()].concat();
                (Bytes::from(end), (None, None))
            }
            false => (Bytes::from(page), (None, Some(export))),
        }))
    });
    let kind = HeaderValue::from_static("text/calendar; charset=utf-8");
    Ok(read.answer_uncached(kind, &etag, || Body::from_stream(body)))
}
