//! The mails in the morning about whose day it is, for accounts that want them.
//!
//! A schedule starts a round, which puts one job for each account on the queue. A job has the account and the day as its id,
//! so the queue executes it once, however many rounds, instances or attempts there are.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use kith_database::Connection;
use kith_database::Database;
use kith_database::Row;
use kith_database::query;
use kith_queue::Attempt;
use kith_queue::Failure;
use kith_queue::Job;
use kith_queue::JobOptions;
use kith_queue::Outcome;
use kith_queue::Queue;
use serde::Deserialize;
use serde::Serialize;

use super::AccountError;
use super::AccountService;
use super::account_mail::Letter;
use super::memberships;
use super::rows::read_uuid;
use super::service::signed_in;
use crate::model::language::t;
use crate::model::language::t_plural;
use crate::services::client::AccountId;
use crate::services::client::Caller;
use crate::services::contacts::dates::DateOfContact;
use crate::services::contacts::dates::Period;
use crate::services::contacts::store::ContactStore;
use crate::services::contacts::store::StoreError;
use crate::services::format;
use crate::services::mail::MailError;
use crate::services::mail::Mailer;
use crate::services::time_zone::Zone;

/// The most dates that a mail names.
const MAX_NAMED: u32 = 100;

/// Whether an account gets the mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BirthdayMails {
    /// Kith sends no mail, or no account asks.
    Impossible,
    /// The account has no confirmed address.
    NoAddress,
    Off,
    On,
}

impl AccountService {
    /// Whether the caller's account gets the mails.
    ///
    /// # Errors
    /// [`AccountError::Unavailable`].
    pub async fn birthday_mails(&self, caller: &Caller) -> Result<BirthdayMails, AccountError> {
        let Ok((account, _)) = signed_in(caller) else {
            return Ok(BirthdayMails::Impossible);
        };
        let mut reader = self.shared.database.reader().await?;
        let row: Option<(bool, Option<String>)> =
            query("SELECT birthday_mails, email FROM accounts WHERE id = $1")
                .bind(account.id.0.as_bytes().as_slice())
                .fetch_optional(&mut reader)
                .await?;
        Ok(match row {
            _ if !self.sends_mail() => BirthdayMails::Impossible,
            Some((true, Some(_))) => BirthdayMails::On,
            Some((false, Some(_))) => BirthdayMails::Off,
            _ => BirthdayMails::NoAddress,
        })
    }

    /// Begins or ends the mails to the caller's account. They go to its confirmed address.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn set_birthday_mails(
        &self,
        caller: &Caller,
        wanted: bool,
    ) -> Result<(), AccountError> {
        let (account, _) = signed_in(caller)?;
        let mut tx = self.shared.database.write().await?;
        query("UPDATE accounts SET birthday_mails = $1 WHERE id = $2")
            .bind(wanted)
            .bind(account.id.0.as_bytes().as_slice())
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// What sends the mails. Cheap to clone.
#[derive(Clone)]
pub struct BirthdayMailContext {
    pub database: Database,
    /// The contacts of any book.
    pub store: Arc<dyn ContactStore>,
    pub queue: Queue,
    pub mailer: Mailer,
    /// Says which day it is.
    pub zone: Zone,
    /// Where people find Kith, for example `https://kith.example.org`.
    pub origin: Arc<str>,
}

/// Puts a mail for each account that wants one on the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BirthdayRound {}

impl BirthdayRound {
    /// The id of the schedule of rounds. It is fixed, so each start replaces the schedule and adds none.
    pub const SCHEDULE_ID: &'static str = "birthdays";

    async fn enqueue(context: &BirthdayMailContext) -> Result<(), kith_database::StepError> {
        let date = context.zone.day(context.database.clock().now());
        let mut tx = context.database.write().await?;
        let accounts: Vec<Vec<u8>> = query(
            "SELECT id FROM accounts
             WHERE birthday_mails = TRUE AND email IS NOT NULL AND disabled_at IS NULL",
        )
        .fetch_all(&mut tx)
        .await?;
        for id in accounts {
            let account = AccountId(read_uuid(&id)?);
            let mail = BirthdayMail { account, date };
            let options = JobOptions::default();
            context.queue.enqueue(&mut tx, &mail, &options).await?;
        }
        tx.commit().await?;
        context.queue.wake();
        Ok(())
    }
}

#[async_trait]
impl Job for BirthdayRound {
    type Context = BirthdayMailContext;
    const KIND: &'static str = "birthdays";
    const LABEL: &'static str = "Mails about birthdays";

    fn id(&self) -> String {
        Self::SCHEDULE_ID.to_owned()
    }

    fn key(&self, message_id: &str) -> String {
        format!("{}:{message_id}", Self::KIND)
    }

    /// The schedule sends no body.
    fn parse(body: &[u8], _now: Timestamp) -> Option<Self> {
        body.is_empty().then_some(Self {})
    }

    async fn run(&self, context: &BirthdayMailContext, _attempt: &Attempt) -> Outcome {
        match Self::enqueue(context).await {
            Ok(()) => Outcome::done(),
            Err(error) => {
                tracing::warn!(%error, "the mails about birthdays wait");
                Outcome::failed(Failure::Retry(None))
            }
        }
    }
}

/// A mail to an account about the dates of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BirthdayMail {
    pub account: AccountId,
    pub date: Date,
}

impl BirthdayMail {
    /// The mail; `None` on a day without a date, once the day is over, and for an account that wants none any more.
    async fn write(&self, context: &BirthdayMailContext) -> Result<Option<Letter>, StoreError> {
        if context.zone.day(context.database.clock().now()) != self.date {
            return Ok(None);
        }
        let mut reader = context.database.reader().await?;
        let Some((name, email)) = recipient(&mut reader, self.account).await? else {
            return Ok(None);
        };
        let books = memberships::books_of(&mut reader, self.account, None).await?;
        drop(reader);
        let mut dates = Vec::new();
        for book in books {
            let store = context.store.in_book(book.key);
            for days in Period::new(self.date, 1)
                .into_iter()
                .flat_map(Period::parts)
            {
                dates.extend(store.dates(days, None, MAX_NAMED).await?);
            }
        }
        dates.truncate(MAX_NAMED as usize);
        Ok(
            compose(&dates, self.date, &context.origin).map(|(subject, paragraphs)| Letter {
                to_name: name,
                to_address: email,
                subject,
                paragraphs,
            }),
        )
    }
}

/// The name and the address of an account that wants mails, as long as it can sign in.
async fn recipient(
    reader: &mut Connection,
    account: AccountId,
) -> Result<Option<(String, String)>, sqlx::Error> {
    let row: Option<Row> = query(
        "SELECT name, email FROM accounts
         WHERE id = $1 AND birthday_mails = TRUE AND email IS NOT NULL AND disabled_at IS NULL",
    )
    .bind(account.0.as_bytes().as_slice())
    .fetch_optional(reader)
    .await?;
    row.map(|row| Ok((row.get("name")?, row.get("email")?)))
        .transpose()
}

/// The subject and the paragraphs; `None` without a date.
fn compose(dates: &[DateOfContact], date: Date, origin: &str) -> Option<(String, Vec<String>)> {
    let (first, others) = dates.split_first()?;
    let subject = match others.len() {
        0 => t!("Today: {name}", name = first.name),
        others => t_plural!(
            others,
            "Today: {name} and {count} more",
            "Today: {name} and {count} more",
            name = first.name
        ),
    };
    let lines = dates.iter().map(|of| {
        let (what, years) = of.told_at(date);
        format!("{}: {what}{}", of.name, years.unwrap_or_default())
    });
    let lines: Vec<String> = lines.collect();
    let paragraphs = vec![
        t!("On {date}:", date = format::date_with_weekday(date)),
        lines.join("\n"),
        format!("{origin}/birthdays"),
        t!("You asked for this mail on that page, which also ends it.").to_owned(),
    ];
    Some((subject, paragraphs))
}

#[async_trait]
impl Job for BirthdayMail {
    type Context = BirthdayMailContext;
    const KIND: &'static str = "birthday-mail";
    const LABEL: &'static str = "Mail about birthdays";

    fn id(&self) -> String {
        format!("{}-{}", self.account, self.date)
    }

    async fn run(&self, context: &BirthdayMailContext, attempt: &Attempt) -> Outcome {
        let letter = match self.write(context).await {
            Ok(Some(letter)) => letter,
            Ok(None) => return Outcome::done(),
            Err(error) => {
                tracing::warn!(%error, "a mail about birthdays waits");
                return Outcome::failed(Failure::Retry(None));
            }
        };
        let mail = letter.into_mail(format!("birthdays-{}", self.id()));
        let why = match context.mailer.send(&mail).await {
            Ok(()) => return Outcome::done(),
            Err(why) => why,
        };
        let account = self.account;
        tracing::warn!(%account, attempt = attempt.number, %why, "a mail about birthdays was not sent");
        Outcome::failed(match why {
            MailError::Temporary(_) | MailError::Deferred(_) => Failure::Retry(None),
            MailError::Permanent(_) => Failure::Permanent,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::contacts::dates::DateKind;

    #[test]
    fn a_mail_has_names_and_what_the_day_is() {
        let of = |name: &str, kind, text| DateOfContact::example(name, kind, "", text);
        let date: Date = "2026-11-28".parse().expect("a date");
        assert_eq!(compose(&[], date, "https://kith.example"), None);
        let dates = [
            of("Ada <b>", DateKind::Birthday, "1996-11-28"),
            of("Bea", DateKind::Anniversary, "2016-11-28"),
        ];
        let (subject, paragraphs) = compose(&dates, date, "https://kith.example").expect("a mail");
        assert_eq!(subject, "Today: Ada <b> and 1 more");
        assert_eq!(
            paragraphs[..3],
            [
                "On Saturday, 28 November 2026:",
                "Ada <b>: Turns 30\nBea: Anniversary, 10 years",
                "https://kith.example/birthdays",
            ]
        );
        assert_eq!(
            compose(&dates[..1], date, "x").expect("a mail").0,
            "Today: Ada <b>"
        );
    }
}
