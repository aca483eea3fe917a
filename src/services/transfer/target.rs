//! The address of a target, as `--to` names it.

use std::io;
use std::io::IsTerminal;
use std::path;

use kith_database::Engine;

use super::error::MoveError;
use crate::services::database::DatabaseUrl;

/// The database that data is moved to.
#[derive(Debug)]
pub struct Target {
    place: DatabaseUrl,
    /// The address without a password. The path of a file is absolute.
    pub shown: String,
}

impl Target {
    /// # Errors
    /// The text is no address, holds a password, or names a server in a build without PostgreSQL.
    pub fn parse(text: &str) -> Result<Self, MoveError> {
        Self::parse_in_build(text, Engine::Postgres.is_built())
    }

    /// `has_servers`: whether this build can use servers.
    fn parse_in_build(text: &str, has_servers: bool) -> Result<Self, MoveError> {
        let place = match text.parse().map_err(|_| MoveError::NoAddress)? {
            // Before Kith asks for a password.
            DatabaseUrl::Server(_) if !has_servers => {
                return Err(MoveError::NotBuilt);
            }
            DatabaseUrl::Server(address) if address.has_password() => {
                return Err(MoveError::PasswordInAddress);
            }
            DatabaseUrl::File(path) => {
                // The address is kept, and read in another working directory.
                DatabaseUrl::File(path::absolute(path).map_err(|_| MoveError::NoAddress)?)
            }
            place @ DatabaseUrl::Server(_) => place,
        };
        Ok(Self {
            shown: place.to_string(),
            place,
        })
    }

    /// The address with the password of a server: the one that is given, or what is typed at a terminal.
    ///
    /// # Errors
    /// The terminal cannot be read.
    pub fn place(&self, password: Option<&str>) -> Result<DatabaseUrl, MoveError> {
        let DatabaseUrl::Server(address) = &self.place else {
            return Ok(self.place.clone());
        };
        let typed = match password {
            None if io::stdin().is_terminal() => {
                let prompt = format!("Password for {} (empty if it takes none): ", self.shown);
                rpassword::prompt_password(prompt).map_err(MoveError::NoPrompt)?
            }
            password => password.unwrap_or_default().to_owned(),
        };
        let address = match typed.is_empty() {
            true => address.clone(),
            false => address.with_password(&typed),
        };
        Ok(DatabaseUrl::Server(address))
    }

    /// Whether the target is a file whose directory does not exist, as on a disk that is not mounted. The file may be
    /// there.
    pub fn is_in_missing_directory(&self) -> bool {
        let DatabaseUrl::File(path) = &self.place else {
            return false;
        };
        path.parent().is_some_and(|directory| !directory.exists())
    }

    /// Whether the target is a file that does not exist.
    pub fn is_missing_file(&self) -> bool {
        matches!(&self.place, DatabaseUrl::File(path) if !path.exists())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        Target::parse(text)
            .expect_err("it is no target")
            .to_string()
    }

    #[test]
    fn a_server_is_refused_by_a_build_without_postgresql() {
        for text in ["postgres://kith@db/kith", "postgres://kith:s3cret@db/kith"] {
            let refused = Target::parse_in_build(text, false).expect_err("it is no target");
            assert_eq!(
                refused.to_string(),
                "cannot use the database that --to names: this build has no PostgreSQL; build the \
                 program with the cargo feature `postgres`, or name a SQLite file"
            );
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn a_password_on_the_command_line_is_refused() {
        for text in ["postgres://kith:s3cret@db/kith", "postgres://kith:@db/kith"] {
            let message = refused(text);
            assert!(message.contains("KITH_MOVE_PASSWORD"), "{message}");
            assert!(!message.contains("s3cret"), "{message}");
        }
        for text in [
            "",
            "kith.db",
            "mysql://kith@db/kith",
            "postgres://kith:s3/cret@db/kith",
        ] {
            let message = refused(text);
            assert!(message.contains("--to takes the address"), "{message}");
            assert!(!message.contains("s3"), "{message}");
        }
    }

    #[test]
    fn a_relative_path_becomes_absolute() {
        let target = Target::parse("sqlite://some/kith.db").expect("a target");
        let directory = std::env::current_dir().expect("a directory");
        let expected = format!("sqlite://{}/some/kith.db", directory.display());
        assert_eq!(target.shown, expected);
        assert!(target.is_missing_file() && target.is_in_missing_directory());
        let here = Target::parse("sqlite://kith-missing.db").expect("a target");
        assert!(here.is_missing_file() && !here.is_in_missing_directory());
        let place = target.place(None).expect("no terminal is needed");
        assert_eq!(place.to_string(), expected);
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn a_given_password_is_part_of_the_address_and_not_shown() {
        let target = Target::parse("postgres://kith@db/kith").expect("a target");
        let place = target.place(Some("s/3")).expect("no terminal is needed");
        let expected = "postgres://kith:s%2F3@db/kith".parse().expect("an address");
        assert_eq!(place, expected);
        assert_eq!(target.shown, "postgres://kith@db/kith");
        assert!(!target.is_missing_file());
    }
}
