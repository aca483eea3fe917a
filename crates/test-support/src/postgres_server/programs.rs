//! The programs of PostgreSQL, and the user that they run as.

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

/// Where Debian keeps each release, in a directory of its own, outside of the path.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The user that Debian's packages create.
const USER: &str = "postgres";

/// The programs of one release.
#[derive(Clone)]
pub(super) struct Programs {
    directory: PathBuf,
}

impl Programs {
    /// Finds them on the path, or the newest that Debian has installed.
    pub(super) fn find() -> Self {
        let path = env::var_os("PATH").unwrap_or_default();
        let on_path = env::split_paths(&path).map(|directory| directory.join("initdb"));
        let initdb = on_path
            .chain(debian())
            .find_map(|initdb| initdb.canonicalize().ok())
            .expect("initdb of PostgreSQL; `cargo xtask setup` installs it");
        let directory = initdb.parent().expect("its directory").to_owned();
        Self { directory }
    }

    /// A program that works on the files of a server, in `directory`.
    pub(super) fn server(&self, name: &str, directory: &Path) -> Command {
        as_user(&self.directory.join(name), directory)
    }

    /// A program beside the server, in `directory`. `None` where it is not installed.
    pub(super) fn beside(name: &str, directory: &Path) -> Option<Command> {
        let path = env::var_os("PATH").unwrap_or_default();
        let on_path = env::split_paths(&path).map(|directory| directory.join(name));
        // Where Debian keeps programs that only root starts, usually.
        let of_root = Path::new("/usr/sbin").join(name);
        let mut found = on_path.chain([of_root]).filter(|program| program.is_file());
        Some(as_user(&found.next()?, directory))
    }

    /// Gives a file or a directory to the user that the server runs as.
    pub(super) fn give(&self, path: &Path) {
        if is_root() {
            let chown = Command::new("chown").arg(USER).arg(path).status();
            assert!(
                chown.expect("chown").success(),
                "there is no user {USER}; `cargo xtask setup` installs PostgreSQL"
            );
        }
    }

    /// A line of a shell that finds the programs of this release first.
    pub(super) fn shell(&self, line: &str) -> Command {
        let path = env::var_os("PATH").unwrap_or_default();
        let path = [self.directory.clone()]
            .into_iter()
            .chain(env::split_paths(&path));
        let mut shell = Command::new("sh");
        shell
            .args(["-c", line])
            .env("PATH", env::join_paths(path).expect("paths"));
        shell
    }

    /// What psql prints for these statements: a line for each row, with `|` between the columns. The error is
    /// what psql says of it.
    pub(super) fn query(&self, url: &str, sql: &str) -> Result<String, String> {
        // Debian's psql on the path is a script in Perl, which takes four times as long.
        let beside = self.directory.join("psql");
        let psql = if beside.exists() {
            beside
        } else {
            PathBuf::from("psql")
        };
        let output = Command::new(psql)
            .args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"])
            .args(["--set", "ON_ERROR_STOP=1", "--command", sql, url])
            .env("PGCONNECT_TIMEOUT", "30")
            .output()
            .expect("psql; `cargo xtask setup` installs it");
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        }
    }
}

/// A program that runs as the user of the server, in `directory`.
fn as_user(program: &Path, directory: &Path) -> Command {
    let mut command = if is_root() {
        // It replaces itself by the program, which so has the process that the caller sees.
        let mut setpriv = Command::new("setpriv");
        setpriv
            .args(["--reuid", USER, "--regid", USER, "--clear-groups"])
            .arg(program);
        setpriv
    } else {
        Command::new(program)
    };
    command.current_dir(directory);
    command
}

/// The programs named `initdb` of Debian's packages, from the newest release.
fn debian() -> Vec<PathBuf> {
    let releases = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let mut releases: Vec<u32> = releases
        .filter_map(|release| release.file_name().to_str()?.parse().ok())
        .collect();
    releases.sort_unstable_by(|left, right| right.cmp(left));
    let initdb = |release| Path::new(DEBIAN).join(format!("{release}/bin/initdb"));
    releases.into_iter().map(initdb).collect()
}

fn is_root() -> bool {
    let this = fs::metadata("/proc/self").expect("this process in /proc");
    this.uid() == 0
}
