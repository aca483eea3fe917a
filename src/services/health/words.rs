//! What reports on health say, in the language of the reader. A report itself is English: instances store theirs in the
//! database, and machines read them.

use std::borrow::Cow;

use crate::model::language;
use crate::model::language::t_noop;
use crate::services::mail;

/// The sentences of reports, but for what a mailer says.
const SENTENCES: &[&str] = &[
    t_noop!("The database does not answer."),
    t_noop!("There is no room left for the database."),
    t_noop!("The database may not be written to."),
    t_noop!("The system reports errors when the database is read or written."),
    t_noop!("The database file is damaged."),
    t_noop!("There is no memory left for the database."),
    t_noop!("Another program keeps the database locked."),
    t_noop!("Changes wait too long for their turn."),
    t_noop!("The database file was moved, deleted or replaced while it was in use."),
    t_noop!(
        "The log of the database (-wal or -shm) was moved, deleted or replaced while it was in use."
    ),
    t_noop!("The database server does not answer."),
    t_noop!("The database server may only be read."),
    t_noop!("Nothing can be read or changed."),
    t_noop!("Nothing can be changed until there is room on the disk."),
    t_noop!("Nothing can be changed. Make the file, its directory and its file system writable."),
    t_noop!("Some of it cannot be read or changed. Check the disk and the file system."),
    t_noop!("Some of it cannot be read or changed. Stop this server and restore a backup."),
    t_noop!("Some reads and changes fail."),
    t_noop!("Nothing can be changed until the other program lets go of it."),
    t_noop!("Some changes are refused."),
    t_noop!(
        "Nothing can be changed. Move the file back, or restart this server to use the file that is there now."
    ),
    t_noop!(
        "Nothing can be changed. Stop this server, which saves what it has, and start it again."
    ),
    t_noop!("Nothing can be read or changed until it does."),
    t_noop!("Nothing can be changed. Name the primary, or wait until this one is promoted."),
    t_noop!("Redis has not been reached yet."),
    t_noop!("Redis cannot be reached."),
    t_noop!("Redis has closed the connection."),
    t_noop!("Redis does not answer in time."),
    t_noop!("Redis refuses the user, the password or what they may do."),
    t_noop!("Redis is still loading its data."),
    t_noop!("Redis takes no writes."),
    t_noop!("Redis has too few replicas to take writes."),
    t_noop!("Redis takes no writes because it cannot save them."),
    t_noop!("Redis is busy with a script that does not end."),
    t_noop!("Redis has no memory left."),
    t_noop!("Redis is missing a part of its cluster."),
    t_noop!("Redis does not answer as Redis does."),
    t_noop!("Redis refuses the token of its REST API."),
    t_noop!("Redis takes no more requests for now: they are too many, or a quota is used up."),
    t_noop!("Redis cannot be used, because its REST API fails."),
    t_noop!("Redis is not at the URL of its REST API."),
    t_noop!("Redis answers, but the limiter's script fails on it."),
    t_noop!("Limits hold for each instance of Kith by itself."),
    t_noop!("Limits hold for each instance of Kith by itself, and what is cached is not shared."),
    t_noop!("Messages wait in the outbox and are published later."),
    t_noop!("Mails wait in the queue and are sent again."),
    t_noop!("Lines of the log are lost."),
    t_noop!("Standard output does not take lines fast enough."),
    t_noop!("The disk of the log is full."),
    t_noop!("Nobody reads standard output any more."),
    t_noop!("Standard output cannot be written."),
    t_noop!(
        "The last backup is older than two intervals of backup.interval. The log says why there is no newer one."
    ),
    t_noop!("There is no backup yet. If this does not change within minutes, the log says why."),
    t_noop!(
        "The database was restored from a backup, so messages that were delivered after the backup was made are in the queue again."
    ),
];

/// A sentence of a report in the language of the reader. One that is not known stays as it is.
pub fn for_reader(english: &str) -> Cow<'_, str> {
    match language::translated(SENTENCES, english) {
        Some(translated) => translated.into(),
        None => mail::for_reader(english),
    }
}
