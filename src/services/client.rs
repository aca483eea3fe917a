//! Who calls Kith: the [`Client`] that sends a request, and the [`Caller`] behind it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;
use uuid::Uuid;

use crate::model::error::AppError;
use crate::services::audit_log::Actor;
use crate::services::book::Book;
use crate::services::book::BookId;
use crate::services::book::Books;

/// The client of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    pub address: IpAddr,
    /// Whether the address is that of the peer, or trusted proxies have named it. Otherwise it is the
    /// address of a proxy, and Kith does not know the client behind it.
    pub is_certain: bool,
}

/// A client whose identity has been established. Only
/// [`AccountService::authenticate`](super::accounts::AccountService::authenticate) makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    client: Client,
    identity: Identity,
    books: Books,
}

impl Caller {
    /// The books of an account are those that it sees; without accounts there is one.
    pub(in crate::services) fn new(client: Client, identity: Identity, books: Books) -> Self {
        Self {
            client,
            identity,
            books,
        }
    }

    /// A caller while Kith has no account.
    pub(in crate::services) fn without_account(client: Client, identity: Identity) -> Self {
        Self::new(client, identity, Books::from([Book::first()]))
    }

    pub fn client(&self) -> Client {
        self.client
    }

    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The books that the caller sees. The first one is shown where none is asked for.
    pub fn books(&self) -> &[Book] {
        &self.books
    }

    /// One of the books: the one of this id, otherwise the first.
    ///
    /// # Errors
    /// [`AppError::NoBook`], also for a book of others.
    pub fn book(&self, id: Option<BookId>) -> Result<&Book, AppError> {
        let mut books = self.books.iter();
        let found = match id {
            Some(id) => books.find(|book| book.id == id),
            None => books.next(),
        };
        found.ok_or(AppError::NoBook)
    }

    /// The account that calls; `None` while Kith has no account.
    pub fn account(&self) -> Option<&Account> {
        match &self.identity {
            Identity::Local | Identity::Forwarded => None,
            Identity::Account { account, .. } => Some(account),
        }
    }

    /// Whether the caller may do what admins do. While Kith has no account, every caller that is certainly on this machine
    /// may. Then it takes an account with that role, and a program needs a token with the scope `admin` as well.
    pub fn is_admin(&self) -> bool {
        match &self.identity {
            Identity::Local => true,
            Identity::Forwarded => false,
            Identity::Account { account, .. } => {
                account.role == Role::Admin && self.scope() == Scope::Admin
            }
        }
    }

    /// The caller, as the audit log names it.
    pub fn actor(&self) -> Actor {
        let address = self.client.address;
        match self.account() {
            Some(account) => Actor::of_account(account.id.0, &account.name, address),
            None => Actor::of_address(address),
        }
    }

    /// The token that the caller has shown.
    pub fn token(&self) -> Option<TokenId> {
        match self.identity {
            Identity::Account {
                via: Via::Token { id, .. },
                ..
            } => Some(id),
            _ => None,
        }
    }

    /// What the caller may do at most. A session and a local client are not restricted.
    pub fn scope(&self) -> Scope {
        match &self.identity {
            Identity::Forwarded => Scope::Write,
            Identity::Local
            | Identity::Account {
                via: Via::Session(_),
                ..
            } => Scope::Admin,
            Identity::Account {
                via: Via::Token { scope, .. },
                ..
            } => *scope,
        }
    }
}

/// Who a caller is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A client that is certainly on this machine, while Kith has no account. It is an admin.
    Local,
    /// Any other client that a proxy or tunnel on this machine lets in, while Kith has no account. It is no admin.
    Forwarded,
    Account {
        account: Account,
        via: Via,
    },
}

/// An account that calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub name: String,
    pub role: Role,
}

/// How an account has shown that it calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The cookie of a browser that has signed in.
    Session(SessionId),
    /// A token of a program.
    Token { id: TokenId, scope: Scope },
}

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Member,
    /// Sees how Kith works and changes it, and manages accounts.
    Admin,
}

/// What the holder of a token may do. Each scope includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    Read,
    Write,
    /// What an admin does. Only for accounts with that role.
    Admin,
}

/// The text names no role or no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("takes {0}")]
pub struct UnknownWord(&'static str);

/// Implements the text of an enum in both directions.
macro_rules! words {
    ($Type:ident, $expected:literal, $($variant:ident = $word:literal,)+) => {
        impl $Type {
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl fmt::Display for $Type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $Type {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord($expected)),
                }
            }
        }
    };
}

words! { Role, "member or admin", Member = "member", Admin = "admin", }
words! { Scope, "read, write or admin", Read = "read", Write = "write", Admin = "admin", }

/// Defines the id of something in the database: a `UUIDv7`.
macro_rules! id {
    ($(#[$doc:meta])* $Type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $Type(pub Uuid);

        impl fmt::Display for $Type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $Type {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    };
}

id! {
    /// Identifies an account permanently, also when it is renamed.
    AccountId
}
id! {
    /// Identifies a session. It is no secret: the token of a session is something else.
    SessionId
}
id! {
    /// Identifies a token of a program. It is no secret either.
    TokenId
}
id! {
    /// Identifies an identity at a provider that an account has linked.
    IdentityId
}
id! {
    /// Identifies a passkey of an account. Its authenticator names it otherwise.
    PasskeyId
}
id! {
    /// Identifies a link of an invitation, of a new password or of an address. Its secret is something else.
    LinkId
}
