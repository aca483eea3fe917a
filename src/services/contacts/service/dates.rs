//! The days of contacts that come back each year.

use std::sync::Arc;

use jiff::civil::Date;

use super::Contacts;
use crate::model::error::AppError;
use crate::services::contacts::calendar;
use crate::services::contacts::dates::DateCursor;
use crate::services::contacts::dates::DateOfContact;
use crate::services::contacts::dates::DatePage;
use crate::services::contacts::dates::DayOfYear;
use crate::services::contacts::dates::Period;
use crate::services::contacts::store::ContactStore;
use crate::services::time_zone::Zone;

/// The dates of a page of a calendar.
const EXPORT_PAGE: u32 = 500;

impl Contacts {
    /// The most dates of a page.
    pub const MAX_DATES: u16 = 100;

    /// What day it is by the clock of a time zone.
    pub fn today(&self, zone: &Zone) -> Date {
        zone.day(self.shared.clock.now())
    }

    /// Dates of the book in the order in which they come: those behind `after`, if there is one, and at most `limit` of
    /// them. The cache keeps none, because they depend on the day, and an index leads to them.
    ///
    /// # Errors
    /// [`AppError::NoBook`], and those that every method has.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn dates(
        &self,
        period: Period,
        after: Option<&DateCursor>,
        limit: u16,
    ) -> Result<DatePage, AppError> {
        let store = self.store(self.book()?);
        // One more says whether there is another page.
        let wanted = usize::from(limit) + 1;
        let mut dates: Vec<DateOfContact> = Vec::new();
        for (days, after) in parts_behind(period, after) {
            let left = u32::try_from(wanted - dates.len()).unwrap_or(u32::MAX);
            if left > 0 {
                dates.extend(store.dates(days, after, left).await?);
            }
        }
        let has_more = dates.len() == wanted;
        dates.truncate(limit.into());
        let next = dates.last().filter(|_| has_more);
        Ok(DatePage {
            next: next.map(DateOfContact::cursor),
            dates,
        })
    }

    /// All dates of the book as a calendar.
    ///
    /// # Errors
    /// [`AppError::NoBook`].
    pub fn calendar(&self) -> Result<DateExport, AppError> {
        Ok(DateExport {
            store: self.store(self.book()?),
            after: None,
            is_done: false,
        })
    }
}

/// The dates of a book as events of a calendar. No more than one page is in memory.
pub struct DateExport {
    store: Arc<dyn ContactStore>,
    after: Option<DateCursor>,
    is_done: bool,
}

impl DateExport {
    /// Some more events.
    ///
    /// # Errors
    /// [`AppError::Unavailable`], [`AppError::Internal`].
    pub async fn next_page(&mut self) -> Result<Vec<u8>, AppError> {
        let days = [DayOfYear::FIRST, DayOfYear::END];
        let dates = self
            .store
            .dates(days, self.after.as_ref(), EXPORT_PAGE)
            .await?;
        self.is_done = dates.len() < EXPORT_PAGE as usize;
        self.after = dates.last().map(DateOfContact::cursor);
        Ok(dates.iter().flat_map(calendar::event).collect())
    }

    /// Whether there are no more events.
    pub fn is_done(&self) -> bool {
        self.is_done
    }
}

/// The parts of a period from a cursor on. The second part has the days of the next year, so a cursor of the second one
/// stands before the days of the first one.
fn parts_behind(
    period: Period,
    after: Option<&DateCursor>,
) -> Vec<([DayOfYear; 2], Option<&DateCursor>)> {
    let [first, second] = period.parts();
    match after {
        Some(cursor) if cursor.on < first[0] => vec![(second, after)],
        _ => vec![(first, after), (second, None)],
    }
}
