//! Links that call, text and mail a contact.

/// The link that writes a mail to an address (RFC 6068). Characters that have a meaning in a link, such as
/// the `?` before header fields, are escaped.
pub fn mailto(email: &str) -> String {
    let mut href = "mailto:".to_owned();
    for c in email.chars() {
        match c {
            '%' | '?' | '&' | '=' | '#' | '/' | ',' | ';' => {
                href += &format!("%{:02X}", u32::from(c));
            }
            _ => href.push(c),
        }
    }
    href
}

/// A phone number as a `tel:` link has it (RFC 3966): without separators, without the trunk prefix `(0)` of
/// an international number, and with its extension as a parameter.
pub fn tel_number(phone: &str) -> String {
    let digits = |part: &str| -> String {
        let is_dialled = |c: &char| c.is_ascii_digit() || matches!(c, '+' | '*' | '#' | ',');
        let digits = part.chars().filter(is_dialled).collect::<String>();
        // A # would start the fragment of the link.
        digits.replace('#', "%23")
    };
    let phone = match phone.split_once('(') {
        Some((country, rest)) if country.starts_with('+') => {
            [country, rest.strip_prefix("0)").unwrap_or(rest)].concat()
        }
        _ => phone.to_owned(),
    };
    let extension = phone.find(|c: char| c.is_ascii_alphabetic());
    let (number, extension) = phone.split_at(extension.unwrap_or(phone.len()));
    let (number, extension) = (digits(number), digits(extension));
    if extension.is_empty() {
        number
    } else {
        [&*number, ";ext=", &*extension].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::mailto;
    use super::tel_number;

    #[test]
    fn a_phone_number_is_reduced_to_what_is_dialled() {
        for (written, expected) in [
            ("+44 20 7946-0958", "+442079460958"),
            ("+44 (0)20 7946 0958", "+442079460958"),
            ("(0)20 7946 0958", "02079460958"),
            ("+44 20 7946 0958 ext. 12", "+442079460958;ext=12"),
            ("*100#", "*100%23"),
        ] {
            assert_eq!(tel_number(written), expected);
        }
    }

    #[test]
    fn a_mailto_link_escapes_what_would_add_a_header() {
        assert_eq!(mailto("ada+x@example.com"), "mailto:ada+x@example.com");
        assert_eq!(
            mailto("a?bcc=b&c%0D@example.com"),
            "mailto:a%3Fbcc%3Db%26c%250D@example.com"
        );
    }
}
