//! Signing in and out.

use std::net::IpAddr;
use std::time::Duration;

use kith_database::Sql;
use kith_database::query;
use uuid::Uuid;

use super::AccountError;
use super::AccountName;
use super::AccountService;
use super::Unavailable;
use super::attempts;
use super::attempts::Bucket;
use super::attempts::Refusal;
use super::audit;
use super::label;
use super::password::Comparison;
use super::rows;
use super::rows::Kept;
use super::secret;
use super::secret::Hash;
use super::service::Shared;
use super::service::signed_in;
use crate::services::audit_log::Actor;
use crate::services::audit_log::Kind;
use crate::services::client::Account;
use crate::services::client::AccountId;
use crate::services::client::Caller;
use crate::services::client::Client;
use crate::services::database::milliseconds;

/// One of so many attempts also removes what is forgotten of earlier ones.
const FORGET_ONE_IN: u8 = 64;

/// Removes sessions that have ended. In PostgreSQL it passes over a session that another transaction is ending: two that
/// have each ended one, and then sweep, would wait for each other.
const SWEEP: Sql = Sql::each(
    "DELETE FROM sessions WHERE expires_at <= $1 OR seen_at <= $2",
    "DELETE FROM sessions WHERE id IN (
         SELECT id FROM sessions WHERE expires_at <= $1 OR seen_at <= $2 FOR UPDATE SKIP LOCKED)",
);

/// What a client sends to sign in.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'a> {
    pub name: &'a str,
    pub password: &'a str,
    /// The token that [`SignedIn::browser_token`] was in this browser, if it has signed in before.
    pub browser: Option<&'a str>,
    /// The token of the session that the browser still has. It ends.
    pub session: Option<&'a str>,
    pub client: Client,
    /// The `User-Agent` of the client.
    pub user_agent: &'a str,
}

/// A session has begun. The tokens are shown nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// For a cookie that ends with the session.
    pub session_token: String,
    /// For a cookie that stays: it says that the owner of the account has signed in in this browser.
    pub browser_token: String,
    pub account: Account,
}

/// Why no session has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// There is no such account, it is disabled, or it has another password. Nothing tells these apart.
    #[error("The name or the password is wrong.")]
    Wrong,
    /// There were too many failures, also with names that no account has.
    #[error("There were too many attempts. Wait a moment.")]
    TooMany { retry_after: Duration },
    #[error("The database does not respond at the moment. Try again.")]
    Unavailable(#[from] Unavailable),
}

impl From<sqlx::Error> for SignInError {
    fn from(error: sqlx::Error) -> Self {
        Unavailable::from(error).into()
    }
}

impl From<Refusal> for SignInError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooMany { retry_after } => Self::TooMany { retry_after },
            Refusal::Database(error) => error.into(),
        }
    }
}

impl AccountService {
    /// Begins a session.
    ///
    /// # Errors
    /// [`SignInError`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn sign_in(&self, sign_in: SignIn<'_>) -> Result<SignedIn, SignInError> {
        let shared = &self.shared;
        let name = AccountName::parse(sign_in.name).ok();
        let kept = match &name {
            Some(name) => {
                let mut reader = shared.database.reader().await?;
                rows::find(&mut reader, name).await?
            }
            None => None,
        };
        let browser = sign_in.browser.and_then(secret::hash_of_token);
        let known = shared.known_browser(browser, kept.as_ref()).await?;
        let buckets = match (known, &kept) {
            (Some(browser), Some(kept)) => vec![Bucket::of_browser(browser, kept.account.id)],
            _ => vec![
                Bucket::of_name(name.as_ref().map_or(sign_in.name, AccountName::key)),
                Bucket::of_network(sign_in.client.address),
            ],
        };
        shared.reserve(&buckets).await?;
        let account = kept.as_ref().map(|kept| kept.account.id);
        let enabled = kept.filter(|kept| !kept.is_disabled);
        let password = enabled.as_ref().and_then(|kept| kept.password.clone());
        let compared = shared.passwords.compare(sign_in.password, password);
        match (compared.await?, enabled) {
            (Comparison::Right { rehashed }, Some(kept)) => {
                let begin = Begin {
                    kept,
                    rehashed,
                    browser: known.and(sign_in.browser),
                    session: sign_in.session,
                    label: label::of(sign_in.user_agent),
                    address: sign_in.client.address,
                };
                begin.run(shared, &buckets).await
            }
            _ => {
                shared.record_failure(sign_in.client, account).await?;
                Err(SignInError::Wrong)
            }
        }
    }

    /// Ends the session of a caller.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn sign_out(&self, caller: &Caller) -> Result<(), AccountError> {
        let (_, session) = signed_in(caller)?;
        self.end_session(caller, session).await
    }
}

impl Shared {
    /// Adds a failure to the audit log, whether or not there is an account of the name.
    async fn record_failure(
        &self,
        client: Client,
        account: Option<AccountId>,
    ) -> Result<(), sqlx::Error> {
        let actor = Actor::of_address(client.address);
        let subject = account.map(|account| account.0);
        let mut tx = self.database.write().await?;
        audit::record(&mut tx, &actor, Kind::SignInFailed, subject, self.now()).await?;
        tx.commit().await
    }

    /// The browser, if the owner of the account has signed in there before. It takes as long for a name that no account
    /// has.
    async fn known_browser(
        &self,
        browser: Option<Hash>,
        kept: Option<&Kept>,
    ) -> Result<Option<Hash>, sqlx::Error> {
        let Some(browser) = browser else {
            return Ok(None);
        };
        // No account has the nil id.
        let account = kept.map_or(Uuid::nil(), |kept| kept.account.id.0);
        let mut reader = self.database.reader().await?;
        let found: Option<i64> =
            query("SELECT created_at FROM known_browsers WHERE browser = $1 AND account = $2")
                .bind(browser.bytes())
                .bind(account.as_bytes().as_slice())
                .fetch_optional(&mut reader)
                .await?;
        Ok(found.map(|_| browser))
    }

    /// Counts an attempt before it is made, and now and then removes what is forgotten.
    pub(super) async fn reserve(&self, buckets: &[Bucket]) -> Result<(), Refusal> {
        let now = self.now();
        if rand::random::<u8>() < u8::MAX / FORGET_ONE_IN {
            let database = self.database.clone();
            self.tasks.spawn(async move {
                if let Err(error) = attempts::forget(&database, now, attempts::MAX_BUCKETS).await {
                    tracing::debug!(%error, "old attempts to sign in are not removed");
                }
            });
        }
        attempts::reserve(&self.database, buckets, now).await
    }
}

/// A session that begins, once the password is known to be right.
struct Begin<'a> {
    kept: Kept,
    rehashed: Option<String>,
    /// The token of the browser, if it is known.
    browser: Option<&'a str>,
    session: Option<&'a str>,
    label: String,
    address: IpAddr,
}

impl Begin<'_> {
    async fn run(self, shared: &Shared, buckets: &[Bucket]) -> Result<SignedIn, SignInError> {
        let now = shared.now();
        let mut tx = shared.database.write().await?;
        // It may have been disabled meanwhile, or have another password.
        let held = rows::hold(&mut tx, self.kept.account.id).await?;
        let is_same = |held: &Kept| !held.is_disabled && held.password == self.kept.password;
        let account = held.filter(is_same).ok_or(SignInError::Wrong)?.account;
        if let Some(rehashed) = &self.rehashed {
            query("UPDATE accounts SET password = $2 WHERE id = $1")
                .bind(account.id.0.as_bytes().as_slice())
                .bind(rehashed)
                .execute(&mut tx)
                .await?;
        }
        attempts::succeed(&mut tx, buckets, now).await?;
        if let Some(former) = self.session.and_then(secret::hash_of_token) {
            query("DELETE FROM sessions WHERE token = $1")
                .bind(former.bytes())
                .execute(&mut tx)
                .await?;
        }
        let idle_since = now.as_millisecond() - milliseconds(shared.config.session_idle);
        query(SWEEP)
            .bind(now.as_millisecond())
            .bind(idle_since)
            .execute(&mut tx)
            .await?;
        let browser_token = match self.browser {
            Some(known) => known.to_owned(),
            None => rows::remember_browser(&mut tx, account.id, now).await?,
        };
        let lifetime = shared.config.session_lifetime;
        let session_token =
            rows::begin_session(&mut tx, account.id, &self.label, now, lifetime).await?;
        let actor = Actor::of_account(account.id.0, &account.name, self.address);
        audit::record(&mut tx, &actor, Kind::SignIn, Some(account.id.0), now).await?;
        tx.commit().await?;
        Ok(SignedIn {
            session_token,
            browser_token,
            account,
        })
    }
}
