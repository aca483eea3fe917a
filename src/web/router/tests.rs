//! The authorisation matrix: each route and server function, with each method, for each kind of caller. The test reads the
//! routes from the router itself, so a new one cannot be forgotten.

mod books;

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::header;
use tempfile::TempDir;
use tower::ServiceExt;
use tower::util::BoxCloneService;

use super::*;
use crate::services::accounts::AccountName;
use crate::services::accounts::AccountService;
use crate::services::accounts::Accounts;
use crate::services::accounts::Credentials;
use crate::services::accounts::NewAccount;
use crate::services::accounts::NewToken;
use crate::services::accounts::SignIn;
use crate::services::client::Caller;
use crate::services::client::Client;
use crate::services::client::Role;
use crate::services::client::Scope;
use crate::services::config::Config;
use crate::services::database;

/// What callers without a session reach once Kith has an account; `/example` is a file of the site. Everything else is for callers with one, or with a
/// token.
const OPEN: &[&str] = &[
    "/.well-known/security.txt",
    "/example",
    "/healthz",
    "/language",
    "/link",
    "/link/example",
    "/readyz",
    "/reset",
    "/set-up",
    "/set-up/code",
    "/sign-in",
    "/sign-in/callback",
    "/sign-in/passkey",
    "/sign-in/passkey/options",
    "/sign-in/provider",
];

/// What admits programs with a token, and people. All other routes take no token.
fn is_for_programs(path: &str) -> bool {
    path.starts_with("/api") || path.starts_with("/dashboard") || path == "/metrics"
}

/// What is for admins.
fn is_for_admins(path: &str) -> bool {
    path.starts_with("/dashboard")
        || path.starts_with("/accounts")
        || matches!(path, "/metrics" | "/api/metrics" | "/api/audit")
}

/// What callers show in a way of its own: a signature, the secret of a calendar, or the token of the queue.
fn has_own_credentials(path: &str) -> bool {
    ["/api/webhooks/", "/calendar/", "/qstash/"]
        .iter()
        .any(|start| path.starts_with(start))
}

const PASSWORD: &str = "seven brass lanterns";

/// What a caller shows.
#[derive(Clone)]
enum Shows {
    Nothing,
    Session(String),
    Token(String),
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Admitted,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
}

/// A caller, and what it may do.
struct Subject {
    name: &'static str,
    shows: Shows,
    /// What it may do, if it is let in at all.
    rights: Option<(Role, Scope)>,
}

impl Subject {
    /// What the rules say.
    fn expected(&self, path: &str, method: &Method) -> Answer {
        if OPEN.contains(&path) {
            return Answer::Admitted;
        }
        let is_token = matches!(self.shows, Shows::Token(_));
        let Some((role, scope)) = self.rights.filter(|_| !is_token || is_for_programs(path)) else {
            return Answer::Unauthorized;
        };
        let reads_only = scope == Scope::Read && !method.is_safe();
        let is_admin = role == Role::Admin && scope == Scope::Admin;
        if reads_only || (is_for_admins(path) && !is_admin) {
            return Answer::Forbidden;
        }
        Answer::Admitted
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A Kith that is asked without a network.
struct Kith {
    state: AppState,
    /// What [`build`] has made, which takes longer than most answers.
    service: BoxCloneService<Request<Body>, Response, Infallible>,
    _data: TempDir,
}

impl Kith {
    async fn start() -> Self {
        let data = TempDir::new().expect("room");
        let mut config = Config::default();
        config.data.dir = data.path().to_owned();
        config.server.public_url = Some("http://kith.example".parse().expect("an origin"));
        for policy in [
            &mut config.limits.api,
            &mut config.limits.ui,
            &mut config.limits.dashboard,
            &mut config.limits.token,
            &mut config.limits.calendar,
        ] {
            policy.limit = NonZeroU32::MAX;
        }
        let state = AppState::open(config).await.expect("a database");
        Self {
            service: BoxCloneService::new(build(state.clone())),
            state,
            _data: data,
        }
    }

    async fn ask(&self, ask: Ask<'_>) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::HOST,
            HeaderValue::from_str(ask.host).expect("a host"),
        );
        match ask.shows {
            Shows::Nothing => None,
            Shows::Session(session) => {
                let cookie = format!("kith-session={session}");
                headers.insert(header::COOKIE, cookie.parse().expect("a value"))
            }
            Shows::Token(token) => {
                let token = format!("Bearer {token}");
                headers.insert(header::AUTHORIZATION, token.parse().expect("a value"))
            }
        };
        let mut body = Body::empty();
        if let Some((media_type, bytes)) = ask.body {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
            body = Body::from(bytes);
        }
        let mut request = Request::builder()
            .method(ask.method)
            .uri(ask.path)
            .extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))))
            .body(body)
            .expect("a request");
        request.headers_mut().extend(headers);
        let Ok(response) = self.service.clone().oneshot(request).await;
        response
    }

    /// The status and the body of an answer.
    async fn text(&self, ask: Ask<'_>) -> (StatusCode, String) {
        let (parts, body) = self.ask(ask).await.into_parts();
        // The events of `/live` have no end.
        let is_stream = parts
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|value| value == "text/event-stream");
        let text = if is_stream {
            Vec::new()
        } else {
            to_bytes(body, usize::MAX).await.expect("a body").into()
        };
        (parts.status, String::from_utf8_lossy(&text).into_owned())
    }

    async fn answer(&self, shows: &Shows, path: &str, method: &Method) -> Answer {
        match self.ask(Ask::new(shows, path, method)).await.status() {
            StatusCode::UNAUTHORIZED => Answer::Unauthorized,
            StatusCode::FORBIDDEN => Answer::Forbidden,
            _ => Answer::Admitted,
        }
    }
}

/// A request without a network.
struct Ask<'a> {
    shows: &'a Shows,
    path: &'a str,
    method: &'a Method,
    host: &'a str,
    /// The media type and the bytes.
    body: Option<(&'static str, Vec<u8>)>,
}

impl<'a> Ask<'a> {
    fn new(shows: &'a Shows, path: &'a str, method: &'a Method) -> Self {
        Self {
            shows,
            path,
            method,
            host: "kith.example",
            body: None,
        }
    }
}

/// All routes, as `/contacts/{id}`.
fn templates(state: &AppState) -> BTreeSet<String> {
    // axum lists the routes of a router only in its `Debug` text: `RouteId(3): "/contacts/{id}"`.
    let text = format!("{:?}", routes(state));
    let listed = text.split("RouteId(").skip(1).filter_map(|rest| {
        let (_, path) = rest.split_once("): \"")?;
        let (path, _) = path.split_once('"')?;
        path.starts_with('/').then(|| path.to_owned())
    });
    listed.collect()
}

/// The paths of all routes, with examples in the place of their parameters.
fn paths(state: &AppState) -> BTreeSet<String> {
    let templates = templates(state);
    templates.iter().map(|path| example(path)).collect()
}

fn example(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment {
        "{id}" => "0198c0de-0000-7000-8000-000000000001",
        parameter if parameter.starts_with('{') => "example",
        fixed => fixed,
    });
    segments.collect::<Vec<_>>().join("/")
}

const METHODS: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

#[tokio::test]
async fn the_routes_are_known() {
    let kith = Kith::start().await;
    let paths = paths(&kith.state);
    for known in [
        "/contacts",
        "/api/contacts/0198c0de-0000-7000-8000-000000000001",
        "/fn/contacts/save",
        "/live",
        "/metrics",
        "/sign-in",
        "/account/tokens",
    ] {
        assert!(paths.contains(known), "{known} is not in {paths:?}");
    }
    for open in OPEN {
        assert!(paths.contains(*open), "{open} is not in {paths:?}");
    }
}

/// Makes accounts, sessions and tokens.
struct Maker<'a> {
    accounts: &'a AccountService,
    management: Accounts,
}

impl<'a> Maker<'a> {
    async fn new(state: &'a AppState) -> Self {
        let place = state.config.data.database();
        let database = database::open(place, NonZeroU32::MIN).await;
        let database = database.expect("it is open already");
        Self {
            accounts: &state.accounts,
            management: Accounts::new(database, None),
        }
    }

    async fn account(&self, name: &str, role: Role) {
        let name = AccountName::parse(name).expect("a name");
        let new = NewAccount {
            name: &name,
            password: PASSWORD,
            role,
        };
        self.management.add(new).await.expect("room");
    }

    async fn session(&self, name: &str) -> String {
        let signed_in = self.accounts.sign_in(SignIn {
            name,
            password: PASSWORD,
            browser: None,
            session: None,
            client: client(),
            user_agent: "",
        });
        signed_in
            .await
            .expect("the password is right")
            .session_token
    }

    async fn caller(&self, session: &str) -> Caller {
        let credentials = Credentials {
            session: Some(session),
            token: None,
        };
        let caller = self.accounts.authenticate(credentials, client(), true);
        caller.await.expect("it is valid")
    }

    async fn token(&self, session: &str, scope: Scope, expires_in: Option<Duration>) -> String {
        let caller = self.caller(session).await;
        let new = NewToken {
            name: scope.as_str(),
            scope,
            book: None,
            expires_in,
        };
        let made = self.accounts.create_token(&caller, new).await;
        made.expect("room").0
    }
}

fn client() -> Client {
    Client {
        address: [127, 0, 0, 1].into(),
        is_certain: true,
    }
}

/// Every kind of caller.
async fn subjects(state: &AppState) -> Vec<Subject> {
    let maker = Maker::new(state).await;
    maker.account("admin", Role::Admin).await;
    maker.account("member", Role::Member).await;
    maker.account("disabled", Role::Admin).await;
    let [admin, member, disabled, ended] = [
        maker.session("admin").await,
        maker.session("member").await,
        maker.session("disabled").await,
        maker.session("admin").await,
    ];
    let of_disabled = maker.token(&disabled, Scope::Admin, None).await;
    let name = AccountName::parse("disabled").expect("a name");
    maker.management.disable(&name).await.expect("room");
    let caller = maker.caller(&ended).await;
    maker.accounts.sign_out(&caller).await.expect("room");
    let subject = |name, shows, rights| Subject {
        name,
        shows,
        rights,
    };
    let member_token = |scope| maker.token(&member, scope, None);
    let expired = maker
        .token(&admin, Scope::Admin, Some(Duration::ZERO))
        .await;
    vec![
        subject("nothing", Shows::Nothing, None),
        subject("made up session", Shows::Session("a".repeat(43)), None),
        subject(
            "made up token",
            Shows::Token(format!("kith_{}", "a".repeat(43))),
            None,
        ),
        subject("ended session", Shows::Session(ended), None),
        subject(
            "session of a disabled account",
            Shows::Session(disabled),
            None,
        ),
        subject(
            "token of a disabled account",
            Shows::Token(of_disabled),
            None,
        ),
        subject("expired token", Shows::Token(expired), None),
        subject(
            "token that reads",
            Shows::Token(member_token(Scope::Read).await),
            Some((Role::Member, Scope::Read)),
        ),
        subject(
            "token that writes",
            Shows::Token(member_token(Scope::Write).await),
            Some((Role::Member, Scope::Write)),
        ),
        subject(
            "token of an admin",
            Shows::Token(maker.token(&admin, Scope::Admin, None).await),
            Some((Role::Admin, Scope::Admin)),
        ),
        subject(
            "member",
            Shows::Session(member),
            Some((Role::Member, Scope::Admin)),
        ),
        subject(
            "admin",
            Shows::Session(admin),
            Some((Role::Admin, Scope::Admin)),
        ),
    ]
}

#[tokio::test]
async fn each_route_admits_whom_it_is_for() {
    let kith = Kith::start().await;
    let paths = paths(&kith.state);
    // A sign-out would end the session that the next request needs.
    let ends_sessions = ["/sign-out", "/account/sessions/end-others"];
    let subjects = subjects(&kith.state).await;
    let mut wrong = Vec::new();
    for path in paths.iter().filter(|path| !has_own_credentials(path)) {
        for method in METHODS {
            for subject in &subjects {
                if subject.rights.is_some() && ends_sessions.contains(&path.as_str()) {
                    continue;
                }
                let expected = subject.expected(path, &method);
                let found = kith.answer(&subject.shows, path, &method).await;
                if found != expected {
                    wrong.push(format!(
                        "{method} {path} {subject:?}: {found:?}, not {expected:?}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn without_an_account_configured_names_reach_only_webhooks_and_health() {
    let kith = Kith::start().await;
    for path in paths(&kith.state) {
        for method in METHODS {
            let ask = Ask::new(&Shows::Nothing, &path, &method);
            let configured = kith.ask(ask).await;
            let is_public = matches!(&*path, "/healthz" | "/readyz" | "/.well-known/security.txt")
                || path.starts_with("/api/webhooks/");
            let is_refused = configured.status() == StatusCode::MISDIRECTED_REQUEST;
            assert_eq!(is_refused, !is_public, "{method} {path}");
            // A client on this machine is an admin.
            let ask = Ask {
                host: "localhost",
                ..Ask::new(&Shows::Nothing, &path, &method)
            };
            let local = kith.ask(ask).await;
            let refusals = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
            let is_refused = refusals.contains(&local.status());
            assert_eq!(
                is_refused,
                has_own_credentials(&path) && is_refused,
                "{method} {path}"
            );
        }
    }
}
