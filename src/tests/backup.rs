//! `kith backup` and `kith restore`, by the real program.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use kith_database::sqlite_file::Lock;
use reqwest::Response;
use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;

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
    let page = kith.text("/dashboard").await;
    assert!(
        page.contains("in kith.db."),
        "the dashboard knows the backup"
    );

    let (restored, said) = run(data.path(), "restore", &backup);
    assert!(!restored && said.contains("stop every Kith"), "{said}");
    kith.terminate();
    let before = mail.mails().len();
    let (restored, said) = run(data.path(), "restore", &backup);
    assert!(restored && said.contains("The queue is paused"), "{said}");
    assert!(said.contains("kith.db.replaced-"), "{said}");

    let mut kith = start(data.path(), &settings).await;
    assert_eq!(contacts(&kith).await, 1);
    // The mail is due, and the broker looks each second.
    tokio::time::sleep(Duration::from_secs(4)).await;
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
    let (data, elsewhere) = folders();
    let backup = elsewhere.path().join("kith.db");
    let later = [("KITH_WELCOME_DELAY", "1h")];
    let mut kith = start(data.path(), &later).await;
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
    let kith = start(data.path(), &later).await;
    // It came after the restore, so it stays.
    assert_eq!(kith.create().await, StatusCode::CREATED);
    let page = act(&kith, "cancel").await.text().await.expect("a page");
    assert!(page.contains("1 message from before the pause cancelled."));
    assert!(page.contains("The queue is paused"));
    let metrics = kith.text("/metrics").await;
    let waits = "kith_shared_queue_messages{state=\"waiting\"} 1";
    assert!(metrics.contains(waits), "{metrics}");
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
