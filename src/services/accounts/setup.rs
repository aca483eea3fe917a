//! The first admin.
//!
//! A code shows that a visitor can read what Kith prints, so that no one else on the network makes the first account.

use std::time::Duration;

use kith_database::query;

use super::AccountName;
use super::AccountService;
use super::InvalidName;
use super::SignedIn;
use super::Unavailable;
use super::Visit;
use super::WeakPassword;
use super::attempts;
use super::attempts::Bucket;
use super::attempts::Refusal;
use super::audit;
use super::password::NewPassword;
use super::rows;
use super::secret;
use super::secret::Hash;
use crate::model::language::t;
use crate::services::audit_log::Actor;
use crate::services::audit_log::Kind;
use crate::services::client::Account;
use crate::services::client::Client;
use crate::services::client::Role;
use crate::services::database::milliseconds;

/// How long a code can be used.
const LIFETIME: Duration = Duration::from_secs(3600);

/// The most codes at a time. The oldest is forgotten.
const MAX_CODES: u32 = 10;

/// What a visitor sends to make the first admin.
#[derive(Clone, Copy, Debug)]
pub struct SetUp<'a> {
    pub code: &'a str,
    pub name: &'a str,
    pub password: &'a str,
    pub client: Client,
    /// The `User-Agent` of the client.
    pub user_agent: &'a str,
}

/// Why there is no first admin, or no code for one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetUpError {
    #[error("{}", t!("There is an account already. Sign in, or ask an admin for an account."))]
    HasAccounts,
    #[error(
        "{}",
        t!("The code is wrong, or older than an hour. Ask for a new one where Kith runs.")
    )]
    WrongCode,
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error(transparent)]
    Password(#[from] WeakPassword),
    #[error("{}", t!("There were too many attempts. Wait a moment."))]
    TooMany { retry_after: Duration },
    #[error("{}", t!("The database does not respond at the moment. Try again."))]
    Unavailable(#[from] Unavailable),
}

impl From<sqlx::Error> for SetUpError {
    fn from(error: sqlx::Error) -> Self {
        Unavailable::from(error).into()
    }
}

impl From<Refusal> for SetUpError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::TooMany { retry_after } => Self::TooMany { retry_after },
            Refusal::Database(error) => error.into(),
        }
    }
}

impl AccountService {
    /// Makes a code with which the first admin can be made within an hour: eight groups of four letters and digits.
    ///
    /// # Errors
    /// [`SetUpError::HasAccounts`], [`SetUpError::Unavailable`].
    pub async fn issue_setup_code(&self) -> Result<String, SetUpError> {
        let mut tx = rows::hold_accounts(&self.shared.database).await?;
        if rows::exist(&mut tx).await? {
            return Err(SetUpError::HasAccounts);
        }
        let code = secret::setup_code();
        let now = self.shared.now().as_millisecond();
        query(
            "DELETE FROM setup_codes WHERE expires_at <= $1 OR created_at <= (
                 SELECT created_at FROM setup_codes ORDER BY created_at DESC LIMIT 1 OFFSET $2)",
        )
        .bind(now)
        .bind(MAX_CODES - 1)
        .execute(&mut tx)
        .await?;
        query("INSERT INTO setup_codes (code, created_at, expires_at) VALUES ($1, $2, $3)")
            .bind(secret::hash_of_setup_code(&code).bytes())
            .bind(now)
            .bind(now + milliseconds(LIFETIME))
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(code)
    }

    /// Makes the first admin and begins a session. Of two visitors at the same time one succeeds.
    ///
    /// # Errors
    /// [`SetUpError`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn set_up(&self, set_up: SetUp<'_>) -> Result<SignedIn, SetUpError> {
        let shared = &self.shared;
        let name = AccountName::parse(set_up.name)?;
        let password = NewPassword::parse(set_up.password, &name)?;
        let buckets = [Bucket::of_setup(set_up.client.address)];
        shared.reserve(&buckets).await?;
        let code = secret::hash_of_setup_code(set_up.code);
        // Before the password is hashed, which costs more than guessing.
        self.check_setup_code(code).await?;
        let hash = shared.passwords.hash(password).await?;
        let now = shared.now();
        let mut tx = rows::hold_accounts(&shared.database).await?;
        if rows::exist(&mut tx).await? {
            return Err(SetUpError::HasAccounts);
        }
        let role = Role::Admin;
        let id = rows::insert(&mut tx, &name, role, Some(&hash), now).await?;
        let id = id.ok_or(SetUpError::HasAccounts)?;
        query("DELETE FROM setup_codes").execute(&mut tx).await?;
        attempts::succeed(&mut tx, &buckets, now).await?;
        let actor = Actor::of_account(id.0, name.as_str(), set_up.client.address);
        audit::record(&mut tx, &actor, Kind::UserAdded, Some(id.0), now).await?;
        let account = Account {
            id,
            name: name.as_str().to_owned(),
            role,
        };
        let visit = Visit {
            browser: None,
            session: None,
            client: set_up.client,
            user_agent: set_up.user_agent,
        };
        let signed_in = shared.admit_browser(&mut tx, account, visit).await?;
        tx.commit().await?;
        Ok(signed_in)
    }

    async fn check_setup_code(&self, code: Hash) -> Result<(), SetUpError> {
        if self.has_accounts().await? {
            return Err(SetUpError::HasAccounts);
        }
        let mut reader = self.shared.database.reader().await?;
        let expires_at: Option<i64> = query("SELECT expires_at FROM setup_codes WHERE code = $1")
            .bind(code.bytes())
            .fetch_optional(&mut reader)
            .await?;
        let now = self.shared.now().as_millisecond();
        let is_valid = expires_at.is_some_and(|end| now < end);
        if is_valid {
            Ok(())
        } else {
            Err(SetUpError::WrongCode)
        }
    }
}
