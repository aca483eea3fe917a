//! A real Redis, started by the test that needs it and stopped with it.

use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

/// A `redis-server` on a port of its own that keeps nothing on disk.
pub struct RedisServer {
    port: u16,
    /// 0 for one that is in no cluster.
    bus_port: u16,
    process: Child,
    directory: TempDir,
}

impl RedisServer {
    pub fn start() -> Self {
        Self::with(0)
    }

    /// Starts a node that others can meet.
    pub fn start_in_cluster() -> Self {
        Self::with(free_port())
    }

    fn with(bus_port: u16) -> Self {
        let port = free_port();
        let directory = tempfile::tempdir().expect("a directory");
        let server = Self {
            port,
            bus_port,
            process: spawn(port, bus_port, &directory),
            directory,
        };
        server.wait();
        server
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the nodes of a cluster talk to this one.
    pub fn bus_port(&self) -> u16 {
        self.bus_port
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
        self.process = spawn(self.port, self.bus_port, &self.directory);
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
        self.try_command(line).expect("an answer of Redis")
    }

    fn try_command(&self, line: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        // QUIT closes the connection after the answer, which so ends where reading ends.
        write!(stream, "{line}\r\nQUIT\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
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

fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    socket.local_addr().expect("the address of the port").port()
}

fn spawn(port: u16, bus_port: u16, directory: &TempDir) -> Child {
    let mut command = Command::new("redis-server");
    command
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .args(["--save", "", "--appendonly", "no", "--dir"])
        .arg(directory.path())
        .stdout(Stdio::null());
    if bus_port != 0 {
        command.args([
            "--cluster-enabled",
            "yes",
            "--cluster-port",
            &bus_port.to_string(),
        ]);
    }
    command
        .spawn()
        .expect("redis-server; `cargo xtask setup` installs it")
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
