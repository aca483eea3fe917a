#![doc = include_str!("../README.md")]
#![warn(missing_docs, unreachable_pub)]

mod backoff;
mod clock;
mod health;
mod latch;
mod tasks;
mod text;
mod tls;

pub use backoff::{Backoff, Retries};
pub use clock::{Clock, ClockWatch, SystemClock, sortable_id};
pub use health::{ComponentHealth, HealthRecorder};
pub use latch::{ErrorLatch, Transition};
pub use tasks::Tasks;
pub use text::{english_list, hex, without_byte_order_mark};
pub use tls::install_crypto_provider;
