//! The server: its start, its end, and what a test asks of it.

use std::fs;
use std::fs::File;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Duration;
use std::time::Instant;

use super::database::PostgresDatabase;
use super::directory::Directory;
use super::programs::Programs;
use crate::redis_server::free_port;

/// How long a server may take to start, and to stop.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The pause between two looks at a server that starts or ends.
const PAUSE: Duration = Duration::from_millis(10);

/// Makes the server log the statements of the current database, each with its first line, from the next connection on.
pub const LOG_STATEMENTS: &str = "DO $$ BEGIN
         EXECUTE format('ALTER DATABASE %I SET log_statement = %L', current_database(), 'all');
     END $$";

/// A PostgreSQL on a port of 127.0.0.1, with a data directory of its own. Its superuser `kith` needs no password.
pub struct PostgresServer {
    programs: Programs,
    directory: Directory,
    port: u16,
    options: Vec<String>,
    process: Child,
    /// How many databases it has made.
    databases: AtomicU32,
}

impl PostgresServer {
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// Starts it with more options, in the form of the command line, such as `&["-c", "fsync=off"]`.
    pub fn with(options: &[&str]) -> Self {
        let programs = Programs::find();
        let directory = Directory::new();
        make_cluster(&programs, &directory);
        let options: Vec<String> = options.iter().map(ToString::to_string).collect();
        Self::of(programs, directory, free_port(), options)
    }

    /// Starts a server with the data in this directory.
    fn of(programs: Programs, directory: Directory, port: u16, options: Vec<String>) -> Self {
        let mut server = Self {
            process: spawn(&programs, &directory, port, &options),
            programs,
            directory,
            port,
            options,
            databases: AtomicU32::new(0),
        };
        server.wait();
        server
    }

    /// The server that the tests of this process share. It runs until the process ends.
    ///
    /// It does not wait for the disk (`fsync=off`), because only a crash of the machine would lose what it has
    /// written, and keeps little of its log: all databases of a run have gigabytes as it is. A test that kills or
    /// pauses a server starts its own.
    pub fn shared() -> &'static Self {
        static SERVER: OnceLock<PostgresServer> = OnceLock::new();
        SERVER.get_or_init(|| Self::with(&["-c", "fsync=off", "-c", "max_wal_size=64MB"]))
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory of its Unix socket. Clients accept it in place of a host name.
    pub fn socket_directory(&self) -> &Path {
        self.directory.path()
    }

    /// The address of a database of this name, such as `postgres`, which each server has.
    pub fn url_of(&self, database: &str) -> String {
        format!("postgres://kith@127.0.0.1:{}/{database}", self.port)
    }

    /// Makes an empty database of 8 MB, which stays until the server ends. Dropping each would slow the next one
    /// down, because ext4 is slow to create files in the seconds after it has removed many.
    pub fn database(&self) -> PostgresDatabase {
        let number = self.databases.fetch_add(1, Ordering::Relaxed) + 1;
        let name = format!("kith_{number}");
        self.query(&format!("CREATE DATABASE {name} TEMPLATE template0"));
        PostgresDatabase::new(self.programs.clone(), self.url_of(&name))
    }

    /// Starts a copy of this server that follows it and may only be read, until it is [promoted](Self::promote).
    pub fn standby(&self) -> Self {
        self.standby_on(free_port())
    }

    /// The same on a port that a server which was killed has left.
    pub fn standby_on(&self, port: u16) -> Self {
        let directory = Directory::new();
        self.programs.give(directory.path());
        let copied = self
            .programs
            .server("pg_basebackup", directory.path())
            .args(["--dbname", &self.url_of("postgres"), "--pgdata"])
            .arg(directory.data())
            .args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync"])
            .output()
            .expect("pg_basebackup");
        assert!(
            copied.status.success(),
            "pg_basebackup: {}",
            String::from_utf8_lossy(&copied.stderr)
        );
        Self::of(self.programs.clone(), directory, port, self.options.clone())
    }

    /// Makes commits wait until a standby has them as well, from the next one on.
    pub fn wait_for_standby(&self) {
        self.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.query("SELECT pg_reload_conf()");
        let is_synchronous = || {
            let standbys = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
            self.query("SHOW synchronous_standby_names") == "*" && self.query(standbys) == "1"
        };
        self.wait_until("no standby follows", is_synchronous);
    }

    /// Writes a file in the directory of the server, which it alone may read. Returns its path.
    pub fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, content).expect("a file");
        let mode = Permissions::from_mode(0o600);
        fs::set_permissions(&path, mode).expect("its permissions");
        self.programs.give(&path);
        path
    }

    /// Lets clients read only, or write again.
    pub fn set_read_only(&self, is_read_only: bool) {
        self.query(&format!(
            "ALTER SYSTEM SET default_transaction_read_only = {is_read_only}"
        ));
        self.query("SELECT pg_reload_conf()");
        let expected = if is_read_only { "on" } else { "off" };
        let has_changed = || self.query("SHOW default_transaction_read_only") == expected;
        self.wait_until("it does not change", has_changed);
    }

    /// Makes a standby follow no server any more. It has what it has received.
    pub fn stop_following(&self) {
        self.query("ALTER SYSTEM SET primary_conninfo = ''");
        self.query("SELECT pg_reload_conf()");
        let has_stopped = || self.query("SELECT count(*) FROM pg_stat_wal_receiver") == "0";
        self.wait_until("it still follows", has_stopped);
    }

    /// Makes a standby a primary.
    pub fn promote(&self) {
        // A copy of a server that waits for a standby would wait as well.
        self.query("ALTER SYSTEM RESET synchronous_standby_names");
        self.query("SELECT pg_reload_conf()");
        assert_eq!(self.query("SELECT pg_promote(wait_seconds => 60)"), "t");
    }

    /// Waits until a standby has what this server has committed.
    pub fn wait_until_followed_by(&self, standby: &Self) {
        let position = self.query("SELECT pg_current_wal_lsn()");
        let has_all = format!("SELECT pg_last_wal_replay_lsn() >= '{position}'");
        self.wait_until("it does not follow", || standby.query(&has_all) == "t");
    }

    fn wait_until(&self, otherwise: &str, is_done: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_done() {
            let words = self.log();
            assert!(start.elapsed() < TIMEOUT, "{otherwise}\n{words}");
            sleep(PAUSE);
        }
    }

    /// What these statements answer in the database `postgres`, as [`PostgresDatabase::query`] shows it.
    pub fn query(&self, sql: &str) -> String {
        let answer = self.programs.query(&self.url_of("postgres"), sql);
        answer.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// A line of a shell that finds the tools of PostgreSQL.
    pub fn shell(&self, line: &str) -> Command {
        self.programs.shell(line)
    }

    /// Ends all its processes as a power cut would, except that the system still writes what they have written.
    pub fn kill(&mut self) {
        // The server is first, because it would begin to recover if a child ended before.
        self.process.kill().expect("a process to kill");
        self.process.wait().expect("its end");
        let start = Instant::now();
        loop {
            let children = self.processes();
            if children.is_empty() {
                return;
            }
            assert!(start.elapsed() < TIMEOUT, "{children:?} do not end");
            // A child that sees the end of the server ends by itself, and may be gone.
            send("-KILL", &children);
            sleep(PAUSE);
        }
    }

    /// Ends it in order: it rolls back what is open, closes the connections, and writes all to the disk.
    pub fn stop(&mut self) {
        assert!(send("-INT", &[self.process.id()]), "no server to stop");
        let start = Instant::now();
        while self.process.try_wait().expect("its state").is_none() {
            assert!(start.elapsed() < TIMEOUT, "{}", self.log());
            sleep(PAUSE);
        }
    }

    /// Starts it again after [`kill`](Self::kill) or [`stop`](Self::stop), on the same port, with its data.
    pub fn start_again(&mut self) {
        self.process = spawn(&self.programs, &self.directory, self.port, &self.options);
        self.wait();
    }

    /// Makes all its processes stop answering without closing a connection (`-STOP`), or go on (`-CONT`).
    pub fn signal(&self, signal: &str) {
        // The server is first, so that a paused one starts no child after the list is read.
        assert!(send(signal, &[self.process.id()]), "no server to signal");
        let mut children = self.processes();
        children.retain(|child| *child != self.process.id());
        if !children.is_empty() {
            // A child may end in between.
            send(signal, &children);
        }
    }

    /// Its processes. Each child has a process group of its own, but all work in the data directory.
    pub(super) fn processes(&self) -> Vec<u32> {
        let data = self.directory.data();
        let all = fs::read_dir("/proc").expect("the processes");
        all.flatten()
            .filter(|process| {
                // A process of another user, or one that has ended, shows no directory.
                fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == data)
            })
            .filter_map(|process| process.file_name().to_str()?.parse().ok())
            .collect()
    }

    /// Waits until it takes connections.
    fn wait(&mut self) {
        let start = Instant::now();
        while !self.is_ready() {
            let ended = self.process.try_wait().expect("its state");
            assert!(
                ended.is_none() && start.elapsed() < TIMEOUT,
                "PostgreSQL does not start on port {}\n{}",
                self.port,
                self.log()
            );
            sleep(PAUSE);
        }
    }

    /// Whether the server has written `ready`, or `standby`, into `postmaster.pid`, which `pg_ctl` reads as well. A connection says less,
    /// because the port is open before the data is recovered.
    fn is_ready(&self) -> bool {
        let file = self.directory.data().join("postmaster.pid");
        let text = fs::read_to_string(file).unwrap_or_default();
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        // The file of a server that was killed stays until the next has written its own.
        lines.first() == Some(&self.process.id().to_string().as_str())
            && matches!(lines.get(7), Some(&"ready" | &"standby"))
    }

    /// The statements that it has logged, from this length of the log on. See [`LOG_STATEMENTS`].
    pub fn statements(&self, from: usize) -> Vec<String> {
        let log = self.log();
        let logged = log[from..].lines().filter_map(|line| {
            let (_, entry) = line.split_once("LOG:  ")?;
            let (kind, text) = entry.split_once(": ")?;
            (kind == "statement" || kind.starts_with("execute ")).then(|| text.to_owned())
        });
        logged.collect()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        let log = self.directory.path().join("log");
        fs::read_to_string(log).unwrap_or_default()
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.directory.clean();
        let _ = self.process.wait();
    }
}

fn make_cluster(programs: &Programs, directory: &Directory) {
    programs.give(directory.path());
    let initdb = programs
        .server("initdb", directory.path())
        .arg("--pgdata")
        .arg(directory.data())
        .args(["--encoding=UTF8", "--locale=C", "--auth=trust"])
        // Only a crash of the machine would lose the files, and the test with them.
        .args(["--username=kith", "--no-sync", "--no-instructions"])
        .output()
        .expect("initdb");
    assert!(
        initdb.status.success(),
        "initdb: {}",
        String::from_utf8_lossy(&initdb.stderr)
    );
}

fn spawn(programs: &Programs, directory: &Directory, port: u16, options: &[String]) -> Child {
    let log = directory.path().join("log");
    let log = File::options().create(true).append(true).open(log);
    let sockets = format!("unix_socket_directories={}", directory.path().display());
    programs
        .server("postgres", directory.path())
        .arg("-D")
        .arg(directory.data())
        .args(["-p", &port.to_string(), "-c", &sockets])
        .args(["-c", "listen_addresses=127.0.0.1"])
        .args(["-c", "max_connections=200"])
        // In the data directory, where nothing of it outlives a server that was killed.
        .args(["-c", "dynamic_shared_memory_type=mmap"])
        .args(options)
        // A group of its own, which ^C in a terminal does not reach.
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log.expect("a log"))
        .spawn()
        .expect("postgres")
}

/// Sends a signal, and says whether each process received it.
fn send(signal: &str, processes: &[u32]) -> bool {
    let kill = Command::new("kill")
        .arg(signal)
        .args(processes.iter().map(ToString::to_string))
        .stderr(Stdio::null())
        .status();
    kill.expect("kill").success()
}
