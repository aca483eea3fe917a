//! [`CreationRule`]: who gets an account without an invitation.

use std::fmt;
use std::str::FromStr;

use super::Identified;

/// Whom Kith makes an account at the first sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreationRule {
    /// People whose email address is in this domain, if the provider has verified it. In lower case.
    Domain(String),
    /// People of this group, as the claim `groups` names it.
    Group(String),
}

/// The text is no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a rule, such as @example.org or group:staff")]
pub struct InvalidRule;

impl CreationRule {
    /// Whether the person gets an account.
    pub fn admits(&self, person: &Identified) -> bool {
        match self {
            Self::Domain(domain) => {
                let email = person.verified_email.as_deref().unwrap_or_default();
                email
                    .rsplit_once('@')
                    .is_some_and(|(_, found)| found.eq_ignore_ascii_case(domain))
            }
            Self::Group(group) => person.groups.contains(group),
        }
    }
}

impl FromStr for CreationRule {
    type Err = InvalidRule;

    fn from_str(text: &str) -> Result<Self, InvalidRule> {
        if let Some(group) = text.strip_prefix("group:") {
            let is_name = !group.trim().is_empty();
            return is_name
                .then(|| Self::Group(group.to_owned()))
                .ok_or(InvalidRule);
        }
        let domain = text.strip_prefix('@').ok_or(InvalidRule)?;
        let is_label = |label: &str| {
            let of_a_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            !label.is_empty() && label.bytes().all(of_a_label)
        };
        match domain.split('.').all(is_label) {
            true => Ok(Self::Domain(domain.to_ascii_lowercase())),
            false => Err(InvalidRule),
        }
    }
}

impl fmt::Display for CreationRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(domain) => write!(f, "@{domain}"),
            Self::Group(group) => write!(f, "group:{group}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_names_a_domain_or_a_group() {
        for (text, is_rule) in [
            ("@example.org", true),
            ("group:staff", true),
            ("group:Sales and more", true),
            ("group: ", false),
            ("example.org", false),
            ("@", false),
            ("@example..org", false),
            ("@ada@example.org", false),
            ("", false),
        ] {
            let parsed = text.parse::<CreationRule>();
            assert_eq!(parsed.is_ok(), is_rule, "{text}");
            if let Ok(rule) = parsed {
                assert_eq!(rule.to_string(), text);
            }
        }
    }

    #[test]
    fn a_rule_admits_by_the_whole_domain_and_the_whole_name_of_a_group() {
        let person = |email: Option<&str>, groups: &[&str]| Identified {
            verified_email: email.map(str::to_owned),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            ..Identified::default()
        };
        let domain: CreationRule = "@example.org".parse().expect("a rule");
        let group: CreationRule = "group:staff".parse().expect("a rule");
        for (rule, person, admits) in [
            (&domain, person(Some("ada@example.org"), &[]), true),
            (&domain, person(Some("ada@EXAMPLE.org"), &[]), true),
            (&domain, person(Some("ada@mail.example.org"), &[]), false),
            (&domain, person(Some("ada@badexample.org"), &[]), false),
            (
                &domain,
                person(Some("ada@example.org@evil.example"), &[]),
                false,
            ),
            (&domain, person(Some("example.org"), &[]), false),
            (&domain, person(None, &["@example.org"]), false),
            (&group, person(None, &["guests", "staff"]), true),
            (&group, person(Some("ada@example.org"), &["staff2"]), false),
            (&group, person(None, &[]), false),
        ] {
            assert_eq!(rule.admits(&person), admits, "{rule} {person:?}");
        }
    }
}
