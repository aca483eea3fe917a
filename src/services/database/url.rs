//! The address of the database, as an operator writes it.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::path::PathBuf;
use std::str::FromStr;

use kith_database::ServerAddress;

/// The address of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file; a relative path starts at the working directory.
    File(PathBuf),
    /// A database on a PostgreSQL server.
    Server(ServerAddress),
}

/// The text is not the address of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a database, such as sqlite:///srv/kith.db or postgres://kith@db/kith")]
pub struct InvalidDatabaseUrl;

impl From<&Path> for DatabaseUrl {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

impl From<&PathBuf> for DatabaseUrl {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    /// The path of a file is taken as it stands. Parameters and escapes are refused, as is `:memory:`, which
    /// would give each connection a database of its own.
    fn from_str(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        if let Ok(server) = text.parse() {
            return Ok(Self::Server(server));
        }
        let path = text.strip_prefix("sqlite://").ok_or(InvalidDatabaseUrl)?;
        let file = Path::new(path).file_name().ok_or(InvalidDatabaseUrl)?;
        if file == OsStr::new(":memory:") || path.contains(['?', '#', '%']) {
            return Err(InvalidDatabaseUrl);
        }
        Ok(Self::File(path.into()))
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "sqlite://{}", path.display()),
            Self::Server(address) => address.fmt(f),
        }
    }
}
