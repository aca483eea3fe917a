//! Kith with accounts, over HTTP: who is let in, and what others learn.

use std::num::NonZeroU32;
use std::time::Duration;

use kith::services::accounts::AccountService;
use kith::services::accounts::SetUp;
use kith::services::client::Client;
use kith::services::config::Config;
use reqwest::Method;
use reqwest::RequestBuilder;
use reqwest::Response;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;
use tokio::time::timeout;

use crate::app::TestApp;
use crate::app::header;
use crate::app::problem;
use crate::app::send;

const PASSWORD: &str = "seven brass lanterns";

/// An answer that does not come is missed after this time.
const PATIENCE: Duration = Duration::from_secs(20);

/// A Kith with one account, the admin `ada`, and the value of her session's cookie.
pub async fn with_account(change: impl FnOnce(&mut Config)) -> (TestApp, String) {
    let app = TestApp::with(change).await;
    let session = set_up(&app).await;
    (app, session)
}

pub async fn set_up(app: &TestApp) -> String {
    let accounts: AccountService = app.part();
    let code = accounts.issue_setup_code().await.expect("no account yet");
    let made = accounts.set_up(SetUp {
        code: &code,
        name: "ada",
        password: PASSWORD,
        client: Client {
            address: [127, 0, 0, 1].into(),
            is_certain: true,
        },
        user_agent: "",
    });
    made.await.expect("the code is right").session_token
}

/// A request of a browser with this session.
pub fn visit(app: &TestApp, session: &str, path: &str) -> RequestBuilder {
    app.request(Method::GET, path)
        .header("accept", "text/html")
        .header("cookie", format!("kith-session={session}"))
}

pub async fn submit(app: &TestApp, session: &str, path: &str, form: &[(&str, &str)]) -> Response {
    submit_with(app, &format!("kith-session={session}"), path, form).await
}

/// Sends a form of a browser with these cookies.
pub async fn submit_with(
    app: &TestApp,
    cookies: &str,
    path: &str,
    form: &[(&str, &str)],
) -> Response {
    let request = app
        .request(Method::POST, path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("accept", "text/html")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", cookies)
        .body(encoded(form));
    send(request).await
}

fn encoded(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}

/// Makes a token on the page of the account.
pub async fn token(app: &TestApp, session: &str, scope: &str) -> String {
    let form = [("name", scope), ("scope", scope), ("days", "30")];
    let page = submit(app, session, "/account/tokens", &form).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(header(&page, "cache-control"), "no-store");
    shown_token(&page.text().await.expect("a page"))
}

/// The new token on the page of the account.
pub fn shown_token(page: &str) -> String {
    let (_, shown) = page.split_once("id=\"new-token\"").expect("it is shown");
    let (_, token) = shown
        .split_once("<code class=\"break-all\">")
        .expect("a token");
    let (token, _) = token.split_once('<').expect("an end");
    token.to_owned()
}

fn with_token(app: &TestApp, token: &str, method: Method, path: &str) -> RequestBuilder {
    app.request(method, path).bearer_auth(token)
}

/// The value of a cookie that an answer sets.
pub fn cookie(response: &Response, name: &str) -> Option<String> {
    let lines = response.headers().get_all("set-cookie").iter();
    let mut pairs = lines.filter_map(|line| line.to_str().ok()?.split(';').next()?.split_once('='));
    let (_, value) = pairs.find(|(found, _)| *found == name)?;
    Some(value.to_owned())
}

#[tokio::test]
async fn the_first_account_closes_kith_to_everyone_else() {
    let app = TestApp::start().await;
    app.create("Grace Hopper", "grace@example.com").await;
    // A page that was cached before.
    let open = send(
        app.request(Method::GET, "/contacts")
            .header("accept", "text/html"),
    )
    .await;
    assert!(open.text().await.expect("a page").contains("Grace Hopper"));
    let session = set_up(&app).await;

    let closed = send(
        app.request(Method::GET, "/contacts")
            .header("accept", "text/html"),
    )
    .await;
    assert_eq!(closed.status(), StatusCode::SEE_OTHER);
    assert_eq!(header(&closed, "location"), "/sign-in");
    assert_eq!(header(&closed, "cache-control"), "no-store");
    let refused = problem(app.get("/api/contacts").await, StatusCode::UNAUTHORIZED).await;
    assert_eq!(refused["type"], "urn:kith:not-signed-in");
    let mine = send(visit(&app, &session, "/contacts")).await;
    assert!(mine.text().await.expect("a page").contains("Grace Hopper"));
    // There is no second first account.
    let accounts: AccountService = app.part();
    accounts.issue_setup_code().await.expect_err("there is one");
}

#[tokio::test]
async fn a_browser_signs_in_and_out() {
    let (app, _) = with_account(|_| {}).await;
    let wrong = [("name", "ada"), ("password", "wrong"), ("next", "/trash")];
    let refused = app.submit("/sign-in", &wrong).await;
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(cookie(&refused, "kith-session"), None);
    let page = refused.text().await.expect("a page");
    assert!(page.contains("value=\"ada\"") && page.contains("value=\"/trash\""));
    assert!(!page.contains("value=\"wrong\""));

    let right = [("name", "Ada"), ("password", PASSWORD), ("next", "/trash")];
    let entered = app.submit("/sign-in", &right).await;
    assert_eq!(entered.status(), StatusCode::SEE_OTHER);
    assert_eq!(header(&entered, "location"), "/trash");
    let session = cookie(&entered, "kith-session").expect("a session");
    assert_eq!(
        send(visit(&app, &session, "/trash")).await.status(),
        StatusCode::OK
    );
    // Other sites do not choose the page.
    let elsewhere = [
        ("name", "ada"),
        ("password", PASSWORD),
        ("next", "//evil.example"),
    ];
    let entered = app.submit("/sign-in", &elsewhere).await;
    assert_eq!(header(&entered, "location"), "/contacts");

    let left = submit(&app, &session, "/sign-out", &[]).await;
    assert_eq!(header(&left, "location"), "/sign-in");
    assert_eq!(cookie(&left, "kith-session").as_deref(), Some(""));
    let after = send(visit(&app, &session, "/trash")).await;
    assert_eq!(header(&after, "location"), "/sign-in?next=%2Ftrash");
}

#[tokio::test]
async fn guessing_is_slowed_down_and_the_owner_of_a_known_browser_is_not() {
    let (app, _) = with_account(|_| {}).await;
    let right = [("name", "ada"), ("password", PASSWORD)];
    let entered = app.submit("/sign-in", &right).await;
    let browser = cookie(&entered, "kith-browser").expect("the browser is known now");
    let mut statuses = Vec::new();
    for _ in 0..8 {
        let wrong = [("name", "ada"), ("password", "wrong")];
        statuses.push(app.submit("/sign-in", &wrong).await.status());
    }
    assert!(
        statuses.contains(&StatusCode::TOO_MANY_REQUESTS),
        "{statuses:?}"
    );
    let refused = app.submit("/sign-in", &right).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = header(&refused, "retry-after").parse().expect("seconds");
    assert!(wait > 0);
    let request = app
        .request(Method::POST, "/sign-in")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", format!("kith-browser={browser}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded(&right));
    assert_eq!(send(request).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn pages_of_one_audience_are_not_shown_to_another() {
    let app = TestApp::start().await;
    let local = send(
        app.request(Method::GET, "/contacts")
            .header("accept", "text/html"),
    )
    .await;
    let local = local.text().await.expect("a page");
    assert!(local.contains("href=\"/dashboard\"") && !local.contains("href=\"/account\""));
    let session = set_up(&app).await;
    let page = send(visit(&app, &session, "/contacts")).await;
    let page = page.text().await.expect("a page");
    assert!(page.contains("href=\"/dashboard\"") && page.contains("href=\"/account\""));
}

#[tokio::test]
async fn a_token_is_charged_for_itself_and_does_what_its_scope_says() {
    let (app, session) = with_account(|config| {
        config.limits.token.limit = NonZeroU32::new(3).expect("it is not 0");
    })
    .await;
    let [reads, writes] = [
        token(&app, &session, "read").await,
        token(&app, &session, "write").await,
    ];
    let grace = json!({"name": "Grace", "email": "grace@example.com"});
    let post =
        |token: &str| send(with_token(&app, token, Method::POST, "/api/contacts").json(&grace));
    problem(post(&reads).await, StatusCode::FORBIDDEN).await;
    assert_eq!(post(&writes).await.status(), StatusCode::CREATED);
    // Only an admin's token sees the metrics.
    let metrics = with_token(&app, &writes, Method::GET, "/api/metrics");
    problem(send(metrics).await, StatusCode::FORBIDDEN).await;
    let get = |token: &str| send(with_token(&app, token, Method::GET, "/api/contacts"));
    let found = get(&reads).await;
    assert_eq!(header(&found, "ratelimit-policy"), "\"token\";q=3;w=60");
    assert_eq!(found.status(), StatusCode::OK);
    assert_eq!(get(&reads).await.status(), StatusCode::OK);
    assert_eq!(get(&reads).await.status(), StatusCode::TOO_MANY_REQUESTS);
    // The other one has requests left.
    assert_eq!(get(&writes).await.status(), StatusCode::OK);
    // A page takes no token.
    let page = with_token(&app, &writes, Method::GET, "/trash");
    problem(send(page).await, StatusCode::UNAUTHORIZED).await;
}

#[tokio::test]
async fn readiness_says_to_strangers_only_whether_kith_is_ready() {
    let app = TestApp::start().await;
    let ready = |response: Response| async { response.json::<Value>().await.expect("JSON") };
    let before = ready(app.get("/readyz").await).await;
    assert_eq!(before["database"], "up", "{before}");
    let session = set_up(&app).await;
    assert_eq!(
        ready(app.get("/readyz").await).await,
        json!({"ready": before["ready"]})
    );
    let admin = send(visit(&app, &session, "/readyz")).await;
    assert_eq!(ready(admin).await["database"], "up");
}

#[tokio::test]
async fn a_stream_of_news_ends_with_its_session() {
    let (app, session) = with_account(|_| {}).await;
    let mut stream = send(visit(&app, &session, "/live")).await;
    assert_eq!(stream.status(), StatusCode::OK);
    let first = timeout(PATIENCE, stream.chunk()).await.expect("it begins");
    assert!(first.expect("a connection").is_some());
    let writes = token(&app, &session, "write").await;
    submit(&app, &session, "/sign-out", &[]).await;
    let grace = json!({"name": "Grace", "email": "grace@example.com"});
    let post = with_token(&app, &writes, Method::POST, "/api/contacts").json(&grace);
    assert_eq!(send(post).await.status(), StatusCode::CREATED);
    let next = timeout(PATIENCE, stream.chunk()).await.expect("it ends");
    assert_eq!(next.expect("a connection"), None);
}

#[tokio::test]
async fn configured_names_reach_everything_once_there_is_an_account() {
    let (app, _) = with_account(|config| {
        config.server.public_url = Some("https://kith.example".parse().expect("an origin"));
    })
    .await;
    let ask = |path: &str| {
        let request = app
            .request(Method::GET, path)
            .header("host", "kith.example");
        send(request.header("accept", "text/html"))
    };
    assert_eq!(header(&ask("/contacts").await, "location"), "/sign-in");
    assert_eq!(ask("/sign-in").await.status(), StatusCode::OK);
    let form = [("name", "ada"), ("password", PASSWORD)];
    let request = app
        .request(Method::POST, "/sign-in")
        .header("host", "kith.example")
        .header("origin", "https://kith.example")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded(&form));
    let entered = send(request).await;
    let session = cookie(&entered, "__Host-kith-session").expect("a cookie for https");
    let line = header(&entered, "set-cookie");
    assert!(line.contains("; Secure") && line.contains("; HttpOnly") && line.contains("Path=/;"));
    // The cookie of a name on this machine does not do for the public name.
    for (name, expected) in [
        ("__Host-kith-session", StatusCode::OK),
        ("kith-session", StatusCode::SEE_OTHER),
    ] {
        let request = app
            .request(Method::GET, "/contacts")
            .header("host", "kith.example")
            .header("accept", "text/html")
            .header("cookie", format!("{name}={session}"));
        assert_eq!(send(request).await.status(), expected, "{name}");
    }
}

#[tokio::test]
async fn the_audit_log_tells_what_happened_to_accounts_and_holds_no_secret() {
    let (app, session) = with_account(|_| {}).await;
    let typed = "a password in the place of the name";
    app.submit("/sign-in", &[("name", typed), ("password", "wrong")])
        .await;
    app.submit("/sign-in", &[("name", "ada"), ("password", PASSWORD)])
        .await;
    let token = token(&app, &session, "write").await;
    submit(&app, &session, "/account/sessions/end-others", &[]).await;
    let new = "a kettle on a tall roof";
    let form = [("current", PASSWORD), ("new", new)];
    submit(&app, &session, "/account/password", &form).await;
    // The session has another token now, and its browser signs in again.
    let entered = app
        .submit("/sign-in", &[("name", "ada"), ("password", new)])
        .await;
    let session = cookie(&entered, "kith-session").expect("a session");
    let log = send(visit(&app, &session, "/api/audit")).await;
    let log: Value = log.json().await.expect("JSON");
    let records = log["entries"].as_array().expect("entries");
    let kinds = records.iter().rev().map(|record| record["kind"].as_str());
    let kinds: Vec<&str> = kinds.flatten().collect();
    assert_eq!(
        kinds,
        [
            "user_added",
            "sign_in",
            "sign_in_failed",
            "sign_in",
            "token_added",
            "sign_out",
            "password_changed",
            "sign_in",
        ]
    );
    let text = log.to_string();
    for secret in [typed, PASSWORD, new, &token, &session] {
        assert!(!text.contains(secret));
    }
}
