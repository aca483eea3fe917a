//! [`AccountService`]: what the use cases share, how it is made and closed.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use kith_cache::Cache;
use kith_cache::Cacheable;
use kith_cache::Encoding;
use kith_cache::Key;
use kith_cache::Policy;
use kith_database::Database;
use kith_queue::Queue;
use kith_runtime::Clock;
use kith_runtime::Tasks;
use serde::Deserialize;
use serde::Serialize;

use super::ACCOUNTS;
use super::AccountError;
use super::RelyingParty;
use super::Unavailable;
use super::password::Passwords;
use super::rows;
use crate::services::client::Account;
use crate::services::client::Caller;
use crate::services::client::Identity;
use crate::services::client::SessionId;
use crate::services::client::Via;
use crate::services::config::AccountsConfig;
use crate::services::oidc::Provider;

/// Who may see what is cached of accounts: Kith itself.
pub(super) const AUDIENCE: &str = "kith";

/// The longest time between two notes that a session or a token is in use.
const MAX_NOTE_INTERVAL: Duration = Duration::from_secs(5 * 60);

/// How long a cached session is fresh at most. Its use is noted when it is read again.
const MAX_FRESH: Duration = Duration::from_secs(60);

/// The use cases of accounts. Cheap to clone: clones share everything.
#[derive(Clone)]
pub struct AccountService {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub database: Database,
    pub cache: Cache,
    pub clock: Arc<dyn Clock>,
    pub config: AccountsConfig,
    pub mail: Option<Queue>,
    pub is_exposed: bool,
    pub provider: Option<Provider>,
    pub relying_party: Option<RelyingParty>,
    pub passwords: Passwords,
    pub tasks: Tasks,
    /// See [`AccountService::had_none`].
    pub had_none: AtomicBool,
    /// Whether this process has seen an account.
    pub had_some: AtomicBool,
}

/// What an [`AccountService`] is made of.
pub struct Options {
    pub database: Database,
    /// It must know the tag [`ACCOUNTS`].
    pub cache: Cache,
    /// The clock of the database, by which all instances agree.
    pub clock: Arc<dyn Clock>,
    pub config: AccountsConfig,
    /// Sends mails about accounts; `None` without a mail server.
    pub mail: Option<Queue>,
    /// Whether clients on other machines reach Kith. Then there is no local mode, even if all accounts are gone, as in a
    /// backup that was restored.
    pub is_exposed: bool,
    /// Where people may sign in beside the password.
    pub provider: Option<Provider>,
    /// Under which name browsers keep passkeys, if they have any for Kith.
    pub relying_party: Option<RelyingParty>,
}

/// Whether there is an account.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct HasAccounts(bool);

impl Cacheable for HasAccounts {
    const SCHEMA: u32 = 1;
}

impl AccountService {
    pub fn new(options: Options) -> Self {
        let Options {
            database,
            cache,
            clock,
            config,
            mail,
            is_exposed,
            provider,
            relying_party,
        } = options;
        Self {
            shared: Arc::new(Shared {
                database,
                cache,
                clock,
                config,
                mail,
                is_exposed,
                provider,
                relying_party,
                passwords: Passwords::default(),
                tasks: Tasks::default(),
                had_none: AtomicBool::new(false),
                had_some: AtomicBool::new(false),
            }),
        }
    }

    /// Whether there is an account: without one, Kith is in local mode. True at once on all instances when one is
    /// added. It stays true until the process ends: the last account cannot be removed, and a database is replaced only
    /// while no process has it open. So a process that has seen an account asks no more.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn has_accounts(&self) -> Result<bool, Unavailable> {
        if self.shared.had_some.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let database = self.shared.database.clone();
        let fetch = move || async move {
            let mut reader = database.reader().await?;
            let exist = rows::exist(&mut reader).await?;
            Ok::<_, Unavailable>(HasAccounts(exist))
        };
        let key = Key::new(ACCOUNTS, AUDIENCE, "exist");
        let found = self.shared.cache.get(key, self.shared.policy(), fetch);
        let exist = found.await?.0;
        self.shared.had_none.store(!exist, Ordering::Relaxed);
        self.shared.had_some.store(exist, Ordering::Relaxed);
        Ok(exist)
    }

    /// Whether there was no account when the database last said so. That decides what a caller may see of the fault of
    /// a database that does not answer, and nothing else.
    pub fn had_none(&self) -> bool {
        self.shared.had_none.load(Ordering::Relaxed)
    }

    /// Whether there is an admin who can sign in, asked of the database itself.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn has_admin(&self) -> Result<bool, Unavailable> {
        let mut reader = self.shared.database.reader().await?;
        Ok(rows::has_admin(&mut reader).await?)
    }

    /// Waits for what is under way.
    pub async fn close(&self) {
        self.shared.tasks.close().await;
    }
}

impl Shared {
    /// How sessions, tokens and the mode are cached.
    pub fn policy(&self) -> Policy {
        let fresh_for = MAX_FRESH.min(self.note_interval());
        Policy {
            fresh_for,
            stale_for: Duration::ZERO,
            // A client that makes tokens up would fill the cache with them.
            absent_for: Duration::ZERO,
            allow_stale_generation: false,
            encoding: Encoding::Blob,
        }
    }

    /// The time between two notes that a session is in use: short beside the time after which it ends unused.
    pub fn note_interval(&self) -> Duration {
        MAX_NOTE_INTERVAL.min(self.config.session_idle / 10)
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// The account and the session of a caller that has signed in.
///
/// # Errors
/// [`AccountError::SessionNeeded`] for other callers.
pub(super) fn signed_in(caller: &Caller) -> Result<(&Account, SessionId), AccountError> {
    match caller.identity() {
        Identity::Account {
            account,
            via: Via::Session(session),
        } => Ok((account, *session)),
        Identity::Local | Identity::Forwarded | Identity::Account { .. } => {
            Err(AccountError::SessionNeeded)
        }
    }
}

impl fmt::Debug for AccountService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountService").finish_non_exhaustive()
    }
}
