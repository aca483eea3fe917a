//! [`Audience`]: for whom a page is drawn.

use axum::http::Extensions;

use super::middleware::context::RequestContext;
use crate::services::client::Caller;

/// What the header of a page offers depends on this. People of one audience who see the same address books share the pages
/// in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Kith has no account.
    Local,
    /// A caller who is not signed in.
    Anonymous,
    Member,
    Admin,
}

impl Audience {
    /// The audience of a request with these extensions.
    pub fn of(extensions: &Extensions) -> Self {
        Self::of_caller(RequestContext::caller(extensions))
    }

    pub fn of_caller(caller: Option<&Caller>) -> Self {
        let Some(caller) = caller else {
            return Self::Anonymous;
        };
        match caller.account() {
            None => Self::Local,
            Some(_) if caller.is_admin() => Self::Admin,
            Some(_) => Self::Member,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Anonymous => "anonymous",
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }

    pub fn sees_contacts(self) -> bool {
        self != Self::Anonymous
    }

    pub fn has_account(self) -> bool {
        matches!(self, Self::Member | Self::Admin)
    }

    pub fn is_admin(self) -> bool {
        matches!(self, Self::Local | Self::Admin)
    }
}
