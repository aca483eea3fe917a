//! How a database on a PostgreSQL server is backed up: with the tools of PostgreSQL, which Kith names.

use kith_database::ServerAddress;

use super::restore::OF_PEOPLE;

/// Pauses the queue as [`pause`](crate::services::pause) does.
const PAUSE: &str = "INSERT INTO settings (name, value, changed_at) VALUES ('queue.paused', \
    '\"The database was restored from a backup.\"', extract(epoch FROM now()) * 1000)";

/// What `kith backup` says.
pub fn backup(server: &ServerAddress, file: &str) -> String {
    format!(
        "the database is on a PostgreSQL server, whose own tool makes the backup, also while Kith runs:\n\n  \
         pg_dump --format=custom --no-owner --no-privileges --file={} --dbname={}\n\n\
         It asks for the password, or takes it from ~/.pgpass. Its version is that of the server, or newer.",
        quoted(file),
        quoted(&server.for_tools()),
    )
}

/// What `kith restore` says.
pub fn restore(server: &ServerAddress, file: &str) -> String {
    let address = quoted(&server.for_tools());
    format!(
        "the database is on a PostgreSQL server, whose own tool restores a backup. Stop every Kith, make a new, empty \
         database (CREATE DATABASE) that this user owns, set DATABASE_URL to it, and run this command again for the \
         lines with its name:\n\n  \
         pg_restore --no-owner --no-privileges --exit-on-error --single-transaction --dbname={address} {}\n  \
         psql --dbname={address} --command={}\n\n\
         The second line pauses the queue, so that no old mail is sent again, and ends all sessions and tokens. Then \
         start Kith, look at the dashboard, and resume the queue there.",
        quoted(file),
        quoted(&format!("{PAUSE}; {}", OF_PEOPLE.join("; "))),
    )
}

/// A word of a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use super::*;

    #[test]
    fn the_commands_name_the_server_and_no_password() {
        let server =
            "postgres://kith:s3cret@db:5433/kith?statement-cache-capacity=0&sslmode=require";
        let server: ServerAddress = server.parse().expect("an address");
        let said = backup(&server, "it's.dump");
        let command = r"pg_dump --format=custom --no-owner --no-privileges --file='it'\''s.dump' --dbname='postgres://kith@db:5433/kith?sslmode=require'";
        assert!(said.contains(command), "{said}");
        let said = format!("{said}{}", restore(&server, "kith.dump"));
        let command = "--dbname='postgres://kith@db:5433/kith?sslmode=require' 'kith.dump'";
        assert!(
            said.contains("pg_restore") && said.contains(command),
            "{said}"
        );
        assert!(!said.contains("s3cret"), "{said}");
    }
}
