//! [`EmailAddress`]: what a mail client accepts as one bare address.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::services::contacts::text;

/// One address, for example `ada@example.com`: the `addr-spec` of RFC 5322 in its dot-atom form,
/// with the UTF-8 of RFC 6531. No display name, comment, quoted part or address literal.
///
/// - The local part (at most 64 bytes) stays as typed.
/// - The domain is lower-cased and in NFKC, as resolvers read it; an international one stays in
///   its own script.
/// - A domain of one label is accepted: Kith also runs inside networks whose mail host is called
///   `mail`, and browsers accept it in an email field.
///
/// It holds no white space, control or invisible character, comma, colon, semicolon, quote or
/// angle bracket, also not in a compatibility form, so it cannot end or extend a mail header.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// What an SMTP path holds (RFC 5321, 4.5.3.1.3) without its angle brackets.
    pub const MAX_BYTES: usize = 254;
    /// RFC 5321, 4.5.3.1.1.
    const MAX_LOCAL_BYTES: usize = 64;
    /// RFC 1035, 2.3.4.
    const MAX_LABEL_CHARS: usize = 63;

    /// The address in a text; `None` where no mail can reach it.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > Self::MAX_BYTES {
            return None;
        }
        let line = text::single_line(text).ok()?;
        let (local, domain) = line.rsplit_once('@')?;
        // Composed once more, because lower case can decompose (İ).
        let domain: String = domain.nfkc().collect();
        let domain: String = domain.to_lowercase().nfkc().collect();
        let address = format!("{local}@{domain}");
        let fits = address.len() <= Self::MAX_BYTES;
        (fits && is_local_part(local) && is_domain(&domain)).then_some(Self(address))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An address as a person meant it: out of a link, or out of `Ada <ada@example.com>`. A text that is no address stays as
/// it is.
pub fn understood(text: &str) -> String {
    let bare = match text.split_at_checked(SCHEME.len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => rest,
        _ => text,
    };
    if let Some(address) = EmailAddress::parse(bare) {
        return address.0;
    }
    named_address(bare).map_or_else(|| text.to_owned(), |(_, address)| address)
}

const SCHEME: &str = "mailto:";

/// The name, which may be blank, and the address of `Ada Lovelace <ada@example.com>`.
pub fn named_address(text: &str) -> Option<(String, String)> {
    let (name, rest) = text.rsplit_once('<')?;
    let address = EmailAddress::parse(rest.trim().strip_suffix('>')?)?;
    let name = name.trim().trim_matches('"').trim();
    Some((name.to_owned(), address.0))
}

fn is_local_part(local: &str) -> bool {
    // Judged in its compatibility form too: software on the way may turn a full-width comma into
    // a plain one.
    let compatible: String = local.nfkc().collect();
    local.len() <= EmailAddress::MAX_LOCAL_BYTES && is_dot_atom(local) && is_dot_atom(&compatible)
}

/// RFC 5322, 3.2.3, with the UTF-8 of RFC 6531, 3.3.
fn is_dot_atom(text: &str) -> bool {
    text.split('.').all(|atom| {
        !atom.is_empty()
            && atom.chars().all(|c| match c {
                'a'..='z' | 'A'..='Z' | '0'..='9' => true,
                '!' | '#' | '$' | '%' | '&' | '\'' | '*' | '+' | '-' | '/' => true,
                '=' | '?' | '^' | '_' | '`' | '{' | '|' | '}' | '~' => true,
                _ => {
                    !c.is_ascii()
                        && !c.is_whitespace()
                        && !c.is_control()
                        && !text::is_joiner(c)
                        && !text::is_selector(c)
                }
            })
    })
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.chars().count() <= EmailAddress::MAX_LABEL_CHARS
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| match c {
                'a'..='z' | '0'..='9' | '-' => true,
                // Between two l in Catalan, between words in Japanese.
                '·' | '・' => true,
                _ => {
                    !c.is_ascii()
                        && (c.is_alphanumeric() || is_combining_mark(c))
                        && !text::is_selector(c)
                }
            })
    };
    // A last label of digits only would be an IP address; no top-level domain is one.
    let is_number = |label: &str| label.chars().all(|c| c.is_ascii_digit());
    domain.split('.').all(is_label) && !domain.rsplit('.').next().is_some_and(is_number)
}
