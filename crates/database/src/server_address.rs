//! The address of a database on a PostgreSQL server.

use std::fmt;
use std::str::FromStr;

use crate::postgres;

/// The parameters that an address may have. The driver logs others with their values, and ignores them.
const PARAMETERS: [&str; 6] = [
    "application_name",
    "sslcert",
    "sslkey",
    SSLMODE,
    "sslrootcert",
    OF_DRIVER,
];

/// The tools of PostgreSQL take its values in small letters only.
const SSLMODE: &str = "sslmode";

/// The tools of PostgreSQL take no address with it.
const OF_DRIVER: &str = "statement-cache-capacity";

/// `postgres://user:password@host:port/name`, with a user, a host and the name of a database. The password and the port
/// may be missing. Several hosts have commas between: `db1,db2:5433`. Characters that have a meaning in addresses are
/// escaped: `%2F` for a slash. It is shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerAddress {
    text: String,
    /// In PEM form.
    pub(crate) authorities: Option<Vec<u8>>,
}

/// The text is not the address of a database on a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a database, such as postgres://user:password@host:5432/name")]
pub struct InvalidServerAddress;

impl ServerAddress {
    /// Whether the address holds a password, or a colon where one would stand.
    pub fn has_password(&self) -> bool {
        self.parts().1.is_some()
    }

    /// The address with this password, which is escaped.
    #[must_use]
    pub fn with_password(&self, password: &str) -> Self {
        use std::fmt::Write;

        let (user, _, place) = self.parts();
        let mut text = format!("{user}:");
        for byte in password.bytes() {
            match byte.is_ascii_alphanumeric() {
                true => text.push(byte.into()),
                false => write!(text, "%{byte:02X}").expect("a string can be written to"),
            }
        }
        Self {
            text: format!("{text}@{place}"),
            authorities: self.authorities.clone(),
        }
    }

    /// The address as the tools of PostgreSQL take it, without its password.
    pub fn for_tools(&self) -> String {
        let shown = self.to_string();
        let (place, _) = split_query(&shown);
        let known = self
            .parameters()
            .filter_map(|part| match part.split_once('=') {
                Some((OF_DRIVER, _)) => None,
                Some((SSLMODE, mode)) => Some(format!("{SSLMODE}={}", mode.to_ascii_lowercase())),
                _ => Some(part.to_owned()),
            });
        let known: Vec<_> = known.collect();
        match known.as_slice() {
            [] => place.to_owned(),
            known => format!("{place}?{}", known.join("&")),
        }
    }

    /// The scheme with the user, the password, and what stands behind the at sign.
    fn parts(&self) -> (&str, Option<&str>, &str) {
        let end = self.text.find('?').unwrap_or(self.text.len());
        let at = self.text[..end].rfind('@').unwrap_or(end);
        let (login, place) = (
            &self.text[..at],
            self.text.get(at + 1..).unwrap_or_default(),
        );
        let user = login.find("://").map_or(0, |scheme| scheme + "://".len());
        match login[user..].find(':') {
            Some(colon) => {
                let colon = user + colon;
                (&login[..colon], Some(&login[colon + 1..]), place)
            }
            None => (login, None, place),
        }
    }

    /// The same address, whose hosts may prove their names by certificates of these authorities as well as of those that
    /// browsers trust. Takes certificates in PEM form. `sslrootcert` in the address goes before.
    #[must_use]
    pub fn with_authorities(mut self, pem: Vec<u8>) -> Self {
        self.authorities = Some(pem);
        self
    }

    /// What stands behind the `?`, each with its name and its value.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &str> {
        let (_, query) = split_query(&self.text);
        query.split('&').filter(|part| !part.is_empty())
    }

    /// The same address for each of its hosts, with the password.
    pub(crate) fn of_hosts(&self) -> Vec<String> {
        let (address, query) = split_query(&self.text);
        let parts = address.rsplit_once('@');
        let Some((login, (hosts, name))) =
            parts.and_then(|(login, place)| Some((login, place.split_once('/')?)))
        else {
            return Vec::new();
        };
        let of_host = |host| format!("{login}@{host}/{name}?{query}");
        hosts.split(',').map(of_host).collect()
    }
}

/// What stands before and after the `?`.
fn split_query(text: &str) -> (&str, &str) {
    text.split_once('?').unwrap_or((text, ""))
}

impl FromStr for ServerAddress {
    type Err = InvalidServerAddress;

    fn from_str(text: &str) -> Result<Self, InvalidServerAddress> {
        let (address, _) = split_query(text);
        let rest = address
            .strip_prefix("postgres://")
            .or_else(|| address.strip_prefix("postgresql://"));
        let parts = rest.and_then(|rest| rest.rsplit_once('@'));
        let (login, place) = parts.ok_or(InvalidServerAddress)?;
        let (hosts, name) = place.split_once('/').ok_or(InvalidServerAddress)?;
        let is_whole = !login.is_empty() && !login.starts_with(':');
        let are_hosts = hosts.split(',').all(|host| !host.is_empty());
        let is_name = !name.is_empty() && !name.contains('/');
        let address = Self {
            text: text.to_owned(),
            authorities: None,
        };
        let are_known = address.parameters().all(|part| {
            let name = part.split_once('=').map(|(name, _)| name);
            name.is_some_and(|name| PARAMETERS.contains(&name))
        });
        if !(is_whole && are_hosts && are_known && is_name) {
            return Err(InvalidServerAddress);
        }
        let hosts = address.of_hosts();
        match hosts.iter().all(|host| postgres::is_understood(host)) {
            true => Ok(address),
            false => Err(InvalidServerAddress),
        }
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (user, _, place) = self.parts();
        write!(f, "{user}@{place}")
    }
}

impl fmt::Debug for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerAddress(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_user_a_host_and_a_database() {
        for text in [
            "postgres://kith@db/kith",
            "postgresql://kith:secret%2F%40@db.example.org:5433/kith?sslmode=disable",
            "postgres://kith:secret@%2Frun%2Fpostgresql/kith",
            "postgres://kith:secret@db1,db2:5433,[::1]:5434/kith",
        ] {
            let address: ServerAddress = text.parse().expect("an address");
            let shown = address.to_string();
            assert!(
                !format!("{shown} {address:?}").contains("secret"),
                "{shown}"
            );
            assert_eq!(address.has_password(), shown != text);
            let bare: ServerAddress = shown.parse().expect("an address");
            assert_eq!(bare.to_string(), shown);
        }
        for text in [
            "",
            "sqlite://kith.db",
            "postgres://db/kith",
            "postgres://kith@db",
            "postgres://kith@db/",
            "postgres://kith@/kith",
            "postgres://kith@db1,,db2/kith",
            "postgres://:secret@db/kith",
            "postgres://kith@db/kith?password=x",
            "postgres://kith@db/kith?options=-cx",
        ] {
            assert_eq!(
                text.parse::<ServerAddress>(),
                Err(InvalidServerAddress),
                "{text}"
            );
        }
    }

    #[test]
    fn the_tools_of_postgresql_get_what_they_know_and_no_password() {
        for (query, expected) in [
            ("", ""),
            ("?", ""),
            ("?statement-cache-capacity=0", ""),
            (
                "?statement-cache-capacity=0&sslmode=Require&application_name=a",
                "?sslmode=require&application_name=a",
            ),
        ] {
            let address = format!("postgres://kith:secret@db1,db2:5433/kith{query}");
            let address: ServerAddress = address.parse().expect("an address");
            let expected = format!("postgres://kith@db1,db2:5433/kith{expected}");
            assert_eq!(address.for_tools(), expected);
        }
    }

    #[test]
    fn a_password_is_put_into_an_address_and_not_shown() {
        let bare: ServerAddress = "postgres://kith@db:5433/kith?sslmode=disable"
            .parse()
            .expect("an address");
        assert!(!bare.has_password());
        let full = bare.with_password("s/e@c:r?e%t é");
        let text = "postgres://kith:s%2Fe%40c%3Ar%3Fe%25t%20%C3%A9@db:5433/kith?sslmode=disable";
        assert_eq!(text.parse(), Ok(full.clone()));
        assert!(full.has_password());
        assert_eq!(full.to_string(), bare.to_string());
        assert_eq!(full.with_password("x").to_string(), bare.to_string());
        let of_query: ServerAddress = "postgres://kith@db/kith?application_name=a:b@c"
            .parse()
            .expect("an address");
        assert!(!of_query.has_password());
        assert_eq!(of_query.to_string().parse(), Ok(of_query));
    }
}
