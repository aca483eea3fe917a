//! The fields of a contact as types that cannot hold a wrong value.
//!
//! Only its `parse` makes each of them, from text as a person has typed it. Every value is trimmed, in
//! Unicode NFC, within its limit, and free of control and invisible characters (see
//! [`text`](super::text)); parsing the text of a value gives the same value. Limits count
//! Unicode scalar values, except for email addresses, whose limits mail systems count in bytes.

mod email;
mod phone;

use std::fmt;

use unicode_normalization::char::is_combining_mark;

use super::text;
use super::text::ControlCharacter;
use crate::model::contact::ContactDraft;
use crate::model::contact::Field;
use crate::model::contact::FieldError;
use crate::model::error::AppError;

pub use email::EmailAddress;
pub use phone::Phone;

/// Everything that people say about a contact in its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactFields {
    pub name: Option<Name>,
    pub email: Option<EmailAddress>,
    pub phone: Option<Phone>,
    pub company: Option<Company>,
    pub notes: Option<Notes>,
}

/// What a contact must say at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Required {
    /// What programs have been told since the first release. A contact that was saved without one of them may stay so.
    NameAndEmail,
    /// What people are asked for.
    AnyField,
}

impl ContactFields {
    /// Parses every field of a new contact, so that people hear of everything that needs another look at once.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with one message for each refused field, in the order of the form.
    pub fn parse(draft: &ContactDraft, required: Required) -> Result<Self, AppError> {
        Self::parse_edited(draft, &ContactDraft::default(), required)
    }

    /// The same for a contact that says `saved`. What it says already may stay, whatever its form: another program may
    /// have written it.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse).
    pub fn parse_edited(
        draft: &ContactDraft,
        saved: &ContactDraft,
        required: Required,
    ) -> Result<Self, AppError> {
        let texts = |field: Field| (draft.get(field), saved.get(field));
        let mut name = parsed(texts(Field::Name), Name::parse, Name);
        let mut email = parsed(texts(Field::Email), EmailAddress::parse, EmailAddress);
        let phone = parsed(texts(Field::Phone), Phone::parse, Phone);
        let company = parsed(texts(Field::Company), Company::parse, Company);
        let notes = parsed(texts(Field::Notes), Notes::parse, Notes);
        match required {
            Required::NameAndEmail => {
                let is_new = saved == &ContactDraft::default();
                name = present(name, is_new || !saved.name.is_empty());
                email = present(email, is_new || !saved.email.is_empty());
            }
            Required::AnyField => {
                let others = (&email, &phone, &company, &notes);
                if matches!(
                    (&name, others),
                    (Ok(None), (Ok(None), Ok(None), Ok(None), Ok(None)))
                ) {
                    name = Err(Refusal::Nothing);
                }
            }
        }
        match (name, email, phone, company, notes) {
            (Ok(name), Ok(email), Ok(phone), Ok(company), Ok(notes)) => Ok(Self {
                name,
                email,
                phone,
                company,
                notes,
            }),
            (name, email, phone, company, notes) => Err(invalid([
                (Field::Name, name.err()),
                (Field::Email, email.err()),
                (Field::Phone, phone.err()),
                (Field::Company, company.err()),
                (Field::Notes, notes.err()),
            ])),
        }
    }
}

/// A field that was parsed, or that says what is saved already. A blank one is absent.
fn parsed<T>(
    (typed, saved): (&str, &str),
    parse: fn(&str) -> Result<T, Refusal>,
    keep: fn(String) -> T,
) -> Result<Option<T>, Refusal> {
    if !typed.is_empty() && typed == saved {
        return Ok(Some(keep(typed.to_owned())));
    }
    match parse(typed) {
        Ok(value) => Ok(Some(value)),
        Err(Refusal::Blank) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

/// Refuses a field that is absent, if it is required.
fn present<T>(field: Result<Option<T>, Refusal>, is_required: bool) -> Result<Option<T>, Refusal> {
    match field {
        Ok(None) if is_required => Err(Refusal::Blank),
        other => other,
    }
}

/// The fields as text.
impl From<ContactFields> for ContactDraft {
    fn from(fields: ContactFields) -> Self {
        let text = |field: Option<String>| field.unwrap_or_default();
        Self {
            name: text(fields.name.map(|name| name.0)),
            email: text(fields.email.map(|email| email.0)),
            phone: text(fields.phone.map(|phone| phone.0)),
            company: text(fields.company.map(|company| company.0)),
            notes: text(fields.notes.map(|notes| notes.0)),
        }
    }
}

fn invalid(refusals: [(Field, Option<Refusal>); 5]) -> AppError {
    let refusals: Vec<(Field, Refusal)> = refusals
        .into_iter()
        .filter_map(|(field, refusal)| Some((field, refusal?)))
        .collect();
    let fields: Vec<FieldError> = refusals
        .iter()
        .map(|&(field, refusal)| FieldError {
            field,
            message: refusal.message(field),
        })
        .collect();
    // Programs look for exactly these words.
    let detail = if refusals
        .iter()
        .any(|&(_, refusal)| refusal == Refusal::Blank)
    {
        "Name and email are required".to_owned()
    } else if let [only] = fields.as_slice() {
        only.message.clone()
    } else {
        "Some fields need another look.".to_owned()
    };
    AppError::Invalid { detail, fields }
}

/// Why the text of a field was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing is left of it once blanks and invisible characters are gone.
    Blank,
    /// It has `length` of at most `limit` characters; for email addresses, bytes.
    TooLong {
        length: usize,
        limit: usize,
    },
    ControlCharacter(char),
    /// It is not what the field asks for.
    Malformed,
    /// The contact would say nothing at all.
    Nothing,
}

impl Refusal {
    /// One sentence for the person who typed the field, saying what to do.
    pub fn message(self, field: Field) -> String {
        match (self, field) {
            (Self::TooLong { length, limit }, Field::Email) => {
                format!("Use a shorter address: at most {limit} bytes; this has {length}.")
            }
            (Self::TooLong { length, limit }, _) => {
                format!("Use at most {limit} characters; this has {length}.")
            }
            (Self::ControlCharacter(c), _) => {
                format!("Remove the control character U+{:04X}.", u32::from(c))
            }
            (Self::Nothing, _) => "Enter a name, or anything else that you know.".to_owned(),
            (Self::Blank | Self::Malformed, Field::Name) => "Enter a name.".to_owned(),
            (Self::Blank | Self::Malformed, Field::Email) => {
                "Enter an email address, like ada@example.com.".to_owned()
            }
            (Self::Blank | Self::Malformed, Field::Phone) => {
                "Enter a phone number, like +44 20 7946 0000 ext. 12.".to_owned()
            }
            (Self::Blank | Self::Malformed, Field::Company) => "Enter a company.".to_owned(),
            (Self::Blank | Self::Malformed, Field::Notes) => "Enter some text.".to_owned(),
        }
    }
}

impl From<ControlCharacter> for Refusal {
    fn from(ControlCharacter(c): ControlCharacter) -> Self {
        Self::ControlCharacter(c)
    }
}

/// What a person or an organisation is called, on one line: 1 to 200 characters, single spaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name(String);

impl Name {
    pub const MAX_CHARS: usize = 200;

    pub fn parse(typed: &str) -> Result<Self, Refusal> {
        refuse_far_over(Self::MAX_CHARS, typed.chars().count())?;
        let name = text::single_line(typed)?;
        // Marks alone have no letter to stand on.
        if name.chars().all(is_combining_mark) {
            return Err(Refusal::Blank);
        }
        limited(name, Self::MAX_CHARS).map(Self)
    }
}

/// Where a contact works, on one line: 1 to 200 characters, single spaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Company(String);

impl Company {
    pub const MAX_CHARS: usize = 200;

    pub fn parse(typed: &str) -> Result<Self, Refusal> {
        refuse_far_over(Self::MAX_CHARS, typed.chars().count())?;
        limited(text::single_line(typed)?, Self::MAX_CHARS).map(Self)
    }
}

/// Free text of 1 to 10 000 characters. Lines end in LF; tabs are the only other control character.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Notes(String);

impl Notes {
    pub const MAX_CHARS: usize = 10_000;

    pub fn parse(typed: &str) -> Result<Self, Refusal> {
        refuse_far_over(Self::MAX_CHARS, typed.chars().count())?;
        limited(text::multi_line(typed)?, Self::MAX_CHARS).map(Self)
    }
}

/// How many times its limit a text may have before it is cleaned. Cleaning removes blanks and invisible
/// characters and composes others, but Kith does not clean a megabyte to find a name in it.
const MAX_LENGTH_BEFORE_CLEANING: usize = 8;

fn refuse_far_over(limit: usize, length: usize) -> Result<(), Refusal> {
    if length > limit * MAX_LENGTH_BEFORE_CLEANING {
        return Err(Refusal::TooLong { length, limit });
    }
    Ok(())
}

/// Text of 1 to `limit` characters.
fn limited(text: String, limit: usize) -> Result<String, Refusal> {
    match text.chars().count() {
        0 => Err(Refusal::Blank),
        length if length > limit => Err(Refusal::TooLong { length, limit }),
        _ => Ok(text),
    }
}

macro_rules! reads_as_text {
    ($($field:ty),+) => {$(
        impl $field {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $field {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}
reads_as_text!(Name, EmailAddress, Phone, Company, Notes);

#[cfg(test)]
mod tests;
