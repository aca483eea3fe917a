//! Sign-ins and sign-outs that were acknowledged outlive a kill.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use reqwest::Client;
use reqwest::Response;
use reqwest::StatusCode;
use reqwest::header;
use reqwest::redirect::Policy;

use super::MAX_LIFE;
use super::Process;
use super::WRITERS;
use super::acknowledged;
use super::kills;

const PASSWORD: &str = "kettle violin marmot";

/// So many sessions are tried after several kills.
const MAX_TRIED_AGAIN: usize = 100;

/// What Kith has acknowledged of a session, by its cookie. Those whose end was asked for and not acknowledged are
/// missing.
type Ledger = Arc<Mutex<HashMap<String, bool>>>;

fn add_account(data: &Path, name: &str) {
    let added = Command::new(env!("CARGO_BIN_EXE_kith"))
        .env_clear()
        .env("KITH_DATA_DIR", data)
        .env("KITH_USER_PASSWORD", PASSWORD)
        .args(["user", "add", name, "--role", "admin"])
        .current_dir(data)
        .stdout(Stdio::null())
        .status();
    assert!(added.expect("the program starts").success(), "{name}");
}

/// The answer to a form, or nothing if Kith was killed before it was whole.
async fn submit(client: &Client, url: String, cookies: String, form: String) -> Option<Response> {
    let form = client
        .post(url)
        .header(header::COOKIE, cookies)
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form);
    let answer = form.send().await.ok()?;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    Some(answer)
}

fn cookie(answer: &Response, name: &str) -> String {
    let lines = answer.headers().get_all(header::SET_COOKIE).iter();
    let mut pairs = lines.filter_map(|line| line.to_str().ok()?.split(';').next());
    let pair = pairs.find(|pair| pair.starts_with(&format!("{name}=")));
    pair.expect("the cookie").to_owned()
}

async fn sign_in(client: &Client, origin: &str, name: &str, browser: &str) -> Option<Response> {
    let form = format!("name={name}&password={}", PASSWORD.replace(' ', "+"));
    let url = format!("{origin}/sign-in");
    submit(client, url, browser.to_owned(), form).await
}

/// Signs in, and out of every other session, until Kith is killed.
async fn come_and_go(
    client: Client,
    origin: String,
    name: String,
    browser: String,
    ledger: Ledger,
) {
    for number in 0.. {
        let Some(signed_in) = sign_in(&client, &origin, &name, &browser).await else {
            return;
        };
        let session = cookie(&signed_in, "kith-session");
        let note = |is_valid| {
            let mut ledger = ledger.lock().expect("no panic");
            ledger.insert(session.clone(), is_valid);
        };
        note(true);
        if number % 2 == 0 {
            continue;
        }
        ledger.lock().expect("no panic").remove(&session);
        let url = format!("{origin}/sign-out");
        let signed_out = submit(&client, url, session.clone(), String::new()).await;
        if signed_out.is_none() {
            return;
        }
        note(false);
    }
}

fn count_ended(ledger: &Ledger) -> usize {
    let sessions = ledger.lock().expect("no panic");
    sessions.values().filter(|is_valid| !**is_valid).count()
}

/// Asserts that each session that is valid admits its owner, and no other does. Some of them are tried again after the
/// next kill. Returns how many are valid, and how many are not.
async fn assert_kept(client: &Client, origin: &str, ledger: &Ledger) -> [usize; 2] {
    let sessions = std::mem::take(&mut *ledger.lock().expect("no panic"));
    let mut counts = [0, 0];
    for (session, is_valid) in &sessions {
        let page = client.get(format!("{origin}/account"));
        let page = page
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, session);
        let status = page.send().await.expect("an answer").status();
        let expected = match is_valid {
            true => StatusCode::OK,
            false => StatusCode::SEE_OTHER,
        };
        assert_eq!(status, expected, "valid: {is_valid}");
        counts[usize::from(!is_valid)] += 1;
    }
    let again = sessions.into_iter().take(MAX_TRIED_AGAIN);
    ledger.lock().expect("no panic").extend(again);
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_sign_in_and_sign_out_survives_kill_9() {
    let data = tempfile::tempdir().expect("a directory");
    kith_runtime::install_crypto_provider();
    let client = Client::builder().redirect(Policy::none()).build();
    let client = client.expect("a client");
    let settings = [("KITH_LIMITS_UI_LIMIT", "1000000".to_owned())];
    let names: Vec<_> = (0..WRITERS).map(|number| format!("ada{number}")).collect();
    for name in &names {
        add_account(data.path(), name);
    }
    // A browser that is known has a count of failures of its own. A kill makes an attempt one.
    let mut browsers = Vec::new();
    let mut server = Process::start(data.path(), &settings);
    for name in &names {
        let signed_in = sign_in(&client, &server.origin, name, "").await;
        browsers.push(cookie(&signed_in.expect("an answer"), "kith-browser"));
    }
    let ledger = Ledger::default();
    let (mut valid, mut ended) = (0, 0);
    for round in 0..kills() {
        let ended_before = count_ended(&ledger);
        let writers: Vec<_> = (names.iter().cloned().zip(browsers.clone()))
            .map(|(name, browser)| {
                let (client, origin) = (client.clone(), server.origin.clone());
                tokio::spawn(come_and_go(client, origin, name, browser, ledger.clone()))
            })
            .collect();
        // Who has signed out has left a session behind that is valid.
        acknowledged(ended_before + 1, || count_ended(&ledger)).await;
        tokio::time::sleep(Duration::from_millis(37 * round % MAX_LIFE)).await;
        server.kill();
        for writer in writers {
            writer.await.expect("no writer was told anything but 303");
        }
        server = Process::start(data.path(), &settings);
        let [of_round, of_round_ended] = assert_kept(&client, &server.origin, &ledger).await;
        valid += of_round;
        ended += of_round_ended;
    }
    println!("{valid} sessions were valid, and {ended} had ended");
    assert!(valid > 0 && ended > 0);
}
