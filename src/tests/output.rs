//! Kith goes on whatever happens to standard output and standard error.

use std::fs::File;
use std::fs::OpenOptions;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::process::Command;
use std::process::Stdio;

use kith::services::config::Config;
use kith::services::telemetry;
use reqwest::StatusCode;
use serde_json::Value;

use crate::process::Kith;
use crate::process::program;
use crate::process::with_settings;

fn full() -> File {
    let file = OpenOptions::new().write(true).open("/dev/full");
    file.expect("a device that is always full")
}

impl Kith {
    /// What `/readyz` says of the log.
    async fn log(&self) -> Value {
        let (status, ready) = self.readiness().await;
        assert_eq!(
            status,
            StatusCode::OK,
            "the log does not decide on readiness"
        );
        ready["log"].clone()
    }

    /// How many lines Prometheus is told are lost.
    async fn lost(&self) -> u64 {
        let text = self.text("/metrics").await;
        let mut lines = text.lines();
        let count = lines.find_map(|line| line.strip_prefix("kith_log_lines_lost_total "));
        count.expect("the metric").parse().expect("a number")
    }

    /// Creates contacts, which is logged, until the log's part has this state.
    async fn until_log_is(&mut self, state: &str) -> Value {
        loop {
            self.assert_alive();
            assert_eq!(self.create().await, StatusCode::CREATED);
            let log = self.log().await;
            if log["state"] == state {
                return log;
            }
        }
    }
}

#[tokio::test]
async fn kith_serves_while_its_output_is_full() {
    let mut kith = Kith::start(|data| {
        let mut command = program(data);
        command.stdout(full()).stderr(full());
        command
    })
    .await;
    let log = kith.until_log_is("down").await;
    assert_eq!(log["reason"], "The disk of the log is full.");
    assert_eq!(log["effect"], "Lines of the log are lost.");
    let since: jiff::Timestamp = log["since"]
        .as_str()
        .expect("a time")
        .parse()
        .expect("RFC 3339");
    assert!(since <= jiff::Timestamp::now());
    assert!(kith.lost().await > 0);
    assert!(kith.terminate().success());
}

#[tokio::test]
async fn kith_serves_after_the_reader_of_its_output_has_gone() {
    let mut kith = Kith::start(|data| {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = program(data);
        command
            .stdout(writer.try_clone().expect("a handle"))
            .stderr(writer);
        command
    })
    .await;
    let log = kith.until_log_is("down").await;
    assert_eq!(log["reason"], "Nobody reads standard output any more.");
    assert!(kith.lost().await > 0);
    assert!(kith.terminate().success());
}

#[tokio::test]
async fn kith_serves_without_a_reader_of_its_output_and_logs_afterwards_what_was_lost() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut kith = Kith::start(|data| {
        let mut command = program(data);
        command
            .env("RUST_LOG", "trace")
            .stdout(writer.try_clone().expect("a handle"))
            .stderr(writer);
        command
    })
    .await;
    let log = kith.until_log_is("down").await;
    assert_eq!(
        log["reason"],
        "Standard output does not take lines fast enough."
    );
    let lost = kith.lost().await;
    assert!(lost > 0);

    let (told, tell) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(reader).lines().map_while(Result::ok);
        let report = lines.find_map(|line| {
            let line: Value = serde_json::from_str(&line).expect("every line is whole");
            let message = line["message"].as_str()?;
            message
                .starts_with("lines of the log were lost")
                .then(|| line["lines"].as_u64())?
        });
        let _ = told.send(report);
        // The rest is read, so that the pipe never fills up again.
        lines.for_each(drop);
    });
    kith.until_log_is("up").await;
    let report = tell.recv().expect("the reader is there");
    assert!(report.expect("a report") >= lost);
    assert!(kith.terminate().success());
}

#[tokio::test]
async fn kith_serves_with_closed_descriptors() {
    let mut kith = Kith::start(|data| {
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", r#"exec "$0" >&- 2>&-"#])
            .arg(env!("CARGO_BIN_EXE_kith"));
        with_settings(shell, data)
    })
    .await;
    assert_eq!(kith.create().await, StatusCode::CREATED);
    assert!(kith.terminate().success());
}

#[tokio::test]
async fn the_last_line_is_written_before_the_end() {
    let mut kith = Kith::start(|data| {
        let mut command = program(data);
        command.stdout(Stdio::piped());
        command
    })
    .await;
    assert!(kith.terminate().success());
    let mut output = String::new();
    let mut pipe = kith.child.stdout.take().expect("its output");
    pipe.read_to_string(&mut output).expect("text");
    let last = output.lines().last().expect("a line");
    assert!(last.contains(r#""message":"stopped""#), "{last}");
}

#[tokio::test]
async fn an_old_name_in_the_configuration_is_warned_of_in_the_log() {
    let mut kith = Kith::start(|data| {
        let file = "[limits]\nui_limit = 7\n";
        std::fs::write(data.join("Leptos.toml"), file).expect("a configuration");
        let mut command = program(data);
        command.stdout(Stdio::piped());
        command
    })
    .await;
    assert!(kith.terminate().success());
    let mut output = String::new();
    let mut pipe = kith.child.stdout.take().expect("its output");
    pipe.read_to_string(&mut output).expect("text");
    let warning = output
        .lines()
        .find(|line| line.contains("`limits.ui_limit`"));
    let warning = warning.expect("a warning");
    assert!(warning.contains("WARN"), "{warning}");
    assert!(warning.contains("`limits.ui.limit`"), "{warning}");
}

#[test]
fn a_configuration_that_nobody_reads_to_the_end_is_printed_without_a_panic() {
    let data = tempfile::tempdir().expect("a directory");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let cut_off = program(data.path())
        .arg("--print-config")
        .stdout(writer)
        .output()
        .expect("the program runs");
    assert!(cut_off.status.success(), "{cut_off:?}");
    assert_eq!(String::from_utf8_lossy(&cut_off.stderr), "");

    let full = program(data.path())
        .arg("--print-config")
        .stdout(full())
        .output()
        .expect("the program runs");
    assert_eq!(full.status.code(), Some(1));
    let said = String::from_utf8_lossy(&full.stderr);
    assert!(
        said.starts_with("kith: cannot write to standard output: "),
        "{said}"
    );
}

#[test]
fn a_refusal_to_start_that_cannot_be_printed_has_its_exit_status() {
    let data = tempfile::tempdir().expect("a directory");
    let refused = program(data.path())
        .env("KITH_SERVER_ADDR", "0.0.0.0")
        .stderr(full())
        .status();
    assert_eq!(refused.expect("the program runs").code(), Some(78));

    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let refused = program(data.path())
        .env("KITH_SERVER_ADDR", address)
        .stdout(full())
        .stderr(full())
        .status();
    assert_eq!(refused.expect("the program runs").code(), Some(1));
    let file = data.path().join("file");
    std::fs::write(&file, "not a folder").expect("a file");
    let refused = program(data.path())
        .env("KITH_DATA_DIR", file)
        .stdout(full())
        .stderr(full())
        .status();
    assert_eq!(refused.expect("the program runs").code(), Some(1));
}

/// What the process of the next test says once it logs.
const LOGGING: &str = "logging";

/// The exit status with which it says that it has survived.
const SURVIVED: i32 = 42;

#[test]
fn a_panic_while_nobody_reads_the_output_ends_its_task_alone() {
    let (output, pipe) = std::io::pipe().expect("a pipe");
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "output::a_task_that_panics", "--ignored"])
        .arg("--nocapture")
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::piped())
        .stdout(pipe.try_clone().expect("a handle"))
        .stderr(pipe)
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(output).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains(LOGGING)));
    drop(lines);
    let mut go_on = child.stdin.take().expect("its input");
    go_on.write_all(b"\n").expect("it listens");
    let ended = child.wait().expect("the end");
    assert_eq!(ended.code(), Some(SURVIVED), "{ended:?}");
}

#[tokio::test]
#[ignore = "the test above runs it in a process of its own"]
async fn a_task_that_panics() {
    telemetry::start(&Config::default().log);
    println!("{LOGGING}");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("the word");
    let task = tokio::spawn(async { panic!("a defect") });
    assert!(task.await.is_err_and(|error| error.is_panic()));
    assert!(telemetry::lost_lines() > 0);
    std::process::exit(SURVIVED);
}
