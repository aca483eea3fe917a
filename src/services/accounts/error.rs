//! Why something about accounts was not done.

use super::InvalidEmail;
use super::InvalidName;
use super::Unavailable;
use super::WeakPassword;
use crate::model::error::AppError;

/// Why something was not done with an account, its sessions or its tokens. Each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    #[error("Sign in first: a token does not do for this.")]
    SessionNeeded,
    #[error("Only an admin may do this.")]
    AdminNeeded,
    #[error("There is no such account.")]
    NoAccount,
    #[error("There is no such session or token.")]
    NotFound,
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error(transparent)]
    Password(#[from] WeakPassword),
    #[error("There is an account of this name. Choose another one.")]
    NameTaken,
    #[error("The first account has to be an admin, who can then make others.")]
    FirstIsAdmin,
    #[error(
        "This is the last admin who can sign in. Make another one first: `kith user add NAME --role admin`."
    )]
    LastAdmin,
    #[error("Choose what the token may do: read, write or admin.")]
    Scope,
    #[error("A token is valid for a number of days from 1 to {0}, or until it is revoked.")]
    Expiry(u32),
    #[error("There are {0} tokens already, which is the most. Revoke one first.")]
    TooManyTokens(i64),
    #[error(
        "This is the only way to sign in to this account. Add another one first, or ask an operator for a password."
    )]
    LastWay,
    #[error("There are {0} invitations already, which is the most. Revoke one first.")]
    TooManyInvitations(i64),
    #[error(transparent)]
    Email(#[from] InvalidEmail),
    #[error("There is no such address book, or it is not shared with you.")]
    NoBook,
    #[error("Only an owner of the address book may do this.")]
    NotOwner,
    #[error("An address book needs an owner. Make someone else an owner first.")]
    LastOwner,
    #[error("This is the address book that an account begins with. It stays, and stays theirs.")]
    HomeBook,
    #[error("Give the address book a name of 1 to {0} characters.")]
    BookName(usize),
    #[error("There are {0} address books already, which is the most. Remove one first.")]
    TooManyBooks(i64),
    #[error(
        "The account is the only owner of address books with {contacts} contacts. Say what becomes of them: \
         `--give-books-to NAME`, or `--delete-books`."
    )]
    BooksLeft { contacts: u64 },
    #[error("The database does not respond at the moment. Try again.")]
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
