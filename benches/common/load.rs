//! What is measured over HTTP, what it is compared with, and the load generator.

use std::process::Command;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;
use serde_json::json;
use tokio::net::TcpListener;

/// Adds the 50 contacts of a page.
pub async fn add_contacts(origin: &str) {
    let client = reqwest::Client::new();
    for number in 0..50 {
        let contact = json!({
            "name": format!("Contact number {number}"),
            "email": format!("contact-{number}@example.com"),
            "phone": "+44 20 7946 0000",
            "company": "Analytical Engines",
        });
        let request = client.post(format!("{origin}/api/contacts"));
        let answer = request.json(&contact).send().await.expect("an answer");
        assert!(answer.status().is_success());
    }
}

/// Serves a handler that does this first and then sends these bytes. Returns its address.
pub async fn handler<W>(body: Bytes, work: impl Fn() -> W + Clone + Send + Sync + 'static) -> String
where
    W: Future<Output = ()> + Send,
{
    let handler = move || {
        let (body, work) = (body.clone(), work.clone());
        async move {
            work().await;
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("the address of the port");
    let router = Router::new().route("/", get(handler));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/")
}

/// What the load generator says, on one thread with these arguments.
pub async fn wrk(arguments: &[&str]) -> Report {
    let mut wrk = Command::new("wrk");
    wrk.arg("-t1").args(arguments);
    let output = tokio::task::spawn_blocking(move || wrk.output());
    let output = output.await.expect("no panic");
    let output = output.expect("wrk; `cargo xtask bench` installs it").stdout;
    let text = String::from_utf8_lossy(&output).into_owned();
    assert!(!text.contains("Non-2xx"), "{text}");
    Report(text)
}

/// The output of the load generator.
pub struct Report(String);

impl Report {
    /// What stands behind this label.
    pub fn after(&self, label: &str) -> &str {
        let text = &self.0;
        let mut lines = text.lines().map(str::trim);
        let found = lines.find_map(|line| line.strip_prefix(label));
        found
            .unwrap_or_else(|| panic!("no {label} in {text}"))
            .trim()
    }

    /// Requests per second.
    pub fn rate(&self) -> f64 {
        self.after("Requests/sec:").parse().expect("a number")
    }
}
