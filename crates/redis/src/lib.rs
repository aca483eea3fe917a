#![doc = include_str!("../README.md")]
#![warn(missing_docs, unreachable_pub)]

mod address;
mod client;
mod health;
mod prefix;
mod pubsub;
mod rest;
mod script;
mod transport;

pub use address::{Address, InvalidAddress, SentinelLogin};
pub use client::{Error, Options, Redis, Step};
pub use health::{DownReason, Health};
pub use prefix::{InvalidKeyPrefix, KeyPrefix};
pub use pubsub::Subscription;
pub use script::{Call, Script};
