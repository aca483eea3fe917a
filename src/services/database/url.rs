//! The address of the database, as an operator writes it.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::path::PathBuf;
use std::str::FromStr;

/// The address of the database: for now, always a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseUrl(PathBuf);

/// The text is not the address of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a database, such as sqlite:///var/lib/kith/kith.db")]
pub struct InvalidDatabaseUrl;

impl DatabaseUrl {
    /// The path of the database file; a relative one starts at the working directory.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    /// The path is taken as it stands. Parameters and escapes are refused, as is `:memory:`, which
    /// would give each connection a database of its own.
    fn from_str(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        let path = text.strip_prefix("sqlite://").ok_or(InvalidDatabaseUrl)?;
        let file = Path::new(path).file_name().ok_or(InvalidDatabaseUrl)?;
        if file == OsStr::new(":memory:") || path.contains(['?', '#', '%']) {
            return Err(InvalidDatabaseUrl);
        }
        Ok(Self(path.into()))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sqlite://{}", self.0.display())
    }
}
