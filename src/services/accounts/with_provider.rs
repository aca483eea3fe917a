//! Signing in with a provider of OpenID Connect, and linking an identity there to an account.
//!
//! An identity is the issuer and the subject. An email address links nothing: its owner may change, and a provider may
//! have verified no owner.

use kith_database::Tx;

use super::AccountName;
use super::AccountService;
use super::SignedIn;
use super::Unavailable;
use super::Visit;
use super::audit;
use super::identities;
use super::identities::Link;
use super::pending;
use super::pending::Pending;
use super::pending::Purpose;
use super::rows;
use super::service::Shared;
use super::service::signed_in;
use crate::model::language::t;
use crate::services::audit_log::Actor;
use crate::services::audit_log::Kind;
use crate::services::client::Account;
use crate::services::client::AccountId;
use crate::services::client::Caller;
use crate::services::client::Role;
use crate::services::client::SessionId;
use crate::services::oidc::BrowserSecret;
use crate::services::oidc::Identified;
use crate::services::oidc::Provider;
use crate::services::oidc::ProviderError;

/// So many accounts may have the name of a person before Kith gives up to find one.
const MAX_NAMESAKES: u32 = 50;

/// What a sign-in with the provider is for.
#[derive(Clone, Copy, Debug)]
pub enum Destination<'a> {
    /// A session, and then this page.
    Page(&'a str),
    /// The identity is linked to the account of the caller.
    Link(&'a Caller),
}

/// Where a browser goes to sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// At the provider.
    pub url: String,
    /// For a cookie that comes back with the browser.
    pub secret: String,
}

/// What a browser brings back from the provider.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The value of the cookie.
    pub secret: Option<&'a str>,
    pub state: &'a str,
    /// `None` where the provider has refused the sign-in, or the person has.
    pub code: Option<&'a str>,
    /// The issuer, if the answer names it (RFC 9207).
    pub issuer: Option<&'a str>,
    /// The caller, if it has signed in.
    pub caller: Option<&'a Caller>,
    pub visit: Visit<'a>,
}

/// How a sign-in with the provider has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrived {
    SignedIn { signed_in: SignedIn, next: String },
    Linked,
}

/// Why it has not. Each says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WithProviderError {
    #[error("{}", t!("This server has no provider to sign in with."))]
    NoProvider,
    #[error(
        "{}",
        t!("This sign-in was begun too long ago, in another browser, or under another address. Begin again.")
    )]
    NotBegun,
    #[error(
        "{}",
        t!("The provider has not signed you in. Try again, or sign in with a password.")
    )]
    Declined,
    #[error("{}", t!("The provider does not respond as it should. Try again in a moment."))]
    Unreachable,
    #[error("{}", t!("The provider does not confirm this sign-in. Begin again."))]
    Refused,
    /// The identity belongs to no account, or to one that is disabled. Nothing tells these apart.
    #[error(
        "{}",
        t!("No account that can sign in belongs to this identity. Sign in with a password and link it on the page “Account”, or ask an admin for an account.")
    )]
    NoAccount,
    #[error("{}", t!("You are not signed in any more. Sign in, and link the identity again."))]
    SessionNeeded,
    #[error("{}", t!("This identity belongs to another account, or this account has too many."))]
    Taken,
    #[error("{}", t!("The database does not respond at the moment. Try again."))]
    Unavailable(#[from] Unavailable),
}

impl From<sqlx::Error> for WithProviderError {
    fn from(error: sqlx::Error) -> Self {
        Unavailable::from(error).into()
    }
}

impl From<ProviderError> for WithProviderError {
    fn from(error: ProviderError) -> Self {
        match error {
            ProviderError::Unreachable => Self::Unreachable,
            ProviderError::Refused => Self::Refused,
        }
    }
}

impl AccountService {
    /// What people call the provider that they may sign in with, if there is one.
    pub fn provider_label(&self) -> Option<&str> {
        self.shared.provider.as_ref().map(Provider::label)
    }

    /// Begins a sign-in with the provider.
    ///
    /// # Errors
    /// [`WithProviderError`].
    pub async fn depart(
        &self,
        destination: Destination<'_>,
    ) -> Result<Departure, WithProviderError> {
        let provider = self.provider()?;
        let pending = match destination {
            Destination::Page(page) => Pending {
                session: None,
                content: page.to_owned(),
            },
            Destination::Link(caller) => {
                let of_caller = signed_in(caller);
                let (_, session) = of_caller.map_err(|_| WithProviderError::SessionNeeded)?;
                Pending {
                    session: Some(session),
                    content: String::new(),
                }
            }
        };
        let mut tx = self.shared.database.write().await?;
        let now = self.shared.now();
        let secret = pending::begin(&mut tx, Purpose::Provider, &pending, now).await?;
        tx.commit().await?;
        let url = provider.authorization_url(BrowserSecret::new(&secret));
        Ok(Departure {
            url: url.await?,
            secret,
        })
    }

    /// Ends a sign-in with the provider: once, and in the browser in which it has begun.
    ///
    /// # Errors
    /// [`WithProviderError`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn arrive(&self, arrival: Arrival<'_>) -> Result<Arrived, WithProviderError> {
        let provider = self.provider()?;
        let secret = arrival.secret.ok_or(WithProviderError::NotBegun)?;
        // A link on another site can bring any state, which must not use the sign-in up.
        if !BrowserSecret::new(secret).has_state(arrival.state) {
            return Err(WithProviderError::NotBegun);
        }
        let pending = self.shared.take_pending(Purpose::Provider, secret).await?;
        let pending = pending.ok_or(WithProviderError::NotBegun)?;
        let code = arrival.code.ok_or(WithProviderError::Declined)?;
        if arrival
            .issuer
            .is_some_and(|issuer| issuer != provider.issuer())
        {
            return Err(WithProviderError::Refused);
        }
        let person = provider.identify(code, BrowserSecret::new(secret)).await?;
        match pending.session {
            Some(session) => self.shared.link(arrival.caller, session, &person).await,
            None => {
                let entered = self.shared.enter(provider, &person, arrival.visit).await;
                entered.map(|signed_in| Arrived::SignedIn {
                    signed_in,
                    next: pending.content,
                })
            }
        }
    }

    fn provider(&self) -> Result<&Provider, WithProviderError> {
        let provider = self.shared.provider.as_ref();
        provider.ok_or(WithProviderError::NoProvider)
    }
}

impl Shared {
    /// Links the identity to the account of the session in which linking has begun.
    async fn link(
        &self,
        caller: Option<&Caller>,
        session: SessionId,
        person: &Identified,
    ) -> Result<Arrived, WithProviderError> {
        let caller = caller.ok_or(WithProviderError::SessionNeeded)?;
        let account = match signed_in(caller) {
            Ok((account, current)) if current == session => account,
            _ => return Err(WithProviderError::SessionNeeded),
        };
        let mut tx = self.database.write().await?;
        // The session may have ended while the provider was asked.
        let held = rows::hold(&mut tx, account.id).await?;
        if held.is_none_or(|held| held.is_disabled) || !rows::lasts(&mut tx, session).await? {
            return Err(WithProviderError::SessionNeeded);
        }
        let now = self.now();
        match identities::link(&mut tx, account.id, person, now).await? {
            Link::Made(id) => {
                let actor = caller.actor();
                audit::record(&mut tx, &actor, Kind::IdentityLinked, Some(id.0), now).await?;
                tx.commit().await?;
                Ok(Arrived::Linked)
            }
            Link::Kept => Ok(Arrived::Linked),
            Link::Refused => Err(WithProviderError::Taken),
        }
    }

    /// Begins a session of the account that the identity belongs to, which is perhaps made for it.
    async fn enter(
        &self,
        provider: &Provider,
        person: &Identified,
        visit: Visit<'_>,
    ) -> Result<SignedIn, WithProviderError> {
        let mut tx = self.database.write().await?;
        let known = identities::find(&mut tx, person).await?;
        let account = match known {
            Some(id) => {
                let held = rows::hold(&mut tx, id).await?;
                held.filter(|held| !held.is_disabled)
                    .map(|held| held.account)
            }
            // The first account is that of an admin, whom no provider makes.
            None if provider.creates_account_for(person) && rows::exist(&mut tx).await? => {
                self.create(&mut tx, person, visit).await?
            }
            None => None,
        };
        let Some(account) = account else {
            drop(tx);
            self.record_failure(visit.client, known).await?;
            return Err(WithProviderError::NoAccount);
        };
        let signed_in = self.admit_browser(&mut tx, account, visit).await?;
        tx.commit().await?;
        Ok(signed_in)
    }

    /// Makes an account for a person whom the rule admits, with a name that no other account has.
    async fn create(
        &self,
        tx: &mut Tx,
        person: &Identified,
        visit: Visit<'_>,
    ) -> Result<Option<Account>, sqlx::Error> {
        let Some((id, name)) = self.insert_named(tx, person).await? else {
            return Ok(None);
        };
        let now = self.now();
        identities::link(tx, id, person, now).await?;
        let actor = Actor::of_account(id.0, name.as_str(), visit.client.address);
        audit::record(tx, &actor, Kind::UserAdded, Some(id.0), now).await?;
        Ok(Some(Account {
            id,
            name: name.as_str().to_owned(),
            role: Role::Member,
        }))
    }

    /// Adds an account under the first name that is free: as the provider calls the person, perhaps with a number.
    async fn insert_named(
        &self,
        tx: &mut Tx,
        person: &Identified,
    ) -> Result<Option<(AccountId, AccountName)>, sqlx::Error> {
        let named = [&person.username, &person.email, &person.name];
        let named = named.into_iter().flatten().map(String::as_str);
        let named = named.chain([person.subject.as_str()]);
        let Some(base) = named
            .filter_map(|name| AccountName::parse(name).ok())
            .next()
        else {
            return Ok(None);
        };
        for number in 1..=MAX_NAMESAKES {
            let name = match number {
                1 => Ok(base.clone()),
                number => AccountName::parse(&format!("{base} {number}")),
            };
            let Ok(name) = name else {
                return Ok(None);
            };
            let added = rows::insert(tx, &name, Role::Member, None, self.now()).await?;
            if let Some(id) = added {
                return Ok(Some((id, name)));
            }
        }
        Ok(None)
    }
}
