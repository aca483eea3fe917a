//! The names of scheduled backups: `kith-`, the installation, the time in UTC. Only such names are ever deleted, so a
//! folder may have the backups of several installations, and files that people keep there.

use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// So many digits of the number tell installations apart.
const DIGITS: usize = 12;

/// As `strftime` and `strptime` take it. Names in order are times in order.
const FORMAT: &str = "%Y%m%dT%H%M%SZ";

const END: &str = ".db";

/// What a backup has behind its name until it is whole.
const PARTIAL: &str = ".partial";

/// The name of a backup that this installation makes at this time.
pub fn name(installation: &str, at: Timestamp) -> String {
    format!("{}{}{END}", start(installation), stamp(at))
}

/// A time in UTC that a name can hold.
pub fn stamp(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime(FORMAT).to_string()
}

fn start(installation: &str) -> String {
    format!("kith-{installation:.DIGITS$}-")
}

/// Whether the installation has given a file this name.
fn is_own(name: &str, installation: &str) -> bool {
    let time = name
        .strip_prefix(&start(installation))
        .and_then(|rest| rest.strip_suffix(END));
    time.is_some_and(|time| {
        DateTime::strptime(FORMAT, time).is_ok_and(|read| read.strftime(FORMAT).to_string() == time)
    })
}

/// Deletes the backups of this installation but the newest `keep`, and what it has left unfinished. Returns how many
/// backups it has deleted.
///
/// # Errors
/// Those of the system.
pub fn delete_old(folder: &Path, installation: &str, keep: usize) -> io::Result<usize> {
    let mut own = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        match name.strip_suffix(PARTIAL) {
            Some(whole) if is_own(whole, installation) => fs::remove_file(entry.path())?,
            None if is_own(&name, installation) => own.push(name),
            _ => {}
        }
    }
    own.sort_unstable();
    let old = own.len().saturating_sub(keep);
    for name in &own[..old] {
        fs::remove_file(folder.join(name))?;
    }
    Ok(old)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_name_has_the_installation_and_the_time() {
        let at: Timestamp = "2026-11-27T02:03:04.5Z".parse().expect("a time");
        let name = name(ID, at);
        assert_eq!(name, "kith-0123456789ab-20261127T020304Z.db");
        assert!(is_own(&name, ID));
        assert!(!is_own(&name, "ffffffffffff0123456789abcdef0123"));
    }

    #[test]
    fn only_own_backups_are_deleted_and_the_oldest_first() {
        let folder = tempfile::tempdir().expect("a directory");
        let own = |day| format!("kith-0123456789ab-202611{day}T020304Z.db");
        let others = [
            "kith-ffffffffffff-20201127T020304Z.db",
            "kith-ffffffffffff-20201127T020304Z.db.partial",
            "kith-0123456789ab-20201127T020304Z-before-update.db",
            "kith-0123456789ab-20201127T020304Z.db.gz",
            "kith-0123456789ab-20201327T020304Z.db",
            "kith-0123456789ab-.db",
            "kith.db",
            "notes.txt",
        ];
        let unfinished = format!("{}.partial", own(24));
        for name in [own(25), own(24), own(27), own(26), unfinished] {
            fs::write(folder.path().join(name), "").expect("there is room");
        }
        for name in others {
            fs::write(folder.path().join(name), "").expect("there is room");
        }
        let deleted = delete_old(folder.path(), ID, 2).expect("mine");
        assert_eq!(deleted, 2);
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .expect("mine")
            .map(|entry| {
                entry
                    .expect("mine")
                    .file_name()
                    .into_string()
                    .expect("text")
            })
            .collect();
        left.sort();
        let mut expected: Vec<_> = others.map(str::to_owned).into();
        expected.extend([own(26), own(27)]);
        expected.sort();
        assert_eq!(left, expected);
    }
}
