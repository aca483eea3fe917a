//! The server keeps what it has committed, and ends with the process that started it.

use std::env;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::thread::sleep;
use std::time::Duration;
use std::time::Instant;

use super::PostgresServer;

/// Tells the test below that it is the process to be killed.
const IS_CHILD: &str = "KITH_TEST_POSTGRES_CHILD";

#[test]
fn a_server_that_is_killed_keeps_what_it_has_committed() {
    let mut server = PostgresServer::start();
    let databases = [server.database(), server.database()];
    assert_ne!(databases[0].url(), databases[1].url());
    for (number, database) in databases.iter().enumerate() {
        database.query("CREATE TABLE contacts (name TEXT)");
        database.query(&format!("INSERT INTO contacts VALUES ('Åsa {number}')"));
    }

    server.kill();
    assert!(server.processes().is_empty());
    assert!(TcpStream::connect(("127.0.0.1", server.port())).is_err());

    server.start_again();
    for (number, database) in databases.iter().enumerate() {
        let name = database.query("SELECT name FROM contacts");
        assert_eq!(name, format!("Åsa {number}"));
    }

    server.stop();
    assert!(server.processes().is_empty());
    server.start_again();
    assert_eq!(databases[1].query("SELECT count(*) FROM contacts"), "1");
    assert_eq!(server.query("SHOW fsync"), "on");
}

#[test]
fn a_standby_has_what_a_primary_has_acknowledged_and_takes_its_place() {
    let mut primary = PostgresServer::start();
    let standby = primary.standby();
    primary.wait_for_standby();
    primary.query("CREATE TABLE numbers (number INT)");
    primary.query("INSERT INTO numbers VALUES (1)");
    primary.kill();
    standby.promote();
    standby.query("INSERT INTO numbers VALUES (2)");
    assert_eq!(standby.query("SELECT sum(number) FROM numbers"), "3");
}

#[test]
fn a_standby_that_stops_following_lacks_what_comes_later() {
    let primary = PostgresServer::start();
    let standby = primary.standby();
    primary.query("CREATE TABLE numbers (number INT)");
    primary.wait_until_followed_by(&standby);
    standby.stop_following();
    primary.query("INSERT INTO numbers VALUES (1)");
    standby.promote();
    assert_eq!(standby.query("SELECT count(*) FROM numbers"), "0");
}

#[test]
fn a_paused_server_answers_once_it_goes_on() {
    let server = PostgresServer::with(&["-c", "fsync=off"]);
    server.signal("-STOP");
    thread::scope(|scope| {
        let answer = scope.spawn(|| server.query("SHOW fsync"));
        sleep(Duration::from_millis(200));
        assert!(!answer.is_finished());
        server.signal("-CONT");
        assert_eq!(answer.join().expect("an answer"), "off");
    });
    // A paused server ends as well.
    server.signal("-STOP");
    let directory = server.socket_directory().to_owned();
    drop(server);
    assert!(!directory.exists());
}

#[test]
fn a_shared_server_ends_with_the_process_and_not_with_the_thread() {
    if env::var_os(IS_CHILD).is_some() {
        return child();
    }
    let mut child = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", "--nocapture"])
        .arg(
            "postgres_server::tests::a_shared_server_ends_with_the_process_and_not_with_the_thread",
        )
        .env(IS_CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a child");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let mut line = || lines.next().expect("a line").expect("text");
    let port: u16 = line().parse().expect("a port");
    let directory = line();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    assert!(Path::new(&directory).join("data").exists());

    child.kill().expect("a process to kill");
    child.wait().expect("its end");
    let start = Instant::now();
    while Path::new(&directory).exists() {
        assert!(start.elapsed() < Duration::from_secs(30), "{directory}");
        sleep(Duration::from_millis(10));
    }
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

/// Starts a server, says where, and waits until it is killed.
fn child() {
    let started = thread::spawn(|| PostgresServer::shared().port());
    let port = started.join().expect("a server");
    let server = PostgresServer::shared();
    assert_eq!(server.database().query("SELECT 1"), "1");
    eprintln!("{port}\n{}", server.socket_directory().display());
    let _ = std::io::stdin().read(&mut [0]);
}
