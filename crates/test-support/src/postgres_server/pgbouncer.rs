//! `PgBouncer` between clients and a server, which gives a connection to a client for one transaction at a time.

use std::fs;
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::process::Child;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;
use std::time::Instant;

use super::PostgresDatabase;
use super::PostgresServer;
use super::directory::Directory;
use super::programs::Programs;
use crate::redis_server::free_port;

/// How long it may take to start.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(10);

/// A pooler in the mode `transaction`, with three connections to each database.
pub struct PgBouncer {
    directory: Directory,
    port: u16,
    process: Child,
}

impl PgBouncer {
    pub fn start(server: &PostgresServer) -> Self {
        let (programs, directory, port) = (Programs::find(), Directory::new(), free_port());
        let path = directory.path();
        let users = path.join("users");
        fs::write(&users, "\"kith\" \"\"\n").expect("a file");
        let settings = path.join("settings");
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {}\n\
             pool_mode = transaction\ndefault_pool_size = 3\nmax_client_conn = 500\nserver_login_retry = 1\nserver_idle_timeout = 2\n",
            server.port(),
            users.display()
        );
        fs::write(&settings, text).expect("a file");
        for file in [path, &users, &settings] {
            programs.give(file);
        }
        let command = Programs::beside("pgbouncer", path);
        let process = command
            .expect("pgbouncer; `cargo xtask setup` installs it")
            .arg("--quiet")
            .arg(&settings)
            // A group of its own, which ^C in a terminal does not reach.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pgbouncer");
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < TIMEOUT, "pgbouncer does not start");
            sleep(PAUSE);
        }
        Self {
            directory,
            port,
            process,
        }
    }

    /// The address of a database through the pooler, for clients that prepare no statements.
    pub fn url(&self, database: &PostgresDatabase) -> String {
        let name = database.query("SELECT current_database()");
        let port = self.port;
        format!("postgres://kith@127.0.0.1:{port}/{name}?statement-cache-capacity=0")
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        self.directory.clean();
        let _ = self.process.wait();
    }
}
