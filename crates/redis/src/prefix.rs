//! The names of keys.

use std::fmt;
use std::str::FromStr;

/// What the names of all keys of an application begin with: letters, digits, `-`, `_`, `.` and `:`.
///
/// ```
/// let prefix: kith_redis::KeyPrefix = "kith".parse().unwrap();
/// assert_eq!(prefix.as_str(), "kith");
/// assert!("kith{1}".parse::<kith_redis::KeyPrefix>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPrefix(String);

/// The text cannot begin the names of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a prefix of keys: letters, digits, \"-\", \"_\", \".\" and \":\"")]
pub struct InvalidKeyPrefix;

impl KeyPrefix {
    /// The text of the prefix.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyPrefix {
    type Err = InvalidKeyPrefix;

    fn from_str(text: &str) -> Result<Self, InvalidKeyPrefix> {
        let of_a_prefix = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        if text.is_empty() || !text.chars().all(of_a_prefix) {
            return Err(InvalidKeyPrefix);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for KeyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
