//! [`Admin`]: a client that has been accepted as one.

use std::net::IpAddr;

use crate::services::client::Client;

/// A client that may do all this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    address: IpAddr,
}

impl Admin {
    /// Accepts a client as an admin, or `None`.
    ///
    /// Until Kith has accounts, every client on this machine is an admin. A client behind a proxy is on
    /// this machine only if a trusted proxy reports it. A request that does not use a name of this machine
    /// (`uses_local_name`) may come through a tunnel, so its client is no admin.
    pub fn check(client: Client, uses_local_name: bool) -> Option<Self> {
        let address = client.address.to_canonical();
        let is_admin = client.is_certain && address.is_loopback() && uses_local_name;
        is_admin.then_some(Self { address })
    }

    /// Where it asks from. An IPv4 address is never in the form of an IPv6 address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Its name in the audit log.
    pub fn name(&self) -> String {
        self.address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_admin_is_certainly_on_this_machine_and_asks_for_it() {
        for (address, is_certain, uses_local_name, is_admin) in [
            ("127.0.0.1", true, true, true),
            ("::1", true, true, true),
            ("::ffff:127.0.0.1", true, true, true),
            ("127.0.0.1", false, true, false),
            ("127.0.0.1", true, false, false),
            ("203.0.113.7", true, true, false),
        ] {
            let address = address.parse().expect("an address");
            let client = Client {
                address,
                is_certain,
            };
            let found = Admin::check(client, uses_local_name);
            assert_eq!(found.is_some(), is_admin, "{client:?} {uses_local_name}");
        }
    }
}
