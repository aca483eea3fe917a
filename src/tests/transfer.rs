//! `kith move`, by the real program.

use std::num::NonZeroU32;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use kith::services::database;
use kith_database::Database;
use kith_database::Tx;
use kith_database::query;
use kith_test_support::postgres_server::PostgresDatabase;
use kith_test_support::postgres_server::PostgresServer;
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

use crate::mail_server::MailServer;
use crate::process::Terminal;
use crate::process::program;
use crate::process::start;

/// How long something may take that takes less than a second when all is well.
const PATIENCE: Duration = Duration::from_secs(30);

fn move_command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = program(data);
    command
        .arg("move")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Whether the program has succeeded, and what it has said.
fn outcome(output: &Output) -> (bool, String) {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), text)
}

fn run(mut command: Command) -> (bool, String) {
    outcome(&command.output().expect("the program starts"))
}

async fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kith_goes_on_with_the_database_that_its_data_was_moved_to() {
    kith_runtime::install_crypto_provider();
    let (data, mail) = (
        tempfile::tempdir().expect("a directory"),
        MailServer::start().await,
    );
    let target = PostgresServer::shared().database();
    let mut kith = start(
        data.path(),
        &[("SMTP_URL", &mail.url), ("KITH_WELCOME_DELAY", "1h")],
    )
    .await;
    assert_eq!(kith.create().await, StatusCode::CREATED);
    kith.terminate();

    let mut command = move_command(data.path(), &["--to", target.url()]);
    command.env("KITH_MOVE_PASSWORD", "s3cret");
    let (moved, said) = run(command);
    assert!(moved, "{said}");
    assert!(said.contains("copied contacts: 1 row\n"), "{said}");
    let next = format!("All data is in {} now.\nSet DATABASE_URL", target.url());
    assert!(said.contains(&next) && !said.contains("s3cret"), "{said}");
    let (started, said) = run(program(data.path()));
    assert!(!started);
    assert!(
        said.contains(&format!("was moved to {}", target.url())),
        "{said}"
    );

    target.query("UPDATE messages SET due_at = 0 WHERE state = 'created'");
    let settings = [
        ("SMTP_URL", mail.url.as_str()),
        ("DATABASE_URL", target.url()),
    ];
    let kith = start(data.path(), &settings).await;
    let delivered = "SELECT count(*) FROM messages WHERE state = 'delivered'
                     AND destination = '/api/webhooks/welcome-email'";
    wait_until("the welcome email is sent", || {
        target.query(delivered) == "1"
    })
    .await;
    assert_eq!(mail.mails().len(), 1, "it is sent once");
    assert_eq!(kith.create().await, StatusCode::CREATED);
    for path in ["/api/contacts", "/api/contacts?q=ada"] {
        let found: Value = serde_json::from_str(&kith.text(path).await).expect("JSON");
        assert_eq!(found["total"], 2, "{path}");
    }
}

/// A move that waits at its target until a lock is released.
struct Halted {
    data: TempDir,
    target: PostgresDatabase,
    opened: Database,
    gate: Tx,
    process: Child,
}

impl Halted {
    /// Starts a move of a contact and a mail, and waits until it has written to some tables.
    async fn new() -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let mut kith = start(data.path(), &[]).await;
        assert_eq!(kith.create().await, StatusCode::CREATED);
        kith.terminate();
        let target = PostgresServer::shared().database();
        let url: database::DatabaseUrl = target.url().parse().expect("an address");
        let opened = database::open(url, NonZeroU32::MIN)
            .await
            .expect("it opens");
        target.query(
            "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$;
             CREATE TRIGGER wait BEFORE INSERT ON schedules FOR EACH ROW EXECUTE FUNCTION wait()",
        );
        let mut gate = opened.write().await.expect("it is open");
        let lock = query("SELECT pg_advisory_xact_lock(1)").execute(&mut gate);
        lock.await.expect("it is free");
        let process = move_command(data.path(), &["--to", target.url()]);
        let process = { process }.spawn().expect("the program starts");
        let halted = Self {
            data,
            target,
            opened,
            gate,
            process,
        };
        halted.wait_for("INSERT INTO \"schedules\"%").await;
        halted
    }

    /// Waits until a session waits for a lock in such a statement.
    async fn wait_for(&self, statement: &str) {
        let waiting = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                 AND wait_event_type = 'Lock' AND query LIKE '{statement}'"
        );
        wait_until(statement, || self.target.query(&waiting) == "1").await;
    }

    /// Lets what is left of the transaction go on.
    async fn release(self) -> (TempDir, PostgresDatabase, Child) {
        self.gate.commit().await.expect("the server is there");
        self.opened.close().await;
        (self.data, self.target, self.process)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_is_killed_half_way_is_called_off_or_finished() {
    let mut halted = Halted::new().await;
    halted.process.kill().expect("SIGKILL");
    halted.process.wait().expect("its end");
    let (data, target, _) = halted.release().await;

    let (started, said) = run(program(data.path()));
    assert!(!started && said.contains("kith move --abandon"), "{said}");
    let (called_off, said) = run(move_command(data.path(), &["--abandon"]));
    assert!(called_off && said.contains("as before"), "{said}");
    for table in ["contacts", "messages", "settings", "schedules"] {
        assert_eq!(
            target.query(&format!("SELECT count(*) FROM {table}")),
            "0",
            "{table}"
        );
    }
    let mut kith = start(data.path(), &[]).await;
    assert_eq!(kith.create().await, StatusCode::CREATED);
    kith.terminate();
    let (moved, said) = run(move_command(data.path(), &["--to", target.url()]));
    assert!(moved, "{said}");
    assert_eq!(target.query("SELECT count(*) FROM contacts"), "2");
    assert!(
        said.contains("They stay in"),
        "the mails are mentioned: {said}"
    );
    let (again, said) = run(move_command(data.path(), &["--abandon"]));
    assert!(!again && said.contains("was moved to"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_is_interrupted_opens_the_source_again() {
    let halted = Halted::new().await;
    let kill = Command::new("kill")
        .args(["-INT", &halted.process.id().to_string()])
        .status();
    assert!(kill.expect("kill").success());
    // The move calls itself off as soon as what it has written is undone.
    halted.wait_for("LOCK TABLE%").await;
    let (data, target, process) = halted.release().await;
    let (moved, said) = outcome(&process.wait_with_output().expect("its end"));
    assert!(
        !moved && said.contains("interrupted. Nothing has changed"),
        "{said}"
    );
    assert_eq!(target.query("SELECT count(*) FROM contacts"), "0");
    let kith = start(data.path(), &[]).await;
    assert_eq!(kith.create().await, StatusCode::CREATED);
}

#[tokio::test]
async fn an_exported_password_of_a_move_does_not_keep_kith_from_starting() {
    let data = tempfile::tempdir().expect("a directory");
    let kith = start(data.path(), &[("KITH_MOVE_PASSWORD", "s3cret")]).await;
    assert_eq!(kith.create().await, StatusCode::CREATED);
}

#[test]
fn arguments_of_a_move_that_cannot_be_used_are_explained() {
    let data = tempfile::tempdir().expect("a directory");
    for (arguments, expected) in [
        (
            &["--to", "postgres://kith:s3cret@127.0.0.1:1/kith"][..],
            "KITH_MOVE_PASSWORD",
        ),
        (&["--to", "kith.db"], "--to takes the address"),
        (
            &["--to", "postgres://kith@127.0.0.1:1/kith"],
            "--to names: nothing answers",
        ),
        (&["--abandon"], "no move to call off"),
        (&[], "--to <URL>"),
        (
            &["--to", "sqlite:///x.db", "--abandon"],
            "cannot be used with",
        ),
    ] {
        let (moved, said) = run(move_command(data.path(), arguments));
        assert!(!moved && said.contains(expected), "{arguments:?}: {said}");
        assert!(!said.contains("s3cret"), "{said}");
    }
}

#[test]
fn a_password_is_asked_for_at_a_terminal_and_not_shown() {
    let data = tempfile::tempdir().expect("a directory");
    let target = PostgresServer::shared().database();
    let mut terminal = Terminal::open(data.path(), &format!("move --to {}", target.url()));
    terminal.answer("takes none): ", "s3cret");
    let (status, shown) = terminal.finish();
    assert!(
        status.success() && shown.contains("All data is in"),
        "{shown}"
    );
    assert!(!shown.contains("s3cret"), "{shown}");
}
