//! What the tests and benchmarks of several crates share.
//!
//! - [`log`]: what a test logs.
//! - [`redis_server`]: a real `redis-server` for a test.
//! - [`postgres_server`]: a real PostgreSQL for a test, with standbys and a pooler.
//! - [`measure`]: calls per second beside a baseline of the same run.

pub mod log;
pub mod measure;
pub mod postgres_server;
pub mod redis_server;
