//! The page of the days that come back each year.

use axum::extract::FromRef;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;

use crate::model::error::AppError;
use crate::services::book::BookRole;
use crate::services::contacts::Contacts;
use crate::services::contacts::dates::DateCursor;
use crate::services::contacts::dates::NoCursor;
use crate::services::contacts::dates::Period;
use crate::services::time_zone::Zone;
use crate::web::caller_contacts::asked_book;
use crate::web::cookies;
use crate::web::page::PageRenderer;
use crate::web::pages::birthdays::BirthdaysView;
use crate::web::pages::birthdays::Days;
use crate::web::problem::Problem;
use crate::web::query;
use crate::web::state::AppState;

/// The time zone of the reader: that of the browser, once a script has told it, and otherwise that of the server.
pub struct ReaderZone(pub Zone);

impl FromRequestParts<AppState> for ReaderZone {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let told = cookies::time_zone(&parts.headers);
        Ok(Self(told.unwrap_or_else(|| Zone::from_ref(state))))
    }
}

/// # Errors
/// [`AppError::BadRequest`] for what is no cursor.
pub fn parse_cursor(text: &str) -> Result<DateCursor, AppError> {
    text.parse().map_err(|NoCursor| {
        AppError::bad_request("The cursor is not one of a list of dates. Start again without it.")
    })
}

/// Who looks at the page, and what draws it.
pub struct Visit {
    contacts: Contacts,
    zone: Zone,
    pages: PageRenderer,
    parts: Parts,
}

impl FromRequestParts<AppState> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let ReaderZone(zone) = ReaderZone::from_request_parts(parts, state).await?;
        Ok(Self {
            contacts: Contacts::from_request_parts(parts, state).await?,
            pages: PageRenderer::from_ref(state),
            parts: parts.clone(),
            zone,
        })
    }
}

impl Visit {
    /// The days of the coming year.
    async fn days(&self) -> Result<Days, AppError> {
        let cursor = query::parameter(&self.parts.uri, "cursor");
        let cursor = cursor.filter(|cursor| !cursor.is_empty());
        let after = cursor.as_deref().map(parse_cursor).transpose()?;
        let (contacts, zone) = (&self.contacts, self.zone.clone());
        let today = contacts.today(&zone);
        let period = Period::year_from(today);
        Ok(Days {
            page: contacts
                .dates(period, after.as_ref(), Contacts::MAX_DATES)
                .await?,
            today,
            zone,
            is_first: after.is_none(),
            may_write: contacts.book()?.role >= BookRole::Editor,
        })
    }

    /// Draws the page. An error has its status.
    async fn draw(self, days: Result<Days, AppError>) -> Response {
        let status = match &days {
            Ok(_) => StatusCode::OK,
            Err(error) => {
                StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
        };
        let book = asked_book(&self.parts.uri);
        let view = BirthdaysView {
            book,
            days: days.map_err(|error| error.to_string()),
        };
        let mut response = self.pages.render_view(self.parts, view).await;
        *response.status_mut() = status;
        response
    }
}

/// Draws the days of the coming year.
pub async fn show(visit: Visit) -> Response {
    let days = visit.days().await;
    visit.draw(days).await
}
