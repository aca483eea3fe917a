//! Room for connections: how many may be open, how many of them from one address, and which one is
//! closed for another.
//!
//! A connection is *silent* while Kith waits for its client:
//! - from its beginning to the last header of its first request, and from the last byte of each answer to the
//!   last header of the next request;
//! - from the moment at which Kith has to wait for more of a request's body to the end of that body;
//! - after five seconds, while the client takes nothing of its answer.
//!
//! A client that sends half a header or half a body is as silent as one that sends nothing, however often it
//! sends a byte.
//!
//! Invariants:
//! - No more connections are open than there is room for, and no more from one address than its share.
//!   With IPv6 a client has a whole /64. Proxies that are trusted have no share, because all clients
//!   come from their address.
//! - Where there is no room, the connection that has been silent for longest is closed for the new one:
//!   one of the same address where its share is used up, otherwise any, those of proxies last.
//! - A connection that is not silent is never closed for another. Where Kith works for all, a new one
//!   waits for the first that ends, or is refused if it is its address that has no more. A client cannot
//!   bring that about for long, so Kith's own deliveries, which come from 127.0.0.1 like other clients on
//!   this machine, need no places of their own.
//! - At the end of Kith, a request that has begun may still be sent and answered.
//! - What is kept of addresses is bounded by the connections that are open.

mod body;
mod stream;
mod table;
#[cfg(test)]
mod tests;
mod watch;

pub use self::body::WatchedRequest;
pub use self::stream::WatchedStream;
pub use self::table::Connections;
pub use self::table::Options;
pub use self::watch::Watch;
