//! [`MailError`]: why a mail was not sent.

/// Why a mail was not sent, as a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// No mail can be sent now: the server, the folder or a setting is at fault.
    #[error("{0}")]
    Temporary(String),
    /// This mail cannot be sent now. It says nothing about others.
    #[error("{0}")]
    Deferred(String),
    /// This mail will never be sent.
    #[error("{0}")]
    Permanent(String),
}
