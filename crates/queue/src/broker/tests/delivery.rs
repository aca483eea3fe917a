//! Messages of dead processes, of older releases and of other times are delivered.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kith_database::Engine;
use kith_database::Sql;
use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::rig::DELIVERED;
use super::rig::Rig;
use super::rig::publication;
use super::rig::receiver;
use crate::broker::LEASE;
use crate::broker::accept::Provenance;
use crate::broker::engine::IDLE_TIMEOUT;
use crate::broker::filter::Filter;
use crate::message::Callback;
use crate::message::DeliverySpec;
use crate::test_database::on_both_engines;

on_both_engines![
    a_message_of_a_dead_process_is_delivered_by_another,
    a_consumer_of_a_process_that_ends_spends_no_attempt,
    a_connection_that_has_been_idle_is_not_used_again,
    a_message_that_cannot_be_read_does_not_hold_up_others,
    a_message_with_more_headers_than_a_request_can_have_is_a_dead_letter,
    messages_from_before_origins_were_kept_are_delivered,
    messages_before_1970_are_accepted_and_delivered,
    messages_of_an_older_release_are_shown_delivered_and_signed_without_control_characters,
];

async fn a_message_of_a_dead_process_is_delivered_by_another(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker(&receiver().await);
    broker
        .publish(&[publication("/hooks/a")], Provenance::default())
        .await
        .expect("taken");
    rig.execute(
        "UPDATE messages SET state = 'active', owner = 'a dead one', due_at = due_at + 9000",
    )
    .await;
    broker.start();
    // The other process may be alive until its lease ends.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(rig.count(DELIVERED).await, 0);
    rig.pass(LEASE);
    broker.wake();
    rig.until(DELIVERED, 1).await;
    broker.close().await;
}

async fn a_consumer_of_a_process_that_ends_spends_no_attempt(engine: Engine) {
    let rig = Rig::new(engine).await;
    let arrived = Arc::new(Notify::new());
    let end = Arc::new(Notify::new());
    let handler = {
        let (arrived, end) = (arrived.clone(), end.clone());
        move || async move {
            arrived.notify_one();
            end.notified().await;
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let router = Router::new().fallback(handler);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let broker = rig.broker(&origin);
    let message = publication("/hooks/a");
    let accepted = broker.publish(&[message], Provenance::default()).await;
    accepted.expect("taken");
    broker.start();
    arrived.notified().await;
    broker.stop();
    end.notify_one();
    broker.close().await;
    let given_back = "SELECT count(*) FROM messages WHERE state = 'retry' AND retried = 0";
    assert_eq!(rig.count(given_back).await, 1);
}

/// A receiver that answers the first request of each connection, and closes the connection at the second.
async fn receiver_of_single_requests() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                stream.write_all(answer).await.expect("it is read");
                let _ = stream.read(&mut request).await;
            });
        }
    });
    format!("http://{address}")
}

async fn a_connection_that_has_been_idle_is_not_used_again(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker(&receiver_of_single_requests().await);
    broker.start();
    for delivered in 1..=2 {
        let message = publication("/hooks/a");
        let accepted = broker.publish(&[message], Provenance::default()).await;
        accepted.expect("taken");
        let tried = "SELECT count(*) FROM messages WHERE state IN ('delivered', 'retry')";
        rig.until(tried, delivered).await;
        tokio::time::sleep(IDLE_TIMEOUT + Duration::from_millis(100)).await;
    }
    assert_eq!(rig.count(DELIVERED).await, 2);
    broker.close().await;
}

async fn a_message_that_cannot_be_read_does_not_hold_up_others(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker(&receiver().await);
    for path in ["/hooks/a", "/hooks/b"] {
        broker
            .publish(&[publication(path)], Provenance::default())
            .await
            .expect("taken");
    }
    rig.execute("UPDATE messages SET spec = 'nonsense' WHERE destination = '/hooks/a'")
        .await;
    broker.start();
    rig.until(DELIVERED, 1).await;
    // It stays for a version that can read it, and listings leave out its fields.
    rig.until("SELECT count(*) FROM messages WHERE state = 'retry'", 1)
        .await;
    let (events, _) = broker.events(&Filter::default()).await.expect("a list");
    assert!(events.iter().any(|event| event["url"].is_null()));
    broker.close().await;
}

/// Turns a waiting message into one that an older release has accepted.
const WITH_TOO_MANY_HEADERS: Sql = Sql::each(
    "UPDATE messages SET spec = json_set(spec, '$.headers', (
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 25000)
         SELECT json_group_array(json_array('x-' || n, 'v')) FROM numbers
     ))",
    "UPDATE messages SET spec = jsonb_set(spec::jsonb, '{headers}', (
         SELECT jsonb_agg(jsonb_build_array('x-' || n, 'v')) FROM generate_series(1, 25000) AS n
     ))::text",
);

async fn a_message_with_more_headers_than_a_request_can_have_is_a_dead_letter(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker(&receiver().await);
    broker
        .publish(&[publication("/hooks/a")], Provenance::default())
        .await
        .expect("taken");
    rig.execute(WITH_TOO_MANY_HEADERS).await;
    broker.start();
    rig.until(
        "SELECT count(*) FROM messages WHERE state = 'failed' AND dead_letter_id IS NOT NULL",
        1,
    )
    .await;
    let (events, _) = broker.events(&Filter::default()).await.expect("a list");
    let error = events[0]["error"].as_str().expect("an error");
    assert!(error.contains("headers"), "{error}");
    broker.close().await;
}

async fn messages_from_before_origins_were_kept_are_delivered(engine: Engine) {
    let rig = Rig::new(engine).await;
    let fine = receiver().await;
    let broker = rig.broker_to(&fine, &[&fine.replace("127.0.0.1", "localhost")]);
    let elsewhere = format!("{}/a", fine.replace("127.0.0.1", "localhost"));
    for path in ["/hooks/a", &elsewhere] {
        broker
            .publish(&[publication(path)], Provenance::default())
            .await
            .expect("taken");
    }
    // As the migration leaves them.
    rig.execute("UPDATE messages SET origin = coalesce(host, '')")
        .await;
    broker.start();
    rig.until(DELIVERED, 2).await;
    broker.close().await;
}

async fn messages_before_1970_are_accepted_and_delivered(engine: Engine) {
    let rig = Rig::new(engine).await;
    rig.clock.store(-86_400_000, Ordering::SeqCst);
    let broker = rig.broker(&receiver().await);
    broker
        .publish(&[publication("/hooks/a")], Provenance::default())
        .await
        .expect("taken");
    broker.start();
    rig.until(DELIVERED, 1).await;
    broker.close().await;
}

/// A receiver that reports the path and the signature of each request.
async fn witness() -> (
    String,
    tokio::sync::mpsc::UnboundedReceiver<(String, String)>,
) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    let answer = move |uri: axum::http::Uri, headers: HeaderMap| {
        let signature = headers.get("upstash-signature").map(|token| token.to_str());
        let signature = signature.expect("a signature").expect("text").to_owned();
        let told = tell.send((uri.to_string(), signature));
        async move { told.map_or(StatusCode::GONE, |()| StatusCode::OK) }
    };
    let router = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (origin, told)
}

/// As an older release has stored them, which rejected nothing.
const MESSAGES_OF_AN_OLDER_RELEASE: Sql = Sql::each(
    "UPDATE messages SET destination = destination || char(27, 91, 51, 49, 109, 13, 10) || 'X',
         spec = json_set(spec, '$.callback.url', (spec ->> '$.callback.url') || char(7) || 'X')",
    "UPDATE messages SET destination = destination || E'\\x1b[31m\\r\\nX',
         spec = jsonb_set(spec::jsonb, '{callback,url}',
             to_jsonb((spec::jsonb #>> '{callback,url}') || E'\\x07X'))::text",
);

const SCHEDULES_OF_AN_OLDER_RELEASE: Sql = Sql::each(
    "UPDATE schedules SET cron = char(10) || '0' || char(9) || '9 * * *',
         spec = json_set(spec, '$.destination', (spec ->> '$.destination') || char(27) || 'X')",
    "UPDATE schedules SET cron = E'\\n0\\t9 * * *',
         spec = jsonb_set(spec::jsonb, '{destination}',
             to_jsonb((spec::jsonb ->> 'destination') || E'\\x1bX'))::text",
);

async fn messages_of_an_older_release_are_shown_delivered_and_signed_without_control_characters(
    engine: Engine,
) {
    let rig = Rig::new(engine).await;
    let (origin, mut told) = witness().await;
    let broker = rig.broker_to("http://127.0.0.1:1", &[&origin]);
    let mut message = publication(&format!("{origin}/a"));
    message.callback = Some(Callback {
        url: format!("{origin}/told"),
        delivery: DeliverySpec::default(),
    });
    let accepted = broker.publish(std::slice::from_ref(&message), Provenance::default());
    let id = accepted.await.expect("taken").remove(0).message_id;
    let schedule = broker.schedule(Some("old".to_owned()), "0 9 * * *", &message, None);
    schedule.await.expect("taken");
    rig.execute(MESSAGES_OF_AN_OLDER_RELEASE).await;
    rig.execute(SCHEDULES_OF_AN_OLDER_RELEASE).await;

    let overview = broker.overview().await.expect("an overview");
    let message = &overview.messages[0];
    assert_eq!(message.destination, format!("{origin}/a%1B[31mX"));
    assert_eq!(overview.schedules[0].cron, "0 9 * * *");
    let schedule = broker.find_schedule("old").await.expect("it is there");
    assert_eq!(schedule["destination"], format!("{origin}/a%1BX"));
    let message = broker.message(&id).await.expect("it is there");
    assert_eq!(message["url"], format!("{origin}/a%1B[31mX"));
    assert_eq!(message["callback"], format!("{origin}/told%07X"));

    broker.start();
    for path in ["/a%1B[31mX", "/told%07X"] {
        let (uri, token) = told.recv().await.expect("a delivery");
        assert_eq!(uri, path);
        let claims = token.split('.').nth(1).expect("claims");
        let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).expect("base64");
        let claims: Value = serde_json::from_slice(&claims).expect("JSON");
        assert_eq!(claims["sub"], format!("{origin}{path}"));
    }
    rig.until(DELIVERED, 2).await;
    broker.close().await;
}
