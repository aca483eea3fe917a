//! The tables of Kith, and how their file is opened.

mod url;

use std::num::NonZeroU32;
use std::path::Path;

use kith_database::Database;
use kith_database::Migration;
use kith_database::OpenError;
use kith_database::Options;

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

/// Every migration, in order: those in `migrations/`, and those that `kith-queue` brings. A file that is
/// missing here fails a test.
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
];

/// A file that was restored from a backup has brought its generations back, and Redis may hold what was
/// made under them later.
const REPLACE_GENERATIONS: &str = "UPDATE generations SET generation = random()";

/// Opens the database of Kith and brings its tables up to date.
///
/// # Errors
/// [`OpenError`], which says what the operator can do.
pub async fn open(path: &Path, readers: NonZeroU32) -> Result<Database, OpenError> {
    let mut options = Options::new(path, MIGRATIONS);
    options.readers = readers;
    options.on_open = Some(REPLACE_GENERATIONS);
    options.path_setting = "KITH_DATA_DIR";
    Database::open(options).await
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn migrations_are_listed_with_every_file() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
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
        ];
        let listed: Vec<String> = MIGRATIONS
            .iter()
            .filter(|migration| !of_queue.contains(&migration.sql))
            .map(|migration| format!("{:04}_{}.sql", migration.version, migration.name))
            .collect();
        assert_eq!(listed, files);
    }
}
