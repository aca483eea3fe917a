//! The tables of Kith, and how their database is opened: a file or a server.

pub mod installation;
#[cfg(test)]
pub mod testing;
mod url;

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use kith_database::Database;
use kith_database::Migration;
use kith_database::Options;
use kith_database::ServerAddress;

use self::installation::Installation;

pub use self::url::DatabaseUrl;

/// The migration in a file of `migrations/`.
macro_rules! migration {
    ($version:literal, $name:literal, $file:literal) => {
        Migration {
            version: $version,
            name: $name,
            sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $file)),
        }
    };
}

/// Every migration of a file, in order: those in `migrations/`, and those that `kith-queue` brings. A migration that
/// is missing here fails a test.
const MIGRATIONS: &[Migration] = &[
    migration!(1, "contacts", "0001_contacts.sql"),
    migration!(2, "generations", "0002_generations.sql"),
    Migration {
        version: 3,
        name: "queue",
        sql: kith_queue::migrations::QUEUE,
    },
    migration!(4, "activities", "0004_activities.sql"),
    migration!(5, "counters", "0005_counters.sql"),
    migration!(6, "figures", "0006_figures.sql"),
    migration!(7, "admin", "0007_admin.sql"),
    Migration {
        version: 8,
        name: "origins",
        sql: kith_queue::migrations::ORIGINS,
    },
    migration!(9, "pages", "0009_pages.sql"),
    migration!(10, "instances", "0010_instances.sql"),
    migration!(11, "schema", "0011_schema.sql"),
    migration!(12, "accounts", "0012_accounts.sql"),
    migration!(13, "audit", "0013_audit.sql"),
    migration!(14, "books", "0014_books.sql"),
    migration!(15, "invitations", "0015_invitations.sql"),
    migration!(16, "identities", "0016_identities.sql"),
    migration!(17, "cards", "0017_cards.sql"),
    migration!(18, "fields", "0018_fields.sql"),
    migration!(19, "imports", "0019_imports.sql"),
    migration!(20, "photos", "0020_photos.sql"),
    migration!(21, "versions", "0021_versions.sql"),
    migration!(22, "labels", "0022_labels.sql"),
    migration!(23, "dates", "0023_dates.sql"),
    migration!(24, "search", "0024_search.sql"),
    migration!(25, "birthday_mails", "0025_birthday_mails.sql"),
    migration!(26, "sort_keys", "0026_sort_keys.sql"),
    migration!(27, "frecency", "0027_frecency.sql"),
    migration!(28, "saved_searches", "0028_saved_searches.sql"),
    migration!(29, "search_derived_by", "0029_search_derived_by.sql"),
    migration!(30, "name_keys", "0030_name_keys.sql"),
    migration!(31, "search_keys", "0031_search_keys.sql"),
];

/// Every migration of a server, in order: that of `kith-queue`, and those in `migrations/postgres/`.
const SERVER_MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "queue",
        sql: kith_queue::migrations::POSTGRES,
    },
    migration!(2, "contacts", "postgres/0001_contacts.sql"),
    migration!(3, "instances", "postgres/0002_instances.sql"),
    migration!(4, "schema", "postgres/0003_schema.sql"),
    migration!(5, "accounts", "postgres/0004_accounts.sql"),
    migration!(6, "audit", "postgres/0005_audit.sql"),
    migration!(7, "books", "postgres/0006_books.sql"),
    migration!(8, "invitations", "postgres/0007_invitations.sql"),
    migration!(9, "identities", "postgres/0008_identities.sql"),
    migration!(10, "cards", "postgres/0009_cards.sql"),
    migration!(11, "fields", "postgres/0010_fields.sql"),
    migration!(12, "imports", "postgres/0011_imports.sql"),
    migration!(13, "photos", "postgres/0012_photos.sql"),
    migration!(14, "versions", "postgres/0013_versions.sql"),
    migration!(15, "labels", "postgres/0014_labels.sql"),
    migration!(16, "dates", "postgres/0015_dates.sql"),
    migration!(17, "search", "postgres/0016_search.sql"),
    migration!(18, "birthday_mails", "postgres/0017_birthday_mails.sql"),
    migration!(19, "sort_keys", "postgres/0018_sort_keys.sql"),
    migration!(20, "frecency", "postgres/0019_frecency.sql"),
    migration!(21, "saved_searches", "postgres/0020_saved_searches.sql"),
    migration!(
        22,
        "search_derived_by",
        "postgres/0021_search_derived_by.sql"
    ),
    migration!(23, "name_keys", "postgres/0022_name_keys.sql"),
    migration!(24, "search_keys", "postgres/0023_search_keys.sql"),
];

/// A file that was restored from a backup has brought its generations back, and Redis may hold what was
/// made under them later. Those of a server need no help: they depend on when it has started.
const REPLACE_GENERATIONS: &str = "UPDATE generations SET generation = random()";

/// A duration in milliseconds, as the tables keep times.
pub fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Why Kith does not start with its database. Each says what the operator can do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] kith_database::OpenError),
    /// The database does not say whether its data was moved.
    #[error("cannot read which installation the database belongs to; start Kith again")]
    Installation(#[source] sqlx::Error),
    /// The data is being moved, or that was broken off.
    #[error(
        "the data of this database is being moved to {to}: finish that with `kith move --to {to}`, \
         or call it off with `kith move --abandon`"
    )]
    Moving { to: String },
    /// The data is in another database.
    #[error("the data of this database was moved to {to}: set DATABASE_URL to that address")]
    Moved { to: String },
    /// A newer version has changed the tables while this process worked with them.
    #[error("a newer version of Kith has changed the tables of the database: start that version")]
    NewerSchema,
}

/// Opens the database of Kith and brings its tables up to date. `connections` read a file, or lead to a server.
///
/// # Errors
/// [`OpenError`], also when the data was moved to another database.
pub async fn open(
    place: impl Into<DatabaseUrl>,
    connections: NonZeroU32,
) -> Result<Database, OpenError> {
    let (database, _) = open_with_replica(place, None, connections).await?;
    Ok(database)
}

/// The same with a server that follows the one of the database. Returns which installation the database belongs to, too.
///
/// # Errors
/// As for [`open`].
pub async fn open_with_replica(
    place: impl Into<DatabaseUrl>,
    replica: Option<ServerAddress>,
    connections: NonZeroU32,
) -> Result<(Database, Installation), OpenError> {
    let database = Database::open(Options {
        replica,
        replica_setting: "KITH_DATA_REPLICA_URL",
        ..options(place.into(), connections, None)
    });
    let database = database.await?;
    match installed(&database).await {
        Ok(installation) => Ok((database, installation)),
        Err(refused) => {
            database.close().await;
            Err(refused)
        }
    }
}

/// The installation of a database whose data is in it.
async fn installed(database: &Database) -> Result<Installation, OpenError> {
    let read = async {
        let mut reader = database.reader().await?;
        Installation::read(&mut reader).await
    };
    let installation = read.await.map_err(OpenError::Installation)?;
    installation.check(database)?;
    Ok(installation)
}

/// Opens a database of Kith, also one whose data was moved. `setting` is where the operator has named it, if not in
/// the configuration.
///
/// # Errors
/// Those of the database; each says what the operator can do.
pub async fn connect(
    place: impl Into<DatabaseUrl>,
    connections: NonZeroU32,
    setting: Option<&'static str>,
) -> Result<Database, kith_database::OpenError> {
    Database::open(options(place.into(), connections, setting)).await
}

/// Opens the file of a database of Kith whose tables are perhaps those of a newer version, and changes none of them.
///
/// # Errors
/// Those of the database; each says what the operator can do.
pub async fn open_as_it_is(path: PathBuf) -> Result<Database, kith_database::OpenError> {
    Database::open(Options {
        changes_tables: false,
        ..options(DatabaseUrl::File(path), NonZeroU32::MIN, None)
    })
    .await
}

fn options(place: DatabaseUrl, connections: NonZeroU32, setting: Option<&'static str>) -> Options {
    match place {
        DatabaseUrl::File(path) => Options {
            readers: connections,
            on_open: Some(REPLACE_GENERATIONS),
            older_processes: Some(installation::OLDER_INSTANCES),
            path_setting: setting.unwrap_or("KITH_DATA_DIR"),
            ..Options::new(path, MIGRATIONS)
        },
        DatabaseUrl::Server(address) => Options {
            connections,
            older_processes: Some(installation::OLDER_INSTANCES),
            url_setting: setting.unwrap_or("DATABASE_URL"),
            ..Options::server(address, SERVER_MIGRATIONS)
        },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::installation::State;
    use super::testing::TestDatabase;
    use super::testing::on_each_engine;
    use super::*;

    on_each_engine! {
        a_database_whose_data_was_moved_is_not_opened
    }

    async fn a_database_whose_data_was_moved_is_not_opened(database: TestDatabase) {
        for (state, expected) in [
            (
                State::Moving {
                    to: "sqlite:///srv/new.db".to_owned(),
                },
                "finish that with `kith move --to sqlite:///srv/new.db`",
            ),
            (
                State::Moved {
                    to: "sqlite:///srv/new.db".to_owned(),
                },
                "was moved to sqlite:///srv/new.db",
            ),
        ] {
            let mut tx = database.write().await.expect("it is open");
            state.write(&mut tx).await.expect("it is valid");
            tx.commit().await.expect("there is room");
            let refused = open(database.place(), NonZeroU32::MIN).await;
            let refused = refused.expect_err("it was moved").to_string();
            assert!(refused.contains(expected), "{refused}");
        }
        let mut tx = database.write().await.expect("it is open");
        State::Open.write(&mut tx).await.expect("it is valid");
        tx.commit().await.expect("there is room");
        database.open_again().await;
    }

    #[test]
    fn migrations_are_listed_with_every_file() {
        for (folder, migrations, before) in [
            ("migrations", MIGRATIONS, 0),
            // The queue comes first.
            ("migrations/postgres", SERVER_MIGRATIONS, 1),
        ] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            let mut files: Vec<String> = fs::read_dir(folder)
                .expect("there are migrations")
                .map(|entry| entry.expect("it can be read"))
                // Those for PostgreSQL stand in a directory of their own.
                .filter(|entry| entry.path().is_file())
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect();
            files.sort();
            let of_queue = [
                kith_queue::migrations::QUEUE,
                kith_queue::migrations::ORIGINS,
                kith_queue::migrations::POSTGRES,
            ];
            let listed: Vec<String> = migrations
                .iter()
                .filter(|migration| !of_queue.contains(&migration.sql))
                .map(|migration| {
                    format!("{:04}_{}.sql", migration.version - before, migration.name)
                })
                .collect();
            assert_eq!(listed, files);
        }
    }
}
