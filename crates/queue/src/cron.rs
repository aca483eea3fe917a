//! Cron expressions of five fields, in a time zone.
//!
//! `minute hour day-of-month month day-of-week`, each `*`, a number, a range, a list, or any of them
//! with a step; months and days of the week may be named, and their ranges may go on over the end of the
//! year or the week. `@daily` and its like stand for five fields. Before them may stand `CRON_TZ=` and a
//! time zone, otherwise it is UTC. As everywhere, when both days are given one of them is enough.
//!
//! Where a clock is put forward, what falls into the gap happens after it, as if the clock had not been
//! put forward yet. Where it is put back, a part of the day comes twice. An interval, such as every five
//! minutes or every hour, goes on through both. A fixed time, such as half past two, happens the first
//! time only.

mod describe;
mod expression;
mod field;
mod next;

pub use expression::Cron;
pub use field::InvalidCron;
