//! [`Client`]: who has sent a request.

use std::net::IpAddr;

/// The client of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    pub address: IpAddr,
    /// Whether the address is that of the peer, or trusted proxies have named it. Otherwise it is the
    /// address of a proxy, and Kith does not know the client behind it.
    pub is_certain: bool,
}
