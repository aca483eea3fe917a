//! Links by mail and by hand, over HTTP and with a mail server: invitations, new passwords, addresses.

use std::ffi::OsString;
use std::time::Duration;
use std::time::Instant;

use kith::services::config::Config;
use reqwest::Method;
use reqwest::RequestBuilder;
use reqwest::Response;
use reqwest::StatusCode;
use serde_json::Value;

use crate::app::TestApp;
use crate::app::header;
use crate::app::problem;
use crate::app::send;
use crate::mail_server::MailServer;
use crate::mail_server::header as mail_header;
use crate::sign_in;
use crate::sign_in::set_up;
use crate::sign_in::submit_with;

const PASSWORD: &str = "seven brass lanterns";

const NEW_PASSWORD: &str = "a kettle on a tall roof";

/// A mail that does not come is missed after this time.
const PATIENCE: Duration = Duration::from_secs(60);

/// The characters of the secret of a link.
const SECRET: usize = 43;

/// A Kith with the admin `ada`, and the value of her session's cookie.
async fn with_admin(mail: Option<&MailServer>) -> (TestApp, String) {
    let app = TestApp::with(|config| {
        let Some(mail) = mail else { return };
        let variables = [
            ("SMTP_URL", &*mail.url),
            ("MAIL_FROM", "Kith <kith@example.org>"),
        ];
        let variables =
            variables.map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let parsed = Config::load(Some("/dev/null".as_ref()), variables);
        config.mail = parsed.expect("settings").mail;
    })
    .await;
    let session = set_up(&app).await;
    (app, format!("kith-session={session}"))
}

/// A request of a browser with these cookies.
fn visit(app: &TestApp, cookies: &str, path: &str) -> RequestBuilder {
    app.request(Method::GET, path)
        .header("accept", "text/html")
        .header("cookie", cookies)
}

/// The pair of a cookie that an answer sets.
fn cookie(response: &Response, name: &str) -> Option<String> {
    let value = sign_in::cookie(response, name)?;
    Some(format!("{name}={value}"))
}

/// The mail with this number, counted from 1.
async fn mail(server: &MailServer, number: usize) -> String {
    let start = Instant::now();
    while server.mails().len() < number {
        assert!(start.elapsed() < PATIENCE, "no mail has come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.mails()[number - 1].replace("=\r\n", "")
}

/// The secret of the link in a text.
fn secret(text: &str) -> String {
    let (_, rest) = text.split_once("/link/").expect("a link");
    rest[..SECRET].to_owned()
}

/// Opens a link as a browser does. Returns the cookie with which the browser goes on.
async fn open(app: &TestApp, secret: &str) -> String {
    let opened = app.get(&format!("/link/{secret}")).await;
    assert_eq!(opened.status(), StatusCode::SEE_OTHER);
    // Neither an address nor a `Referer` holds the secret from here on.
    assert_eq!(header(&opened, "location"), "/link");
    assert_eq!(header(&opened, "cache-control"), "no-store");
    cookie(&opened, "kith-link").expect("a cookie")
}

async fn text(response: Response, status: StatusCode) -> String {
    assert_eq!(response.status(), status);
    assert_eq!(header(&response, "cache-control"), "no-store");
    response.text().await.expect("a page")
}

#[tokio::test]
async fn an_invitation_by_mail_makes_one_account() {
    let server = MailServer::start().await;
    let (app, ada) = with_admin(Some(&server)).await;
    let form = [("role", "member"), ("address", "Eve@Example.com")];
    let invited = submit_with(&app, &ada, "/accounts/invitations", &form).await;
    assert_eq!(header(&invited, "location"), "/accounts?done=invited");
    let sent = mail(&server, 1).await;
    assert!(
        mail_header(&sent, "To").contains("Eve@Example.com"),
        "{sent}"
    );
    let secret = secret(&sent);
    let page = send(visit(&app, &ada, "/accounts")).await;
    let page = text(page, StatusCode::OK).await;
    assert!(page.contains("Eve@Example.com") && !page.contains(&secret));
    // Scanners of mail visit links first.
    for method in [Method::HEAD, Method::GET] {
        send(app.request(method, &format!("/link/{secret}"))).await;
    }
    let link = open(&app, &secret).await;
    let page = text(send(visit(&app, &link, "/link")).await, StatusCode::OK).await;
    assert!(page.contains("You are invited") && !page.contains(&secret));
    let weak = [("name", "eve"), ("password", "password")];
    let refused = submit_with(&app, &link, "/link", &weak).await;
    let page = text(refused, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains("value=\"eve\"") && page.contains("easy to guess"));
    let form = [("name", "eve"), ("password", PASSWORD)];
    let entered = submit_with(&app, &link, "/link", &form).await;
    assert_eq!(header(&entered, "location"), "/contacts");
    assert_eq!(cookie(&entered, "kith-link").as_deref(), Some("kith-link="));
    let eve = cookie(&entered, "kith-session").expect("a session");
    // The link has come by the address, so it is confirmed.
    let page = send(visit(&app, &eve, "/account")).await;
    assert!(text(page, StatusCode::OK).await.contains("Eve@Example.com"));
    problem_of_member(&app, &eve).await;
    let again = submit_with(
        &app,
        &link,
        "/link",
        &[("name", "mallory"), ("password", PASSWORD)],
    );
    text(again.await, StatusCode::GONE).await;
    text(send(visit(&app, &link, "/link")).await, StatusCode::GONE).await;
}

/// Asserts that a member does not manage accounts.
async fn problem_of_member(app: &TestApp, member: &str) {
    let page = app
        .request(Method::GET, "/accounts")
        .header("cookie", member);
    problem(send(page).await, StatusCode::FORBIDDEN).await;
    let form = app
        .request(Method::POST, "/accounts/invitations")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", member);
    problem(send(form).await, StatusCode::FORBIDDEN).await;
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_by_a_link_to_a_confirmed_address() {
    let server = MailServer::start().await;
    let (app, ada) = with_admin(Some(&server)).await;
    for (address, password) in [("no address", PASSWORD), ("ada@example.com", "wrong")] {
        let form = [("address", address), ("password", password)];
        let refused = submit_with(&app, &ada, "/account/address", &form).await;
        let page = text(refused, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(page.contains(&format!("value=\"{address}\"")), "{address}");
    }
    // An address that is not confirmed gets no link for a password.
    assert_eq!(
        app.submit("/reset", &[("name", "ada")]).await.status(),
        StatusCode::SEE_OTHER
    );
    let form = [("address", "ada@example.com"), ("password", PASSWORD)];
    let asked = submit_with(&app, &ada, "/account/address", &form).await;
    assert_eq!(header(&asked, "location"), "/account?done=address-sent");
    let sent = mail(&server, 1).await;
    assert_eq!(
        mail_header(&sent, "Subject"),
        "Confirm your address for Kith"
    );
    let link = open(&app, &secret(&sent)).await;
    let page = text(send(visit(&app, &link, "/link")).await, StatusCode::OK).await;
    assert!(page.contains("ada@example.com"));
    let confirmed = submit_with(&app, &link, "/link", &[]).await;
    assert_eq!(header(&confirmed, "location"), "/link?done=address");

    let mut answers = Vec::new();
    for name in ["grace", "ADA@example.com"] {
        let answer = app.submit("/reset", &[("name", name)]).await;
        let names = answer.headers().keys().map(ToString::to_string);
        let names: Vec<String> = names.filter(|name| name != "set-cookie").collect();
        let location = header(&answer, "location").to_owned();
        answers.push((answer.status(), location, names));
    }
    assert_eq!(answers[0], answers[1]);
    let sent = mail(&server, 2).await;
    assert_eq!(mail_header(&sent, "Subject"), "A new password for Kith");
    assert!(
        mail_header(&sent, "To").contains("ada@example.com"),
        "{sent}"
    );
    let link = open(&app, &secret(&sent)).await;
    let changed = submit_with(&app, &link, "/link", &[("password", NEW_PASSWORD)]).await;
    assert_eq!(header(&changed, "location"), "/link?done=password");
    text(
        submit_with(&app, &link, "/link", &[("password", PASSWORD)]).await,
        StatusCode::GONE,
    )
    .await;
    let notice = mail(&server, 3).await;
    assert_eq!(
        mail_header(&notice, "Subject"),
        "Your password for Kith has changed"
    );
    let lost = send(visit(&app, &ada, "/account")).await;
    assert_eq!(header(&lost, "location"), "/sign-in?next=%2Faccount");
    let form = [("name", "ada"), ("password", NEW_PASSWORD)];
    let entered = app.submit("/sign-in", &form).await;
    let ada = cookie(&entered, "kith-session").expect("a session");
    let log: Value = send(visit(&app, &ada, "/api/audit"))
        .await
        .json()
        .await
        .expect("JSON");
    let log = log.to_string();
    assert!(log.contains("password_changed") && log.contains("email_changed"));
    assert!(!log.contains(&secret(&sent)) && !log.contains("ada@example.com"));
    assert_eq!(
        server.mails().len(),
        3,
        "the account of no one gets nothing"
    );
}

#[tokio::test]
async fn requests_for_a_password_are_slowed_down_and_bounded() {
    let server = MailServer::start().await;
    let (app, _) = with_admin(Some(&server)).await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(app.submit("/reset", &[("name", "grace")]).await.status());
    }
    assert_eq!(statuses[0], StatusCode::SEE_OTHER);
    assert!(
        statuses.contains(&StatusCode::TOO_MANY_REQUESTS),
        "{statuses:?}"
    );
    let form = [("name", "ada"), ("password", PASSWORD)];
    let refused = app.submit("/sign-in", &form).await;
    // The network has one count for both.
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(!header(&refused, "retry-after").is_empty());
}

#[tokio::test]
async fn without_a_mail_server_admins_pass_links_on() {
    let (app, ada) = with_admin(None).await;
    let page = app.get("/reset").await.text().await.expect("a page");
    assert!(
        page.contains("Ask an admin") && !page.contains("<form method=\"post\" action=\"/reset\"")
    );
    let form = [("role", "member"), ("address", "")];
    let shown = submit_with(&app, &ada, "/accounts/invitations", &form).await;
    let shown = text(shown, StatusCode::OK).await;
    let link = open(&app, &secret(&shown)).await;
    let form = [("name", "eve"), ("password", PASSWORD)];
    let entered = submit_with(&app, &link, "/link", &form).await;
    let eve = cookie(&entered, "kith-session").expect("a session");
    let page = text(send(visit(&app, &ada, "/accounts")).await, StatusCode::OK).await;
    let ids: Vec<&str> = page
        .split("action=\"/accounts/")
        .filter_map(|rest| rest.split_once("/reset-link\"").map(|(id, _)| id))
        .filter(|id| id.len() == 36)
        .collect();
    assert_eq!(ids.len(), 2, "{page}");
    // By name, so Eve is the second.
    let shown = submit_with(&app, &ada, &format!("/accounts/{}/reset-link", ids[1]), &[]).await;
    let shown = text(shown, StatusCode::OK).await;
    assert!(shown.contains("eve"));
    let link = open(&app, &secret(&shown)).await;
    let changed = submit_with(&app, &link, "/link", &[("password", NEW_PASSWORD)]).await;
    assert_eq!(header(&changed, "location"), "/link?done=password");
    let lost = send(visit(&app, &eve, "/account")).await;
    assert_eq!(header(&lost, "location"), "/sign-in?next=%2Faccount");
    // Kith keeps the last admin, and the page says why.
    let form = [("role", "member")];
    let refused = submit_with(&app, &ada, &format!("/accounts/{}/role", ids[0]), &form).await;
    let page = text(refused, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains("the last admin"));
}

#[tokio::test]
async fn owners_see_the_activity_of_their_accounts_page_by_page() {
    let (app, ada) = with_admin(None).await;
    for _ in 0..101 {
        submit_with(&app, &ada, "/account/sessions/end-others", &[]).await;
    }
    let page = send(visit(&app, &ada, "/account/activity")).await;
    let page = text(page, StatusCode::OK).await;
    assert!(page.contains("127.0.0.1") && !page.contains("User added"));
    let (_, rest) = page
        .split_once("/account/activity?cursor=")
        .expect("a link");
    let (cursor, _) = rest.split_once('"').expect("an end");
    let older = send(visit(
        &app,
        &ada,
        &format!("/account/activity?cursor={cursor}"),
    ))
    .await;
    let older = text(older, StatusCode::OK).await;
    assert!(older.contains("User added") && !older.contains("Older entries"));
    let wrong = send(visit(&app, &ada, "/account/activity?cursor=x")).await;
    text(wrong, StatusCode::BAD_REQUEST).await;
}

#[tokio::test]
async fn a_link_that_is_none_is_kept_nowhere() {
    let (app, _) = with_admin(None).await;
    for wrong in ["a;b", "a%20b", "%0d%0aSet-Cookie:%20a=b", "%ff"] {
        let opened = app.get(&format!("/link/{wrong}")).await;
        assert!(opened.status().as_u16() < 500, "{wrong}");
        let kept = cookie(&opened, "kith-link");
        assert!(
            matches!(kept.as_deref(), None | Some("kith-link=")),
            "{wrong}"
        );
    }
    let page = send(visit(&app, "kith-link=\"a\"", "/link")).await;
    text(page, StatusCode::GONE).await;
}

#[tokio::test]
async fn people_learn_whom_to_tell_of_a_weakness() {
    let none = TestApp::start().await;
    problem(
        none.get("/.well-known/security.txt").await,
        StatusCode::NOT_FOUND,
    )
    .await;
    let app = TestApp::with(|config| {
        config.server.security_contact = Some("security@example.org".parse().expect("a contact"));
    })
    .await;
    let file = app.get("/.well-known/security.txt").await;
    assert_eq!(file.status(), StatusCode::OK);
    assert_eq!(header(&file, "content-type"), "text/plain; charset=utf-8");
    let file = file.text().await.expect("a file");
    assert!(
        file.starts_with("Contact: mailto:security@example.org\nExpires: "),
        "{file}"
    );
    assert!(
        file.ends_with(&format!(
            "Canonical: {}/.well-known/security.txt\n",
            app.origin
        )),
        "{file}"
    );
}
