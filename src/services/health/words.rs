//! What reports on health say, in the language of the reader. A report itself is English: instances store theirs in the
//! database, and machines read them.

use std::borrow::Cow;

use crate::model::language::t;
use crate::services::mail;

/// A sentence of a report in the language of the reader. One that is not known stays as it is.
pub fn for_reader(english: &str) -> Cow<'_, str> {
    let known = database_reason(english)
        .or_else(|| database_effect(english))
        .or_else(|| redis(english))
        .or_else(|| others(english));
    known.map_or_else(|| mail::for_reader(english), Cow::Borrowed)
}

/// Why the database is down.
fn database_reason(english: &str) -> Option<&'static str> {
    Some(match english {
        "The database does not answer." => t!("The database does not answer."),
        "There is no room left for the database." => t!("There is no room left for the database."),
        "The database may not be written to." => t!("The database may not be written to."),
        "The system reports errors when the database is read or written." => {
            t!("The system reports errors when the database is read or written.")
        }
        "The database file is damaged." => t!("The database file is damaged."),
        "There is no memory left for the database." => {
            t!("There is no memory left for the database.")
        }
        "Another program keeps the database locked." => {
            t!("Another program keeps the database locked.")
        }
        "Changes wait too long for their turn." => t!("Changes wait too long for their turn."),
        "The database file was moved, deleted or replaced while it was in use." => {
            t!("The database file was moved, deleted or replaced while it was in use.")
        }
        "The log of the database (-wal or -shm) was moved, deleted or replaced while it was in use." =>
        {
            t!(
                "The log of the database (-wal or -shm) was moved, deleted or replaced while it was in use."
            )
        }
        "The database server does not answer." => t!("The database server does not answer."),
        "The database server may only be read." => t!("The database server may only be read."),
        _ => return None,
    })
}

/// What that means, and what to do.
fn database_effect(english: &str) -> Option<&'static str> {
    Some(match english {
        "Nothing can be read or changed." => t!("Nothing can be read or changed."),
        "Nothing can be changed until there is room on the disk." => {
            t!("Nothing can be changed until there is room on the disk.")
        }
        "Nothing can be changed. Make the file, its directory and its file system writable." => {
            t!("Nothing can be changed. Make the file, its directory and its file system writable.")
        }
        "Some of it cannot be read or changed. Check the disk and the file system." => {
            t!("Some of it cannot be read or changed. Check the disk and the file system.")
        }
        "Some of it cannot be read or changed. Stop this server and restore a backup." => {
            t!("Some of it cannot be read or changed. Stop this server and restore a backup.")
        }
        "Some reads and changes fail." => t!("Some reads and changes fail."),
        "Nothing can be changed until the other program lets go of it." => {
            t!("Nothing can be changed until the other program lets go of it.")
        }
        "Some changes are refused." => t!("Some changes are refused."),
        "Nothing can be changed. Move the file back, or restart this server to use the file that is there now." =>
        {
            t!(
                "Nothing can be changed. Move the file back, or restart this server to use the file that is there now."
            )
        }
        "Nothing can be changed. Stop this server, which saves what it has, and start it again." => {
            t!(
                "Nothing can be changed. Stop this server, which saves what it has, and start it again."
            )
        }
        "Nothing can be read or changed until it does." => {
            t!("Nothing can be read or changed until it does.")
        }
        "Nothing can be changed. Name the primary, or wait until this one is promoted." => {
            t!("Nothing can be changed. Name the primary, or wait until this one is promoted.")
        }
        _ => return None,
    })
}

/// Why Redis is down, and what that means.
fn redis(english: &str) -> Option<&'static str> {
    Some(match english {
        "Redis has not been reached yet." => t!("Redis has not been reached yet."),
        "Redis cannot be reached." => t!("Redis cannot be reached."),
        "Redis has closed the connection." => t!("Redis has closed the connection."),
        "Redis does not answer in time." => t!("Redis does not answer in time."),
        "Redis refuses the user, the password or what they may do." => {
            t!("Redis refuses the user, the password or what they may do.")
        }
        "Redis is still loading its data." => t!("Redis is still loading its data."),
        "Redis takes no writes." => t!("Redis takes no writes."),
        "Redis has too few replicas to take writes." => {
            t!("Redis has too few replicas to take writes.")
        }
        "Redis takes no writes because it cannot save them." => {
            t!("Redis takes no writes because it cannot save them.")
        }
        "Redis is busy with a script that does not end." => {
            t!("Redis is busy with a script that does not end.")
        }
        "Redis has no memory left." => t!("Redis has no memory left."),
        "Redis is missing a part of its cluster." => t!("Redis is missing a part of its cluster."),
        "Redis does not answer as Redis does." => t!("Redis does not answer as Redis does."),
        "Redis refuses the token of its REST API." => {
            t!("Redis refuses the token of its REST API.")
        }
        "Redis takes no more requests for now: they are too many, or a quota is used up." => {
            t!("Redis takes no more requests for now: they are too many, or a quota is used up.")
        }
        "Redis cannot be used, because its REST API fails." => {
            t!("Redis cannot be used, because its REST API fails.")
        }
        "Redis is not at the URL of its REST API." => {
            t!("Redis is not at the URL of its REST API.")
        }
        "Redis answers, but the limiter's script fails on it." => {
            t!("Redis answers, but the limiter's script fails on it.")
        }
        "Limits hold for each instance of Kith by itself." => {
            t!("Limits hold for each instance of Kith by itself.")
        }
        "Limits hold for each instance of Kith by itself, and what is cached is not shared." => {
            t!("Limits hold for each instance of Kith by itself, and what is cached is not shared.")
        }
        _ => return None,
    })
}

/// What is wrong with all else: QStash, mails, the log, backups and the queue.
fn others(english: &str) -> Option<&'static str> {
    Some(match english {
        "Messages wait in the outbox and are published later." => {
            t!("Messages wait in the outbox and are published later.")
        }
        "Mails wait in the queue and are sent again." => {
            t!("Mails wait in the queue and are sent again.")
        }
        "Lines of the log are lost." => t!("Lines of the log are lost."),
        "Standard output does not take lines fast enough." => {
            t!("Standard output does not take lines fast enough.")
        }
        "The disk of the log is full." => t!("The disk of the log is full."),
        "Nobody reads standard output any more." => t!("Nobody reads standard output any more."),
        "Standard output cannot be written." => t!("Standard output cannot be written."),
        "The last backup is older than two intervals of backup.interval. The log says why there is no newer one." =>
        {
            t!(
                "The last backup is older than two intervals of backup.interval. The log says why there is no newer one."
            )
        }
        "There is no backup yet. If this does not change within minutes, the log says why." => {
            t!("There is no backup yet. If this does not change within minutes, the log says why.")
        }
        "The database was restored from a backup, so messages that were delivered after the backup was made are in the queue again." =>
        {
            t!(
                "The database was restored from a backup, so messages that were delivered after the backup was made are in the queue again."
            )
        }
        _ => return None,
    })
}
