//! `/birthdays`: the days of the coming year on which contacts have a birthday, an anniversary or another date. It needs no
//! script; `public/birthdays.js` tells the server the time zone of the reader.
//!
//! [`feed`] leads calendars to the same days, and [`mail`] begins and ends mails about them.

pub mod feed;
pub mod mail;

use form_urlencoded::Serializer;
use jiff::civil::Date;
use leptos::prelude::*;

use self::feed::Feed;
use self::feed::FeedPart;
use self::mail::MailSection;
use super::PageTitle;
use crate::components::avatar::Avatar;
use crate::components::view::view;
use crate::model::language::t;
use crate::model::language::t_plural;
use crate::model::language::t_view;
use crate::model::location::BOOK;
use crate::model::location::Location;
use crate::model::location::PaneRoute;
use crate::services::accounts::BirthdayMails;
use crate::services::book::BookId;
use crate::services::contacts::dates::DateCursor;
use crate::services::contacts::dates::DateOfContact;
use crate::services::contacts::dates::DatePage;
use crate::services::format;
use crate::services::time_zone::Zone;
use crate::web::caller_contacts::in_book;

/// Where the page is.
pub const PATH: &str = "/birthdays";

/// What the page shows.
#[derive(Clone)]
pub struct BirthdaysView {
    /// The book that the address asks for.
    pub book: Option<BookId>,
    /// The days, or why there is nothing to show.
    pub days: Result<Days, String>,
}

/// The days of a page.
#[derive(Clone)]
pub struct Days {
    pub page: DatePage,
    /// The day on which the reader looks, and by the clock of which time zone.
    pub today: Date,
    pub zone: Zone,
    /// Whether the page is the first one.
    pub is_first: bool,
    pub may_write: bool,
    /// What came of a form.
    pub done: Option<&'static str>,
    /// `None` where no account looks.
    pub feed: Option<FeedPart>,
    pub mails: BirthdayMails,
}

/// The page that begins behind a cursor.
fn next_page(cursor: &DateCursor, book: Option<BookId>) -> String {
    let mut query = Serializer::new(String::new());
    if let Some(book) = book {
        query.append_pair(BOOK, &book.to_string());
    }
    query.append_pair("cursor", &cursor.to_string());
    format!("{PATH}?{}", query.finish())
}

#[component]
pub fn BirthdaysPage() -> impl IntoView {
    let BirthdaysView { book, days } = use_context()?;
    let content = match days {
        Ok(days) => view! { <DayList days book/> },
        Err(why) => view! { <p class="problem mt-4" role="alert">{why}</p> },
    };
    Some(view! {
        <PageTitle text=format!("{} · Kith", t!("Birthdays"))/>
        <main id="main" tabindex="-1" class="page">
            <h1 class="text-xl font-semibold tracking-tight">"Birthdays"</h1>
            {content}
        </main>
    })
}

#[component]
fn DayList(days: Days, book: Option<BookId>) -> impl IntoView {
    let Days {
        page,
        today,
        zone,
        is_first,
        may_write,
        done,
        feed,
        mails,
    } = days;
    let (day, name) = (today.to_string(), zone.to_string());
    let offers = view! {
        {feed.map(|feed| view! { <Feed feed book/> })}
        <MailSection mails book/>
    };
    let place = name.replace('_', " ");
    let head = view! {
        {done.map(|done| view! { <p id="notice" role="status" class="mt-2">{done}</p> })}
        <script src="/birthdays.js" type="module"></script>
        <p class="mt-2 text-muted" data-zone=name data-day=day>
            {t_view!(
                "The coming 12 months. Today is {day} ({zone}).",
                day = view! { <time datetime=day.clone()>{format::date_with_weekday(today)}</time> },
                zone = place,
            )}
        </p>
    };
    if page.dates.is_empty() {
        return view! {
            {head}
            <Empty is_first may_write book/>
            {offers}
        };
    }
    let back = (!is_first).then(|| {
        view! { <a class="more" href=in_book(PATH, book)>"Show from today"</a> }
    });
    let more = page.next.as_ref().map(|cursor| {
        view! { <a class="more" rel="next" href=next_page(cursor, book)>"Show more"</a> }
    });
    let months = months(page.dates, today).into_iter();
    let months = months
        .map(|(month, dates)| view! { <Month month dates today book/> })
        .collect_view();
    view! {
        {head}
        {back}
        <div id="dates">{months}</div>
        {more}
        {offers}
    }
}

/// The dates of each month with the day on which they come, in their order. The same month of the next year is another
/// one.
fn months(dates: Vec<DateOfContact>, today: Date) -> Vec<(Date, Vec<(Date, DateOfContact)>)> {
    let mut months: Vec<(Date, Vec<(Date, DateOfContact)>)> = Vec::new();
    for of in dates {
        let at = of.date.on.next(today);
        let month = at.first_of_month();
        match months.last_mut() {
            Some((last, dates)) if *last == month => dates.push((at, of)),
            _ => months.push((month, vec![(at, of)])),
        }
    }
    months
}

#[component]
fn Empty(is_first: bool, may_write: bool, book: Option<BookId>) -> impl IntoView {
    let form = Location {
        pane: PaneRoute::New,
        book: book.map_or_else(String::new, |book| book.to_string()),
        field: "birthday".to_owned(),
        ..Location::default()
    };
    let (title, link) = match (is_first, may_write) {
        (false, _) => (
            t!("There are no more dates."),
            Some((in_book(PATH, book), t!("Show from today"))),
        ),
        (true, true) => (
            t!("No birthdays yet."),
            Some((form.url(), t!("Add a contact with a birthday"))),
        ),
        (true, false) => (t!("No birthdays yet."), None),
    };
    let how = is_first.then(|| {
        t!("What a contact says under “Birthday and dates” stands here: birthdays, anniversaries, and other days.")
    });
    view! {
        <div class="empty">
            <p class="text-ink">{title}</p>
            {how.map(|how| view! { <p>{how}</p> })}
            {link.map(|(href, words)| view! { <a class="button" href=href>{words}</a> })}
        </div>
    }
}

#[component]
fn Month(
    month: Date,
    dates: Vec<(Date, DateOfContact)>,
    today: Date,
    book: Option<BookId>,
) -> impl IntoView {
    let title = format::month(month);
    let id = month.strftime("month-%Y-%m").to_string();
    let rows = dates.into_iter();
    let rows = rows
        .map(|(at, of)| view! { <Row at of today book/> })
        .collect_view();
    view! {
        <section class="date-month mt-8" aria-labelledby=id>
            <h2 id=id.clone() class="font-semibold">{title}</h2>
            <ul class="mt-2">{rows}</ul>
        </section>
    }
}

#[component]
fn Row(at: Date, of: DateOfContact, today: Date, book: Option<BookId>) -> impl IntoView {
    let contact = Location {
        pane: PaneRoute::Contact(of.contact),
        book: book.map_or_else(String::new, |book| book.to_string()),
        ..Location::default()
    };
    let (what, years) = of.told_at(at);
    let leap = (of.date.on.is_leap_day() && at.day() != 29).then(|| t!(", on 29 February"));
    let days = today.until(at).map_or(0, |span| span.get_days());
    let is_today = (days == 0).then_some("true");
    let DateOfContact {
        contact: id,
        name,
        photo,
        ..
    } = of;
    view! {
        <li>
            <a class="date-row" href=contact.url() data-today=is_today>
                <Avatar id name=name.clone() photo/>
                <span class="min-w-0">
                    <bdi class="row-name" title=name>{name.clone()}</bdi>
                    <span class="block text-xs text-muted wrap-anywhere">
                        <bdi>{what}</bdi>{years}{leap}
                    </span>
                </span>
                <span class="date-when">
                    <span class="date-distance">{distance(days)}</span>
                    <time datetime=at.to_string()>{format::short_day_with_weekday(at)}</time>
                </span>
            </a>
        </li>
    }
}

/// For example `Today` and `In 3 days`.
fn distance(days: i32) -> String {
    match days {
        0 => t!("Today").to_owned(),
        1 => t!("Tomorrow").to_owned(),
        days => t_plural!(days.unsigned_abs(), "In {count} day", "In {count} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::contacts::dates::DateKind;

    fn of(kind: DateKind, label: &str, text: &str) -> DateOfContact {
        DateOfContact::example("Ada", kind, label, text)
    }

    fn date(text: &str) -> Date {
        text.parse().expect("a date")
    }

    #[test]
    fn days_are_counted_from_today() {
        assert_eq!(
            [0, 1, 2, 365].map(distance),
            ["Today", "Tomorrow", "In 2 days", "In 365 days"]
        );
    }

    #[test]
    fn the_same_month_of_the_next_year_is_another_one() {
        let dates = ["--11-28", "--12-10", "--11-02"].map(|day| of(DateKind::Birthday, "", day));
        let months = months(dates.into(), date("2026-11-28")).into_iter();
        let months: Vec<String> = months.map(|(month, _)| month.to_string()).collect();
        assert_eq!(months, ["2026-11-01", "2026-12-01", "2027-11-01"]);
    }
}
