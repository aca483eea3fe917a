//! What an entry of the audit log says.

use std::net::IpAddr;

use jiff::Timestamp;
use uuid::Uuid;

use crate::services::network::client_network;

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// `None` while Kith has no account, and where the account is not known.
    pub(super) account: Option<Uuid>,
    pub(super) name: String,
    /// See [`Record::network`].
    pub(super) network: Option<String>,
}

impl Actor {
    /// A client that is known by its address only.
    pub fn of_address(address: IpAddr) -> Self {
        let network = client_network(address);
        Self {
            account: None,
            name: network.clone(),
            network: Some(network),
        }
    }

    /// An account whose client asks from this address.
    pub fn of_account(id: Uuid, name: &str, address: IpAddr) -> Self {
        Self {
            account: Some(id),
            name: name.to_owned(),
            network: Some(client_network(address)),
        }
    }

    /// The account that acts, if one is known.
    pub fn account(&self) -> Option<Uuid> {
        self.account
    }

    /// The name of the account, or the address.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the log of the process calls the actor. That log holds nothing personal, so an account is its id.
    pub fn log_name(&self) -> String {
        match self.account {
            Some(account) => account.to_string(),
            None => self.name.clone(),
        }
    }

    /// An operator who works with the database itself, by a command of `kith`.
    pub fn operator() -> Self {
        Self {
            account: None,
            name: "operator".to_owned(),
            network: None,
        }
    }
}

/// Defines [`Kind`] with the stable names.
macro_rules! kinds {
    ($($(#[$doc:meta])* $Variant:ident = $name:literal,)+) => {
        /// What is done. The database and the API have the [name](Self::name), which never changes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            $($(#[$doc])* $Variant,)+
        }

        impl Kind {
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$Variant => $name,)+
                }
            }
        }
    };
}

kinds! {
    /// An account has signed in. The subject is the account.
    SignIn = "sign_in",
    /// A sign-in was refused. The subject is the account, if there is one of that name: people type passwords where
    /// the name belongs, so the log does not hold what was typed.
    SignInFailed = "sign_in_failed",
    /// A session was ended, or all others of an account. The subject is the session or the account.
    SignOut = "sign_out",
    /// The subject of this and of the next five is the account.
    PasswordChanged = "password_changed",
    UserAdded = "user_added",
    /// It has another role, or was disabled or enabled.
    UserChanged = "user_changed",
    UserRemoved = "user_removed",
    /// An admin has made a link for a new password of the account.
    ResetLinkAdded = "reset_link_added",
    /// The account gets mail at another address, or at none.
    EmailChanged = "email_changed",
    /// The subject of this and of the next one is the invitation.
    InvitationAdded = "invitation_added",
    InvitationRevoked = "invitation_revoked",
    /// The subject of this and of the next one is the token, by its id.
    TokenAdded = "token_added",
    TokenRevoked = "token_revoked",
    /// The address of a calendar was made. The subject of this and of the next one is the feed, by its id.
    FeedAdded = "calendar_feed_added",
    FeedRevoked = "calendar_feed_revoked",
    /// The subject of this and of the next one is the identity at a provider, by its id.
    IdentityLinked = "identity_linked",
    IdentityUnlinked = "identity_unlinked",
    /// The subject of this and of the next one is the passkey, by its id.
    PasskeyAdded = "passkey_added",
    PasskeyRemoved = "passkey_removed",
    /// The subject of this and of the next three is the address book.
    BookAdded = "book_added",
    BookShared = "book_shared",
    BookUnshared = "book_unshared",
    BookRemoved = "book_removed",
    /// A contact was moved to the trash. The subject of this and of the next one is the contact.
    ContactDeleted = "contact_deleted",
    /// A contact of the trash was removed, which cannot be undone.
    ContactErased = "contact_deleted_for_ever",
    /// All contacts of a trash were removed. The subject is the address book.
    TrashEmptied = "trash_emptied",
    /// Contacts of an address book were sent as a file. The subject is the address book.
    ContactsExported = "contacts_exported",
    /// A file was imported into an address book. The subject of this and of the next one is the address book.
    ContactsImported = "contacts_imported",
    /// What an import had added was removed.
    ImportUndone = "import_undone",
    /// A label was renamed, or merged into another one, in the cards of its contacts. The subject of this and of the next
    /// two is the label.
    LabelChanged = "label_changed",
    LabelRemoved = "label_removed",
    /// The removal of a label was undone.
    LabelGivenBack = "label_given_back",
    LimitsChanged = "limits_changed",
    QueueResumed = "queue_resumed",
    MessagesCancelled = "messages_cancelled",
    CacheInvalidated = "cache_invalidated",
    DeadLettersSent = "dead_letters_sent",
    DeadLettersDeleted = "dead_letters_deleted",
}

/// An entry before it is written.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    pub actor: &'a Actor,
    pub kind: Kind,
    /// The id of what the entry is about.
    pub subject: Option<Uuid>,
    /// What an admin has done, as a sentence. The dashboard shows the last entries that have one.
    pub action: Option<&'a str>,
}

impl<'a> Entry<'a> {
    pub fn new(actor: &'a Actor, kind: Kind) -> Self {
        Self {
            actor,
            kind,
            subject: None,
            action: None,
        }
    }
}

/// An entry as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Later entries have larger numbers.
    pub seq: i64,
    pub at: Timestamp,
    /// The account, which may be gone.
    pub account: Option<Uuid>,
    /// The name of the account at that time, or the address.
    pub actor: String,
    /// See [`Kind::name`]. A newer version may have written others, and an older one `admin_action`.
    pub kind: String,
    pub subject: Option<String>,
    pub action: Option<String>,
    /// From where: an IPv4 address, or the /64 of an IPv6 address.
    pub network: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_as_what_stands_for_its_client() {
        for (address, expected) in [
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("::1", "::1"),
        ] {
            let actor = Actor::of_address(address.parse().expect("an address"));
            assert_eq!(actor.network.as_deref(), Some(expected));
            assert_eq!(actor.name, expected);
        }
    }
}
