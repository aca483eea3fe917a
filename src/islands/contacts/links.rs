//! Links that call, text and mail a contact.

/// The link that writes to an address. What an address may hold and a link gives a meaning, such
/// as the `?` before further headers, is escaped (RFC 6068).
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

/// A number as a telephone wants it (RFC 3966): without what groups it for the eye, without the
/// zero that is dialled at home only, and with its extension apart.
pub fn dialled(phone: &str) -> String {
    let digits = |part: &str| -> String {
        let dialled = |c: &char| c.is_ascii_digit() || matches!(c, '+' | '*' | '#' | ',');
        let digits = part.chars().filter(dialled).collect::<String>();
        // In a link, what follows a # would be another part.
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
    use super::dialled;
    use super::mailto;

    #[test]
    fn a_telephone_is_told_what_to_dial() {
        for (written, dialled_as) in [
            ("+44 20 7946-0958", "+442079460958"),
            ("+44 (0)20 7946 0958", "+442079460958"),
            ("(0)20 7946 0958", "02079460958"),
            ("+44 20 7946 0958 ext. 12", "+442079460958;ext=12"),
            ("*100#", "*100%23"),
        ] {
            assert_eq!(dialled(written), dialled_as);
        }
    }

    #[test]
    fn an_address_adds_no_header_to_a_mail() {
        assert_eq!(mailto("ada+x@example.com"), "mailto:ada+x@example.com");
        assert_eq!(
            mailto("a?bcc=b&c%0D@example.com"),
            "mailto:a%3Fbcc%3Db%26c%250D@example.com"
        );
    }
}
