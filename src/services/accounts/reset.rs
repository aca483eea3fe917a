//! A new password for an owner who has forgotten the old one, by a link.

use std::time::Duration;

use kith_database::query;
use uuid::Uuid;

use super::AccountError;
use super::AccountName;
use super::AccountService;
use super::Accounts;
use super::EmailAddress;
use super::Unavailable;
use super::account_mail;
use super::account_mail::Subject;
use super::attempts;
use super::attempts::Bucket;
use super::attempts::Refusal;
use super::audit;
use super::links;
use super::links::LinkError;
use super::links::NewLink;
use super::links::Purpose;
use super::management;
use super::password::NewPassword;
use super::rows;
use super::rows::read_uuid;
use crate::services::audit_log::Actor;
use crate::services::audit_log::Kind;
use crate::services::client::AccountId;
use crate::services::client::Client;
use crate::services::client::LinkId;

/// Why a request for a new password was not taken. None of it depends on whether there is such an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResetError {
    #[error("Kith has no mail server. Ask an admin for a link.")]
    NoMailServer,
    #[error("There were too many attempts. Wait a moment.")]
    TooMany { retry_after: Duration },
    #[error("The database does not respond at the moment. Try again.")]
    Unavailable(#[from] Unavailable),
}

impl From<sqlx::Error> for ResetError {
    fn from(error: sqlx::Error) -> Self {
        Unavailable::from(error).into()
    }
}

impl From<Refusal> for ResetError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooMany { retry_after } => Self::TooMany { retry_after },
            Refusal::Database(error) => error.into(),
        }
    }
}

impl Accounts {
    /// Makes a link with which the owner of an account chooses a new password within an hour, and returns its secret. The
    /// links from before end.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn reset_link(&self, name: &AccountName) -> Result<String, AccountError> {
        let now = self.clock.now();
        let mut tx = rows::hold_accounts(&self.database).await?;
        let account = management::find(&mut tx, name).await?;
        let purpose = Purpose::Password(account);
        links::end(&mut tx, purpose).await?;
        let id = LinkId(kith_runtime::sortable_id(now));
        let new = NewLink {
            id,
            purpose,
            address: None,
            made_by: self.admin(),
        };
        links::insert(&mut tx, new, now).await?;
        let token = links::add_secret(&mut tx, id).await?;
        self.record(&mut tx, Kind::ResetLinkAdded, account).await?;
        tx.commit().await?;
        Ok(token)
    }
}

impl AccountService {
    /// Whether Kith sends mails about accounts.
    pub fn sends_mail(&self) -> bool {
        self.shared.mail.is_some()
    }

    /// Asks for a new password for the account with this name or address. What the database does is the same whether or
    /// not there is one: a job sends the mail, or finds that there is nothing to send.
    ///
    /// # Errors
    /// [`ResetError`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn request_reset(&self, typed: &str, client: Client) -> Result<(), ResetError> {
        let shared = &self.shared;
        let queue = shared.mail.as_ref().ok_or(ResetError::NoMailServer)?;
        let name = AccountName::parse(typed).ok();
        let name_key = name.as_ref().map_or(typed, AccountName::key);
        let buckets = [
            Bucket::of_name(name_key),
            Bucket::of_network(client.address),
        ];
        shared.reserve(&buckets).await?;
        let address = EmailAddress::parse(typed).ok();
        let address_key = address.map(|address| address.key()).unwrap_or_default();
        let mut tx = shared.database.write().await?;
        let found: Option<Vec<u8>> = query(
            "SELECT id FROM accounts WHERE name_key = $1 OR lower(email) = $2
             ORDER BY name_key = $1 DESC LIMIT 1",
        )
        .bind(name.as_ref().map_or("", AccountName::key))
        .bind(&address_key)
        .fetch_optional(&mut tx)
        .await?;
        let account = match found {
            Some(id) => read_uuid(&id)?,
            None => Uuid::new_v4(),
        };
        let subject = Subject::Reset(AccountId(account));
        account_mail::enqueue(queue, &mut tx, subject).await?;
        tx.commit().await?;
        queue.wake();
        Ok(())
    }

    /// Gives the account of a link another password. All of its sessions end, and so do its other links.
    ///
    /// # Errors
    /// [`LinkError`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn reset_password(
        &self,
        token: &str,
        password: &str,
        client: Client,
    ) -> Result<(), LinkError> {
        let shared = &self.shared;
        let account = {
            let mut reader = shared.database.reader().await?;
            let link = links::find(&mut reader, token, shared.now()).await?;
            let link = link.ok_or(LinkError::Ended)?;
            let Purpose::Password(account) = link.purpose else {
                return Err(LinkError::Ended);
            };
            let name: Option<String> = query("SELECT name FROM accounts WHERE id = $1")
                .bind(account.0.as_bytes().as_slice())
                .fetch_optional(&mut reader)
                .await?;
            AccountName::parse(&name.ok_or(LinkError::Ended)?)?
        };
        let hash = NewPassword::parse(password, &account)?;
        let hash = shared.passwords.hash(hash).await?;
        let now = shared.now();
        let mut tx = rows::hold_accounts(&shared.database).await?;
        let link = links::take(&mut tx, token, now).await?;
        let Some(Purpose::Password(id)) = link.map(|link| link.purpose) else {
            return Err(LinkError::Ended);
        };
        let held = rows::hold(&mut tx, id).await?;
        let held = held.filter(|held| !held.is_disabled);
        let held = held.ok_or(LinkError::Ended)?.account;
        rows::set_password(&mut tx, id, &hash).await?;
        // Those who have forgotten a password have tried some.
        attempts::succeed(&mut tx, &[Bucket::of_name(account.key())], now).await?;
        let actor = Actor::of_account(id.0, &held.name, client.address);
        audit::record(&mut tx, &actor, Kind::PasswordChanged, Some(id.0), now).await?;
        shared.tell_of_password(&mut tx, id).await?;
        tx.commit().await?;
        shared.wake();
        Ok(())
    }
}
