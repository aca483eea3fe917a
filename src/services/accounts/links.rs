//! Links that let their holders do one thing once, as they are in the database.
//!
//! The secret of a link has 256 random bits, and the database keeps SHA-256 of it. A link may have several secrets: a
//! mail that is sent again has a new one, because no secret is kept to be sent.

use std::time::Duration;

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Row;
use kith_database::Tx;
use kith_database::query;

use super::EmailAddress;
use super::Unavailable;
use super::rows::read_uuid;
use super::rows::read_word;
use super::secret;
use super::secret::Hash;
use crate::model::language::t;
use crate::services::client::AccountId;
use crate::services::client::LinkId;
use crate::services::client::Role;
use crate::services::database::milliseconds;

const HOUR: Duration = Duration::from_secs(3600);

/// What the holder of a link may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Make an account of this role.
    Invitation(Role),
    /// Choose a new password for this account.
    Password(AccountId),
    /// Have this account get mail at the address of the link.
    Address(AccountId),
}

impl Purpose {
    /// How long a link is valid.
    fn lifetime(self) -> Duration {
        match self {
            Self::Invitation(_) => 7 * 24 * HOUR,
            Self::Password(_) => HOUR,
            Self::Address(_) => 24 * HOUR,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Invitation(_) => "invitation",
            Self::Password(_) => "password",
            Self::Address(_) => "address",
        }
    }

    pub fn account(self) -> Option<AccountId> {
        match self {
            Self::Invitation(_) => None,
            Self::Password(account) | Self::Address(account) => Some(account),
        }
    }

    fn role(self) -> Option<Role> {
        match self {
            Self::Invitation(role) => Some(role),
            Self::Password(_) | Self::Address(_) => None,
        }
    }
}

/// A link that is made.
pub struct NewLink<'a> {
    pub id: LinkId,
    pub purpose: Purpose,
    /// Where it is sent; `None` for one that is passed on by other means.
    pub address: Option<&'a EmailAddress>,
    /// The admin who makes it.
    pub made_by: Option<AccountId>,
}

/// A link that is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub id: LinkId,
    pub purpose: Purpose,
    pub address: Option<String>,
}

/// Adds a link without a secret, unless there is one of this id, and removes those that have expired.
pub async fn insert(tx: &mut Tx, new: NewLink<'_>, now: Timestamp) -> Result<(), sqlx::Error> {
    let at = now.as_millisecond();
    query("DELETE FROM account_links WHERE expires_at <= $1")
        .bind(at)
        .execute(tx)
        .await?;
    let account = new.purpose.account().map(|id| id.0.as_bytes().to_vec());
    let made_by = new.made_by.map(|id| id.0.as_bytes().to_vec());
    query(
        "INSERT INTO account_links
             (id, purpose, account, role, address, made_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
    )
    .bind(new.id.0.as_bytes().as_slice())
    .bind(new.purpose.word())
    .bind(account)
    .bind(new.purpose.role().map(Role::as_str))
    .bind(new.address.map(EmailAddress::as_str))
    .bind(made_by)
    .bind(at)
    .bind(at + milliseconds(new.purpose.lifetime()))
    .execute(tx)
    .await?;
    Ok(())
}

/// Gives a link a secret, and returns it. The link must be there.
pub async fn add_secret(tx: &mut Tx, id: LinkId) -> Result<String, sqlx::Error> {
    let token = secret::token();
    query("INSERT INTO account_link_secrets (secret, link) VALUES ($1, $2)")
        .bind(Hash::of(&token).bytes())
        .bind(id.0.as_bytes().as_slice())
        .execute(tx)
        .await?;
    Ok(token)
}

/// The link with this secret, if it is valid. That changes nothing.
pub async fn find(
    connection: &mut Connection,
    token: &str,
    now: Timestamp,
) -> Result<Option<Link>, sqlx::Error> {
    let Some(hash) = secret::hash_of_token(token) else {
        return Ok(None);
    };
    let row: Option<Row> = query(
        "SELECT id, purpose, account, role, address FROM account_links
         JOIN account_link_secrets ON link = id WHERE secret = $1 AND expires_at > $2",
    )
    .bind(hash.bytes())
    .bind(now.as_millisecond())
    .fetch_optional(connection)
    .await?;
    row.map(|row| read(&row)).transpose()
}

/// The link of this id, if it is valid.
pub async fn get(
    connection: &mut Connection,
    id: LinkId,
    now: Timestamp,
) -> Result<Option<Link>, sqlx::Error> {
    let row: Option<Row> = query(
        "SELECT id, purpose, account, role, address FROM account_links
         WHERE id = $1 AND expires_at > $2",
    )
    .bind(id.0.as_bytes().as_slice())
    .bind(now.as_millisecond())
    .fetch_optional(connection)
    .await?;
    row.map(|row| read(&row)).transpose()
}

/// Uses a link up. Of two clients at the same time one gets it.
pub async fn take(tx: &mut Tx, token: &str, now: Timestamp) -> Result<Option<Link>, sqlx::Error> {
    let Some(link) = find(tx, token, now).await? else {
        return Ok(None);
    };
    let taken = query("DELETE FROM account_links WHERE id = $1")
        .bind(link.id.0.as_bytes().as_slice())
        .execute(tx)
        .await?;
    Ok((taken > 0).then_some(link))
}

/// How many links of this kind the account has that are valid.
pub async fn count(tx: &mut Tx, purpose: Purpose, now: Timestamp) -> Result<i64, sqlx::Error> {
    let account = purpose.account().map(|id| id.0.as_bytes().to_vec());
    query(
        "SELECT count(*) FROM account_links
         WHERE account = $1 AND purpose = $2 AND expires_at > $3",
    )
    .bind(account)
    .bind(purpose.word())
    .bind(now.as_millisecond())
    .fetch_one(tx)
    .await
}

/// Ends all links of this kind that the account has.
pub async fn end(tx: &mut Tx, purpose: Purpose) -> Result<(), sqlx::Error> {
    let account = purpose.account().map(|id| id.0.as_bytes().to_vec());
    query("DELETE FROM account_links WHERE account = $1 AND purpose = $2")
        .bind(account)
        .bind(purpose.word())
        .execute(tx)
        .await?;
    Ok(())
}

/// Ends all links that an admin has made, who may not make any now.
pub async fn end_made_by(tx: &mut Tx, admin: AccountId) -> Result<(), sqlx::Error> {
    query("DELETE FROM account_links WHERE made_by = $1")
        .bind(admin.0.as_bytes().as_slice())
        .execute(tx)
        .await?;
    Ok(())
}

fn read(row: &Row) -> Result<Link, sqlx::Error> {
    let account: Option<Vec<u8>> = row.get("account")?;
    let account = account
        .map(|id| read_uuid(&id).map(AccountId))
        .transpose()?;
    let role: Option<String> = row.get("role")?;
    let role = role.as_deref().map(read_word).transpose()?;
    let purpose: String = row.get("purpose")?;
    let purpose = match (&*purpose, account, role) {
        ("invitation", None, Some(role)) => Purpose::Invitation(role),
        ("password", Some(account), None) => Purpose::Password(account),
        ("address", Some(account), None) => Purpose::Address(account),
        _ => return Err(sqlx::Error::Decode("no purpose of a link".into())),
    };
    Ok(Link {
        id: LinkId(read_uuid(row.get("id")?)?),
        purpose,
        address: row.get("address")?,
    })
}

/// Why a link does nothing. It says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    #[error(
        "{}",
        t!("This link is not valid any more: it was used, it was revoked, or its time is over. Ask for a new one.")
    )]
    Ended,
    #[error(transparent)]
    Name(#[from] super::InvalidName),
    #[error(transparent)]
    Password(#[from] super::WeakPassword),
    #[error("{}", t!("There is an account of this name. Choose another one."))]
    NameTaken,
    #[error("{}", t!("Another account has this address."))]
    AddressTaken,
    #[error("{}", t!("The database does not respond at the moment. Try again."))]
    Unavailable(#[from] Unavailable),
}

impl From<sqlx::Error> for LinkError {
    fn from(error: sqlx::Error) -> Self {
        Unavailable::from(error).into()
    }
}
