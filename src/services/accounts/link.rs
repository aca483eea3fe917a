//! What the holder of a link sees before doing what it is for.

use kith_database::query;

use super::AccountService;
use super::Unavailable;
use super::links;
use super::links::Purpose;
use crate::services::client::Role;

/// What a link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkView {
    /// An account of this role.
    Invitation { role: Role },
    /// A new password for the account of this name.
    Password { name: String },
    /// Mail at this address for the account of this name.
    Address { name: String, address: String },
}

impl AccountService {
    /// What the link with this secret is for; `None` if it is not valid. It stays valid, because mail scanners visit
    /// links as well.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn link(&self, token: &str) -> Result<Option<LinkView>, Unavailable> {
        let mut reader = self.shared.database.reader().await?;
        let Some(link) = links::find(&mut reader, token, self.shared.now()).await? else {
            return Ok(None);
        };
        let account = match link.purpose {
            Purpose::Invitation(role) => return Ok(Some(LinkView::Invitation { role })),
            Purpose::Password(account) | Purpose::Address(account) => account,
        };
        let name: Option<String> =
            query("SELECT name FROM accounts WHERE id = $1 AND disabled_at IS NULL")
                .bind(account.0.as_bytes().as_slice())
                .fetch_optional(&mut reader)
                .await?;
        Ok(name.map(|name| match link.address {
            Some(address) if matches!(link.purpose, Purpose::Address(_)) => {
                LinkView::Address { name, address }
            }
            _ => LinkView::Password { name },
        }))
    }
}
