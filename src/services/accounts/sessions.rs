//! The sessions of an account, and its password.

use std::time::Duration;

use jiff::Timestamp;
use kith_database::Row;
use kith_database::query;

use super::AccountError;
use super::AccountName;
use super::AccountService;
use super::Unavailable;
use super::WeakPassword;
use super::attempts;
use super::attempts::Bucket;
use super::attempts::Refusal;
use super::audit;
use super::label;
use super::password::Comparison;
use super::password::NewPassword;
use super::rows;
use super::rows::read_time;
use super::rows::read_uuid;
use super::service::Shared;
use super::service::signed_in;
use crate::model::language::t;
use crate::services::audit_log::Kind;
use crate::services::client::Account;
use crate::services::client::Caller;
use crate::services::client::SessionId;
use crate::services::database::milliseconds;

/// A session, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    pub id: SessionId,
    pub created_at: Timestamp,
    /// Some minutes ago while the session is used.
    pub seen_at: Timestamp,
    /// Such as `Firefox on Linux`, in the language of the reader.
    pub label: String,
    /// Whether it is the session of the caller.
    pub is_current: bool,
}

/// Why a password stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangePasswordError {
    #[error("{}", t!("The current password is wrong."))]
    Wrong,
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    #[error("{}", t!("There were too many attempts. Wait a moment."))]
    TooMany { retry_after: Duration },
    /// The caller has not signed in.
    #[error("{}", t!("Sign in first: a token does not do for this."))]
    SessionNeeded,
    #[error("{}", t!("The database does not respond at the moment. Try again."))]
    Unavailable(#[from] Unavailable),
}

impl From<sqlx::Error> for ChangePasswordError {
    fn from(error: sqlx::Error) -> Self {
        Unavailable::from(error).into()
    }
}

impl From<Refusal> for ChangePasswordError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooMany { retry_after } => Self::TooMany { retry_after },
            Refusal::Database(error) => error.into(),
        }
    }
}

impl AccountService {
    /// Whether the caller's account has a password. One that a provider has made has none.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn has_password(&self, caller: &Caller) -> Result<bool, AccountError> {
        let (account, _) = signed_in(caller)?;
        let mut reader = self.shared.database.reader().await?;
        let found: Option<i64> =
            query("SELECT created_at FROM accounts WHERE id = $1 AND password IS NOT NULL")
                .bind(account.id.0.as_bytes().as_slice())
                .fetch_optional(&mut reader)
                .await?;
        Ok(found.is_some())
    }

    /// The sessions of the caller's account, the one that was used last first.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<SessionInfo>, AccountError> {
        let (account, current) = signed_in(caller)?;
        let now = self.shared.now().as_millisecond();
        let mut reader = self.shared.database.reader().await?;
        let rows: Vec<Row> = query(
            "SELECT id, created_at, seen_at, label FROM sessions
             WHERE account = $1 AND expires_at > $2 AND seen_at > $3 ORDER BY seen_at DESC, id",
        )
        .bind(account.id.0.as_bytes().as_slice())
        .bind(now)
        .bind(now - milliseconds(self.shared.config.session_idle))
        .fetch_all(&mut reader)
        .await?;
        let session = |row: &Row| {
            let id = SessionId(read_uuid(row.get("id")?)?);
            Ok(SessionInfo {
                id,
                created_at: read_time(row.get("created_at")?),
                seen_at: read_time(row.get("seen_at")?),
                label: label::shown(row.get("label")?),
                is_current: id == current,
            })
        };
        Ok(rows
            .iter()
            .map(session)
            .collect::<Result<_, sqlx::Error>>()?)
    }

    /// Ends a session of the caller's account.
    ///
    /// # Errors
    /// [`AccountError::NotFound`] where the account has no such session.
    pub async fn end_session(&self, caller: &Caller, id: SessionId) -> Result<(), AccountError> {
        let (account, _) = signed_in(caller)?;
        let mut tx = self.shared.database.write().await?;
        let ended = query("DELETE FROM sessions WHERE id = $1 AND account = $2")
            .bind(id.0.as_bytes().as_slice())
            .bind(account.id.0.as_bytes().as_slice())
            .execute(&mut tx)
            .await?;
        if ended == 0 {
            return Err(AccountError::NotFound);
        }
        let (actor, now) = (caller.actor(), self.shared.now());
        audit::record(&mut tx, &actor, Kind::SignOut, Some(id.0), now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends all sessions of the caller's account but that of the caller. Returns how many.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn end_other_sessions(&self, caller: &Caller) -> Result<u64, AccountError> {
        let (account, current) = signed_in(caller)?;
        let mut tx = self.shared.database.write().await?;
        let ended = query("DELETE FROM sessions WHERE account = $1 AND id <> $2")
            .bind(account.id.0.as_bytes().as_slice())
            .bind(current.0.as_bytes().as_slice())
            .execute(&mut tx)
            .await?;
        let (actor, now) = (caller.actor(), self.shared.now());
        audit::record(&mut tx, &actor, Kind::SignOut, Some(account.id.0), now).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Changes the password of the caller's account and ends all of its sessions. Returns the token of the session
    /// that replaces the one of the caller.
    ///
    /// # Errors
    /// [`ChangePasswordError`].
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: &str,
        new: &str,
    ) -> Result<String, ChangePasswordError> {
        let shared = &self.shared;
        let (account, session) =
            signed_in(caller).map_err(|_| ChangePasswordError::SessionNeeded)?;
        let name = AccountName::parse(&account.name).map_err(|_| ChangePasswordError::Wrong)?;
        let new = NewPassword::parse(new, &name)?;
        let bucket = [Bucket::of_account(account.id)];
        let password = shared.prove_password(account, current, &bucket).await?;
        let hash = shared.passwords.hash(new).await?;
        let now = shared.now();
        let mut tx = shared.database.write().await?;
        let held = rows::hold(&mut tx, account.id).await?;
        held.filter(|held| !held.is_disabled && held.password == password)
            .ok_or(ChangePasswordError::Wrong)?;
        let label: Option<String> = query("SELECT label FROM sessions WHERE id = $1")
            .bind(session.0.as_bytes().as_slice())
            .fetch_optional(&mut tx)
            .await?;
        // Another request may have ended it meanwhile.
        let label = label.ok_or(ChangePasswordError::SessionNeeded)?;
        attempts::succeed(&mut tx, &bucket, now).await?;
        rows::set_password(&mut tx, account.id, &hash).await?;
        let (actor, subject) = (caller.actor(), Some(account.id.0));
        audit::record(&mut tx, &actor, Kind::PasswordChanged, subject, now).await?;
        shared.tell_of_password(&mut tx, account.id).await?;
        let token = rows::begin_session(
            &mut tx,
            account.id,
            &label,
            now,
            shared.config.session_lifetime,
        )
        .await?;
        tx.commit().await?;
        shared.wake();
        Ok(token)
    }
}

impl Shared {
    /// Compares what a caller has typed with the password of its account, as an attempt that is counted in the bucket.
    /// Returns what is kept of the password.
    ///
    /// # Errors
    /// [`ChangePasswordError`].
    pub(super) async fn prove_password(
        &self,
        account: &Account,
        typed: &str,
        bucket: &[Bucket],
    ) -> Result<Option<String>, ChangePasswordError> {
        let name = AccountName::parse(&account.name).map_err(|_| ChangePasswordError::Wrong)?;
        self.reserve(bucket).await?;
        let kept = {
            let mut reader = self.database.reader().await?;
            rows::find(&mut reader, &name).await?
        };
        let kept = kept.filter(|kept| kept.account.id == account.id);
        let password = kept.and_then(|kept| kept.password);
        let compared = self.passwords.compare(typed, password.clone()).await?;
        match compared {
            Comparison::Wrong => Err(ChangePasswordError::Wrong),
            Comparison::Right { .. } => Ok(password),
        }
    }
}
