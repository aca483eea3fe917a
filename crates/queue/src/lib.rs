#![doc = include_str!("../README.md")]
#![warn(missing_docs, unreachable_pub)]

pub mod api;
pub mod broker;
pub mod cron;
pub mod delay;
pub mod destination;
mod dispatcher;
pub mod inbox;
pub mod job;
pub mod message;
pub mod migrations;
pub mod outbox;
mod problem;
pub mod qstash;
mod queue;
pub mod receiver;
pub mod rejection;
pub mod signature;
#[cfg(test)]
mod test_database;
mod time;

pub use job::Attempt;
pub use job::Failure;
pub use job::Job;
pub use job::JobOptions;
pub use job::Jobs;
pub use job::Outcome;
pub use problem::Problem;
pub use queue::Queue;
