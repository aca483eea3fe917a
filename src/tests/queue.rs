//! The queue from end to end, over HTTP. [`support`] has what these tests share.

mod dead_letters;
mod messages;
mod qstash;
mod report;
mod schedules;
mod signatures;
pub mod support;
mod welcome;
