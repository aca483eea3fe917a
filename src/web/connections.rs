//! Slots for connections: how many connections may be open, how many of them from one address, and which one
//! Kith closes for another.
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
//! - No more connections are open than there are slots, and no more from one address than its share. With
//!   IPv6 an address is a whole /64. Trusted proxies have no share, because all clients come from their
//!   address.
//! - If there is no slot, Kith closes the connection that has been silent for longest: one of the same address
//!   if its share is used up, otherwise any, those of proxies last.
//! - Kith never closes a connection that is not silent for another. While it works for all connections, a new
//!   one waits for the first that ends, or is refused if the share of its address is used up. A client cannot
//!   bring that about for long, so Kith's own deliveries, which come from 127.0.0.1 like other clients on
//!   this machine, need no slots of their own.
//! - At the end of Kith, a request that has begun may still be sent and answered.
//! - The table keeps addresses of open connections only.

mod body;
mod slots;
mod stream;
mod table;
#[cfg(test)]
mod tests;
mod watch;

pub use self::body::WatchedRequest;
pub use self::slots::Connections;
pub use self::slots::Options;
pub use self::stream::WatchedStream;
pub use self::watch::Watch;
