//! The real program in a process of its own.

use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::process::Child;
use std::process::ChildStdin;
use std::process::ChildStdout;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use kith_test_support::redis_server::free_port;
use reqwest::Client;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

/// How long an answer may take before Kith counts as hanging. It is never waited for when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// The real program, whose output goes where the test says. Dropping it kills it.
pub struct Kith {
    pub child: Child,
    pub origin: String,
    pub client: Client,
    _data: TempDir,
}

/// The program with a folder of its own for everything.
pub fn program(data: &Path) -> Command {
    with_settings(Command::new(env!("CARGO_BIN_EXE_kith")), data)
}

pub fn with_settings(mut command: Command, data: &Path) -> Command {
    command
        .env_clear()
        .env("KITH_DATA_DIR", data)
        .env("KITH_SERVER_ADDR", "127.0.0.1:0")
        .env("KITH_LIMITS_API_LIMIT", "1000000")
        .env("KITH_WELCOME_DELAY", "1ms")
        .current_dir(data);
    command
}

/// Starts Kith with the file in this folder, or with a server that the settings name.
pub async fn start(data: &Path, settings: &[(&str, &str)]) -> Kith {
    Kith::start(|_| {
        let mut program = program(data);
        program.envs(settings.iter().copied()).stdout(Stdio::null());
        program
    })
    .await
}

/// The real program at a terminal.
pub struct Terminal {
    script: Child,
    input: ChildStdin,
    output: ChildStdout,
    shown: String,
}

impl Terminal {
    /// Runs the program with these arguments.
    pub fn open(data: &Path, arguments: &str) -> Self {
        let command = format!("{} {arguments}", env!("CARGO_BIN_EXE_kith"));
        let mut script = Command::new("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("KITH_DATA_DIR", data)
            .current_dir(data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script, which is part of util-linux");
        Self {
            input: script.stdin.take().expect("its input"),
            output: script.stdout.take().expect("its output"),
            shown: String::new(),
            script,
        }
    }

    /// Waits for a question, and types the answer once the terminal hides it.
    pub fn answer(&mut self, question: &str, typed: &str) {
        let mut byte = [0];
        while !self.shown.ends_with(question) {
            self.output.read_exact(&mut byte).expect("a question");
            self.shown.push(byte[0].into());
        }
        wait_until_hidden(self.script.id());
        writeln!(self.input, "{typed}").expect("it reads");
    }

    /// How the program ends, and all that the terminal has shown.
    pub fn finish(mut self) -> (ExitStatus, String) {
        let rest = self.output.read_to_string(&mut self.shown);
        rest.expect("text");
        let status = self.script.wait().expect("its end");
        (status, self.shown)
    }
}

/// Waits until the terminal of `script` does not show what is typed. The question comes just before that.
fn wait_until_hidden(script: u32) {
    let children = format!("/proc/{script}/task/{script}/children");
    let children = std::fs::read_to_string(children).expect("its children");
    let child = children.split_whitespace().next().expect("a child");
    let terminal = std::fs::read_link(format!("/proc/{child}/fd/0")).expect("a terminal");
    let start = Instant::now();
    loop {
        let state = Command::new("stty")
            .arg("-F")
            .arg(&terminal)
            .arg("-a")
            .output();
        let state = String::from_utf8(state.expect("stty").stdout).expect("text");
        if state.split_whitespace().any(|word| word == "-echo") {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{state}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

impl Kith {
    /// Starts it as `set_up` says, and waits until it answers.
    pub async fn start(set_up: impl FnOnce(&Path) -> Command) -> Self {
        kith_runtime::install_crypto_provider();
        let data = tempfile::tempdir().expect("a directory");
        let port = free_port();
        let address = format!("127.0.0.1:{port}");
        let child = set_up(data.path())
            .env("KITH_SERVER_ADDR", &address)
            .stdin(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut kith = Self {
            child,
            origin: format!("http://{address}"),
            client: Client::builder()
                .timeout(PATIENCE)
                .build()
                .expect("a client"),
            _data: data,
        };
        let healthz = format!("{}/healthz", kith.origin);
        while kith.client.get(&healthz).send().await.is_err() {
            kith.assert_alive();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        kith
    }

    pub fn assert_alive(&mut self) {
        let ended = self.child.try_wait().expect("its state");
        assert_eq!(ended, None, "the program has ended");
    }

    /// The status of an answer to a request for a new contact.
    pub async fn create(&self) -> StatusCode {
        let body = json!({"name": "Ada", "email": "ada@example.com"});
        let request = self.client.post(format!("{}/api/contacts", self.origin));
        let response = request.json(&body).send().await.expect("an answer");
        response.status()
    }

    pub async fn text(&self, path: &str) -> String {
        let request = self.client.get(format!("{}{path}", self.origin));
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.text().await.expect("a body")
    }

    /// What `/readyz` says, and its status.
    pub async fn readiness(&self) -> (StatusCode, Value) {
        let request = self.client.get(format!("{}/readyz", self.origin));
        let response = request.send().await.expect("an answer");
        (response.status(), response.json().await.expect("JSON"))
    }

    pub fn terminate(&mut self) -> ExitStatus {
        let kill = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(kill.expect("kill").success());
        self.child.wait().expect("the end")
    }
}

impl Drop for Kith {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
