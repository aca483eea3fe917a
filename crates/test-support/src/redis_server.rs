//! A real Redis, started by the test that needs it and stopped with it.

use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::net::Shutdown;
use std::net::TcpListener;
use std::net::TcpStream;
use std::ops::Range;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

/// A `redis-server` on a port of its own that keeps nothing on disk.
pub struct RedisServer {
    port: u16,
    options: Vec<String>,
    /// What it asks of clients, if it asks.
    password: Option<String>,
    process: Child,
    directory: TempDir,
}

impl RedisServer {
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// Starts it with more options, in the form of the command line.
    pub fn with(options: &[&str]) -> Self {
        let port = free_port();
        let directory = tempfile::tempdir().expect("a directory");
        let options: Vec<String> = options.iter().map(ToString::to_string).collect();
        let server = Self {
            port,
            process: spawn(port, &options, &directory),
            password: options
                .iter()
                .position(|option| option == "--requirepass")
                .map(|at| options[at + 1].clone()),
            options,
            directory,
        };
        server.wait();
        server
    }

    /// Starts a Sentinel that watches `primary` under the name `kith`, alone, and gives it up
    /// after half a second.
    pub fn sentinel_of(primary: &Self) -> Self {
        Self::sentinel_with(primary, None)
    }

    /// The same, with a password of its own.
    pub fn sentinel_with(primary: &Self, password: Option<&str>) -> Self {
        let port = free_port();
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("sentinel.conf");
        let asks = password.map(|password| format!("requirepass {password}\n"));
        let knows = primary.password.as_ref();
        let knows = knows.map(|password| format!("sentinel auth-pass kith {password}\n"));
        let text = format!(
            "sentinel monitor kith 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds kith 500\n\
             sentinel failover-timeout kith 2000\n{}{}",
            primary.port,
            knows.unwrap_or_default(),
            asks.unwrap_or_default(),
        );
        std::fs::write(&file, text).expect("a configuration");
        let process = Command::new("redis-server")
            .arg(file)
            .args(["--sentinel", "--bind", "127.0.0.1"])
            .args(["--port", &port.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server; `cargo xtask setup` installs it");
        let server = Self {
            port,
            options: Vec::new(),
            password: password.map(str::to_owned),
            process,
            directory,
        };
        server.wait();
        server
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.process.kill().expect("a process to kill");
        self.process.wait().expect("its end");
    }

    /// Starts it again after [`kill`](Self::kill), with nothing in it.
    pub fn start_again(&mut self) {
        self.process = spawn(self.port, &self.options, &self.directory);
        self.wait();
    }

    /// Makes it stop answering without closing a connection, or go on.
    pub fn signal(&self, signal: &str) {
        let kill = Command::new("kill")
            .args([signal, &self.process.id().to_string()])
            .status();
        assert!(kill.expect("kill").success());
    }

    /// The answer to a command without arguments that hold blanks, as `redis-cli` would show it raw.
    pub fn command(&self, line: &str) -> String {
        let answer = match self.try_command(line) {
            // A Sentinel closes all connections to a replica that takes over.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => self.try_command(line),
            answer => answer,
        };
        answer.expect("an answer of Redis")
    }

    fn try_command(&self, line: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        if let Some(password) = &self.password {
            write!(stream, "AUTH {password}\r\n")?;
        }
        write!(stream, "{line}\r\n")?;
        // Redis then closes the connection after its answer, which so ends where reading ends.
        stream.shutdown(Shutdown::Write)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        if self.password.is_some() {
            answer = answer.replacen("+OK\r\n", "", 1);
        }
        Ok(answer)
    }

    fn wait(&self) {
        for _ in 0..500 {
            if self
                .try_command("PING")
                .is_ok_and(|answer| answer.starts_with("+PONG"))
            {
                return;
            }
            sleep(Duration::from_millis(10));
        }
        panic!("redis-server does not answer on port {}", self.port);
    }
}

/// Systems give the ports above to sockets that ask for any, and Redis Cluster takes the ports ten thousand further on as
/// well.
const FREE_PORTS: Range<u16> = 11_000..21_000;

/// A port that nothing listens on, and that this process has not given out before: the server that gets it takes a moment
/// to listen.
pub fn free_port() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    // Two processes that test at the same time begin at different places.
    let begin = std::process::id().wrapping_mul(397);
    loop {
        let next =
            begin.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % FREE_PORTS.len() as u32;
        let port = FREE_PORTS.start + u16::try_from(next).expect("a port");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn spawn(port: u16, options: &[String], directory: &TempDir) -> Child {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(directory.path())
        .args(options)
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server; `cargo xtask setup` installs it")
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
