//! Begins a session, however the owner of an account has shown who they are.

use kith_database::Sql;
use kith_database::Tx;
use kith_database::query;

use super::audit;
use super::label;
use super::rows;
use super::secret;
use super::service::Shared;
use crate::services::audit_log::Actor;
use crate::services::audit_log::Kind;
use crate::services::client::Account;
use crate::services::client::AccountId;
use crate::services::client::Client;
use crate::services::database::milliseconds;

/// A browser in which an account signs in.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
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

/// Removes sessions that have ended. In PostgreSQL it passes over a session that another transaction is ending: two that
/// have each ended one, and then sweep, would wait for each other.
const SWEEP: Sql = Sql::each(
    "DELETE FROM sessions WHERE expires_at <= $1 OR seen_at <= $2",
    "DELETE FROM sessions WHERE id IN (
         SELECT id FROM sessions WHERE expires_at <= $1 OR seen_at <= $2 FOR UPDATE SKIP LOCKED)",
);

impl Shared {
    /// Begins a session of an account that the transaction holds. Sessions that are over are removed on the way.
    pub(super) async fn admit_browser(
        &self,
        tx: &mut Tx,
        account: Account,
        visit: Visit<'_>,
    ) -> Result<SignedIn, sqlx::Error> {
        let now = self.now();
        if let Some(former) = visit.session.and_then(secret::hash_of_token) {
            rows::end_session(tx, former).await?;
        }
        let idle_since = now.as_millisecond() - milliseconds(self.config.session_idle);
        query(SWEEP)
            .bind(now.as_millisecond())
            .bind(idle_since)
            .execute(tx)
            .await?;
        let browser_token = match known_browser(tx, account.id, visit.browser).await? {
            Some(known) => known.to_owned(),
            None => rows::remember_browser(tx, account.id, now).await?,
        };
        let (label, lifetime) = (label::of(visit.user_agent), self.config.session_lifetime);
        let session_token = rows::begin_session(tx, account.id, &label, now, lifetime).await?;
        let actor = Actor::of_account(account.id.0, &account.name, visit.client.address);
        audit::record(tx, &actor, Kind::SignIn, Some(account.id.0), now).await?;
        Ok(SignedIn {
            session_token,
            browser_token,
            account,
        })
    }
}

/// The token of a browser, if the owner of the account has signed in there before.
async fn known_browser<'a>(
    tx: &mut Tx,
    account: AccountId,
    token: Option<&'a str>,
) -> Result<Option<&'a str>, sqlx::Error> {
    let Some(token) = token else {
        return Ok(None);
    };
    let is_known = rows::knows_browser(tx, account, token).await?;
    Ok(is_known.then_some(token))
}
