//! Photos of contacts: the pictures that pages show, and the page on which a person chooses another one. It needs no
//! script.

use axum::body::Bytes;
use axum::extract::FromRequest;
use axum::extract::Multipart;
use axum::extract::Request;
use axum::extract::State;
use axum::extract::multipart::MultipartError;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use kith_photo::Crop;

use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::model::location::BOOK;
use crate::services::book::BookId;
use crate::services::book::BookRole;
use crate::services::contacts::Contacts;
use crate::services::contacts::photo::PhotoKey;
use crate::services::contacts::photo::Size;
use crate::web::page::PageRenderer;
use crate::web::pages::photo::PhotoPart;
use crate::web::pages::photo::PhotoView;
use crate::web::problem::Problem;
use crate::web::query;
use crate::web::rest::extract::PathId;
use crate::web::rest::extract::PathOf;
use crate::web::rest::photos::jpeg;

/// The parameter of an address that asks for the small picture.
const SMALL: &str = "small";

/// The longest number of a crop that is read. A browser sends at most 25 characters.
const MAX_NUMBER_BYTES: usize = 40;

/// Sends a picture. Its address names the bytes that it was made of, so a browser keeps it.
pub async fn picture(
    contacts: Contacts,
    PathOf((id, name)): PathOf<(ContactId, String)>,
    parts: Parts,
) -> Result<Response, Problem> {
    let key = PhotoKey::in_address(&name).ok_or(AppError::NotFound)?;
    let size = match query::parameter(&parts.uri, SMALL) {
        Some(_) => Size::Small,
        None => Size::Large,
    };
    let mut response = jpeg(contacts.picture(id, &key, size).await?);
    let caching = HeaderValue::from_static("private, max-age=31536000, immutable");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, caching);
    Ok(response)
}

/// Draws the page of the photo.
pub async fn show(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    parts: Parts,
) -> Response {
    show_part(&contacts, pages, id, parts, PhotoPart::Choose(None)).await
}

/// Draws the question whether the photo shall be removed.
pub async fn show_remove(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    parts: Parts,
) -> Response {
    show_part(&contacts, pages, id, parts, PhotoPart::Remove).await
}

/// Draws a page about the photo of a contact, in the book of the contact.
async fn show_part(
    contacts: &Contacts,
    pages: PageRenderer,
    id: ContactId,
    parts: Parts,
    part: PhotoPart,
) -> Response {
    match view(contacts, id, part).await {
        // The head of the page marks the book that its address names.
        Ok(view) if contacts.book().is_ok_and(|book| book.id != view.book) => {
            Redirect::to(&in_book(parts.uri.path(), view.book)).into_response()
        }
        view => draw(pages, parts, view).await,
    }
}

/// Makes the file of a form the photo of a contact.
pub async fn upload(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    request: Request,
) -> Response {
    // The body goes to the form, and the rest to the page that may be drawn.
    let (parts, body) = request.into_parts();
    let mut form = Request::new(body);
    *form.headers_mut() = parts.headers.clone();
    let saved = async {
        let upload = contacts.begin_upload(id).await?;
        let Form { file, crop } = Form::read(form).await?;
        let photo = upload.prepare(file.into(), Some(crop)).await?;
        contacts.set_photo(id, Some(&photo), None).await
    };
    let error = match saved.await {
        Ok(_) => return back_to_contact(&contacts, id).await,
        Err(error) => error,
    };
    let view = match error {
        // What is wrong with the file stands on the page of the photo.
        AppError::BadRequest { detail } => {
            view(&contacts, id, PhotoPart::Choose(Some(detail))).await
        }
        error => Err(error),
    };
    draw(pages, parts, view).await
}

pub async fn remove(
    contacts: Contacts,
    State(pages): State<PageRenderer>,
    PathId(id): PathId,
    parts: Parts,
) -> Response {
    match contacts.set_photo(id, None, None).await {
        Ok(_) => back_to_contact(&contacts, id).await,
        Err(error) => draw(pages, parts, Err(error)).await,
    }
}

/// What the page shows of a contact that the caller may change.
async fn view(contacts: &Contacts, id: ContactId, part: PhotoPart) -> Result<PhotoView, AppError> {
    let book = contacts.book_of(id, BookRole::Editor).await?.id;
    let contact = contacts.get(id).await?;
    Ok(PhotoView {
        id,
        name: contact.name,
        photo: contact.photo,
        book,
        part,
    })
}

/// Draws a page about a photo. What is refused has its status.
async fn draw(pages: PageRenderer, parts: Parts, view: Result<PhotoView, AppError>) -> Response {
    let status = match &view {
        Ok(view) if matches!(view.part, PhotoPart::Choose(Some(_))) => StatusCode::BAD_REQUEST,
        Ok(_) => StatusCode::OK,
        Err(error) => {
            StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        }
    };
    let mut response = pages.render_view(parts, view).await;
    *response.status_mut() = status;
    response
}

async fn back_to_contact(contacts: &Contacts, id: ContactId) -> Response {
    let contact = format!("/contacts/{id}");
    // It has been changed, so its book is found unless others move or remove the contact at this moment.
    let book = contacts.book_of(id, BookRole::Viewer).await;
    let href = match book {
        Ok(book) if contacts.caller().books().len() > 1 => in_book(&contact, book.id),
        _ => contact,
    };
    Redirect::to(&href).into_response()
}

fn in_book(path: &str, book: BookId) -> String {
    format!("{path}?{BOOK}={book}")
}

/// The form of the page.
struct Form {
    file: Bytes,
    crop: Crop,
}

impl Form {
    /// Reads the form. What it has beside its own fields is ignored.
    async fn read(request: Request) -> Result<Self, AppError> {
        let mut parts = Multipart::from_request(request, &())
            .await
            .map_err(|_rejection| unreadable())?;
        let mut form = Self {
            file: Bytes::new(),
            crop: Crop::default(),
        };
        while let Some(field) = parts.next_field().await.map_err(broken_off)? {
            let name = field.name().unwrap_or_default().to_owned();
            let content = field.bytes().await.map_err(broken_off)?;
            match name.as_str() {
                "photo" => form.file = content,
                "x" => form.crop.x = number(&content),
                "y" => form.crop.y = number(&content),
                "size" => form.crop.size = number(&content),
                _ => {}
            }
        }
        Ok(form)
    }
}

/// A number of the crop. The script of the page fills in what a browser without it leaves empty.
fn number(text: &[u8]) -> Option<f64> {
    let text = text.get(..text.len().min(MAX_NUMBER_BYTES))?;
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn unreadable() -> AppError {
    AppError::bad_request(t!(
        "This form cannot be read. Reload the page and try again."
    ))
}

fn broken_off(error: MultipartError) -> AppError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => AppError::bad_request(too_large()),
        _ => unreadable(),
    }
}

/// For files of which only a part is read.
fn too_large() -> &'static str {
    t!("A photo may have at most 10 MB. Make it smaller, or choose another one.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_that_is_told_is_the_one_that_holds() {
        let limit = format!("at most {} MB.", kith_photo::DEFAULT_MAX_BYTES >> 20);
        assert!(too_large().contains(&limit));
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        assert_eq!(number(b"0.25"), Some(0.25));
        for text in [&b""[..], b"x", b"\xFF", b"0,5"] {
            assert_eq!(number(text), None);
        }
        assert!(number(&[b'9'; 5000]).is_some_and(f64::is_finite));
    }
}
