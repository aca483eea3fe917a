//! `kith user`, by the real program, and where Kith listens.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use kith_test_support::postgres_server::PostgresServer;
use kith_test_support::redis_server::free_port;
use reqwest::StatusCode;

use crate::process::Kith;
use crate::process::Terminal;
use crate::process::program;

const PASSWORD: &str = "kettle violin marmot";

/// How long something may take that takes less than a second when all is well.
const PATIENCE: Duration = Duration::from_secs(30);

/// The exit status of `kith user`, and all that it has said.
fn user(data: &Path, database: Option<&str>, password: &str, arguments: &str) -> (i32, String) {
    let mut program = program(data);
    if let Some(url) = database {
        program.env("DATABASE_URL", url);
    }
    let output = program
        .env("KITH_USER_PASSWORD", password)
        .arg("user")
        .args(arguments.split(' '))
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).expect("text");
    assert!(!said.contains(PASSWORD), "{said}");
    (output.status.code().expect("it ends by itself"), said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_managed_while_kith_runs() {
    let server = PostgresServer::shared().database();
    for database in [None, Some(server.url())] {
        let data = tempfile::tempdir().expect("a directory");
        let kith = Kith::start(|_| {
            let mut program = program(data.path());
            program.stdout(Stdio::null());
            if let Some(url) = database {
                program.env("DATABASE_URL", url);
            }
            program
        })
        .await;
        let metrics = async || {
            let asked = kith.client.get(format!("{}/metrics", kith.origin));
            asked.send().await.expect("an answer").status()
        };
        assert_eq!(metrics().await, StatusCode::OK, "local mode");
        for (password, arguments, status, expected) in [
            (
                PASSWORD,
                "add bob",
                1,
                "The first account has to be an admin",
            ),
            ("password", "add ada --role admin", 1, "easy to guess"),
            ("short", "add ada --role admin", 1, "at least 8 characters"),
            ("", "add ada --role admin", 1, "set KITH_USER_PASSWORD"),
            (PASSWORD, "add ada --role owner", 2, "takes member or admin"),
            ("", "list", 0, ""),
        ] {
            let done = user(data.path(), database, password, arguments);
            assert!(
                done.0 == status && done.1.contains(expected),
                "{arguments}: {done:?}"
            );
        }
        assert_eq!(metrics().await, StatusCode::OK, "there is no account yet");
        let done = user(data.path(), database, PASSWORD, "add Ada --role admin");
        assert!(
            done.0 == 0 && done.1.contains("It is the first account"),
            "{done:?}"
        );
        assert_ne!(metrics().await, StatusCode::OK, "no one is let in any more");
        for (arguments, status, expected) in [
            ("add ADA", 1, "There is an account of this name"),
            ("add bob", 0, "bob is a member and can sign in."),
            ("role bob admin", 0, "bob is an admin now"),
            ("role bob member", 0, "bob is a member now"),
            ("disable bob", 0, "cannot sign in"),
            ("enable Bob", 0, "can sign in"),
            ("passwd bob", 0, "has a new password"),
            ("passwd eve", 1, "There is no such account"),
            ("invite --role admin", 0, "/link/"),
            ("invite --email nowhere", 1, "Enter an address"),
            ("reset-link bob", 0, "/link/"),
            ("reset-link eve", 1, "There is no such account"),
            ("email bob bob@example.com", 1, "no mail server"),
            ("email bob", 0, "bob has no address"),
            ("remove eve", 1, "There is no such account"),
            ("role ada member", 1, "the last admin"),
            ("disable ada", 1, "the last admin"),
            ("remove ada", 1, "the last admin"),
            ("list", 0, "Ada  admin   since "),
            ("list", 0, "bob  member  since "),
            ("remove bob", 0, "bob is removed"),
            ("remove ada", 1, "the last admin"),
        ] {
            let done = user(data.path(), database, PASSWORD, arguments);
            assert!(
                done.0 == status && done.1.contains(expected),
                "{arguments}: {done:?}"
            );
        }
        assert_ne!(metrics().await, StatusCode::OK, "Ada is left");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kith_listens_to_other_machines_only_with_an_admin() {
    kith_runtime::install_crypto_provider();
    let data = tempfile::tempdir().expect("a directory");
    let port = free_port();
    let mut everywhere = program(data.path());
    everywhere.env("KITH_SERVER_ADDR", format!("0.0.0.0:{port}"));
    let refused = everywhere.output().expect("the program starts");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("`kith user add NAME --role admin`"), "{said}");
    let done = user(data.path(), None, PASSWORD, "add ada --role admin");
    assert_eq!(done.0, 0, "{done:?}");
    // What is left in the environment is no setting.
    everywhere.env("KITH_USER_PASSWORD", "s3cret");
    let started = everywhere.stdout(Stdio::null()).spawn();
    let mut started = started.expect("the program starts");
    let start = Instant::now();
    let healthz = format!("http://127.0.0.1:{port}/healthz");
    while reqwest::get(&healthz).await.is_err() {
        let ended = started.try_wait().expect("its state");
        assert!(ended.is_none() && start.elapsed() < PATIENCE, "{ended:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    started.kill().expect("it runs");
    started.wait().expect("its end");
}

#[test]
fn a_new_password_is_asked_for_twice_and_not_shown() {
    for (again, expected) in [(PASSWORD, "ada is an admin"), ("another", "differ")] {
        let data = tempfile::tempdir().expect("a directory");
        let mut terminal = Terminal::open(data.path(), "user add ada --role admin");
        terminal.answer("Password for ada: ", PASSWORD);
        terminal.answer("same again: ", again);
        let (_, shown) = terminal.finish();
        assert!(
            shown.contains(expected) && !shown.contains(PASSWORD),
            "{shown}"
        );
    }
}
