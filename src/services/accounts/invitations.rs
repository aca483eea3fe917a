//! Invitations: links with which others make accounts of their own.

use jiff::Timestamp;
use kith_database::Row;
use kith_database::query;

use super::AccountError;
use super::AccountName;
use super::AccountService;
use super::Accounts;
use super::EmailAddress;
use super::SignedIn;
use super::Visit;
use super::account_mail;
use super::account_mail::Subject;
use super::audit;
use super::links;
use super::links::LinkError;
use super::links::NewLink;
use super::links::Purpose;
use super::password::NewPassword;
use super::rows;
use super::rows::read_time;
use super::rows::read_uuid;
use super::rows::read_word;
use crate::services::audit_log::Actor;
use crate::services::audit_log::Kind;
use crate::services::client::Account;
use crate::services::client::Client;
use crate::services::client::LinkId;
use crate::services::client::Role;

/// The most invitations at a time.
const MAX_INVITATIONS: i64 = 100;

/// An invitation that no one has accepted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationInfo {
    pub id: LinkId,
    pub role: Role,
    /// Where its link was sent; `None` for one that was passed on by other means.
    pub address: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// How a link reaches its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// By mail, soon.
    Mail,
    /// Its secret, which is shown nowhere else.
    Token(String),
}

/// What the holder of an invitation sends to accept it.
#[derive(Clone, Copy, Debug)]
pub struct Acceptance<'a> {
    /// The secret of the link.
    pub token: &'a str,
    pub name: &'a str,
    pub password: &'a str,
    /// The token of the session that the browser still has. It ends.
    pub session: Option<&'a str>,
    pub client: Client,
    /// The `User-Agent` of the client.
    pub user_agent: &'a str,
}

impl Accounts {
    /// Makes an invitation, which one holder accepts within seven days. The link is sent where there are an address and a
    /// mail server, and returned otherwise.
    ///
    /// # Errors
    /// [`AccountError`]; [`AccountError::FirstIsAdmin`] where there is no account yet.
    pub async fn invite(
        &self,
        role: Role,
        address: Option<&EmailAddress>,
    ) -> Result<Delivery, AccountError> {
        let now = self.clock.now();
        let mut tx = rows::hold_accounts(&self.database).await?;
        if !rows::exist(&mut tx).await? {
            return Err(AccountError::FirstIsAdmin);
        }
        let count: i64 = query(
            "SELECT count(*) FROM account_links WHERE purpose = 'invitation' AND expires_at > $1",
        )
        .bind(now.as_millisecond())
        .fetch_one(&mut tx)
        .await?;
        if count >= MAX_INVITATIONS {
            return Err(AccountError::TooManyInvitations(MAX_INVITATIONS));
        }
        let mail = self.mail.as_ref().zip(address);
        let id = LinkId(kith_runtime::sortable_id(now));
        let new = NewLink {
            id,
            purpose: Purpose::Invitation(role),
            address: mail.map(|(_, address)| address),
            made_by: self.admin(),
        };
        links::insert(&mut tx, new, now).await?;
        let delivery = match mail {
            Some((queue, _)) => {
                account_mail::enqueue(queue, &mut tx, Subject::Link(id)).await?;
                Delivery::Mail
            }
            None => Delivery::Token(links::add_secret(&mut tx, id).await?),
        };
        let kind = Kind::InvitationAdded;
        audit::record(&mut tx, &self.actor, kind, Some(id.0), now).await?;
        tx.commit().await?;
        self.wake();
        Ok(delivery)
    }

    /// The invitations that are valid, the newest first.
    ///
    /// # Errors
    /// [`AccountError::Unavailable`].
    pub async fn invitations(&self) -> Result<Vec<InvitationInfo>, AccountError> {
        let mut reader = self.database.reader().await?;
        let rows: Vec<Row> = query(
            "SELECT id, role, address, created_at, expires_at FROM account_links
             WHERE purpose = 'invitation' AND expires_at > $1 ORDER BY created_at DESC, id DESC",
        )
        .bind(self.clock.now().as_millisecond())
        .fetch_all(&mut reader)
        .await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Ends an invitation.
    ///
    /// # Errors
    /// [`AccountError::NotFound`] where there is none of this id.
    pub async fn revoke_invitation(&self, id: LinkId) -> Result<(), AccountError> {
        let mut tx = self.database.write().await?;
        let revoked = query("DELETE FROM account_links WHERE id = $1 AND purpose = 'invitation'")
            .bind(id.0.as_bytes().as_slice())
            .execute(&mut tx)
            .await?;
        if revoked == 0 {
            return Err(AccountError::NotFound);
        }
        let (kind, now) = (Kind::InvitationRevoked, self.clock.now());
        audit::record(&mut tx, &self.actor, kind, Some(id.0), now).await?;
        Ok(tx.commit().await?)
    }
}

fn read(row: &Row) -> Result<InvitationInfo, sqlx::Error> {
    Ok(InvitationInfo {
        id: LinkId(read_uuid(row.get("id")?)?),
        role: read_word(row.get("role")?)?,
        address: row.get("address")?,
        created_at: read_time(row.get("created_at")?),
        expires_at: read_time(row.get("expires_at")?),
    })
}

impl AccountService {
    /// Makes the account of an invitation and begins a session. Of two clients at the same time one succeeds.
    ///
    /// # Errors
    /// [`LinkError`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn accept(&self, accepted: Acceptance<'_>) -> Result<SignedIn, LinkError> {
        let shared = &self.shared;
        let found = {
            let mut reader = shared.database.reader().await?;
            links::find(&mut reader, accepted.token, shared.now()).await?
        };
        // Before the password is hashed, which costs more than looking for a link.
        found.ok_or(LinkError::Ended)?;
        let name = AccountName::parse(accepted.name)?;
        let password = NewPassword::parse(accepted.password, &name)?;
        let hash = shared.passwords.hash(password).await?;
        let now = shared.now();
        let mut tx = rows::hold_accounts(&shared.database).await?;
        let link = links::take(&mut tx, accepted.token, now).await?;
        let link = link.ok_or(LinkError::Ended)?;
        let Purpose::Invitation(role) = link.purpose else {
            return Err(LinkError::Ended);
        };
        let id = rows::insert(&mut tx, &name, role, Some(&hash), now).await?;
        let id = id.ok_or(LinkError::NameTaken)?;
        // The link has come by this address. Another account may have it, and then keeps it.
        let address = link
            .address
            .and_then(|text| EmailAddress::parse(&text).ok());
        if let Some(address) = address {
            rows::set_email(&mut tx, id, &address).await?;
        }
        let actor = Actor::of_account(id.0, name.as_str(), accepted.client.address);
        audit::record(&mut tx, &actor, Kind::UserAdded, Some(id.0), now).await?;
        let account = Account {
            id,
            name: name.as_str().to_owned(),
            role,
        };
        let visit = Visit {
            browser: None,
            session: accepted.session,
            client: accepted.client,
            user_agent: accepted.user_agent,
        };
        let signed_in = shared.admit_browser(&mut tx, account, visit).await?;
        tx.commit().await?;
        Ok(signed_in)
    }
}
