//! A card and what is derived from it are written together, whenever a process is killed.

use std::path::Path;
use std::process::Command;
use std::process::Output;
use std::time::Duration;

use reqwest::Client;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;

use super::MAX_LIFE;
use super::Process;
use super::WRITERS;
use super::kills;

/// `kith check`.
fn check(data: &Path, arguments: &[&str]) -> Output {
    let checked = Command::new(env!("CARGO_BIN_EXE_kith"))
        .env_clear()
        .env("KITH_DATA_DIR", data)
        .arg("check")
        .args(arguments)
        .current_dir(data)
        .output();
    checked.expect("the program starts")
}

async fn add(client: &Client, origin: &str) -> String {
    let body = json!({ "name": "Ada", "email": "ada@example.com" });
    let request = client.post(format!("{origin}/api/contacts")).json(&body);
    let answer = request.send().await.expect("an answer");
    let body: Value = answer.json().await.expect("JSON");
    body["contact"]["id"].as_str().expect("an id").to_owned()
}

/// Changes a contact until Kith is killed.
async fn change(client: Client, address: String) {
    for number in 0.. {
        let body = json!({
            "name": format!("Ada {number}"),
            "labels": [format!("label {number}")],
            "favourite": number % 2 == 0,
        });
        let Ok(answer) = client.patch(&address).json(&body).send().await else {
            return;
        };
        assert_eq!(answer.status(), StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_leaves_each_card_in_step_with_its_columns() {
    let data = tempfile::tempdir().expect("a directory");
    kith_runtime::install_crypto_provider();
    let client = Client::new();
    for round in 0..kills() {
        let mut server = Process::start(data.path(), &[]);
        let mut writers = Vec::new();
        for _ in 0..WRITERS {
            let id = add(&client, &server.origin).await;
            let address = format!("{}/api/contacts/{id}", server.origin);
            writers.push(tokio::spawn(change(client.clone(), address)));
        }
        tokio::time::sleep(Duration::from_millis(20 + 37 * round % MAX_LIFE)).await;
        server.kill();
        for writer in writers {
            writer.await.expect("no writer was told anything but 200");
        }
        let checked = check(data.path(), &[]);
        let text = String::from_utf8_lossy(&checked.stdout);
        assert!(checked.status.success(), "{text}");
        let contacts = (round + 1) * WRITERS;
        assert!(
            text.starts_with(&format!("{contacts} contacts checked.")),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_what_differs_and_repairs_it() {
    let data = tempfile::tempdir().expect("a directory");
    kith_runtime::install_crypto_provider();
    let mut server = Process::start(data.path(), &[]);
    let id = add(&Client::new(), &server.origin).await;
    server.kill();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(data.path().join("kith.db"));
    let mut connection = sqlx::ConnectOptions::connect(&options)
        .await
        .expect("the database");
    sqlx::query("UPDATE contacts SET name = 'Mallory'")
        .execute(&mut connection)
        .await
        .expect("no other writer");
    sqlx::Connection::close(connection)
        .await
        .expect("it is open");

    let found = check(data.path(), &[]);
    assert_eq!(found.status.code(), Some(1));
    let text = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(text.starts_with(&format!("contact {id}: name\n")), "{text}");
    assert!(!text.contains("Ada") && !text.contains("Mallory"), "{text}");
    let repaired = check(data.path(), &["--repair"]);
    assert!(repaired.status.success(), "{repaired:?}");
    assert!(check(data.path(), &[]).status.success());
}
