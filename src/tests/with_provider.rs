//! Signing in with a provider of OpenID Connect, over HTTP.

use std::num::NonZeroU32;
use std::sync::Arc;

use kith::services::accounts::AccountName;
use kith::services::accounts::Accounts;
use kith::services::config::Config;
use kith::services::database;
use reqwest::Method;
use reqwest::Response;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::app::header;
use crate::app::send;
use crate::oidc_provider::Behaviour;
use crate::oidc_provider::CLIENT;
use crate::oidc_provider::OidcProvider;
use crate::oidc_provider::SECRET;
use crate::sign_in::cookie;
use crate::sign_in::set_up;
use crate::sign_in::submit;
use crate::sign_in::visit;

/// What Kith says of an identity that admits no one.
const NO_ACCOUNT: &str = "No account that can sign in belongs to this identity";

/// A Kith with the account of the admin `ada` beside a provider, and the value of her session's cookie.
struct Rig {
    app: TestApp,
    provider: OidcProvider,
    ada: String,
}

impl Rig {
    async fn start(create: &str) -> Self {
        let provider = OidcProvider::start().await;
        let issuer = provider.issuer.clone();
        let app = TestApp::with(|config| configure(config, &issuer, create)).await;
        let ada = set_up(&app).await;
        Self { app, provider, ada }
    }

    /// Sends the form that leads to the provider. Returns its address, and the secret of the browser.
    async fn depart(&self, session: &str, path: &str, next: &str) -> (String, String) {
        let page = submit(&self.app, session, path, &[("next", next)]).await;
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(header(&page, "cache-control"), "no-store");
        let refresh = header(&page, "refresh").to_owned();
        let secret = cookie(&page, "kith-pending").expect("a secret");
        let url = refresh.strip_prefix("0; url=").expect("an address");
        // Browsers that do not follow the header show a link.
        let page = page.text().await.expect("a page");
        assert!(page.contains(&url.replace('&', "&amp;")), "{page}");
        (url.to_owned(), secret)
    }

    /// Comes back from the provider.
    async fn arrive(&self, session: &str, secret: &str, back: &str) -> Response {
        let path = back.strip_prefix("http://kith.example").expect("Kith");
        let cookies = format!("kith-session={session}; kith-pending={secret}");
        let request = self
            .app
            .request(Method::GET, path)
            .header("accept", "text/html")
            .header("sec-fetch-site", "cross-site")
            .header("cookie", cookies);
        send(request).await
    }

    /// Signs in as the person with these claims.
    async fn sign_in(&self, claims: Value) -> Response {
        let (url, secret) = self.depart("", "/sign-in/provider", "/trash").await;
        let back = self.provider.confirm(&url, claims);
        self.arrive("", &secret, &back).await
    }

    /// Links the identity with these claims to the account of a session.
    async fn link(&self, session: &str, claims: Value) -> Response {
        let (url, secret) = self.depart(session, "/account/identities", "").await;
        let back = self.provider.confirm(&url, claims);
        self.arrive(session, &secret, &back).await
    }

    async fn account_page(&self, session: &str) -> String {
        let page = send(visit(&self.app, session, "/account")).await;
        assert_eq!(page.status(), StatusCode::OK);
        page.text().await.expect("a page")
    }

    async fn accounts(&self) -> Accounts {
        let config: Arc<Config> = self.app.part();
        let database = database::open(config.data.database(), NonZeroU32::MIN).await;
        Accounts::new(database.expect("it is open already"), None)
    }
}

fn configure(config: &mut Config, issuer: &str, create: &str) {
    config.server.public_url = Some("http://kith.example".parse().expect("an origin"));
    config.oidc.issuer = Some(issuer.parse().expect("on this machine"));
    config.oidc.client_id = Some(CLIENT.parse().expect("a line"));
    config.oidc.client_secret = kith_secret(SECRET);
    config.oidc.create = (!create.is_empty()).then(|| create.parse().expect("a rule"));
    config.oidc.label = "Example ID".parse().expect("a line");
}

/// A secret, as an operator sets it.
fn kith_secret(text: &str) -> Option<kith::services::config::Secret> {
    let env = [("KITH_OIDC_CLIENT_SECRET", text)];
    let config = Config::load(Some("/dev/null".as_ref()), env).expect("it is valid");
    config.oidc.client_secret
}

fn grace() -> Value {
    json!({ "sub": "7", "email": "grace@example.org", "preferred_username": "grace" })
}

/// The session of a browser that was let in, and led to the page that it had asked for.
fn entered(response: &Response) -> String {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(header(response, "location"), "/trash");
    assert_eq!(cookie(response, "kith-pending").as_deref(), Some(""));
    cookie(response, "kith-browser").expect("a known browser");
    cookie(response, "kith-session").expect("a session")
}

/// The page of a browser that was not let in, which says why.
async fn refused(response: Response, status: StatusCode, why: &str) {
    assert_eq!(response.status(), status);
    assert_eq!(cookie(&response, "kith-session"), None);
    let page = response.text().await.expect("a page");
    assert!(page.contains(why), "{page}");
}

#[tokio::test]
async fn an_identity_that_is_linked_signs_in_until_it_is_unlinked() {
    let rig = Rig::start("").await;
    // No identity gets an account by an email address, or by the name of an account.
    let as_ada = json!({ "sub": "1", "email": "ada@example.org", "email_verified": true, "preferred_username": "ada" });
    let stranger = rig.sign_in(as_ada).await;
    refused(stranger, StatusCode::UNPROCESSABLE_ENTITY, NO_ACCOUNT).await;

    let linked = rig.link(&rig.ada, grace()).await;
    assert_eq!(linked.status(), StatusCode::SEE_OTHER);
    assert_eq!(header(&linked, "location"), "/account?done=linked");
    assert_eq!(cookie(&linked, "kith-session"), None);
    let page = rig.account_page(&rig.ada).await;
    assert!(page.contains("grace@example.org") && page.contains(&rig.provider.issuer));

    // Another address, and the same person.
    let moved = json!({ "sub": "7", "email": "hopper@example.org" });
    let session = entered(&rig.sign_in(moved).await);
    assert!(rig.account_page(&session).await.contains(">ada<"));

    let (_, unlink) = page.split_once("/account/identities/").expect("a form");
    let (id, _) = unlink.split_once("/unlink").expect("an id");
    let path = format!("/account/identities/{id}/unlink");
    let unlinked = submit(&rig.app, &rig.ada, &path, &[]).await;
    assert_eq!(header(&unlinked, "location"), "/account?done=unlinked");
    let stranger = rig.sign_in(grace()).await;
    refused(stranger, StatusCode::UNPROCESSABLE_ENTITY, NO_ACCOUNT).await;
    // The session that it had begun goes on: its owner can end it.
    rig.account_page(&session).await;
    let log = send(visit(&rig.app, &rig.ada, "/api/audit")).await;
    let log = log.text().await.expect("a log");
    for kind in ["identity_linked", "identity_unlinked", "sign_in_failed"] {
        assert!(log.contains(kind), "{kind}: {log}");
    }
}

#[tokio::test]
async fn a_sign_in_ends_once_in_the_browser_in_which_it_has_begun() {
    let rig = Rig::start("@example.org").await;
    let person = || json!({ "sub": "7", "email": "grace@example.org", "email_verified": true });
    let not_begun = "Begin again";
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let (url, secret) = rig.depart("", "/sign-in/provider", "/trash").await;
    let (_, other_secret) = rig.depart("", "/sign-in/provider", "/trash").await;
    let back = rig.provider.confirm(&url, person());
    // Another state, another browser, and none.
    let (start, _) = back.split_once("state=").expect("a state");
    let other_state = format!("{start}state={}", "a".repeat(43));
    for (secret, back) in [
        (secret.as_str(), other_state.as_str()),
        (&secret, start),
        (&secret, "http://kith.example/sign-in/callback"),
        (&other_secret, &back),
        ("", &back),
        ("x", &back),
        (&"a".repeat(43), &back),
    ] {
        refused(rig.arrive("", secret, back).await, status, not_begun).await;
    }
    // None of these has used the sign-in up.
    entered(&rig.arrive("", &secret, &back).await);
    refused(rig.arrive("", &secret, &back).await, status, not_begun).await;

    // A code of another sign-in: the provider compares the verifier.
    let (url, _) = rig.depart("", "/sign-in/provider", "/").await;
    let stolen = rig.provider.confirm(&url, person());
    let (_, code) = stolen.split_once("code=").expect("a code");
    let (code, _) = code.split_once('&').expect("more");
    let (url, secret) = rig.depart("", "/sign-in/provider", "/").await;
    let back = rig.provider.confirm(&url, person());
    let (before, after) = back.split_once("code=").expect("a code");
    let (_, after) = after.split_once('&').expect("more");
    let injected = format!("{before}code={code}&{after}");
    let answer = rig.arrive("", &secret, &injected).await;
    refused(answer, status, "does not confirm").await;
    // It is used up with that.
    refused(rig.arrive("", &secret, &back).await, status, not_begun).await;

    // The person has declined.
    let (url, secret) = rig.depart("", "/sign-in/provider", "/").await;
    let back = rig.provider.confirm(&url, person());
    let declined = back.replace("code=", "error=access_denied&x=");
    let answer = rig.arrive("", &secret, &declined).await;
    refused(answer, status, "has not signed you in").await;
    // Another provider has answered.
    let (url, secret) = rig.depart("", "/sign-in/provider", "/").await;
    let back = rig.provider.confirm(&url, person());
    let (before, _) = back.split_once("&iss=").expect("an issuer");
    let mixed = format!("{before}&iss=https%3A%2F%2Fother.example");
    refused(
        rig.arrive("", &secret, &mixed).await,
        status,
        "does not confirm",
    )
    .await;
}

#[tokio::test]
async fn a_provider_that_cannot_be_trusted_signs_no_one_in() {
    let rig = Rig::start("@example.org").await;
    let person = || json!({ "sub": "7", "email": "grace@example.org", "email_verified": true });
    for behaviour in [
        Behaviour::OtherNonce,
        Behaviour::OtherAudience,
        Behaviour::OtherKey,
    ] {
        rig.provider.behave(behaviour);
        let answer = rig.sign_in(person()).await;
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        refused(answer, status, "does not confirm").await;
    }
    // New keys are asked for.
    rig.provider.behave(Behaviour::Honest);
    rig.provider.change_key();
    entered(&rig.sign_in(person()).await);

    for behaviour in [Behaviour::Redirects, Behaviour::Floods] {
        let rig = Rig::start("").await;
        rig.provider.behave(behaviour);
        let page = submit(&rig.app, "", "/sign-in/provider", &[]).await;
        refused(page, StatusCode::BAD_GATEWAY, "does not respond").await;
    }
}

#[tokio::test]
async fn only_people_whom_the_rule_names_get_an_account() {
    let rig = Rig::start("@example.org").await;
    for person in [
        json!({ "sub": "1", "email": "a@example.org" }),
        json!({ "sub": "2", "email": "a@example.org", "email_verified": false }),
        json!({ "sub": "3", "email": "a@example.com", "email_verified": true }),
        json!({ "sub": "4", "groups": ["@example.org"] }),
    ] {
        let answer = rig.sign_in(person).await;
        refused(answer, StatusCode::UNPROCESSABLE_ENTITY, NO_ACCOUNT).await;
    }
    // The name is taken, and stays the other one's. Claims may come from the other endpoint.
    rig.provider.behave(Behaviour::ClaimsApart);
    let person = json!({
        "sub": "5", "email": "a@example.org", "email_verified": true, "preferred_username": "Ada"
    });
    let session = entered(&rig.sign_in(person.clone()).await);
    let page = rig.account_page(&session).await;
    assert!(
        page.contains(">Ada 2<") && page.contains("a member"),
        "{page}"
    );
    // Without a password there is none to change, and the only way in stays.
    assert!(!page.contains("Change the password"));
    let (_, unlink) = page.split_once("/account/identities/").expect("a form");
    let (id, _) = unlink.split_once("/unlink").expect("an id");
    let path = format!("/account/identities/{id}/unlink");
    let kept = submit(&rig.app, &session, &path, &[]).await;
    assert_eq!(kept.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(kept.text().await.expect("a page").contains("the only way"));
    // The second sign-in finds the account.
    let session = entered(&rig.sign_in(person.clone()).await);
    assert!(rig.account_page(&session).await.contains(">Ada 2<"));
    // A disabled account is refused in the words for one that does not exist.
    let name = AccountName::parse("ada 2").expect("a name");
    let accounts = rig.accounts().await;
    accounts.disable(&name).await.expect("it is there");
    let answer = rig.sign_in(person).await;
    refused(answer, StatusCode::UNPROCESSABLE_ENTITY, NO_ACCOUNT).await;

    let rig = Rig::start("group:staff").await;
    let guest = json!({ "sub": "1", "groups": ["guests"] });
    let answer = rig.sign_in(guest).await;
    refused(answer, StatusCode::UNPROCESSABLE_ENTITY, NO_ACCOUNT).await;
    let odd = json!({ "sub": "2", "groups": { "staff": true } });
    let answer = rig.sign_in(odd).await;
    refused(answer, StatusCode::UNPROCESSABLE_ENTITY, NO_ACCOUNT).await;
    let member = json!({ "sub": "3", "name": "Grace", "groups": ["guests", "staff"] });
    let session = entered(&rig.sign_in(member).await);
    assert!(rig.account_page(&session).await.contains(">Grace<"));
}

#[tokio::test]
async fn an_identity_is_linked_in_the_session_in_which_that_has_begun() {
    let rig = Rig::start("@example.org").await;
    let person =
        |sub: &str| json!({ "sub": sub, "email": "g@example.org", "email_verified": true });
    let other = entered(&rig.sign_in(person("5")).await);
    // It belongs to another account.
    let taken = rig.link(&rig.ada, person("5")).await;
    refused(taken, StatusCode::UNPROCESSABLE_ENTITY, "another account").await;
    // Linked twice is linked.
    for _ in 0..2 {
        let linked = rig.link(&rig.ada, person("6")).await;
        assert_eq!(header(&linked, "location"), "/account?done=linked");
    }
    // Another session, and none.
    for session in [other.as_str(), ""] {
        let (url, secret) = rig.depart(&rig.ada, "/account/identities", "").await;
        let back = rig.provider.confirm(&url, person("7"));
        let answer = rig.arrive(session, &secret, &back).await;
        refused(
            answer,
            StatusCode::UNPROCESSABLE_ENTITY,
            "not signed in any more",
        )
        .await;
    }
    // The session has ended meanwhile.
    let (url, secret) = rig.depart(&rig.ada, "/account/identities", "").await;
    let back = rig.provider.confirm(&url, person("7"));
    submit(&rig.app, &rig.ada, "/sign-out", &[]).await;
    let answer = rig.arrive(&rig.ada, &secret, &back).await;
    refused(answer, StatusCode::UNPROCESSABLE_ENTITY, "Begin again").await;
    // Without a session, nothing begins.
    let form = submit(&rig.app, "", "/account/identities", &[]).await;
    assert_ne!(form.status(), StatusCode::OK);
    assert_eq!(cookie(&form, "kith-pending"), None);
}

#[tokio::test]
async fn without_a_provider_nothing_leads_to_one() {
    let app = TestApp::start().await;
    let session = set_up(&app).await;
    let page = send(visit(&app, "", "/sign-in")).await;
    assert!(
        !page
            .text()
            .await
            .expect("a page")
            .contains("/sign-in/provider")
    );
    let page = send(visit(&app, &session, "/account")).await;
    assert!(
        !page
            .text()
            .await
            .expect("a page")
            .contains("/account/identities")
    );
    let answer = submit(&app, "", "/sign-in/provider", &[]).await;
    refused(answer, StatusCode::UNPROCESSABLE_ENTITY, "no provider").await;
    let answer = send(visit(&app, "", "/sign-in/callback?state=a&code=b")).await;
    refused(answer, StatusCode::UNPROCESSABLE_ENTITY, "no provider").await;
}
