//! The days that come back each year, over HTTP.

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use serde::Deserialize;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::ToSchema;

use super::contacts::filled;
use super::extract::QueryString;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::services::book::BookId;
use crate::services::contacts::Contacts;
use crate::services::contacts::dates::DateCursor;
use crate::services::contacts::dates::DateKind;
use crate::services::contacts::dates::DateOfContact;
use crate::services::contacts::dates::Period;
use crate::services::time_zone::Zone;
use crate::web::birthdays::parse_cursor;
use crate::web::problem::Problem;

/// Which days to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DateParameters {
    /// The first day; today by the time zone of the server without it.
    #[serde(default, deserialize_with = "filled")]
    #[param(value_type = Option<String>, pattern = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$", example = "2026-11-28")]
    from: Option<String>,
    /// How many days; a year without it, in which each date comes once.
    #[serde(default, deserialize_with = "filled")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 366)]
    days: Option<String>,
    /// The `nextCursor` of the page before.
    #[serde(default, deserialize_with = "filled")]
    #[param(value_type = Option<String>, pattern = "^[0-9]{4}\\.[0-9a-f-]{36}\\.[0-9]{1,5}$")]
    cursor: Option<String>,
    /// How many dates to answer at most.
    #[serde(default, deserialize_with = "filled")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Option<String>,
    /// The id of an address book; without it, the first one of the caller.
    #[serde(default, deserialize_with = "filled")]
    #[param(value_type = Option<BookId>)]
    #[expect(
        dead_code,
        reason = "whose contacts they are is read from the address for every route"
    )]
    book: Option<String>,
}

impl DateParameters {
    /// # Errors
    /// [`AppError::BadRequest`], saying what is understood.
    fn period(&self, zone: &Zone, contacts: &Contacts) -> Result<Period, AppError> {
        let from = match &self.from {
            Some(from) => from
                .parse::<Date>()
                .ok()
                .filter(|date| date.to_string() == *from),
            None => Some(contacts.today(zone)),
        };
        let from = from.filter(|date| Period::new(*date, 1).is_some());
        let from = from.ok_or_else(|| {
            AppError::bad_request(
                "`from` is a day of the years from 1 to 9997, such as 2026-11-28.",
            )
        })?;
        let days = number(self.days.as_deref(), Period::MAX_DAYS, "`days`")?;
        Period::new(from, days).ok_or(AppError::Internal)
    }
}

/// A number from 1 to the most, which it is without a text.
fn number(text: Option<&str>, most: u16, what: &str) -> Result<u16, AppError> {
    let Some(text) = text else {
        return Ok(most);
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number
        .filter(|number| (1..=most).contains(number))
        .ok_or_else(|| AppError::bad_request(format!("{what} is a number from 1 to {most}.")))
}

/// Some of the dates, in the order in which they come.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DateList {
    dates: Vec<ComingDate>,
    /// Asks for the next page; null on the last.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// A birthday, an anniversary, or another date of a contact.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ComingDate {
    contact: ContactId,
    /// The name of the contact.
    name: String,
    kind: DateKind,
    /// What the contact calls another date; often empty.
    label: String,
    /// As the contact says it: `1815-12-10`, or `--12-10` without a year.
    date: String,
    /// When it comes. 29 February comes on 28 February in years without it.
    #[schema(format = Date)]
    next: String,
    /// How many years it has come back then; null where the contact does not say the year.
    #[schema(required = true)]
    years: Option<u16>,
}

impl ComingDate {
    fn of(of: DateOfContact, period: Period) -> Self {
        let next = of.date.on.next(period.from());
        Self {
            contact: of.contact,
            kind: of.date.kind,
            date: of.date.text(),
            next: next.to_string(),
            years: of.years_at(next),
            label: of.date.label,
            name: of.name,
        }
    }
}

/// Lists birthdays, anniversaries and other dates of contacts outside the trash, in the order in which they come.
#[utoipa::path(get, path = "/api/birthdays", operation_id = "birthdays", tag = "contacts",
    params(DateParameters), responses(
    (status = 200, description = "One page", body = DateList),
    (status = 400, description = "A parameter makes no sense", body = Problem),
    (status = 404, description = "The caller sees no such address book", body = Problem)))]
pub async fn list(
    contacts: Contacts,
    State(zone): State<Zone>,
    QueryString(asked): QueryString<DateParameters>,
) -> Result<Json<DateList>, Problem> {
    let period = asked.period(&zone, &contacts)?;
    let limit = number(asked.limit.as_deref(), Contacts::MAX_DATES, "`limit`")?;
    let after = asked.cursor.as_deref().map(parse_cursor).transpose()?;
    let page = contacts.dates(period, after.as_ref(), limit).await?;
    let dates = page.dates.into_iter();
    Ok(Json(DateList {
        dates: dates.map(|of| ComingDate::of(of, period)).collect(),
        next_cursor: page.next.as_ref().map(DateCursor::to_string),
    }))
}
