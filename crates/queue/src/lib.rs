#![doc = include_str!("../README.md")]
#![warn(missing_docs, unreachable_pub)]

pub mod api;
pub mod broker;
pub mod cron;
pub mod delay;
pub mod destination;
pub mod ledger;
pub mod message;
pub mod migrations;
pub mod outbox;
mod problem;
pub mod qstash;
mod queue;
pub mod receiver;
pub mod signature;
mod time;

pub use problem::Problem;
pub use queue::Queue;
