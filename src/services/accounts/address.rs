//! The address to which the owner of an account gets mail.

use jiff::Timestamp;
use kith_database::Tx;
use kith_database::query;
use kith_queue::Queue;

use super::AccountError;
use super::AccountName;
use super::AccountService;
use super::Accounts;
use super::ChangePasswordError;
use super::EmailAddress;
use super::Unavailable;
use super::account_mail;
use super::account_mail::Subject;
use super::attempts;
use super::attempts::Bucket;
use super::audit;
use super::email::InvalidEmail;
use super::links;
use super::links::LinkError;
use super::links::NewLink;
use super::links::Purpose;
use super::management;
use super::rows;
use super::service::signed_in;
use crate::model::language::t;
use crate::services::audit_log::Actor;
use crate::services::audit_log::Kind;
use crate::services::client::AccountId;
use crate::services::client::Caller;
use crate::services::client::Client;
use crate::services::client::LinkId;

/// The most addresses that an account may ask to confirm within a day, so that no one fills the mailbox of another.
const MAX_ADDRESS_MAILS: i64 = 5;

/// Why an account has no other address. It says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error(transparent)]
    Invalid(#[from] InvalidEmail),
    #[error("{}", t!("Kith has no mail server, so it cannot confirm an address."))]
    NoMailServer,
    #[error(
        "{}",
        t!("Kith has sent {most} mails already. Follow the link of one, or wait a day.", most = MAX_ADDRESS_MAILS)
    )]
    TooManyMails,
    #[error(transparent)]
    Password(#[from] ChangePasswordError),
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl From<sqlx::Error> for AddressError {
    fn from(error: sqlx::Error) -> Self {
        AccountError::from(error).into()
    }
}

impl From<Unavailable> for AddressError {
    fn from(error: Unavailable) -> Self {
        AccountError::from(error).into()
    }
}

impl Accounts {
    /// Has a link sent to an address. The account gets mail there once its holder has followed the link.
    ///
    /// # Errors
    /// [`AddressError`].
    pub async fn request_address(
        &self,
        name: &AccountName,
        address: &EmailAddress,
    ) -> Result<(), AddressError> {
        let queue = self.mail.as_ref().ok_or(AddressError::NoMailServer)?;
        let mut tx = rows::hold_accounts(&self.database).await?;
        let account = management::find(&mut tx, name).await?;
        send_link(&mut tx, queue, account, address, self.clock.now()).await?;
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    /// Removes the address of an account.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn remove_address(&self, name: &AccountName) -> Result<(), AccountError> {
        let mut tx = rows::hold_accounts(&self.database).await?;
        let account = management::find(&mut tx, name).await?;
        remove(&mut tx, account).await?;
        self.record(&mut tx, Kind::EmailChanged, account).await?;
        Ok(tx.commit().await?)
    }
}

impl AccountService {
    /// The address of the caller's account.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn address(&self, caller: &Caller) -> Result<Option<String>, AccountError> {
        let (account, _) = signed_in(caller)?;
        let mut reader = self.shared.database.reader().await?;
        let found: Option<Option<String>> = query("SELECT email FROM accounts WHERE id = $1")
            .bind(account.id.0.as_bytes().as_slice())
            .fetch_optional(&mut reader)
            .await?;
        Ok(found.flatten())
    }

    /// Has a link sent to an address. The caller shows the password: with the address comes the way to a new one.
    ///
    /// # Errors
    /// [`AddressError`].
    pub async fn request_address(
        &self,
        caller: &Caller,
        address: &str,
        password: &str,
    ) -> Result<(), AddressError> {
        let shared = &self.shared;
        let queue = shared.mail.as_ref().ok_or(AddressError::NoMailServer)?;
        let (account, _) = signed_in(caller).map_err(|_| ChangePasswordError::SessionNeeded)?;
        let address = EmailAddress::parse(address)?;
        let bucket = [Bucket::of_account(account.id)];
        shared.prove_password(account, password, &bucket).await?;
        let now = shared.now();
        let mut tx = rows::hold_accounts(&shared.database).await?;
        let held = rows::hold(&mut tx, account.id).await?;
        held.filter(|held| !held.is_disabled)
            .ok_or(AccountError::NoAccount)?;
        attempts::succeed(&mut tx, &bucket, now).await?;
        send_link(&mut tx, queue, account.id, &address, now).await?;
        tx.commit().await?;
        shared.wake();
        Ok(())
    }

    /// Removes the address of the caller's account.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn remove_address(&self, caller: &Caller) -> Result<(), AccountError> {
        let (account, _) = signed_in(caller)?;
        let mut tx = rows::hold_accounts(&self.shared.database).await?;
        remove(&mut tx, account.id).await?;
        let (actor, subject) = (caller.actor(), Some(account.id.0));
        let now = self.shared.now();
        audit::record(&mut tx, &actor, Kind::EmailChanged, subject, now).await?;
        Ok(tx.commit().await?)
    }

    /// Gives the account of a link the address to which the link was sent.
    ///
    /// # Errors
    /// [`LinkError`].
    pub async fn confirm_address(&self, token: &str, client: Client) -> Result<(), LinkError> {
        let now = self.shared.now();
        let mut tx = rows::hold_accounts(&self.shared.database).await?;
        let link = links::take(&mut tx, token, now).await?;
        let link = link.ok_or(LinkError::Ended)?;
        let (Purpose::Address(id), Some(address)) = (link.purpose, link.address) else {
            return Err(LinkError::Ended);
        };
        let held = rows::hold(&mut tx, id).await?;
        let held = held.filter(|held| !held.is_disabled);
        let name = held.ok_or(LinkError::Ended)?.account.name;
        let address = EmailAddress::parse(&address).map_err(|_| LinkError::Ended)?;
        if !rows::set_email(&mut tx, id, &address).await? {
            return Err(LinkError::AddressTaken);
        }
        end_links(&mut tx, id).await?;
        let actor = Actor::of_account(id.0, &name, client.address);
        audit::record(&mut tx, &actor, Kind::EmailChanged, Some(id.0), now).await?;
        Ok(tx.commit().await?)
    }
}

async fn send_link(
    tx: &mut Tx,
    queue: &Queue,
    account: AccountId,
    address: &EmailAddress,
    now: Timestamp,
) -> Result<(), AddressError> {
    let purpose = Purpose::Address(account);
    if links::count(tx, purpose, now).await? >= MAX_ADDRESS_MAILS {
        return Err(AddressError::TooManyMails);
    }
    let id = LinkId(kith_runtime::sortable_id(now));
    let new = NewLink {
        id,
        purpose,
        address: Some(address),
        made_by: None,
    };
    links::insert(tx, new, now).await?;
    Ok(account_mail::enqueue(queue, tx, Subject::Link(id)).await?)
}

async fn remove(tx: &mut Tx, account: AccountId) -> Result<(), sqlx::Error> {
    query("UPDATE accounts SET email = NULL WHERE id = $1")
        .bind(account.0.as_bytes().as_slice())
        .execute(tx)
        .await?;
    end_links(tx, account).await
}

/// Ends the links that were sent to the address that an account had, and those for other addresses.
async fn end_links(tx: &mut Tx, account: AccountId) -> Result<(), sqlx::Error> {
    links::end(tx, Purpose::Address(account)).await?;
    links::end(tx, Purpose::Password(account)).await
}
