//! Sign-ins of two steps, which wait for a provider or for a passkey between them.
//!
//! The browser keeps a secret in a cookie, and the database its hash: so the second step comes from the browser of the
//! first one, once, within some minutes, and any instance can answer it.

use std::time::Duration;

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Row;
use kith_database::Tx;
use kith_database::query;

use super::rows::read_uuid;
use super::secret;
use super::secret::Hash;
use super::service::Shared;
use crate::services::client::SessionId;
use crate::services::database::milliseconds;

/// How long the second step may take: a person signs in elsewhere, perhaps with two factors.
const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The most that wait at a time. Those that end first are forgotten.
const MAX_PENDING: u32 = 10_000;

/// What the second step is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A provider leads the browser back.
    Provider,
    /// A passkey signs in.
    WithPasskey,
    /// A passkey is added.
    NewPasskey,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::WithPasskey => "with_passkey",
            Self::NewPasskey => "new_passkey",
        }
    }
}

/// What the first step leaves to the second one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// For whose account something is added; `None` for a sign-in.
    pub session: Option<SessionId>,
    pub content: String,
}

/// Keeps what the second step needs, and returns the secret for the browser.
pub async fn begin(
    tx: &mut Tx,
    purpose: Purpose,
    pending: &Pending,
    now: Timestamp,
) -> Result<String, sqlx::Error> {
    query(
        "DELETE FROM pending_sign_ins WHERE expires_at <= $1 OR expires_at <= (
             SELECT expires_at FROM pending_sign_ins ORDER BY expires_at DESC LIMIT 1 OFFSET $2)",
    )
    .bind(now.as_millisecond())
    .bind(MAX_PENDING - 1)
    .execute(tx)
    .await?;
    let secret = secret::token();
    let session = pending.session.map(|session| session.0);
    query(
        "INSERT INTO pending_sign_ins (secret, purpose, session, content, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(Hash::of(&secret).bytes())
    .bind(purpose.as_str())
    .bind(
        session
            .as_ref()
            .map(|session| session.as_bytes().as_slice()),
    )
    .bind(&pending.content)
    .bind(now.as_millisecond() + milliseconds(LIFETIME))
    .execute(tx)
    .await?;
    Ok(secret)
}

impl Shared {
    /// Takes what the first step has left. The secret is used up with it, whatever comes of the second step.
    pub(super) async fn take_pending(
        &self,
        purpose: Purpose,
        secret: &str,
    ) -> Result<Option<Pending>, sqlx::Error> {
        let mut tx = self.database.write().await?;
        let pending = take(&mut tx, purpose, secret, self.now()).await?;
        tx.commit().await?;
        Ok(pending)
    }
}

async fn take(
    tx: &mut Connection,
    purpose: Purpose,
    secret: &str,
    now: Timestamp,
) -> Result<Option<Pending>, sqlx::Error> {
    let Some(secret) = secret::hash_of_token(secret) else {
        return Ok(None);
    };
    let row: Option<Row> = query(
        "DELETE FROM pending_sign_ins WHERE secret = $1 AND purpose = $2 AND expires_at > $3
         RETURNING session, content",
    )
    .bind(secret.bytes())
    .bind(purpose.as_str())
    .bind(now.as_millisecond())
    .fetch_optional(tx)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let session: Option<&[u8]> = row.get("session")?;
    Ok(Some(Pending {
        session: session.map(read_uuid).transpose()?.map(SessionId),
        content: row.get("content")?,
    }))
}
