//! `kith backup` and `kith restore`.

use std::path::Path;
use std::path::PathBuf;

use jiff::Timestamp;
use kith_database::Database;
use kith_database::sqlite_file;
use kith_database::sqlite_file::Pages;

use super::error::BackupError;
use super::record::LastBackup;
use super::restore;
use super::server;
use crate::services::config::Config;
use crate::services::database;
use crate::services::database::DatabaseUrl;
use crate::services::format;
use crate::services::transfer::Progress;

/// `kith backup`.
///
/// # Errors
/// [`BackupError`], which says what the operator can do.
pub async fn backup(
    config: &Config,
    file: &Path,
    progress: &mut Progress,
) -> Result<(), BackupError> {
    let path = file_of(config, |address| {
        server::backup(address, &file.to_string_lossy())
    })?;
    if !path.exists() {
        return Err(BackupError::NoDatabase { path });
    }
    let opened = database::open_as_it_is(path.clone()).await;
    let database = opened.map_err(|error| match error {
        kith_database::OpenError::BeingReplaced { path } => BackupError::BeingRestored { path },
        error => BackupError::Open(error),
    })?;
    let made = copy(&database, &path, file, progress).await;
    database.close().await;
    let bytes = made?;
    let shown = file.display();
    progress.say(&format!(
        "The backup is in {shown} ({}). It was checked, and holds all personal data: keep it safe.",
        format::bytes(bytes)
    ));
    Ok(())
}

async fn copy(
    database: &Database,
    path: &Path,
    file: &Path,
    progress: &mut Progress,
) -> Result<u64, BackupError> {
    let now = Timestamp::now();
    let mut bar = Bar::new(progress);
    let copied = sqlite_file::copy(path, file, |pages| bar.show(pages)).await;
    bar.end(copied.is_ok());
    let bytes = copied.map_err(BackupError::of_backup)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let last = LastBackup::new(now, bytes, name.into_owned());
    if last.write(database).await.is_err() {
        // The backup is good all the same.
        progress.say("The dashboard does not know of it: the database took no change.");
    }
    Ok(bytes)
}

/// `kith restore`.
///
/// # Errors
/// [`BackupError`], which says what the operator can do.
pub async fn restore(
    config: &Config,
    file: &Path,
    progress: &mut Progress,
) -> Result<(), BackupError> {
    let path = file_of(config, |address| {
        server::restore(address, &file.to_string_lossy())
    })?;
    let mut bar = Bar::new(progress);
    let restored = restore::restore(file, &path, Timestamp::now(), |pages| bar.show(pages)).await;
    bar.end(restored.is_ok());
    let kept = restored?;
    progress.say(&format!("The database {} is restored.", path.display()));
    if let Some(kept) = kept {
        progress.say(&format!(
            "What was there is in {}. Delete it once you do not need it any more.",
            kept.display()
        ));
    }
    progress.say(
        "Start Kith. The queue is paused, so that no old mail is sent again: look at /dashboard, and resume it there.",
    );
    Ok(())
}

/// The path of the database. `commands` says what to do where it is on a server.
fn file_of(
    config: &Config,
    commands: impl FnOnce(&kith_database::ServerAddress) -> String,
) -> Result<PathBuf, BackupError> {
    match config.data.database() {
        DatabaseUrl::File(path) => Ok(path),
        DatabaseUrl::Server(address) => Err(BackupError::Server(commands(&address))),
    }
}

/// A bar of pages.
struct Bar<'a> {
    progress: &'a mut Progress,
    done: Option<u64>,
}

impl<'a> Bar<'a> {
    fn new(progress: &'a mut Progress) -> Self {
        progress.wait("checking the original");
        Self {
            progress,
            done: None,
        }
    }

    fn show(&mut self, pages: Pages) {
        let before = self.done.unwrap_or_else(|| {
            self.progress
                .begin("copied".to_owned(), "page", pages.total);
            0
        });
        self.progress.advance(pages.done.saturating_sub(before));
        self.done = Some(pages.done);
    }

    fn end(self, is_done: bool) {
        match (is_done, self.done) {
            (true, Some(_)) => self.progress.end(),
            _ => self.progress.clear(),
        }
    }
}
