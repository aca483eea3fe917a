//! Signing in and out.

use std::time::Duration;

use uuid::Uuid;

use super::AccountError;
use super::AccountName;
use super::AccountService;
use super::SignedIn;
use super::Unavailable;
use super::Visit;
use super::attempts;
use super::attempts::Bucket;
use super::attempts::Refusal;
use super::audit;
use super::password::Comparison;
use super::rows;
use super::rows::Kept;
use super::secret;
use super::service::Shared;
use super::service::signed_in;
use crate::services::audit_log::Actor;
use crate::services::audit_log::Kind;
use crate::services::client::AccountId;
use crate::services::client::Caller;
use crate::services::client::Client;

/// One of so many attempts also removes what is forgotten of earlier ones.
const FORGET_ONE_IN: u8 = 64;

/// What a client sends to sign in.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'a> {
    pub name: &'a str,
    pub password: &'a str,
    /// See [`Visit`] for this and the next three.
    pub browser: Option<&'a str>,
    pub session: Option<&'a str>,
    pub client: Client,
    pub user_agent: &'a str,
}

impl<'a> SignIn<'a> {
    fn visit(&self) -> Visit<'a> {
        Visit {
            browser: self.browser,
            session: self.session,
            client: self.client,
            user_agent: self.user_agent,
        }
    }
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
        let buckets = shared
            .buckets(&sign_in, name.as_ref(), kept.as_ref())
            .await?;
        shared.reserve(&buckets).await?;
        let account = kept.as_ref().map(|kept| kept.account.id);
        let enabled = kept.filter(|kept| !kept.is_disabled);
        let password = enabled.as_ref().and_then(|kept| kept.password.clone());
        let compared = shared.passwords.compare(sign_in.password, password);
        match (compared.await?, enabled) {
            (Comparison::Right { rehashed }, Some(kept)) => {
                let now = shared.now();
                let mut tx = shared.database.write().await?;
                // It may have been disabled meanwhile, or have another password.
                let held = rows::hold(&mut tx, kept.account.id).await?;
                let is_same = |held: &Kept| !held.is_disabled && held.password == kept.password;
                let account = held.filter(is_same).ok_or(SignInError::Wrong)?.account;
                if let Some(rehashed) = &rehashed {
                    rows::keep_password(&mut tx, account.id, rehashed).await?;
                }
                attempts::succeed(&mut tx, &buckets, now).await?;
                let visit = sign_in.visit();
                let signed_in = shared.admit_browser(&mut tx, account, visit).await?;
                tx.commit().await?;
                Ok(signed_in)
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
    pub(super) async fn record_failure(
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

    /// What counts the attempt: the browser, if the owner of the account has signed in there before, and otherwise the name
    /// and the network. It takes as long for a name that no account has.
    async fn buckets(
        &self,
        sign_in: &SignIn<'_>,
        name: Option<&AccountName>,
        kept: Option<&Kept>,
    ) -> Result<Vec<Bucket>, sqlx::Error> {
        if let Some(token) = sign_in.browser
            && let Some(browser) = secret::hash_of_token(token)
        {
            // No account has the nil id.
            let account = kept.map_or(AccountId(Uuid::nil()), |kept| kept.account.id);
            let mut reader = self.database.reader().await?;
            if rows::knows_browser(&mut reader, account, token).await? {
                return Ok(vec![Bucket::of_browser(browser, account)]);
            }
        }
        Ok(vec![
            Bucket::of_name(name.map_or(sign_in.name, AccountName::key)),
            Bucket::of_network(sign_in.client.address),
        ])
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
