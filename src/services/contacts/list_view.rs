//! [`ListView`]: how a reader wants to see lists of contacts. Each browser keeps that in a cookie.

use crate::model::contact::Contact;

/// What a row shows below the name of a contact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecondLine {
    /// What tells people of the same name apart: see [`Contact::detail`].
    #[default]
    Usual,
    Email,
    Phone,
    Company,
}

impl SecondLine {
    pub const ALL: [Self; 4] = [Self::Usual, Self::Email, Self::Phone, Self::Company];

    /// As a form and the cookie name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Company => "company",
        }
    }

    /// The usual one for text that names none.
    pub fn of_name(name: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|line| line.name() == name).unwrap_or_default()
    }

    /// The line of a contact; blank where the contact has nothing of the kind, or is called by it.
    pub fn of(self, contact: &Contact) -> &str {
        let line = match self {
            Self::Usual => return contact.detail(),
            Self::Email => &contact.email,
            Self::Phone => &contact.phone,
            Self::Company => &contact.company,
        };
        let line = line.as_deref().filter(|line| *line != contact.name);
        line.unwrap_or_default()
    }
}

/// How lists look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListView {
    pub second_line: SecondLine,
    /// More rows on a screen.
    pub is_compact: bool,
}

/// The cookie. It holds nothing else.
pub const COOKIE: &str = "kith-list";

const COMPACT: &str = "compact";

impl ListView {
    /// Reads the value of the cookie. What it does not know is as usual.
    pub fn of_cookie(value: &str) -> Self {
        let (line, density) = value.split_once('.').unwrap_or((value, ""));
        Self {
            second_line: SecondLine::of_name(line),
            is_compact: density == COMPACT,
        }
    }

    /// The value of the cookie.
    pub fn to_cookie(self) -> String {
        let density = if self.is_compact { COMPACT } else { "" };
        // Every read of a page makes this text, and `format!` takes several times as long.
        [self.second_line.name(), ".", density].concat()
    }

    /// The `Set-Cookie` that keeps it for a year. Scripts have no use for it.
    pub fn set_cookie(self) -> String {
        let value = self.to_cookie();
        format!("{COOKIE}={value}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::contact::ContactId;

    #[test]
    fn a_browser_keeps_how_lists_look() {
        for second_line in SecondLine::ALL {
            for is_compact in [false, true] {
                let view = ListView {
                    second_line,
                    is_compact,
                };
                assert_eq!(ListView::of_cookie(&view.to_cookie()), view);
            }
        }
        for value in ["", ".", "email", "fax.dense", "usual.compact.more"] {
            let view = ListView::of_cookie(value);
            assert!(!view.is_compact, "{value}");
        }
    }

    #[test]
    fn a_row_has_the_line_that_the_reader_chose() {
        let ada = Contact {
            id: ContactId::new(uuid::Uuid::nil()),
            name: "Ada".to_owned(),
            email: Some("ada@example.com".to_owned()),
            phone: Some("112".to_owned()),
            company: Some("Ada".to_owned()),
            notes: None,
            fields: serde_json::Map::new(),
            photo: None,
            created_at: String::new(),
            updated_at: String::new(),
            version: 1,
        };
        let lines = SecondLine::ALL.map(|line| line.of(&ada));
        // She is called as her company.
        assert_eq!(lines, ["ada@example.com", "ada@example.com", "112", ""]);
    }
}
