//! `kith import`.
//!
//! It works on the database itself, on both engines and while servers run: whichever process is first works the import
//! off, and this one shows how far it is.

use std::fs::File;
use std::io;
use std::io::Read;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kith_database::Database;
use kith_database::query;

use super::error::ImportError;
use super::import::Import;
use super::import::ImportId;
use super::import::ImportState;
use super::limits::Limits;
use super::service::ImportService;
use super::service::Options;
use crate::model::error::AppError;
use crate::services::audit_log::Actor;
use crate::services::book::Book;
use crate::services::book::BookId;
use crate::services::book::BookKey;
use crate::services::config::Config;
use crate::services::config::ImportArguments;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::sql::SqlStore;
use crate::services::contacts::store::sql::derived::catch_up;
use crate::services::database;
use crate::services::format;
use crate::services::jobs;
use crate::services::transfer::Progress;
use crate::services::welcome::WelcomeHook;

/// Reads and a transaction at the same time, and one for what the engine itself needs.
const CONNECTIONS: NonZeroU32 = NonZeroU32::new(4).expect("it is not 0");

/// The name of the file that stands for standard input.
const STDIN: &str = "-";

/// How much of the file is read at a time.
const BUFFER: usize = 64 << 10;

/// How often the command looks how far another process is.
const LOOK_INTERVAL: Duration = Duration::from_millis(200);

/// How many of the cards that could not be read are named.
const NAMED: u32 = 20;

/// What `kith import` is given.
pub struct Command<'a> {
    pub arguments: &'a ImportArguments,
    pub config: &'a Config,
}

/// Why `kith import` or `kith demo` has ended early. It says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Open(#[from] database::OpenError),
    #[error("cannot read {file}: see that it exists and that this user may read it")]
    File { file: String, source: io::Error },
    #[error("there is no address book {0}: GET /api/books and the page /books name them")]
    NoBook(BookId),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(
        "the address book has contacts already: name another one with --book, or add to it with --force"
    )]
    NotEmpty,
    #[error("the database does not answer: run the command again, which adds nothing twice")]
    Database(#[from] sqlx::Error),
    #[error("the import has ended early. {0} What was added stays.")]
    Failed(String),
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::Import(error.into())
    }
}

/// Opens the database for the work of a command, and closes it afterwards.
pub(super) async fn on_database(
    config: &Config,
    progress: &mut Progress,
    work: impl AsyncFnOnce(&Database, &mut Progress) -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let database = database::open(config.data.database(), CONNECTIONS).await?;
    let done = work(&database, progress).await;
    progress.clear();
    database.close().await;
    done
}

impl Command<'_> {
    /// Imports the file.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn run(&self, progress: &mut Progress) -> Result<(), CommandError> {
        on_database(self.config, progress, async |database, progress| {
            self.run_on(database, progress).await
        })
        .await
    }

    pub(super) async fn run_on(
        &self,
        database: &Database,
        progress: &mut Progress,
    ) -> Result<(), CommandError> {
        catch_up(database).await?;
        let imports = self.service(database);
        let done = self.import(&imports, progress).await;
        imports.close().await;
        done
    }

    async fn import(
        &self,
        imports: &ImportService,
        progress: &mut Progress,
    ) -> Result<(), CommandError> {
        let book = book(imports.database(), self.arguments.book).await?;
        let id = self.take_in(imports, &book).await?;
        let import = follow(imports, id, progress).await?;
        report(imports, &import, progress).await
    }

    fn service(&self, database: &Database) -> ImportService {
        let store = SqlStore::new(database.clone(), self.config.api.idempotency_ttl);
        ImportService::new(Options {
            database: database.clone(),
            clock: database.clock(),
            limits: Limits::of(self.config),
            creation_hook: Some(Box::new(WelcomeHook {
                config: self.config.welcome.clone().into(),
                metrics: None,
                queue: jobs::open_queue(self.config, database.clone()),
                store: Arc::new(store),
                clock: database.clock(),
            })),
        })
    }

    fn unreadable(&self, source: io::Error) -> CommandError {
        CommandError::File {
            file: self.arguments.file.display().to_string(),
            source,
        }
    }

    /// Brings the file into the database. Nothing else happens in this process meanwhile, so a read may block.
    async fn take_in(
        &self,
        imports: &ImportService,
        book: &Book,
    ) -> Result<ImportId, CommandError> {
        let path = self.arguments.file.as_path();
        let (name, mut file): (_, Box<dyn Read>) = if path == Path::new(STDIN) {
            (String::new(), Box::new(io::stdin()))
        } else {
            let file = File::open(path).map_err(|source| self.unreadable(source))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            (name.into_owned(), Box::new(file))
        };
        let mut upload = imports.begin(book, Actor::operator(), &name).await?;
        let mut buffer = vec![0; BUFFER];
        loop {
            let read = file.read(&mut buffer);
            match read.map_err(|source| self.unreadable(source))? {
                0 => break,
                length => upload.write(&buffer[..length]).await?,
            }
        }
        Ok(upload.finish(self.arguments.welcome).await?)
    }
}

/// Works the import off, or waits while another process does, and shows how far it is.
async fn follow(
    imports: &ImportService,
    id: ImportId,
    progress: &mut Progress,
) -> Result<Import, CommandError> {
    let mut working = Box::pin(imports.work_off());
    let mut import = imports.find(id).await?;
    progress.begin("Importing".to_owned(), "byte", import.bytes);
    loop {
        let is_done = tokio::select! {
            done = &mut working => { done?; true }
            () = tokio::time::sleep(LOOK_INTERVAL) => false,
        };
        let now = imports.find(id).await?;
        progress.advance(now.processed.saturating_sub(import.processed));
        import = now;
        if !import.state.is_at_work() {
            return Ok(import);
        }
        if is_done {
            // Another process has the lease.
            tokio::time::sleep(LOOK_INTERVAL).await;
            working = Box::pin(imports.work_off());
        }
    }
}

/// Says what the import has come to.
async fn report(
    imports: &ImportService,
    import: &Import,
    progress: &mut Progress,
) -> Result<(), CommandError> {
    progress.clear();
    progress.say(&format!(
        "{} added, {} known already, {} not readable.",
        format::count(import.added, "contact"),
        format::number(import.known),
        format::number(import.broken)
    ));
    for problem in imports.problems(import, NAMED).await? {
        progress.say(&format!("Line {}: {}.", problem.line, problem.reason));
    }
    if import.broken > NAMED.into() {
        progress.say("The page of the import lists all of them.");
    }
    match (import.state, &import.why) {
        (ImportState::Done, _) => Ok(()),
        (_, Some(why)) => Err(CommandError::Failed(why.clone())),
        _ => Err(CommandError::Failed("It was cancelled.".to_owned())),
    }
}

/// A book by its id, otherwise the first one.
pub async fn book(database: &Database, id: Option<BookId>) -> Result<Book, CommandError> {
    let id = id.unwrap_or(BookId::FIRST);
    let mut reader = database.reader().await?;
    let found: Option<i64> = query("SELECT seq FROM books WHERE id = $1")
        .bind(id.0.as_bytes().to_vec())
        .fetch_optional(&mut reader)
        .await?;
    let key = found.map(BookKey).ok_or(CommandError::NoBook(id))?;
    Ok(Book {
        key,
        id,
        ..Book::first()
    })
}

impl From<AppError> for CommandError {
    fn from(error: AppError) -> Self {
        Self::Import(error.into())
    }
}
