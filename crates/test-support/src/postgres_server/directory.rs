//! The directory of a server, which is removed with the server when this process ends.

use std::fs;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

/// A directory with a process beside it that cleans up.
///
/// That process is necessary because statics are not dropped and a test may be killed. A signal at the death of
/// the parent (`PR_SET_PDEATHSIG`) does not do: Linux sends it when the thread ends that started the child, and
/// each test has a thread of its own.
pub(super) struct Directory {
    path: PathBuf,
    /// Locked as long as this process uses the directory.
    lock: Option<File>,
    cleaner: Child,
}

impl Directory {
    pub(super) fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("kith-postgres-").tempdir();
        let path = directory.expect("a directory").keep();
        let path = path.canonicalize().expect("its absolute path");
        // The file has its name only once it is locked, so that no cleaner finds it free.
        let new = path.join("lock.new");
        let lock = File::create(&new).expect("a file");
        lock.lock().expect("a lock");
        fs::rename(new, path.join("lock")).expect("a name");
        let cleaner = Command::new("sh")
            .args(["-c", include_str!("clean.sh"), "clean.sh"])
            .arg(&path)
            .current_dir("/")
            // A group of its own, which ^C in a terminal does not reach.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh");
        Self {
            path,
            lock: Some(lock),
            cleaner,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where PostgreSQL keeps its data.
    pub(super) fn data(&self) -> PathBuf {
        self.path.join("data")
    }

    /// Ends the server, removes the directory, and waits until both are done.
    pub(super) fn clean(&mut self) {
        self.lock = None;
        let _ = self.cleaner.wait();
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        self.clean();
    }
}
