//! Contacts as files of vCards, byte for byte as Kith keeps them.

use axum::body::Body;
use axum::body::Bytes;
use axum::http::HeaderValue;
use axum::http::Uri;
use axum::http::header;
use axum::response::Response;
use futures_util::stream;
use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::utf8_percent_encode;

use crate::model::error::AppError;
use crate::model::location::Location;
use crate::services::contacts::Contacts;
use crate::web::problem::Problem;
use crate::web::rest::extract::PathId;

/// What the name of a file escapes (RFC 8187, 3.2.1).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// What files of cards are.
pub const CARDS: &str = "text/vcard; charset=utf-8";

/// One contact.
pub async fn one(contacts: Contacts, PathId(id): PathId) -> Result<Response, Problem> {
    let (contact, card) = contacts.card(id).await?;
    Ok(file(&contact.name, card.bytes().to_vec().into()))
}

/// The contacts of the book, or those of a list with the same parameters. They are sent as they are read, so the memory that this takes does not depend on how many
/// there are.
pub async fn all(contacts: Contacts, uri: Uri) -> Result<Response, Problem> {
    let name = contacts.book()?.name.clone();
    let query = uri.query().unwrap_or_default();
    let list = Location::parse("/contacts", query).unwrap_or_default();
    let mut export = contacts.export(&list.search, &list.filter).await?;
    // What is wrong is found out before the answer begins. A later error breaks it off.
    let first = export.next_page().await?;
    let pages = stream::try_unfold((Some(first), export), |(first, mut export)| async move {
        let page = match first {
            Some(first) => first,
            None => export.next_page().await?,
        };
        Ok::<_, AppError>((!page.is_empty()).then(|| (Bytes::from(page), (None, export))))
    });
    Ok(file(&name, Body::from_stream(pages)))
}

/// A file of this name to save.
pub fn file(name: &str, cards: Body) -> Response {
    let mut response = Response::new(cards);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CARDS));
    let name = utf8_percent_encode(name, ESCAPED);
    let disposition = format!("attachment; filename=\"contacts.vcf\"; filename*=UTF-8''{name}.vcf");
    if let Ok(disposition) = HeaderValue::try_from(disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}
