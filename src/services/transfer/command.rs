//! `kith move`.

use std::fs;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use kith_database::Database;
use kith_database::OpenError;
use kith_database::ServerProblem;

use super::error::MoveError;
use super::error::Side;
use super::moving::Move;
use super::moving::call_off;
use super::progress::Progress;
use super::side;
use super::target::Target;
use crate::services::config::Config;
use crate::services::config::MoveArguments;
use crate::services::database;
use crate::services::database::DatabaseUrl;
use crate::services::database::installation::State;
use crate::services::mail;

pub use super::error::PASSWORD;

/// A transaction needs one, and the end of one that is given up another.
const CONNECTIONS: NonZeroU32 = NonZeroU32::new(3).expect("it is not 0");

/// How long a statement may take, such as one that counts the rows of a large table. A server that hangs ends the move
/// after this time, if the operator does not end it before.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// What `kith move` is given.
pub struct Command<'a> {
    pub arguments: &'a MoveArguments,
    pub config: &'a Config,
    /// The password of the target, if the environment has it.
    pub password: Option<&'a str>,
}

impl Command<'_> {
    /// Moves the data, or calls a move off. `interrupted` ends when the operator wants it to stop.
    ///
    /// # Errors
    /// [`MoveError`], which says what the operator can do.
    pub async fn run(
        &self,
        progress: &mut Progress,
        interrupted: impl Future<Output = ()>,
    ) -> Result<(), MoveError> {
        let to = self
            .arguments
            .to
            .as_deref()
            .map(Target::parse)
            .transpose()?;
        let place = self.config.data.database();
        let source = database::connect(place, CONNECTIONS, None).await;
        let source = source.map_err(database::OpenError::Database)?;
        let ended = match to {
            Some(target) => self.move_to(&source, &target, progress, interrupted).await,
            None => self.abandon(&source, progress).await,
        };
        source.close().await;
        ended
    }

    async fn move_to(
        &self,
        source: &Database,
        to: &Target,
        progress: &mut Progress,
        interrupted: impl Future<Output = ()>,
    ) -> Result<(), MoveError> {
        let target = open(self.place(to)?)
            .await
            .map_err(database::OpenError::Database)?;
        let all = Move {
            source,
            target: &target,
            to: &to.shown,
            statement_timeout: STATEMENT_TIMEOUT,
        };
        let moved = all.run(progress, interrupted).await;
        target.close().await;
        moved?;
        progress.say(&format!("All data is in {} now.", to.shown));
        progress.say(
            "Set DATABASE_URL to that address, with its password if it has one, and start Kith.",
        );
        self.mention_mails(progress);
        Ok(())
    }

    async fn abandon(&self, source: &Database, progress: &mut Progress) -> Result<(), MoveError> {
        let installation = side::installation(source).await;
        let state = installation
            .map_err(|error| Side::Source.failed(error))?
            .state;
        let to = match state {
            State::Open => return Err(MoveError::NothingBegun),
            State::Moved { to } => return Err(MoveError::AlreadyMoved { to }),
            State::Moving { to } => to,
        };
        let target = Target::parse(&to)?;
        if target.is_in_missing_directory() {
            return Err(MoveError::MissingDirectory { to });
        }
        let opened = match target.is_missing_file() {
            true => None,
            false => self.open_if_there(&target).await?,
        };
        let ended = call_off(source, opened.as_ref()).await;
        if let Some(opened) = opened {
            opened.close().await;
        }
        ended?;
        progress.say("The move is called off. Kith starts with the database as before.");
        Ok(())
    }

    /// The target, unless its server has no such database.
    async fn open_if_there(&self, target: &Target) -> Result<Option<Database>, MoveError> {
        match open(self.place(target)?).await {
            Ok(opened) => Ok(Some(opened)),
            Err(OpenError::Server {
                problem: ServerProblem::NoDatabase,
                ..
            }) => Ok(None),
            Err(source) => Err(MoveError::UnknownTarget {
                to: target.shown.clone(),
                source,
            }),
        }
    }

    /// The address of the target, with everything that a connection needs.
    fn place(&self, target: &Target) -> Result<DatabaseUrl, MoveError> {
        let place = target.place(self.password)?;
        Ok(self.config.data.with_authorities(place))
    }

    /// Says what is in no database.
    fn mention_mails(&self, progress: &mut Progress) {
        let directory = self.config.data.dir.join(mail::DIRECTORY);
        if has_files(&directory) {
            let shown = directory.display();
            progress.say(&format!(
                "Emails that were written as files are in no database. They stay in {shown}."
            ));
        }
    }
}

async fn open(place: DatabaseUrl) -> Result<Database, OpenError> {
    database::connect(place, CONNECTIONS, Some("--to")).await
}

fn has_files(directory: &Path) -> bool {
    fs::read_dir(directory).is_ok_and(|mut files| files.next().is_some())
}

#[cfg(test)]
mod tests {
    use tempfile::NamedTempFile;

    use super::*;

    #[test]
    fn a_target_may_prove_its_name_by_an_authority_of_the_configuration() {
        let key = rcgen::generate_simple_self_signed(["db".to_owned()]).expect("a certificate");
        let file = NamedTempFile::new().expect("a file");
        fs::write(file.path(), key.cert.pem()).expect("there is room");
        let mut config = Config::default();
        let path = file.path().to_string_lossy();
        config.data.ca_file = Some(path.parse().expect("certificates"));
        let arguments = MoveArguments {
            to: None,
            abandon: true,
        };
        let command = Command {
            arguments: &arguments,
            config: &config,
            password: Some("s3cret"),
        };
        let target = Target::parse("postgres://kith@db/kith").expect("a target");
        let place = command.place(&target).expect("no terminal is needed");
        let DatabaseUrl::Server(address) = "postgres://kith:s3cret@db/kith".parse().expect("one")
        else {
            panic!("it is a server");
        };
        let expected = address.with_authorities(key.cert.pem().into_bytes());
        assert_eq!(place, DatabaseUrl::Server(expected));
    }
}
