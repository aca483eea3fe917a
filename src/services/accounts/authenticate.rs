//! Finding out who calls.

use jiff::Timestamp;
use kith_cache::Cacheable;
use kith_cache::Key;
use kith_database::Connection;
use kith_database::Database;
use kith_database::Row;
use kith_database::query;
use serde::Deserialize;
use serde::Serialize;
use uuid::Uuid;

use super::ACCOUNTS;
use super::AccountService;
use super::Unavailable;
use super::memberships;
use super::rows::read_uuid;
use super::rows::read_word;
use super::secret;
use super::secret::Hash;
use super::service::AUDIENCE;
use super::service::Shared;
use crate::services::book::Book;
use crate::services::book::BookKey;
use crate::services::book::BookRole;
use crate::services::book::Books;
use crate::services::client::Account;
use crate::services::client::AccountId;
use crate::services::client::Caller;
use crate::services::client::Client;
use crate::services::client::Identity;
use crate::services::client::Role;
use crate::services::client::Scope;
use crate::services::client::SessionId;
use crate::services::client::TokenId;
use crate::services::client::Via;
use crate::services::database::milliseconds;

/// What a client shows. A token counts before a session.
#[derive(Clone, Copy, Debug, Default)]
pub struct Credentials<'a> {
    /// The value of the session's cookie.
    pub session: Option<&'a str>,
    /// The token of a program, as in `Authorization: Bearer`.
    pub token: Option<&'a str>,
}

/// Why a client is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticateError {
    /// The client shows nothing.
    #[error("sign in first")]
    SignInNeeded,
    /// The session has ended, or there never was one.
    #[error("the session has ended: sign in again")]
    SessionEnded,
    /// The token has expired or was revoked, or there never was one.
    #[error("the token is not valid")]
    InvalidToken,
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Whom a session or a token belongs to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Holder {
    id: Uuid,
    account: AccountId,
    name: String,
    role: Role,
    /// `None` for a session.
    scope: Option<Scope>,
    /// In milliseconds, as all times here. `None` for a token that does not expire.
    expires_at: Option<i64>,
    /// When a use was noted.
    used_at: Option<i64>,
    /// The books that it sees.
    books: Books,
}

impl Cacheable for Holder {
    const SCHEMA: u32 = 2;
}

/// What admits a caller.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Session,
    Token,
    /// See [`feeds`](super::feeds).
    Feed,
}

impl AccountService {
    /// Finds out who calls. `uses_local_name` says whether the request names this machine: one that does not may
    /// come through a tunnel.
    ///
    /// What it knows of sessions and tokens is never older than the call, so what was ended or revoked before admits
    /// no one.
    ///
    /// # Errors
    /// [`AuthenticateError`].
    pub async fn authenticate(
        &self,
        credentials: Credentials<'_>,
        client: Client,
        uses_local_name: bool,
    ) -> Result<Caller, AuthenticateError> {
        let (kind, hash, refused) = match credentials {
            Credentials {
                token: Some(token), ..
            } => {
                let hash = secret::hash_of_api_token(token);
                (Kind::Token, hash, AuthenticateError::InvalidToken)
            }
            Credentials {
                session: Some(session),
                ..
            } => {
                let hash = secret::hash_of_token(session);
                (Kind::Session, hash, AuthenticateError::SessionEnded)
            }
            Credentials { .. } => (Kind::Session, None, AuthenticateError::SignInNeeded),
        };
        let holder = match hash {
            Some(hash) => self.holder(kind, hash).await?,
            None => None,
        };
        let identity = match holder {
            Some(holder) => return Ok(holder.into_caller(client)),
            None if self.has_accounts().await? || self.shared.is_exposed => return Err(refused),
            None if is_local(client) && uses_local_name => Identity::Local,
            None => Identity::Forwarded,
        };
        Ok(Caller::without_account(client, identity))
    }

    /// Whom a session or token belongs to, if it admits its holder now.
    pub(super) async fn holder(
        &self,
        kind: Kind,
        hash: Hash,
    ) -> Result<Option<Holder>, Unavailable> {
        let shared = self.shared.clone();
        let fetch = move || async move {
            let found = kind.find(&shared.database, hash).await?;
            if let Some(holder) = &found {
                shared.note_use(kind, holder);
            }
            Ok::<_, Unavailable>(found)
        };
        let name = format!("{}/{}", kind.table(), kith_runtime::hex(hash.bytes()));
        let key = Key::new(ACCOUNTS, AUDIENCE, &name);
        let found = self.shared.cache.get(key, self.shared.policy(), fetch);
        let found = (*found.await?).clone();
        Ok(found.filter(|holder| self.shared.admits(kind, holder)))
    }
}

/// Whether a client is certainly on this machine.
fn is_local(client: Client) -> bool {
    client.is_certain && client.address.to_canonical().is_loopback()
}

impl Shared {
    fn admits(&self, kind: Kind, holder: &Holder) -> bool {
        let now = self.now().as_millisecond();
        let idle_end = match kind {
            Kind::Session => holder
                .used_at
                .map(|seen| seen.saturating_add(milliseconds(self.config.session_idle))),
            Kind::Token | Kind::Feed => None,
        };
        [holder.expires_at, idle_end]
            .into_iter()
            .flatten()
            .all(|end| now < end)
    }

    /// Notes that a session or a token is in use, unless that was done a short time ago. The caller does not wait.
    fn note_use(&self, kind: Kind, holder: &Holder) {
        let now = self.now();
        let outdated = now.as_millisecond() - milliseconds(self.note_interval());
        let is_due = holder.used_at.is_none_or(|used| used < outdated);
        if !is_due || !self.admits(kind, holder) {
            return;
        }
        let (database, id) = (self.database.clone(), holder.id);
        self.tasks.spawn(async move {
            if let Err(error) = kind.note(&database, id, now, outdated).await {
                tracing::debug!(%error, "the use of a session or token is not noted");
            }
        });
    }
}

impl Holder {
    pub(super) fn into_caller(self, client: Client) -> Caller {
        let identity = Identity::Account {
            via: match self.scope {
                None => Via::Session(SessionId(self.id)),
                Some(scope) => Via::Token {
                    id: TokenId(self.id),
                    scope,
                },
            },
            account: Account {
                id: self.account,
                name: self.name,
                role: self.role,
            },
        };
        Caller::new(client, identity, self.books)
    }
}

impl Kind {
    fn table(self) -> &'static str {
        match self {
            Self::Session => "sessions",
            Self::Token => "tokens",
            Self::Feed => "feeds",
        }
    }

    /// Reads whom it belongs to. A disabled account has none.
    async fn find(self, database: &Database, hash: Hash) -> Result<Option<Holder>, sqlx::Error> {
        let find = match self {
            Self::Session => query(
                "SELECT sessions.id, account, accounts.name, role, NULL AS scope, NULL AS book, expires_at, seen_at AS used_at
                 FROM sessions JOIN accounts ON accounts.id = account
                 WHERE token = $1 AND disabled_at IS NULL",
            ),
            Self::Token => query(
                "SELECT api_tokens.id, account, accounts.name, role, scope, book, expires_at, last_used_at AS used_at
                 FROM api_tokens JOIN accounts ON accounts.id = account
                 WHERE token = $1 AND disabled_at IS NULL",
            ),
            Self::Feed => query(
                "SELECT calendar_feeds.id, account, accounts.name, role, 'read' AS scope, book, NULL AS expires_at, last_used_at AS used_at
                 FROM calendar_feeds JOIN accounts ON accounts.id = account
                 WHERE secret = $1 AND disabled_at IS NULL",
            ),
        };
        let mut reader = database.reader().await?;
        let row: Option<Row> = find.bind(hash.bytes()).fetch_optional(&mut reader).await?;
        match row {
            Some(row) => holder(&mut reader, &row).await.map(Some),
            None => Ok(None),
        }
    }

    async fn note(
        self,
        database: &Database,
        id: Uuid,
        now: Timestamp,
        outdated: i64,
    ) -> Result<(), sqlx::Error> {
        let note = match self {
            Self::Session => {
                query("UPDATE sessions SET seen_at = $1 WHERE id = $2 AND seen_at < $3")
            }
            Self::Token => query(
                "UPDATE api_tokens SET last_used_at = $1
                 WHERE id = $2 AND (last_used_at IS NULL OR last_used_at < $3)",
            ),
            Self::Feed => query(
                "UPDATE calendar_feeds SET last_used_at = $1
                 WHERE id = $2 AND (last_used_at IS NULL OR last_used_at < $3)",
            ),
        };
        let mut tx = database.write().await?;
        note.bind(now.as_millisecond())
            .bind(id.as_bytes().as_slice())
            .bind(outdated)
            .execute(&mut tx)
            .await?;
        tx.commit().await
    }
}

/// The holder in a row, with the books that it sees.
async fn holder(reader: &mut Connection, row: &Row) -> Result<Holder, sqlx::Error> {
    let scope: Option<String> = row.get("scope")?;
    let account = AccountId(read_uuid(row.get("account")?)?);
    let only: Option<i64> = row.get("book")?;
    let scope = scope.as_deref().map(read_word).transpose()?;
    let may_write = scope.is_none_or(|scope| scope >= Scope::Write);
    let books = memberships::books_of(reader, account, only.map(BookKey)).await?;
    let books = books.into_iter().map(|book| Book {
        role: if may_write {
            book.role
        } else {
            BookRole::Viewer
        },
        ..book
    });
    Ok(Holder {
        id: read_uuid(row.get("id")?)?,
        account,
        books: books.collect(),
        name: row.get("name")?,
        role: read_word(row.get("role")?)?,
        scope,
        expires_at: row.get("expires_at")?,
        used_at: row.get("used_at")?,
    })
}
