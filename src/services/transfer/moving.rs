//! The move, and calling it off.

use std::pin::pin;
use std::time::Duration;

use kith_database::Connection;
use kith_database::Database;
use kith_database::Tx;
use kith_database::query;

use super::copy;
use super::copy::Failed;
use super::error::MoveError;
use super::error::Side;
use super::fingerprint::Fingerprint;
use super::progress::Progress;
use super::side;
use super::tables::TABLES;
use crate::services::contacts::store::sql::search;
use crate::services::database::installation::Installation;
use crate::services::database::installation::State;
use crate::services::instances;

/// A move from one database to another.
#[derive(Clone, Copy)]
pub struct Move<'d> {
    pub source: &'d Database,
    pub target: &'d Database,
    /// The address of the target, without a password.
    pub to: &'d str,
    /// How long a statement of the move may take. Some read or write a whole table.
    pub statement_timeout: Duration,
}

impl Move<'_> {
    /// Moves all data, or finishes a move that was broken off. `interrupted` ends when the operator wants it to stop.
    ///
    /// # Errors
    /// [`MoveError`]. The source is open as before, unless the error says how to go on.
    pub async fn run(
        &self,
        progress: &mut Progress,
        interrupted: impl Future<Output = ()>,
    ) -> Result<(), MoveError> {
        if self.begin().await? == Begun::Complete {
            return Ok(());
        }
        let copied = tokio::select! {
            copied = self.copy(progress) => copied,
            () = pin!(interrupted) => Err(MoveError::Interrupted),
        };
        let Err(cause) = copied else {
            return Ok(());
        };
        progress.clear();
        let cause = Box::new(cause);
        Err(match call_off(self.source, Some(self.target)).await {
            Ok(()) => MoveError::CalledOff { cause },
            Err(_) => MoveError::Unfinished { cause },
        })
    }

    /// Marks the source, from where on Kith does not start with it.
    async fn begin(&self) -> Result<Begun, MoveError> {
        let mut source = self.lock(self.source, Side::Source).await?;
        let here = self.check_source(&mut source).await?;
        let there = side::installation(self.target).await;
        let there = there.map_err(|error| Side::Target.failed(error))?;
        if here.state == State::Open && there.id == here.id {
            return Err(MoveError::SameDatabase);
        }
        let mut target = self.lock(self.target, Side::Target).await?;
        let there = read(&mut target, Side::Target).await?;
        if there.id == here.id {
            write(&mut source, Side::Source, &self.moved()).await?;
            commit(source, Side::Source).await?;
            return Ok(Begun::Complete);
        }
        check_target(&mut target, &there).await?;
        let to = self.to.to_owned();
        write(&mut source, Side::Source, &State::Moving { to }).await?;
        commit(source, Side::Source).await?;
        Ok(Begun::Marked)
    }

    /// Refuses a source that is in use, or whose data goes elsewhere.
    async fn check_source(&self, source: &mut Connection) -> Result<Installation, MoveError> {
        refuse_instances(source, Side::Source).await?;
        let here = read(source, Side::Source).await?;
        match &here.state {
            State::Moved { to } => Err(MoveError::AlreadyMoved { to: to.clone() }),
            State::Moving { to } if to != self.to => Err(MoveError::OtherMove { to: to.clone() }),
            State::Moving { .. } | State::Open => Ok(here),
        }
    }

    /// Copies everything, and commits the target, and then the source.
    async fn copy(&self, progress: &mut Progress) -> Result<(), MoveError> {
        let mut source = self.lock(self.source, Side::Source).await?;
        let here = self.check_source(&mut source).await?;
        if here.state == State::Open {
            // Another process has called it off in the meantime.
            return Err(MoveError::Interrupted);
        }
        let mut target = self.lock(self.target, Side::Target).await?;
        let there = read(&mut target, Side::Target).await?;
        check_target(&mut target, &there).await?;

        let mut expected = Vec::new();
        for table in TABLES {
            let failed = |side, source| MoveError::Table {
                side,
                table: table.name,
                source,
            };
            progress.wait(&format!("counting {}", table.name));
            let rows = copy::count(table, &mut source).await;
            let rows = rows.map_err(|error| failed(Side::Source, error))?;
            progress.begin(format!("copied {}", table.name), "row", rows);
            let copied = copy::copy(table, &mut source, &mut target, progress).await;
            expected.push(copied.map_err(|error| match error {
                Failed::Reading(error) => failed(Side::Source, error),
                Failed::Writing(error) => failed(Side::Target, error),
            })?);
            progress.end();
        }
        make_searchable(&mut target, expected[0].rows, progress).await?;
        verify(&mut target, &expected, progress).await?;

        query("UPDATE installation SET id = $1")
            .bind(&here.id)
            .execute(&mut target)
            .await
            .map_err(|error| Side::Target.failed(error))?;
        // Before the commit of the target, because it fails if the source is not locked any more.
        write(&mut source, Side::Source, &self.moved()).await?;
        commit(target, Side::Target).await?;
        commit(source, Side::Source).await
    }

    /// Has a database for this move alone.
    async fn lock(&self, database: &Database, side: Side) -> Result<Tx, MoveError> {
        let mut tx = lock(database, side).await?;
        let set = tx.set_statement_timeout(self.statement_timeout).await;
        set.map_err(|error| side.failed(error))?;
        Ok(tx)
    }

    fn moved(&self) -> State {
        State::Moved {
            to: self.to.to_owned(),
        }
    }
}

/// What a move has found.
#[derive(PartialEq, Eq)]
enum Begun {
    /// There is everything to copy.
    Marked,
    /// An earlier process has copied everything. The source is marked as moved.
    Complete,
}

/// Opens the source again, if a move of its data was broken off and the target has nothing. There is no target if it
/// does not exist.
///
/// # Errors
/// [`MoveError::AlreadyMoved`] and [`MoveError::Complete`] when the data is in the target; errors of the databases.
pub async fn call_off(source: &Database, target: Option<&Database>) -> Result<(), MoveError> {
    let mut source = lock(source, Side::Source).await?;
    let here = read(&mut source, Side::Source).await?;
    let to = match here.state {
        State::Open => return Ok(()),
        State::Moved { to } => return Err(MoveError::AlreadyMoved { to }),
        State::Moving { to } => to,
    };
    if let Some(target) = target {
        // A commit that is under way ends first.
        let mut target = lock(target, Side::Target).await?;
        if read(&mut target, Side::Target).await?.id == here.id {
            return Err(MoveError::Complete { to });
        }
    }
    write(&mut source, Side::Source, &State::Open).await?;
    commit(source, Side::Source).await
}

/// Refuses a target that is in use, or that has data.
async fn check_target(target: &mut Connection, there: &Installation) -> Result<(), MoveError> {
    refuse_instances(target, Side::Target).await?;
    if let State::Moving { to } | State::Moved { to } = &there.state {
        return Err(MoveError::TargetMoved { to: to.clone() });
    }
    let filled = side::first_filled(target).await;
    match filled.map_err(|error| Side::Target.failed(error))? {
        Some(table) => Err(MoveError::NotEmpty { table: table.name }),
        None => Ok(()),
    }
}

async fn refuse_instances(connection: &mut Connection, side: Side) -> Result<(), MoveError> {
    let instances = instances::alive(connection).await;
    let instances = instances.map_err(|error| side.failed(error))?;
    match instances.is_empty() {
        true => Ok(()),
        false => Err(MoveError::InUse { side, instances }),
    }
}

/// Makes what searches read of the contacts.
async fn make_searchable(
    target: &mut Connection,
    contacts: u64,
    progress: &mut Progress,
) -> Result<(), MoveError> {
    progress.begin("made searchable".to_owned(), "row", contacts);
    let mut after = i64::MIN;
    loop {
        let added = search::add_page(target, after).await;
        let failed = |source| MoveError::Search {
            side: Side::Target,
            source,
        };
        let Some((last, contacts)) = added.map_err(failed)? else {
            break;
        };
        after = last;
        progress.advance(contacts);
    }
    progress.end();
    Ok(())
}

/// Reads everything again and compares it with what the source had.
async fn verify(
    target: &mut Connection,
    expected: &[Fingerprint],
    progress: &mut Progress,
) -> Result<(), MoveError> {
    let total = expected.iter().map(|fingerprint| fingerprint.rows).sum();
    progress.begin("verified".to_owned(), "row", total);
    for (table, expected) in TABLES.iter().zip(expected) {
        let found = copy::fingerprint(table, target, progress).await;
        let found = found.map_err(|source| MoveError::Table {
            side: Side::Target,
            table: table.name,
            source,
        })?;
        if found != *expected {
            return Err(MoveError::Differs {
                table: table.name,
                expected: expected.rows,
                found: found.rows,
            });
        }
    }
    progress.end();
    Ok(())
}

async fn lock(database: &Database, side: Side) -> Result<Tx, MoveError> {
    let locked = side::lock(database).await;
    locked.map_err(|source| MoveError::Locked { side, source })
}

async fn read(connection: &mut Connection, side: Side) -> Result<Installation, MoveError> {
    let installation = Installation::read(connection).await;
    installation.map_err(|error| side.failed(error))
}

async fn write(connection: &mut Connection, side: Side, state: &State) -> Result<(), MoveError> {
    let written = state.write(connection).await;
    written.map_err(|error| side.failed(error))
}

async fn commit(tx: Tx, side: Side) -> Result<(), MoveError> {
    tx.commit().await.map_err(|error| side.failed(error))
}
