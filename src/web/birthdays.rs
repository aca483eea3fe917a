//! The page of the days that come back each year, and the forms of the feed for calendars.

use axum::extract::FromRef;
use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use serde::Deserialize;

use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::accounts::AccountError;
use crate::services::accounts::AccountService;
use crate::services::book::BookRole;
use crate::services::contacts::Contacts;
use crate::services::contacts::dates::DateCursor;
use crate::services::contacts::dates::NoCursor;
use crate::services::contacts::dates::Period;
use crate::services::time_zone::Zone;
use crate::web::calendar;
use crate::web::caller_contacts::asked_book;
use crate::web::caller_contacts::in_book;
use crate::web::cookies;
use crate::web::page::PageRenderer;
use crate::web::pages::birthdays::BirthdaysView;
use crate::web::pages::birthdays::Days;
use crate::web::pages::birthdays::PATH;
use crate::web::pages::birthdays::feed::FeedPart;
use crate::web::problem::Problem;
use crate::web::query;
use crate::web::rest::extract::FormBody;
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
        AppError::bad_request(t!(
            "The cursor is not one of a list of dates. Start again without it."
        ))
    })
}

/// In the address of the page: what was done.
const DONE: &str = "done";

/// Who looks at the page, and what draws it.
pub struct Visit {
    contacts: Contacts,
    accounts: AccountService,
    zone: Zone,
    pages: PageRenderer,
    origin: String,
    parts: Parts,
}

impl FromRequestParts<AppState> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let ReaderZone(zone) = ReaderZone::from_request_parts(parts, state).await?;
        Ok(Self {
            contacts: Contacts::from_request_parts(parts, state).await?,
            accounts: AccountService::from_ref(state),
            pages: PageRenderer::from_ref(state),
            origin: state.config.server.origin().to_string(),
            parts: parts.clone(),
            zone,
        })
    }
}

impl Visit {
    /// The days of the coming year, with a feed that was just made.
    async fn days(&self, new_feed: Option<String>) -> Result<Days, AppError> {
        let cursor = query::parameter(&self.parts.uri, "cursor");
        let cursor = cursor.filter(|cursor| !cursor.is_empty());
        let after = cursor.as_deref().map(parse_cursor).transpose()?;
        let (contacts, zone) = (&self.contacts, self.zone.clone());
        let today = contacts.today(&zone);
        let period = Period::year_from(today);
        let done = query::parameter(&self.parts.uri, DONE);
        Ok(Days {
            page: contacts
                .dates(period, after.as_ref(), Contacts::MAX_DATES)
                .await?,
            today,
            zone,
            is_first: after.is_none(),
            may_write: contacts.book()?.role >= BookRole::Editor,
            done: done.and_then(|what| match &*what {
                "revoked" => Some(t!(
                    "The address is revoked. Calendars that read it are refused."
                )),
                "mails" => Some(t!("Kith writes you on the mornings of these days.")),
                "no-mails" => Some(t!("Kith does not write you about these days any more.")),
                _ => None,
            }),
            mails: self.accounts.birthday_mails(contacts.caller()).await?,
            feed: self.feed(new_feed).await?,
        })
    }

    async fn feed(&self, new: Option<String>) -> Result<Option<FeedPart>, AppError> {
        let caller = self.contacts.caller();
        if caller.account().is_none() {
            return Ok(None);
        }
        Ok(Some(match new {
            Some(secret) => FeedPart::New(calendar::address(&self.origin, &secret)),
            None => match self.accounts.feed(caller, self.contacts.book()?).await? {
                Some(info) => FeedPart::Made(info),
                None => FeedPart::None,
            },
        }))
    }

    /// Leads to the page, which says what was done.
    fn done(&self, what: &str) -> Response {
        let page = in_book(PATH, asked_book(&self.parts.uri));
        let separator = if page.contains('?') { '&' } else { '?' };
        Redirect::to(&format!("{page}{separator}{DONE}={what}")).into_response()
    }

    /// Draws the page. An error has its status.
    async fn draw(mut self, days: Result<Days, AppError>) -> Response {
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
        // The form of a feed is below the page.
        if let Ok(uri) = in_book(PATH, book).parse() {
            self.parts.uri = uri;
        }
        let mut response = self.pages.render_view(self.parts, view).await;
        *response.status_mut() = status;
        response
    }
}

/// Draws the days of the coming year.
pub async fn show(visit: Visit) -> Response {
    let days = visit.days(None).await;
    visit.draw(days).await
}

/// Makes the feed of the book for the account. The response shows its address, which is shown nowhere else.
pub async fn make_feed(visit: Visit) -> Response {
    let made = async {
        let book = visit.contacts.book()?;
        let made = visit.accounts.create_feed(visit.contacts.caller(), book);
        visit.days(Some(made.await?)).await
    };
    let made = made.await;
    let mut response = visit.draw(made).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub async fn revoke_feed(visit: Visit) -> Response {
    let revoked = async {
        let book = visit.contacts.book()?;
        let caller = visit.contacts.caller();
        match visit.accounts.revoke_feed(caller, book).await {
            // Another tab has done it before.
            Ok(()) | Err(AccountError::NotFound) => Ok(()),
            Err(error) => Err(AppError::from(error)),
        }
    };
    match revoked.await {
        Ok(()) => visit.done("revoked"),
        Err(error) => visit.draw(Err(error)).await,
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct MailForm {
    /// `1` begins the mails, and everything else ends them.
    wanted: String,
}

/// Begins or ends the mails in the morning.
pub async fn set_mails(visit: Visit, FormBody(form): FormBody<MailForm>) -> Response {
    let wanted = form.wanted == "1";
    let caller = visit.contacts.caller();
    match visit.accounts.set_birthday_mails(caller, wanted).await {
        Ok(()) if wanted => visit.done("mails"),
        Ok(()) => visit.done("no-mails"),
        Err(error) => visit.draw(Err(error.into())).await,
    }
}

/// Redirects a reload of the address of a form to the page.
pub async fn go_back(uri: Uri) -> Redirect {
    Redirect::to(&in_book(PATH, asked_book(&uri)))
}
