//! `kith backup` and `kith restore`, by the real program.

use std::fs;
use std::num::NonZeroU32;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use kith::services::database;
use kith_database::Sql;
use kith_database::query;
use kith_database::sqlite_file::Lock;
use kith_test_support::postgres_server::PostgresServer;
use reqwest::Response;
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

use crate::html::Page;
use crate::mail_server::MailServer;
use crate::process::Kith;
use crate::process::program;
use crate::process::start;

/// How long something may take that takes less than a second when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

fn command(data: &Path, name: &str, file: &Path) -> Command {
    let mut command = program(data);
    command
        .arg(name)
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Whether the command has succeeded, and what it has said.
fn run(data: &Path, name: &str, file: &Path) -> (bool, String) {
    let output = command(data, name, file).output();
    let output = output.expect("the program starts");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), text)
}

/// Runs the command and kills it after so long.
fn run_and_kill(data: &Path, name: &str, file: &Path, after: Duration) {
    let mut process = command(data, name, file);
    let mut process = process.spawn().expect("the program starts");
    std::thread::sleep(after);
    process.kill().expect("SIGKILL");
    process.wait().expect("its end");
}

/// The answer to a form of the queue.
async fn act(kith: &Kith, action: &str) -> Response {
    let form = kith.client.post(format!("{}/dashboard/queue", kith.origin));
    let form = form
        .header("origin", &kith.origin)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("do={action}"));
    form.send().await.expect("an answer")
}

/// Waits until a message in the queue has been due for so many seconds.
async fn until_due_for(kith: &Kith, seconds: f64) {
    let start = Instant::now();
    loop {
        let metrics = kith.text("/metrics").await;
        let lag = metrics
            .lines()
            .find_map(|line| line.strip_prefix("kith_shared_queue_lag_seconds "));
        let lag: f64 = lag.expect("a lag").parse().expect("a number");
        if lag >= seconds {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "{lag}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn contacts(kith: &Kith) -> u64 {
    let found: Value = serde_json::from_str(&kith.text("/api/contacts").await).expect("JSON");
    found["total"].as_u64().expect("a number")
}

fn folders() -> (TempDir, TempDir) {
    let folder = || tempfile::tempdir().expect("a directory");
    (folder(), folder())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_old_mail_is_sent_again_after_a_restore_until_an_admin_resumes_the_queue() {
    let (data, elsewhere) = folders();
    let mail = MailServer::start().await;
    let backup = elsewhere.path().join("kith.db");
    let settings = [
        ("SMTP_URL", mail.url.as_str()),
        ("KITH_WELCOME_DELAY", "2s"),
        ("KITH_LIMITS_DASHBOARD_LIMIT", "1000000"),
    ];
    let mut kith = start(data.path(), &settings).await;
    assert_eq!(kith.create().await, StatusCode::CREATED);
    let (made, said) = run(data.path(), "backup", &backup);
    assert!(made && said.contains("The backup is in"), "{said}");
    let start_of_wait = Instant::now();
    while mail.mails().is_empty() {
        assert!(start_of_wait.elapsed() < PATIENCE, "no mail");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(kith.create().await, StatusCode::CREATED);
    let page = Page::parse(kith.text("/dashboard").await);
    let last = page.text_of_id("system-backup");
    assert!(last.contains("in kith.db."), "{last}");

    let (restored, said) = run(data.path(), "restore", &backup);
    assert!(!restored && said.contains("stop every Kith"), "{said}");
    kith.terminate();
    let before = mail.mails().len();
    let (restored, said) = run(data.path(), "restore", &backup);
    assert!(restored && said.contains("The queue is paused"), "{said}");
    assert!(said.contains("kith.db.replaced-"), "{said}");

    let mut kith = start(data.path(), &settings).await;
    assert_eq!(contacts(&kith).await, 1);
    // The broker looks each second, so it has seen the mail by then.
    until_due_for(&kith, 3.0).await;
    assert_eq!(mail.mails().len(), before);
    let (status, readiness) = kith.readiness().await;
    assert_eq!(status, StatusCode::OK);
    assert!(readiness["queuePaused"]["since"].is_string(), "{readiness}");
    let metrics = kith.text("/metrics").await;
    assert!(metrics.contains("kith_shared_queue_paused 1"), "{metrics}");
    let page = kith.text("/dashboard").await;
    assert!(page.contains("The queue is paused") && page.contains("Resume the queue"));

    let page = act(&kith, "resume").await;
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.expect("a page");
    assert!(page.contains("Queue resumed") && !page.contains("The queue is paused"));
    let start_of_wait = Instant::now();
    while mail.mails().len() == before {
        assert!(
            start_of_wait.elapsed() < PATIENCE,
            "the queue does not deliver"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (_, readiness) = kith.readiness().await;
    assert!(readiness.get("queuePaused").is_none(), "{readiness}");
    kith.terminate();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_cancels_what_was_in_the_queue_of_a_backup() {
    an_admin_cancels(&[("KITH_WELCOME_DELAY", "1h")]).await;
    // QStash cannot be reached, so the messages are in the outbox.
    an_admin_cancels(&[
        ("QSTASH_TOKEN", "a-token-of-this-test"),
        ("QSTASH_URL", "http://127.0.0.1:1"),
        ("QSTASH_CURRENT_SIGNING_KEY", "sig_a"),
        ("QSTASH_NEXT_SIGNING_KEY", "sig_b"),
    ])
    .await;
}

async fn an_admin_cancels(settings: &[(&str, &str)]) {
    let (data, elsewhere) = folders();
    let backup = elsewhere.path().join("kith.db");
    let mut kith = start(data.path(), settings).await;
    assert_eq!(kith.create().await, StatusCode::CREATED);
    for action in ["resume", "cancel", "nothing"] {
        let refused = act(&kith, action).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{action}");
    }
    let (made, said) = run(data.path(), "backup", &backup);
    assert!(made, "{said}");
    kith.terminate();
    let (restored, said) = run(data.path(), "restore", &backup);
    assert!(restored, "{said}");
    let kith = start(data.path(), settings).await;
    // It came after the restore, so it stays.
    assert_eq!(kith.create().await, StatusCode::CREATED);
    let page = act(&kith, "cancel").await.text().await.expect("a page");
    assert!(page.contains("1 message from before the pause cancelled."));
    assert!(page.contains("The queue is paused"));
    let outgoing = settings.iter().any(|(name, _)| *name == "QSTASH_TOKEN");
    let waits = match outgoing {
        true => "SELECT count(*) FROM outbox",
        false => "SELECT count(*) FROM messages WHERE finished_at IS NULL",
    };
    let opened = database::open(&data.path().join("kith.db"), NonZeroU32::MIN).await;
    let database = opened.expect("it opens");
    let mut reader = database.reader().await.expect("it is open");
    let count: i64 = query(Sql::new(waits))
        .fetch_one(&mut reader)
        .await
        .expect("a number");
    assert_eq!(count, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_write_load_that_is_killed_leaves_a_working_database() {
    let (data, elsewhere) = folders();
    let backup = elsewhere.path().join("kith.db");
    let mut kith = start(data.path(), &[("KITH_WELCOME_ENABLED", "false")]).await;
    let mut acknowledged = 0;
    for round in 0..8 {
        for _ in 0..5 {
            assert_eq!(kith.create().await, StatusCode::CREATED);
            acknowledged += 1;
        }
        let (data, backup) = (data.path().to_owned(), backup.clone());
        let killed = tokio::task::spawn_blocking(move || {
            run_and_kill(&data, "backup", &backup, Duration::from_millis(20 * round));
        });
        while !killed.is_finished() {
            assert_eq!(kith.create().await, StatusCode::CREATED);
            acknowledged += 1;
        }
        killed.await.expect("its end");
    }
    // One that was killed after its end has a name already.
    let _ = fs::remove_file(&backup);
    let (made, said) = run(data.path(), "backup", &backup);
    assert!(made, "{said}");
    let (again, said) = run(data.path(), "backup", &backup);
    assert!(!again && said.contains("is there already"), "{said}");
    let (itself, said) = run(data.path(), "backup", &data.path().join("kith.db"));
    assert!(!itself && said.contains("is there already"), "{said}");
    let (absent, said) = run(data.path(), "backup", &elsewhere.path().join("no/kith.db"));
    assert!(!absent && said.contains("its folder exists"), "{said}");
    assert_eq!(contacts(&kith).await, acknowledged);
    kith.terminate();

    let (other, _) = folders();
    let (restored, said) = run(other.path(), "restore", &backup);
    assert!(restored, "a new machine: {said}");
    let kith = start(other.path(), &[]).await;
    assert_eq!(contacts(&kith).await, acknowledged);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_is_killed_leaves_the_old_database_or_the_backup() {
    let (data, elsewhere) = folders();
    let backup = elsewhere.path().join("kith.db");
    let mut kith = start(data.path(), &[]).await;
    assert_eq!(kith.create().await, StatusCode::CREATED);
    let (made, said) = run(data.path(), "backup", &backup);
    assert!(made, "{said}");
    for _ in 0..2 {
        assert_eq!(kith.create().await, StatusCode::CREATED);
    }
    // With a log beside the file.
    kith.child.kill().expect("SIGKILL");
    kith.child.wait().expect("its end");
    drop(kith);
    let mut was_restored = false;
    for round in 0..12 {
        run_and_kill(
            data.path(),
            "restore",
            &backup,
            Duration::from_millis(12 * round),
        );
        let mut kith = start(data.path(), &[]).await;
        let expected: &[u64] = if was_restored { &[1] } else { &[1, 3] };
        let found = contacts(&kith).await;
        assert!(expected.contains(&found), "{found} after {round} rounds");
        was_restored = found == 1;
        kith.child.kill().expect("SIGKILL");
        kith.child.wait().expect("its end");
    }
    let (restored, said) = run(data.path(), "restore", &backup);
    assert!(restored, "{said}");
    let kith = start(data.path(), &[]).await;
    assert_eq!(contacts(&kith).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kith_does_not_start_during_a_restore() {
    let (data, elsewhere) = folders();
    let backup = elsewhere.path().join("kith.db");
    let mut kith = start(data.path(), &[]).await;
    let (made, said) = run(data.path(), "backup", &backup);
    assert!(made, "{said}");
    kith.terminate();
    let lock = Lock::exclusive(&data.path().join("kith.db")).expect("it is free");
    let output = program(data.path()).output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("being replaced"),
        "{said}"
    );
    let (second, said) = run(data.path(), "restore", &backup);
    assert!(
        !second && said.contains("a process uses the database"),
        "{said}"
    );
    let (made, said) = run(data.path(), "backup", &elsewhere.path().join("b.db"));
    assert!(!made && said.contains("is being restored"), "{said}");
    drop(lock);
    let (restored, said) = run(data.path(), "restore", &backup);
    assert!(restored, "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_an_older_release_is_restored() {
    let (data, _) = folders();
    let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/data/previous-release.db");
    let (restored, said) = run(data.path(), "restore", &old);
    assert!(restored, "{said}");
    let kith = start(data.path(), &[]).await;
    assert!(contacts(&kith).await > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overdue_backup_is_a_warning() {
    let (data, _) = folders();
    // A file in the place of the folder.
    fs::write(data.path().join("backups"), "").expect("there is room");
    let kith = start(data.path(), &[("KITH_BACKUP_INTERVAL", "1h")]).await;
    let (status, readiness) = kith.readiness().await;
    assert_eq!(status, StatusCode::OK);
    let warning = readiness["backupWarning"].as_str().expect("a warning");
    assert!(warning.contains("no backup yet"), "{warning}");
    assert!(kith.text("/dashboard").await.contains("backup-warning"));
    let metrics = kith.text("/metrics").await;
    assert!(
        metrics.contains("kith_shared_backup_overdue 1"),
        "{metrics}"
    );
}

#[test]
fn a_server_is_backed_up_by_its_own_tools() {
    let (data, _) = folders();
    for (name, tool) in [("backup", "pg_dump"), ("restore", "pg_restore")] {
        let mut command = command(data.path(), name, Path::new("kith.dump"));
        command.env("DATABASE_URL", "postgres://kith:s3cret@db:5433/contacts");
        let output = command.output().expect("the program starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(tool), "{said}");
        assert!(
            said.contains("'postgres://kith@db:5433/contacts'"),
            "{said}"
        );
        assert!(!said.contains("s3cret"), "{said}");
    }
}

/// The commands in what the program has said: lines of a shell that are indented by two.
fn commands(said: &str) -> Vec<&str> {
    let lines = said.lines().filter_map(|line| line.strip_prefix("  "));
    lines.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_for_a_server_back_its_database_up_and_restore_it() {
    let (data, elsewhere) = folders();
    let server = PostgresServer::shared();
    let dump = elsewhere.path().join("it's a.dump");
    // The last part is for the driver of Kith alone, and the one before is for both.
    let with_parameters = |url: &str| {
        format!("{url}?application_name=kith&sslmode=DISABLE&statement-cache-capacity=0")
    };
    let run_commands = |name: &str, url: &str| {
        let mut command = command(data.path(), name, &dump);
        let output = command.env("DATABASE_URL", url).output();
        let said = output.expect("the program starts").stderr;
        let said = String::from_utf8_lossy(&said).into_owned();
        for line in commands(&said) {
            let output = server.shell(line).output().expect("a shell");
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{line}: {errors}");
        }
        commands(&said).len()
    };
    let original = with_parameters(server.database().url());
    let at_server = |url: &str| [("DATABASE_URL", url.to_owned())];
    let start_at = async |url: &str| {
        let settings = at_server(url);
        let settings = settings.each_ref().map(|(name, url)| (*name, url.as_str()));
        start(data.path(), &settings).await
    };
    let mut kith = start_at(&original).await;
    assert_eq!(kith.create().await, StatusCode::CREATED);
    assert_eq!(run_commands("backup", &original), 1);
    kith.terminate();

    let new = server.database();
    assert_eq!(run_commands("restore", &with_parameters(new.url())), 2);
    let kith = start_at(&with_parameters(new.url())).await;
    assert_eq!(contacts(&kith).await, 1);
    let (status, readiness) = kith.readiness().await;
    assert_eq!(status, StatusCode::OK);
    assert!(readiness["queuePaused"]["since"].is_string(), "{readiness}");
}

/// Runs a backup in a shell with this script, in which `"$@"` stands for the program and its arguments.
fn run_in_shell(script: &str, data: &Path, file: &Path) -> (bool, String) {
    let command = command(data, "backup", file);
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]);
    shell.arg(command.get_program()).args(command.get_args());
    shell
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    shell
        .env("KITH_DATA_DIR", data)
        .env("FOLDER", file.parent().expect("a folder"));
    let output = shell.output().expect("a shell");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_without_room_says_so_and_leaves_nothing_and_the_old_backups() {
    let (data, elsewhere) = folders();
    let at = |name: &str| elsewhere.path().join(name);
    let mut kith = start(data.path(), &[]).await;
    assert_eq!(kith.create().await, StatusCode::CREATED);
    let (made, said) = run(data.path(), "backup", &at("old.db"));
    assert!(made, "{said}");
    let old = fs::read(at("old.db")).expect("it is there");

    // A file of 64 KiB at most, as with a quota. The system also sends a signal, which the child ignores.
    let limited = r#"trap '' XFSZ; ulimit -f 64; exec "$@""#;
    let (made, said) = run_in_shell(limited, data.path(), &at("new.db"));
    assert!(!made && said.contains("cannot write"), "{said}");
    assert!(said.contains("new.db") && said.contains("quota"), "{said}");
    let left = fs::read_dir(elsewhere.path()).expect("it is there");
    assert_eq!(left.count(), 1, "the old backup");
    assert_eq!(fs::read(at("old.db")).expect("it is there"), old);
    let (made, said) = run(data.path(), "backup", &at("new.db"));
    assert!(made, "{said}");

    // A disk of 64 KiB. It is there for the processes of the shell only.
    let full = r#"mount -t tmpfs -o size=64k tmpfs "$FOLDER" || { echo 'NO MOUNT' >&2; exit 9; }
        echo old > "$FOLDER/old.db"; "$@"; code=$?; ls -A "$FOLDER" >&2; exit $code"#;
    let folder = at("full");
    fs::create_dir(&folder).expect("there is room");
    let script = format!(
        "exec unshare --mount --user --map-root-user sh -c '{}' sh \"$@\"",
        full.replace('\'', r"'\''")
    );
    let (made, said) = run_in_shell(&script, data.path(), &folder.join("new.db"));
    assert!(!made, "{said}");
    if said.contains("NO MOUNT") || said.contains("unshare:") {
        eprintln!("NOT TESTED: this system lets no test mount a small disk: {said}");
        return;
    }
    assert!(
        said.contains("no room left") && said.contains("new.db"),
        "{said}"
    );
    let left = said.lines().last();
    assert_eq!(left, Some("old.db"), "{said}");
    kith.assert_alive();
}
