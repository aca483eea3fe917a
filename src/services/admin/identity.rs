//! [`Admin`]: a caller that has been accepted as one.

use std::net::IpAddr;

use crate::services::audit_log::Actor;
use crate::services::client::Caller;

/// A caller that may do all this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    address: IpAddr,
    actor: Actor,
}

impl Admin {
    /// Accepts a caller as an admin, or `None`; see [`Caller::is_admin`].
    pub fn of(caller: &Caller) -> Option<Self> {
        caller.is_admin().then(|| Self {
            address: caller.client().address.to_canonical(),
            actor: caller.actor(),
        })
    }

    /// Where it asks from. An IPv4 address is never in the form of an IPv6 address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Its name in the audit log: that of the account, or the address while Kith has none.
    pub fn name(&self) -> String {
        self.actor.name().to_owned()
    }

    /// Who acts, for the audit log.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::services::client::Account;
    use crate::services::client::AccountId;
    use crate::services::client::Client;
    use crate::services::client::Identity;
    use crate::services::client::Role;
    use crate::services::client::Scope;
    use crate::services::client::SessionId;
    use crate::services::client::TokenId;
    use crate::services::client::Via;

    #[test]
    fn an_admin_is_local_or_has_the_role_and_the_scope() {
        let session = Via::Session(SessionId(Uuid::nil()));
        let token = |scope| Via::Token {
            id: TokenId(Uuid::nil()),
            scope,
        };
        let account = |role, via| Identity::Account {
            account: Account {
                id: AccountId(Uuid::nil()),
                name: "ada".to_owned(),
                role,
            },
            via,
        };
        let client = Client {
            address: "::ffff:127.0.0.1".parse().expect("an address"),
            is_certain: true,
        };
        for (identity, name) in [
            (Identity::Local, Some("127.0.0.1")),
            (Identity::Forwarded, None),
            (account(Role::Admin, session), Some("ada")),
            (account(Role::Member, session), None),
            (account(Role::Admin, token(Scope::Admin)), Some("ada")),
            (account(Role::Admin, token(Scope::Write)), None),
            (account(Role::Admin, token(Scope::Read)), None),
            (account(Role::Member, token(Scope::Admin)), None),
        ] {
            let admin = Admin::of(&Caller::without_account(client, identity.clone()));
            let found = admin.map(|admin| admin.name());
            assert_eq!(found.as_deref(), name, "{identity:?}");
        }
    }
}
