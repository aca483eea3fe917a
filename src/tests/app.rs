//! [`TestApp`]: Kith as a test sees it.

use std::net::Ipv4Addr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::extract::FromRef;
use kith::model::contact::Contact;
use kith::services::accounts::AccountService;
use kith::services::accounts::Credentials;
use kith::services::client::Client;
use kith::services::config::Config;
use kith::services::config::Span;
use kith::services::contacts::ContactService;
use kith::services::contacts::Contacts;
use kith::web::serve;
use kith::web::state::AppState;
use kith_queue::Queue;
use kith_queue::broker::Broker;
use reqwest::Method;
use reqwest::RequestBuilder;
use reqwest::Response;
use reqwest::StatusCode;
use reqwest::redirect::Policy;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::engine;

/// How long clients keep a connection without a request.
const CLIENT_IDLE_TIMEOUT: Duration = Duration::from_secs(3);

/// A running Kith with its own data. Dropping it stops it and removes the data.
pub struct TestApp {
    /// For example `http://127.0.0.1:40123`.
    pub origin: String,
    /// What the server shares with its requests.
    state: AppState,
    pub client: reqwest::Client,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
    _data: TempDir,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A part of the server's state.
    pub fn part<T: FromRef<AppState>>(&self) -> T {
        T::from_ref(&self.state)
    }

    /// Contacts as a client on this machine sees them while Kith has no account.
    pub async fn contacts(&self) -> Contacts {
        let client = Client {
            address: Ipv4Addr::LOCALHOST.into(),
            is_certain: true,
        };
        let accounts = self.part::<AccountService>();
        let caller = accounts.authenticate(Credentials::default(), client, true);
        let caller = caller.await.expect("there is no account");
        self.part::<ContactService>().of(caller, None)
    }

    pub fn broker(&self) -> Broker {
        self.part::<Queue>().broker().clone()
    }

    /// Starts Kith after `change` has had its way with the configuration.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::at(0, change).await
    }

    /// The same, on a port that others know already.
    pub async fn at(port: u16, change: impl FnOnce(&mut Config)) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await;
        Self::on(listener.expect("a free port"), change).await
    }

    /// The same, on a socket that clients reach at 127.0.0.1 at least.
    pub async fn on(listener: TcpListener, change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().expect("a directory for the data");
        let mut config = Config::default();
        config.data.dir = data.path().to_owned();
        // Tests ask faster than people, and those of the limiter say what they want of it.
        config.limits.api.limit = NonZeroU32::MAX;
        config.limits.ui.limit = NonZeroU32::MAX;
        config.welcome.delay = Span(Duration::from_millis(1));
        let address = listener.local_addr().expect("the address of the port");
        // The socket may be reached from elsewhere as well, which Kith needs an account for.
        config.server.addr = ([127, 0, 0, 1], address.port()).into();
        change(&mut config);
        engine::choose(&mut config);
        let state = AppState::open(config).await.expect("a database");
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve::run(listener, state.clone(), async move {
            let _ = stopped.await;
        }));
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            // Less than `server.header_timeout`: a request on a connection that Kith closes at that instant fails.
            .pool_idle_timeout(CLIENT_IDLE_TIMEOUT)
            .build()
            .expect("a client");
        Self {
            origin: format!("http://127.0.0.1:{}", address.port()),
            state,
            client,
            stop: Some(stop),
            server: Some(server),
            _data: data,
        }
    }

    /// Asks the server to stop and waits until it has.
    pub async fn stop(&mut self) {
        self.ask_to_stop();
        if let Some(server) = self.server.take() {
            server.await.expect("the server ends without a panic");
        }
    }

    pub fn ask_to_stop(&mut self) {
        drop(self.stop.take());
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.origin))
    }

    pub async fn get(&self, path: &str) -> Response {
        send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Response {
        send(self.request(Method::POST, path).json(body)).await
    }

    /// Sends a form as a browser without JavaScript does.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self
            .request(Method::POST, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "text/html")
            .header("sec-fetch-site", "same-origin")
            .body(body);
        send(request).await
    }

    pub async fn create(&self, name: &str, email: &str) -> Contact {
        let response = self
            .post("/api/contacts", &json!({ "name": name, "email": email }))
            .await;
        assert_eq!(response.status(), StatusCode::CREATED);
        contact(response).await
    }

    pub async fn list(&self, query: &str) -> Value {
        let response = self.get(&format!("/api/contacts?{query}")).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.expect("a list")
    }

    pub async fn names(&self, query: &str) -> Vec<String> {
        let list = self.list(query).await;
        let contacts = list["contacts"].as_array().expect("contacts");
        let name = |contact: &Value| contact["name"].as_str().expect("a name").to_owned();
        contacts.iter().map(name).collect()
    }
}

/// The answer, whatever its status.
pub async fn send(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

/// The contact in an answer of the API.
pub async fn contact(response: Response) -> Contact {
    let body: Value = response.json().await.expect("a body");
    serde_json::from_value(body["contact"].clone()).expect("a contact")
}

/// Asserts that an answer is a problem with this status, and returns it.
pub async fn problem(response: Response, status: StatusCode) -> Value {
    assert_eq!(response.status(), status);
    assert_eq!(
        header(&response, "content-type"),
        "application/problem+json"
    );
    let problem: Value = response.json().await.expect("a problem");
    assert_eq!(problem["status"], status.as_u16());
    assert_eq!(problem["error"], problem["detail"]);
    assert!(!problem["detail"].as_str().expect("a detail").is_empty());
    assert!(
        problem["type"]
            .as_str()
            .expect("a type")
            .starts_with("urn:kith:")
    );
    problem
}

/// A header's value; empty where the header is absent.
pub fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().expect("a header of text"))
}
