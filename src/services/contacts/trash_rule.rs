//! [`TrashRule`]: how long contacts stay in the trash.

use jiff::SignedDuration;
use jiff::Timestamp;
use kith_database::Database;
use kith_database::query;

const DAY: SignedDuration = SignedDuration::from_hours(24);

const BEGIN: &str =
    "INSERT INTO settings (name, value, changed_at) VALUES ('trash.since', 'true', $1)
     ON CONFLICT (name) DO NOTHING";

const READ: &str = "SELECT changed_at FROM settings WHERE name = 'trash.since'";

const END: &str = "DELETE FROM settings WHERE name = 'trash.since'";

/// How long contacts stay in the trash before Kith deletes them for ever.
///
/// The days of a contact that was there before the rule began count from then. So nothing is lost at once that people
/// count on when Kith is updated from a version without the rule, or when an operator sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrashRule {
    /// 0 for ever.
    days: u32,
    since: Timestamp,
}

impl TrashRule {
    /// Contacts stay until a person deletes them for ever.
    pub const FOR_EVER: Self = Self {
        days: 0,
        since: Timestamp::UNIX_EPOCH,
    };

    /// The rule that contacts stay for so many days, and for ever with 0. The database knows since when there is a rule,
    /// or learns it now.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn open(database: &Database, days: u32, now: Timestamp) -> Result<Self, sqlx::Error> {
        let mut reader = database.reader().await?;
        let known: Option<i64> = query(READ).fetch_optional(&mut reader).await?;
        drop(reader);
        if days == 0 {
            if known.is_some() {
                end(database).await?;
            }
            return Ok(Self::FOR_EVER);
        }
        let since = match known {
            Some(since) => since,
            None => begin(database, now).await?,
        };
        let since = Timestamp::from_millisecond(since).unwrap_or(now);
        Ok(Self { days, since })
    }

    /// How long contacts stay; `None` for ever.
    pub fn days(&self) -> Option<u32> {
        (self.days > 0).then_some(self.days)
    }

    /// After how many days, begun ones included, Kith deletes a contact; 0 if it does so within a day, and `None` for
    /// never.
    pub fn days_left(&self, deleted_at: Timestamp, now: Timestamp) -> Option<u32> {
        let days = i64::from(self.days()?);
        let gone = now.duration_since(deleted_at.max(self.since)).as_hours() / 24;
        Some(u32::try_from(days - gone).unwrap_or(0).min(self.days))
    }

    /// Contacts that were deleted before this time are to go. `None` if none is.
    pub fn cutoff(&self, now: Timestamp) -> Option<Timestamp> {
        let kept = DAY.checked_mul(i32::try_from(self.days()?).ok()?)?;
        let cutoff = now.checked_sub(kept).ok()?;
        (cutoff >= self.since).then_some(cutoff)
    }
}

/// Notes that there is a rule from now on, unless another instance has. Returns since when there is one.
async fn begin(database: &Database, now: Timestamp) -> Result<i64, sqlx::Error> {
    let mut tx = database.write().await?;
    let begin = query(BEGIN).bind(now.as_millisecond());
    begin.execute(&mut tx).await?;
    let since = query(READ).fetch_one(&mut tx).await?;
    tx.commit().await?;
    Ok(since)
}

async fn end(database: &Database) -> Result<(), sqlx::Error> {
    let mut tx = database.write().await?;
    query(END).execute(&mut tx).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::database::testing::TestDatabase;
    use crate::services::database::testing::on_each_engine;

    on_each_engine! {
        a_rule_keeps_the_time_when_it_began
    }

    fn after_hours(hours: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hours * 3600).expect("a time")
    }

    async fn a_rule_keeps_the_time_when_it_began(database: TestDatabase) {
        let open = async |days, hours| {
            let rule = TrashRule::open(&database, days, after_hours(hours)).await;
            rule.expect("it is open")
        };
        assert_eq!(open(0, 0).await, TrashRule::FOR_EVER);
        let first = open(30, 1).await;
        assert_eq!(first.since, after_hours(1));
        assert_eq!(open(30, 50).await, first);
        assert_eq!(open(7, 50).await.since, after_hours(1));
        // Without a rule nothing goes, and the next rule begins anew.
        assert_eq!(open(0, 60).await, TrashRule::FOR_EVER);
        assert_eq!(open(30, 70).await.since, after_hours(70));
    }

    #[test]
    fn a_contact_stays_for_its_days_and_not_less_than_the_rule() {
        let rule = TrashRule {
            days: 30,
            since: after_hours(0),
        };
        let left = |deleted, now| rule.days_left(after_hours(deleted), after_hours(now));
        for (deleted, now, days) in [
            (0, 0, 30),
            (0, 23, 30),
            (0, 24, 29),
            (0, 30 * 24 - 1, 1),
            (0, 30 * 24, 0),
            (0, 90 * 24, 0),
            (48, 72, 29),
            // It was there before the rule.
            (-9000, 24, 29),
            // The clock was set back.
            (48, 0, 30),
        ] {
            assert_eq!(left(deleted, now), Some(days), "{deleted} {now}");
        }
        assert_eq!(rule.cutoff(after_hours(30 * 24 - 1)), None);
        assert_eq!(rule.cutoff(after_hours(30 * 24)), Some(after_hours(0)));
        assert_eq!(rule.cutoff(after_hours(40 * 24)), Some(after_hours(240)));
        let for_ever = TrashRule::FOR_EVER;
        assert_eq!(for_ever.days_left(after_hours(0), after_hours(9000)), None);
        assert_eq!(for_ever.cutoff(after_hours(9000)), None);
    }
}
