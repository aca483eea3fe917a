//! Cron expressions of five fields, in a time zone.
//!
//! `minute hour day-of-month month day-of-week`, each `*`, a number, a range, a list, or any of them
//! with a step. Months and days of the week may be named, and their ranges may go on over the end of the year or
//! the week. `@daily` and similar nicknames stand for five fields. The expression may begin with `CRON_TZ=` and a
//! time zone; the default is UTC. As in other crons, one of the two days is enough where both are given.
//!
//! Where a clock is put forward, a time within the gap is due after it, as if the clock had not been put forward
//! yet. Where a clock is put back, a part of the day comes twice. An interval, such as every five minutes or every
//! hour, goes on through both. A fixed time, such as half past two, is due the first time only.

mod describe;
mod expression;
mod field;
mod next;

pub use expression::Cron;
pub use field::InvalidCron;
