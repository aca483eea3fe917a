//! Passkeys over HTTP, as far as that goes without an authenticator. The tests in a browser have one.

use reqwest::Method;
use reqwest::Response;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::app::TestApp;
use crate::app::header;
use crate::app::send;
use crate::sign_in::cookie;
use crate::sign_in::set_up;
use crate::sign_in::submit;
use crate::sign_in::submit_with;
use crate::sign_in::visit;

/// Asks for a challenge.
async fn challenge(app: &TestApp, session: &str, path: &str) -> Response {
    let request = app
        .request(Method::POST, path)
        .header("accept", "application/json")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", format!("kith-session={session}"));
    send(request).await
}

/// Texts that no authenticator has signed.
fn made_up() -> Vec<String> {
    let response = json!({
        "clientDataJSON": "e30", "authenticatorData": "AAAA", "signature": "AAAA",
        "attestationObject": "oA", "userHandle": "AAAAAAAAAAAAAAAAAAAAAA",
    });
    let credential = json!({
        "id": "AAAA", "rawId": "AAAA", "type": "public-key", "response": response,
        "clientExtensionResults": {},
    });
    let text = credential.to_string();
    vec![String::new(), "{}".to_owned(), "[".repeat(10_000), text]
}

async fn refused(response: Response, why: &str) {
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(cookie(&response, "kith-session"), None);
    let page = response.text().await.expect("a page");
    assert!(page.contains(why), "{page}");
}

#[tokio::test]
async fn a_passkey_that_is_made_up_signs_no_one_in() {
    let app = TestApp::start().await;
    set_up(&app).await;
    for credential in made_up() {
        let asked = challenge(&app, "", "/sign-in/passkey/options").await;
        assert_eq!(asked.status(), StatusCode::OK);
        assert_eq!(header(&asked, "cache-control"), "no-store");
        let secret = cookie(&asked, "kith-pending").expect("a secret");
        let options: Value = asked.json().await.expect("options");
        assert_eq!(options["publicKey"]["userVerification"], "required");
        assert_eq!(options["publicKey"]["rpId"], "localhost");
        let cookies = format!("kith-pending={secret}");
        let form = [("credential", credential.as_str()), ("next", "/trash")];
        let first = submit_with(&app, &cookies, "/sign-in/passkey", &form).await;
        refused(first, "does not sign in here").await;
        // The challenge is used up.
        let second = submit_with(&app, &cookies, "/sign-in/passkey", &form).await;
        refused(second, "Try again").await;
    }
    let none = submit_with(&app, "", "/sign-in/passkey", &[]).await;
    refused(none, "Try again").await;
}

#[tokio::test]
async fn a_passkey_is_added_in_the_session_in_which_that_has_begun() {
    let app = TestApp::start().await;
    let session = set_up(&app).await;
    for credential in made_up() {
        let asked = challenge(&app, &session, "/account/passkeys/options").await;
        let secret = cookie(&asked, "kith-pending").expect("a secret");
        let options: Value = asked.json().await.expect("options");
        let selection = &options["publicKey"]["authenticatorSelection"];
        assert_eq!(selection["residentKey"], "required");
        assert_eq!(selection["userVerification"], "required");
        let form = [("credential", credential.as_str()), ("name", "Phone")];
        let cookies = format!("kith-session={session}; kith-pending={secret}");
        let made = submit_with(&app, &cookies, "/account/passkeys", &form).await;
        refused(made, "has not made a passkey").await;
        // A challenge to add one does not serve to sign in.
        let asked = challenge(&app, &session, "/account/passkeys/options").await;
        let secret = cookie(&asked, "kith-pending").expect("a secret");
        let cookies = format!("kith-pending={secret}");
        let entered = submit_with(&app, &cookies, "/sign-in/passkey", &form).await;
        refused(entered, "Try again").await;
    }
    let page = send(visit(&app, &session, "/account")).await;
    let page = page.text().await.expect("a page");
    assert!(page.contains("action=\"/account/passkeys\"") && !page.contains("/remove"));
    let path = "/account/passkeys/0198c0de-0000-7000-8000-000000000001/remove";
    let gone = submit(&app, &session, path, &[]).await;
    assert_eq!(gone.status(), StatusCode::SEE_OTHER);
    let stranger = challenge(&app, "", "/account/passkeys/options").await;
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn passkeys_are_offered_where_browsers_have_them() {
    for (public_url, offers) in [
        ("https://kith.example", true),
        ("http://localhost:4000", true),
        ("http://kith.example", false),
        ("https://192.0.2.1", false),
    ] {
        let app = TestApp::with(|config| {
            config.server.public_url = Some(public_url.parse().expect("an origin"));
        })
        .await;
        set_up(&app).await;
        let page = send(visit(&app, "", "/sign-in")).await;
        let page = page.text().await.expect("a page");
        assert_eq!(page.contains("/sign-in/passkey"), offers, "{public_url}");
        let asked = challenge(&app, "", "/sign-in/passkey/options").await;
        let expected = if offers {
            StatusCode::OK
        } else {
            StatusCode::BAD_REQUEST
        };
        assert_eq!(asked.status(), expected, "{public_url}");
    }
}
