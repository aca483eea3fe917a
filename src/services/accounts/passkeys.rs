//! Passkeys: how they are added to an account, listed and removed, and how they sign in.
//!
//! The crate `webauthn-rs` checks what browsers send. What it needs between the two steps stays in the database.

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Row;
use kith_database::Tx;
use kith_database::query;
use serde_json::Value;
use serde_json::json;
use webauthn_rs::prelude::CredentialID;
use webauthn_rs::prelude::DiscoverableAuthentication;
use webauthn_rs::prelude::DiscoverableKey;
use webauthn_rs::prelude::Passkey;
use webauthn_rs::prelude::PasskeyRegistration;
use webauthn_rs::prelude::PublicKeyCredential;
use webauthn_rs::prelude::RegisterPublicKeyCredential;

use super::AccountError;
use super::AccountName;
use super::AccountService;
use super::InvalidName;
use super::RelyingParty;
use super::SignedIn;
use super::Unavailable;
use super::Visit;
use super::audit;
use super::pending;
use super::pending::Pending;
use super::pending::Purpose;
use super::rows;
use super::rows::read_time;
use super::rows::read_uuid;
use super::service::Shared;
use super::service::signed_in;
use crate::model::language::t;
use crate::services::audit_log::Kind;
use crate::services::client::AccountId;
use crate::services::client::Caller;
use crate::services::client::PasskeyId;

/// The most passkeys of an account.
const MAX_PASSKEYS: usize = 20;

/// A passkey, as the owner of the account sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyInfo {
    pub id: PasskeyId,
    pub name: String,
    pub created_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
}

/// The first of two steps with a passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// For the browser, as JSON of WebAuthn.
    pub options: Value,
    /// For a cookie that comes back with the answer.
    pub secret: String,
}

/// A passkey that a browser has made.
#[derive(Clone, Copy, Debug)]
pub struct NewPasskey<'a> {
    /// What its owner knows it by, as short as the name of an account.
    pub name: &'a str,
    /// The value of the cookie.
    pub secret: Option<&'a str>,
    /// What the browser has made, as JSON of WebAuthn.
    pub credential: &'a str,
}

/// What a browser sends to sign in with a passkey.
#[derive(Clone, Copy, Debug)]
pub struct WithPasskey<'a> {
    /// The value of the cookie.
    pub secret: Option<&'a str>,
    /// What the authenticator has signed, as JSON of WebAuthn.
    pub credential: &'a str,
    pub visit: Visit<'a>,
}

/// Why something was not done with a passkey. Each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    #[error("{}", t!("Browsers have passkeys for https:// and for localhost only."))]
    NoPasskeys,
    #[error("{}", t!("This took too long, or was begun in another browser. Try again."))]
    NotBegun,
    /// The passkey is unknown or does not sign what it should, or its account is disabled. Nothing tells these apart.
    #[error(
        "{}",
        t!("This passkey does not sign in here. Try another one, or sign in with a password.")
    )]
    Refused,
    #[error(
        "{}",
        t!("The browser has not made a passkey that Kith can use. Try again, or use another one.")
    )]
    Unusable,
    #[error("{}", t!("This passkey is added already."))]
    Known,
    #[error(
        "{}",
        t!("There are {most} passkeys already, which is the most. Remove one first.", most = MAX_PASSKEYS)
    )]
    TooMany,
    #[error("{}", t!("Sign in first."))]
    SessionNeeded,
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error("{}", t!("The database does not respond at the moment. Try again."))]
    Unavailable(#[from] Unavailable),
}

impl From<sqlx::Error> for PasskeyError {
    fn from(error: sqlx::Error) -> Self {
        Unavailable::from(error).into()
    }
}

impl AccountService {
    /// The host under whose name pages may ask for passkeys; `None` where browsers have none.
    pub fn passkey_host(&self) -> Option<&str> {
        self.shared.relying_party.as_ref().map(RelyingParty::host)
    }

    /// The passkeys of the caller's account, the newest first.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn passkeys(&self, caller: &Caller) -> Result<Vec<PasskeyInfo>, AccountError> {
        let (account, _) = signed_in(caller)?;
        let mut reader = self.shared.database.reader().await?;
        let rows: Vec<Row> = query(
            "SELECT id, name, created_at, last_used_at FROM passkeys
             WHERE account = $1 ORDER BY created_at DESC, id DESC",
        )
        .bind(account.id.0.as_bytes().as_slice())
        .fetch_all(&mut reader)
        .await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Removes a passkey of the caller's account. Sessions that it has begun go on.
    ///
    /// # Errors
    /// [`AccountError::NotFound`] where the account has no such passkey, [`AccountError::LastWay`] where nothing else
    /// would admit its owner.
    pub async fn remove_passkey(&self, caller: &Caller, id: PasskeyId) -> Result<(), AccountError> {
        let (account, _) = signed_in(caller)?;
        let mut tx = self.shared.database.write().await?;
        rows::hold(&mut tx, account.id).await?;
        let removed = query("DELETE FROM passkeys WHERE id = $1 AND account = $2")
            .bind(id.0.as_bytes().as_slice())
            .bind(account.id.0.as_bytes().as_slice())
            .execute(&mut tx)
            .await?;
        if removed == 0 {
            return Err(AccountError::NotFound);
        }
        if !rows::has_way_in(&mut tx, account.id).await? {
            return Err(AccountError::LastWay);
        }
        let (actor, now) = (caller.actor(), self.shared.now());
        audit::record(&mut tx, &actor, Kind::PasskeyRemoved, Some(id.0), now).await?;
        Ok(tx.commit().await?)
    }

    /// Begins to add a passkey to the caller's account.
    ///
    /// # Errors
    /// [`PasskeyError`].
    pub async fn begin_passkey(&self, caller: &Caller) -> Result<Challenge, PasskeyError> {
        let (account, session) = signed_in(caller).map_err(|_| PasskeyError::SessionNeeded)?;
        let party = self.relying_party()?;
        let known = {
            let mut reader = self.shared.database.reader().await?;
            credentials(&mut reader, account.id).await?
        };
        if known.len() >= MAX_PASSKEYS {
            return Err(PasskeyError::TooMany);
        }
        let name = account.name.as_str();
        let begun =
            party
                .webauthn()
                .start_passkey_registration(account.id.0, name, name, Some(known));
        let (options, state) = begun.map_err(|_| PasskeyError::Unusable)?;
        let mut options = to_value(&options)?;
        // The authenticator keeps the name of the account, so the sign-in needs to ask for none.
        let selection = &mut options["publicKey"]["authenticatorSelection"];
        selection["residentKey"] = json!("required");
        selection["requireResidentKey"] = json!(true);
        let pending = Pending {
            session: Some(session),
            content: to_value(&state)?.to_string(),
        };
        self.challenge(Purpose::NewPasskey, options, &pending).await
    }

    /// Adds a passkey to the caller's account: once, in the session in which that has begun.
    ///
    /// # Errors
    /// [`PasskeyError`].
    pub async fn add_passkey(
        &self,
        caller: &Caller,
        new: NewPasskey<'_>,
    ) -> Result<(), PasskeyError> {
        let (account, session) = signed_in(caller).map_err(|_| PasskeyError::SessionNeeded)?;
        let party = self.relying_party()?;
        let name = AccountName::parse(new.name)?;
        let pending = self.shared.take(Purpose::NewPasskey, new.secret).await?;
        if pending.session != Some(session) {
            return Err(PasskeyError::NotBegun);
        }
        let state: PasskeyRegistration = from_json(&pending.content, PasskeyError::NotBegun)?;
        let made: RegisterPublicKeyCredential = from_json(new.credential, PasskeyError::Unusable)?;
        let passkey = party
            .webauthn()
            .finish_passkey_registration(&made, &state)
            .map_err(|_| PasskeyError::Unusable)?;
        let mut tx = self.shared.database.write().await?;
        let held = rows::hold(&mut tx, account.id).await?;
        if held.is_none_or(|held| held.is_disabled) || !rows::lasts(&mut tx, session).await? {
            return Err(PasskeyError::SessionNeeded);
        }
        if credentials(&mut tx, account.id).await?.len() >= MAX_PASSKEYS {
            return Err(PasskeyError::TooMany);
        }
        let now = self.shared.now();
        let added = insert(&mut tx, account.id, &name, &passkey, now).await?;
        let id = added.ok_or(PasskeyError::Known)?;
        audit::record(
            &mut tx,
            &caller.actor(),
            Kind::PasskeyAdded,
            Some(id.0),
            now,
        )
        .await?;
        Ok(tx.commit().await?)
    }

    /// Begins a sign-in with whatever passkey the person chooses.
    ///
    /// # Errors
    /// [`PasskeyError`].
    pub async fn begin_with_passkey(&self) -> Result<Challenge, PasskeyError> {
        let begun = self
            .relying_party()?
            .webauthn()
            .start_discoverable_authentication();
        let (options, state) = begun.map_err(|_| PasskeyError::Refused)?;
        let pending = Pending {
            session: None,
            content: to_value(&state)?.to_string(),
        };
        self.challenge(Purpose::WithPasskey, to_value(&options)?, &pending)
            .await
    }

    /// Begins a session of the account that the passkey belongs to: once for each challenge.
    ///
    /// # Errors
    /// [`PasskeyError`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn sign_in_with_passkey(
        &self,
        with: WithPasskey<'_>,
    ) -> Result<SignedIn, PasskeyError> {
        let party = self.relying_party()?;
        let shared = &self.shared;
        let pending = shared.take(Purpose::WithPasskey, with.secret).await?;
        let state: DiscoverableAuthentication =
            from_json(&pending.content, PasskeyError::NotBegun)?;
        let shown: PublicKeyCredential = from_json(with.credential, PasskeyError::Refused)?;
        let named = party
            .webauthn()
            .identify_discoverable_authentication(&shown);
        let (account, credential) = named.map_err(|_| PasskeyError::Refused)?;
        let account = AccountId(account);
        let mut tx = shared.database.write().await?;
        let held = rows::hold(&mut tx, account).await?;
        let kept = find(&mut tx, account, credential).await?;
        let known = held.as_ref().map(|_| account);
        let enabled = held.filter(|held| !held.is_disabled);
        let verified = enabled.zip(kept).and_then(|(held, mut passkey)| {
            let key = DiscoverableKey::from(&passkey);
            // This compares the counter as well: one that goes back is that of a copy.
            let finish = party
                .webauthn()
                .finish_discoverable_authentication_v2(&shown, state, &key);
            let result = finish.ok()?;
            passkey.update_credential(&result);
            Some((held.account, passkey))
        });
        let Some((account, passkey)) = verified else {
            drop(tx);
            // What names no account costs a client nothing to make up, and tells a reader of the log nothing.
            if known.is_some() {
                shared.record_failure(with.visit.client, known).await?;
            }
            return Err(PasskeyError::Refused);
        };
        keep(&mut tx, &passkey, shared.now()).await?;
        let signed_in = shared.admit_browser(&mut tx, account, with.visit).await?;
        tx.commit().await?;
        Ok(signed_in)
    }

    async fn challenge(
        &self,
        purpose: Purpose,
        options: Value,
        pending: &Pending,
    ) -> Result<Challenge, PasskeyError> {
        let mut tx = self.shared.database.write().await?;
        let secret = pending::begin(&mut tx, purpose, pending, self.shared.now()).await?;
        tx.commit().await?;
        Ok(Challenge { options, secret })
    }

    fn relying_party(&self) -> Result<&RelyingParty, PasskeyError> {
        self.shared
            .relying_party
            .as_ref()
            .ok_or(PasskeyError::NoPasskeys)
    }
}

impl Shared {
    async fn take(&self, purpose: Purpose, secret: Option<&str>) -> Result<Pending, PasskeyError> {
        let secret = secret.ok_or(PasskeyError::NotBegun)?;
        let pending = self.take_pending(purpose, secret).await?;
        pending.ok_or(PasskeyError::NotBegun)
    }
}

/// The ids by which authenticators name the passkeys of an account.
async fn credentials(
    connection: &mut Connection,
    account: AccountId,
) -> Result<Vec<CredentialID>, sqlx::Error> {
    let rows: Vec<Row> = query("SELECT credential FROM passkeys WHERE account = $1")
        .bind(account.0.as_bytes().as_slice())
        .fetch_all(connection)
        .await?;
    let credential = |row: &Row| Ok(CredentialID::from(row.get::<&[u8]>("credential")?.to_vec()));
    rows.iter().map(credential).collect()
}

/// Adds a passkey; `None` where it is there already.
async fn insert(
    tx: &mut Tx,
    account: AccountId,
    name: &AccountName,
    passkey: &Passkey,
    now: Timestamp,
) -> Result<Option<PasskeyId>, sqlx::Error> {
    let id = PasskeyId(kith_runtime::sortable_id(now));
    let added = query(
        "INSERT INTO passkeys (id, credential, account, name, passkey, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (credential) DO NOTHING",
    )
    .bind(id.0.as_bytes().as_slice())
    .bind(passkey.cred_id().as_slice())
    .bind(account.0.as_bytes().as_slice())
    .bind(name.as_str())
    .bind(to_json(passkey)?)
    .bind(now.as_millisecond())
    .execute(tx)
    .await?;
    Ok((added > 0).then_some(id))
}

/// The passkey of an account that its authenticator names so.
async fn find(
    tx: &mut Tx,
    account: AccountId,
    credential: &[u8],
) -> Result<Option<Passkey>, sqlx::Error> {
    let json: Option<String> =
        query("SELECT passkey FROM passkeys WHERE credential = $1 AND account = $2")
            .bind(credential)
            .bind(account.0.as_bytes().as_slice())
            .fetch_optional(tx)
            .await?;
    let read = |json: String| serde_json::from_str(&json).map_err(decode);
    json.map(read).transpose()
}

/// Keeps the counter of a passkey that was used, and when that was.
async fn keep(tx: &mut Tx, passkey: &Passkey, now: Timestamp) -> Result<(), sqlx::Error> {
    query("UPDATE passkeys SET passkey = $2, last_used_at = $3 WHERE credential = $1")
        .bind(passkey.cred_id().as_slice())
        .bind(to_json(passkey)?)
        .bind(now.as_millisecond())
        .execute(tx)
        .await?;
    Ok(())
}

fn read(row: &Row) -> Result<PasskeyInfo, sqlx::Error> {
    Ok(PasskeyInfo {
        id: PasskeyId(read_uuid(row.get("id")?)?),
        name: row.get("name")?,
        created_at: read_time(row.get("created_at")?),
        last_used_at: row.get::<Option<i64>>("last_used_at")?.map(read_time),
    })
}

fn to_json(passkey: &Passkey) -> Result<String, sqlx::Error> {
    serde_json::to_string(passkey).map_err(decode)
}

fn to_value(options: &impl serde::Serialize) -> Result<Value, PasskeyError> {
    Ok(serde_json::to_value(options).map_err(decode)?)
}

fn from_json<T: serde::de::DeserializeOwned>(
    json: &str,
    refused: PasskeyError,
) -> Result<T, PasskeyError> {
    serde_json::from_str(json).map_err(|_| refused)
}

fn decode(error: serde_json::Error) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}
