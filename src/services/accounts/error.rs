//! Why something about accounts was not done.

use super::InvalidEmail;
use super::InvalidName;
use super::Unavailable;
use super::WeakPassword;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::model::language::t_plural;

/// Why something was not done with an account, its sessions or its tokens. Each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    #[error("{}", t!("Sign in first: a token does not do for this."))]
    SessionNeeded,
    #[error("{}", t!("Only an admin may do this."))]
    AdminNeeded,
    #[error("{}", t!("There is no such account."))]
    NoAccount,
    #[error("{}", t!("There is no such session or token."))]
    NotFound,
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error(transparent)]
    Password(#[from] WeakPassword),
    #[error("{}", t!("There is an account of this name. Choose another one."))]
    NameTaken,
    #[error("{}", t!("The first account has to be an admin, who can then make others."))]
    FirstIsAdmin,
    #[error(
        "{}",
        t!("This is the last admin who can sign in. Make another one first: `kith user add NAME --role admin`.")
    )]
    LastAdmin,
    #[error("{}", t!("Choose what the token may do: read, write or admin."))]
    Scope,
    #[error(
        "{}",
        t!("A token is valid for a number of days from 1 to {most}, or until it is revoked.", most = .0)
    )]
    Expiry(u32),
    #[error(
        "{}",
        t!("There are {most} tokens already, which is the most. Revoke one first.", most = .0)
    )]
    TooManyTokens(i64),
    #[error(
        "{}",
        t!("This is the only way to sign in to this account. Add another one first, or ask an operator for a password.")
    )]
    LastWay,
    #[error(
        "{}",
        t!("There are {most} invitations already, which is the most. Revoke one first.", most = .0)
    )]
    TooManyInvitations(i64),
    #[error(transparent)]
    Email(#[from] InvalidEmail),
    #[error("{}", t!("There is no such address book, or it is not shared with you."))]
    NoBook,
    #[error("{}", t!("Only an owner of the address book may do this."))]
    NotOwner,
    #[error("{}", t!("An address book needs an owner. Make someone else an owner first."))]
    LastOwner,
    #[error(
        "{}",
        t!("This is the address book that an account begins with. It stays, and stays theirs.")
    )]
    HomeBook,
    #[error("{}", t!("Give the address book a name of 1 to {most} characters.", most = .0))]
    BookName(usize),
    #[error(
        "{}",
        t!("There are {most} address books already, which is the most. Remove one first.", most = .0)
    )]
    TooManyBooks(i64),
    #[error(
        "{}",
        t_plural!(
            *.contacts,
            "The account is the only owner of address books with {contacts} contacts. Say what becomes of them: \
             `--give-books-to NAME`, or `--delete-books`.",
            "The account is the only owner of address books with {contacts} contacts. Say what becomes of them: \
             `--give-books-to NAME`, or `--delete-books`.",
            contacts = .contacts
        )
    )]
    BooksLeft { contacts: u64 },
    #[error("{}", t!("The database does not respond at the moment. Try again."))]
    Unavailable(#[from] Unavailable),
}

impl From<sqlx::Error> for AccountError {
    fn from(error: sqlx::Error) -> Self {
        Unavailable::from(error).into()
    }
}

impl From<AccountError> for AppError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::NoAccount | AccountError::NotFound => Self::NotFound,
            AccountError::NoBook => Self::NoBook,
            AccountError::NotOwner => Self::Forbidden {
                detail: error.to_string(),
            },
            AccountError::Unavailable(error) => error.into(),
            refused => Self::bad_request(refused.to_string()),
        }
    }
}
