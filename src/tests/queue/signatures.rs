//! Signatures of webhooks, and messages that a consumer cannot parse.

use jiff::Timestamp;
use kith_queue::signature::SigningKey;
use reqwest::StatusCode;

use crate::app::TestApp;
use crate::app::problem;
use crate::queue::support::Signed;
use crate::queue::support::deliver;

async fn said(response: reqwest::Response) -> String {
    let problem = problem(response, StatusCode::UNAUTHORIZED).await;
    problem["detail"].as_str().expect("a detail").to_owned()
}

#[tokio::test]
async fn a_webhook_without_a_valid_signature_is_refused_with_the_reason() {
    let app = TestApp::start().await;
    let signed = Signed::new(&app).await;
    let token = signed.token();
    assert_eq!(
        deliver(&app, Some(&token), b"").await.status(),
        StatusCode::OK
    );
    assert!(
        said(deliver(&app, Some(&token), b"").await)
            .await
            .contains("used before")
    );
    assert!(
        said(deliver(&app, None, b"").await)
            .await
            .contains("no signature")
    );
    let cut = &signed.token()[..40];
    assert!(
        said(deliver(&app, Some(cut), b"").await)
            .await
            .contains("no token")
    );
    assert!(
        said(deliver(&app, Some(&signed.token()), b"more").await)
            .await
            .contains("another body")
    );

    let forged = Signed {
        key: SigningKey::new("sig_of_nobody"),
        ..Signed::new(&app).await
    };
    assert!(said(forged.send().await).await.contains("another key"));
    let old = Signed {
        at: Timestamp::now() - jiff::SignedDuration::from_secs(400),
        ..Signed::new(&app).await
    };
    assert!(said(old.send().await).await.contains("expired"));
    let early = Signed {
        at: Timestamp::now() + jiff::SignedDuration::from_secs(60),
        ..Signed::new(&app).await
    };
    assert!(said(early.send().await).await.contains("not hold yet"));
    let astray = Signed {
        destination: format!("{}/api/webhooks/welcome-email", app.origin),
        ..Signed::new(&app).await
    };
    assert!(said(astray.send().await).await.contains("another address"));

    // The next key is good already, and after a rotation the current one is good no more.
    let broker = app.broker();
    let before = broker.keys().await.expect("keys");
    let next = Signed {
        key: before.next.clone(),
        ..Signed::new(&app).await
    };
    assert_eq!(next.send().await.status(), StatusCode::OK);
    let after = broker.rotate_keys().await.expect("keys");
    assert_eq!(after.current, before.next);
    assert_eq!(next.send().await.status(), StatusCode::OK);
    let rotated = Signed {
        key: before.current,
        ..Signed::new(&app).await
    };
    assert!(said(rotated.send().await).await.contains("another key"));
}

#[tokio::test]
async fn a_message_that_is_not_understood_is_not_sent_again() {
    let app = TestApp::start().await;
    for body in [
        "",
        "{}",
        "[]",
        "{\"date\": \"soon\"}",
        "{\"date\": \"2999-01-01\"}",
    ] {
        let signed = Signed {
            body: body.into(),
            ..Signed::new(&app).await
        };
        let answer = signed.send().await;
        let expected = if matches!(body, "" | "{}") { 200 } else { 489 };
        assert_eq!(answer.status().as_u16(), expected, "{body}");
        if expected == 489 {
            assert_eq!(
                crate::app::header(&answer, "upstash-nonretryable-error"),
                "true"
            );
        }
    }
}
