//! Mail: over SMTP where there is a server, otherwise into files that people can look at.
//!
//! A library builds addresses and headers from parsed parts, so the name of a contact can add no header and no
//! recipient.
//!
//! - [`Mailer`] sends a [`Mail`], or says in a [`MailError`] why not.
//! - [`address`]: addresses as they travel.
//! - [`smtp`]: the conversation with a mail server, and what its faults mean.
//! - [`for_reader`] says a fault in the language of the reader.

mod address;
mod error;
mod mailer;
mod smtp;
mod words;

pub use self::address::MailAddress;
pub use self::address::deliverable;
pub use self::error::MailError;
pub use self::mailer::DIRECTORY;
pub use self::mailer::Mail;
pub use self::mailer::Mailer;
pub(crate) use self::mailer::SEND_TIMEOUT;
pub use self::smtp::SmtpServer;
pub use self::words::for_reader;
