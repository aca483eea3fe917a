//! Accounts: who may use Kith, and how they show it.
//!
//! Without an account, Kith works in local mode: it listens on this machine only, and each client that is certainly
//! there is an admin. As soon as there is an account, every caller needs a session or a token.
//!
//! - [`AccountService`] has the use cases. [`authenticate`] finds out who calls, [`sign_in`], [`with_provider`] and [`passkeys`] show
//!   who signs in, and [`admit`] begins the session. [`sessions`], [`tokens`], [`feeds`] and [`identities`] list and end what
//!   admits callers, [`setup`] makes the first admin.
//! - [`Accounts`] is what an operator and an admin do with accounts. [`name`], [`password`] and [`email`] are what people
//!   type.
//! - [`links`] let their holders do one thing once: [`invitations`], a new password ([`reset`]), an [`address`]. What the
//!   holder of a link sees of it is in [`link`], and [`account_mail`] sends them. [`birthday_mail`] writes in the morning about whose day it is.
//! - [`memberships`]: who sees which address book.
//! - [`rows`]: accounts in the database. [`pending`]: sign-ins of two steps between them. [`secret`]: what is kept of random tokens. [`attempts`]: what slows down who guesses a password.
//!
//! What decides whether a caller is let in is in the database. It is cached under the tag [`ACCOUNTS`], whose
//! generation changes in the transaction that ends a session, revokes a token or changes an account. So each of
//! these has its effect at once, on all instances and with or without Redis.

mod account_mail;
mod address;
mod admit;
mod attempts;
mod audit;
mod authenticate;
mod birthday_mail;
mod books;
mod email;
mod error;
mod feeds;
mod identities;
mod invitations;
mod label;
mod link;
mod links;
mod management;
mod memberships;
mod name;
mod passkeys;
mod password;
mod pending;
mod relying_party;
mod reset;
mod rows;
mod secret;
mod service;
mod sessions;
mod setup;
mod sign_in;
#[cfg(test)]
mod tests;
mod tokens;
mod unavailable;
mod with_provider;

use kith_cache::Tag;

/// What everything that is cached of accounts is made of.
pub const ACCOUNTS: Tag = Tag::new("accounts");

pub use account_mail::AccountMail;
pub use account_mail::AccountMailContext;
pub use account_mail::link_url;
pub use address::AddressError;
pub use admit::SignedIn;
pub use admit::Visit;
pub use authenticate::AuthenticateError;
pub use authenticate::Credentials;
pub use birthday_mail::BirthdayMail;
pub use birthday_mail::BirthdayMailContext;
pub use birthday_mail::BirthdayMails;
pub use birthday_mail::BirthdayRound;
pub use books::BookInfo;
pub use books::BookMember;
pub use email::EmailAddress;
pub use email::InvalidEmail;
pub use error::AccountError;
pub use feeds::FeedInfo;
pub use identities::IdentityInfo;
pub use invitations::Acceptance;
pub use invitations::Delivery;
pub use invitations::InvitationInfo;
pub use link::LinkView;
pub use links::LinkError;
pub use management::AccountInfo;
pub use management::Accounts;
pub use management::BooksLeft;
pub use management::NewAccount;
pub use name::AccountName;
pub use name::InvalidName;
pub use passkeys::Challenge;
pub use passkeys::NewPasskey;
pub use passkeys::PasskeyError;
pub use passkeys::PasskeyInfo;
pub use passkeys::WithPasskey;
pub use password::WeakPassword;
pub use relying_party::RelyingParty;
pub use reset::ResetError;
pub use service::AccountService;
pub use service::Options;
pub use sessions::ChangePasswordError;
pub use sessions::SessionInfo;
pub use setup::SetUp;
pub use setup::SetUpError;
pub use sign_in::SignIn;
pub use sign_in::SignInError;
pub use tokens::ApiTokenInfo;
pub use tokens::NewToken;
pub use unavailable::Unavailable;
pub use with_provider::Arrival;
pub use with_provider::Arrived;
pub use with_provider::Departure;
pub use with_provider::Destination;
pub use with_provider::WithProviderError;
