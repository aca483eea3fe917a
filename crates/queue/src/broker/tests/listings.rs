//! Lists, filters, the queries behind them, and the removal of old rows.

use std::time::Duration;

use axum::http::StatusCode;
use kith_database::Engine;
use kith_database::QueryBuilder;
use kith_database::Row;

use super::rig::DELIVERED;
use super::rig::RETENTION;
use super::rig::Rig;
use super::rig::publication;
use super::rig::receiver;
use crate::broker::BrokerError;
use crate::broker::accept::Provenance;
use crate::broker::claim;
use crate::broker::engine;
use crate::broker::filter::Filter;
use crate::message::DeliverySpec;
use crate::message::Publication;
use crate::outbox;
use crate::test_database::on_both_engines;

on_both_engines![
    lists_of_events_and_of_dead_letters_end_near_their_largest_size,
    old_rows_are_removed,
    each_filter_finds_what_it_names,
    a_value_with_nul_is_refused,
    the_keys_that_were_next_are_current_after_a_rotation,
];

async fn lists_of_events_and_of_dead_letters_end_near_their_largest_size(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker("http://127.0.0.1:1");
    let large = Publication {
        delivery: DeliverySpec {
            headers: vec![("x-large".to_owned(), "v".repeat(256 * 1024))],
            ..DeliverySpec::default()
        },
        ..publication("/hooks/a")
    };
    broker
        .publish(&vec![large; 20], Provenance::default())
        .await
        .expect("taken");
    let (events, cursor) = broker.events(&Filter::default()).await.expect("a list");
    assert!(events.len() <= 10 && cursor.is_some(), "{}", events.len());
    rig.execute(
        "UPDATE messages SET state = 'failed', finished_at = 1, dead_letter_id = '1-' || seq",
    )
    .await;
    let (letters, cursor) = broker
        .dead_letters(&Filter::default())
        .await
        .expect("a list");
    assert!(letters.len() <= 10 && cursor.is_some(), "{}", letters.len());
}

async fn old_rows_are_removed(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker(&receiver().await);
    let twice = Publication {
        deduplication: Some("once".to_owned()),
        ..publication("/hooks/a")
    };
    broker
        .publish(std::slice::from_ref(&twice), Provenance::default())
        .await
        .expect("taken");
    broker.start();
    rig.until(DELIVERED, 1).await;
    broker.close().await;
    let again = broker
        .publish(std::slice::from_ref(&twice), Provenance::default())
        .await
        .expect("taken");
    assert!(again[0].deduplicated);

    rig.pass(Duration::from_secs(601));
    let later = broker
        .publish(&[twice], Provenance::default())
        .await
        .expect("taken");
    assert!(!later[0].deduplicated, "its window is over");
    broker.sweep().await.expect("swept");
    assert_eq!(rig.count(DELIVERED).await, 1);
    rig.pass(RETENTION + Duration::from_secs(1));
    while broker.sweep().await.expect("swept") {}
    assert_eq!(rig.count(DELIVERED).await, 0);
    assert_eq!(
        rig.count("SELECT count(*) FROM messages").await,
        1,
        "what waits stays"
    );
    assert_eq!(rig.count("SELECT count(*) FROM events").await, 0);
    assert_eq!(rig.count("SELECT count(*) FROM deduplications").await, 0);
}

#[tokio::test]
async fn frequent_queries_use_an_index() {
    let rig = Rig::new(Engine::Sqlite).await;
    let broker = rig.broker("http://127.0.0.1:1");
    let mut queries = Vec::new();
    for (of_events, query) in [
        (false, "messageId=a"),
        (false, "messageIds=a&messageIds=b"),
        (true, "messageId=a"),
    ] {
        let filter = Filter::parse(query).expect("a filter");
        let mut builder = QueryBuilder::new(Engine::Sqlite, "EXPLAIN QUERY PLAN SELECT 1 FROM ");
        if of_events {
            builder.push("events e LEFT JOIN messages m ON m.id = e.message_id WHERE TRUE");
            filter
                .narrow_events(&mut builder, broker.destinations())
                .expect("narrowed");
        } else {
            builder.push("messages m WHERE m.finished_at IS NULL");
            filter
                .narrow_messages(&mut builder, broker.destinations())
                .expect("narrowed");
        }
        queries.push(builder);
    }
    for query in [
        "SELECT seq FROM messages WHERE finished_at IS NULL AND origin = 'a' AND due_at <= 1 ORDER BY due_at, seq LIMIT 1",
        claim::NEXT_OF_WEBHOOKS,
        claim::NEXT_OF_OTHERS,
        "SELECT seq FROM messages m WHERE m.dead_letter_id IS NOT NULL ORDER BY m.seq DESC LIMIT 1",
        "SELECT seq FROM messages WHERE state IN ('delivered', 'failed', 'canceled') AND finished_at < 1 LIMIT 1",
        outbox::DUE,
        engine::OLDEST,
    ] {
        let mut builder = QueryBuilder::new(Engine::Sqlite, "EXPLAIN QUERY PLAN ");
        builder.push(query);
        queries.push(builder);
    }
    let mut connection = rig.database.reader().await.expect("it is open");
    for query in queries {
        let plan: Vec<Row> = query
            .build()
            .fetch_all(&mut connection)
            .await
            .expect("a plan");
        for step in plan {
            let step: String = step.get("detail").expect("a step");
            // The recursive query scans its own few rows.
            let indexed = step.contains("USING") || !step.starts_with("SCAN") || step == "SCAN o";
            assert!(indexed, "{step}");
        }
    }
}

#[test]
fn a_filter_is_parsed_or_rejected() {
    let (twice, once) = ("dlqIds=b,a,b&dlqIds=a", "dlqIds=a,b");
    assert_eq!(
        Filter::parse(twice).expect("a filter"),
        Filter::parse(once).expect("a filter")
    );
    for query in [
        "",
        "label=a&label=b,c&count=5",
        "state=CANCELLED&cursor=",
        "fromDate=1&toDate=2",
        "responseStatus=500,503",
    ] {
        assert!(Filter::parse(query).is_ok(), "{query}");
    }
    for query in [
        "lable=a",
        "count=0",
        "count=x",
        "cursor=x",
        "fromDate=today",
        "fromDate=-1",
        "toDate=-9223372036854775808",
        "toDate=9223372036854775808",
        "cursor=-1",
        "responseStatus=-1",
        "responseStatus=2xx",
    ] {
        let rejection = Filter::parse(query).expect_err(query);
        assert_eq!(rejection.status, StatusCode::BAD_REQUEST);
    }
    assert!(
        Filter::parse("count=101")
            .expect("a number")
            .page_size(100)
            .is_err()
    );
}

async fn each_filter_finds_what_it_names(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker("http://127.0.0.1:1");
    let mut message = publication("/hooks/a");
    message.labels = vec!["mail".to_owned(), "report".to_owned()];
    let messages = [message, publication("https://elsewhere.example/b")];
    let provenance = Provenance {
        caller_ip: Some("192.0.2.1"),
        schedule: Some("daily"),
    };
    let accepted = broker.publish(&messages, provenance).await.expect("taken");
    rig.execute(
        "UPDATE messages SET state = 'failed', finished_at = 1, response_status = 500,
             dead_letter_id = 'dead-' || path",
    )
    .await;
    for (query, found) in [
        ("", 2),
        (&format!("messageId={}", accepted[1].message_id), 1),
        ("dlqId=dead-/b&dlqId=c", 1),
        ("state=FAILED", 2),
        ("state=IN_PROGRESS", 0),
        ("url=https://kith.example/hooks/a", 1),
        ("host=kith.example", 1),
        ("host=elsewhere.example", 1),
        ("path=/b", 1),
        ("label=report", 1),
        ("label=repo", 0),
        ("scheduleId=daily", 2),
        ("callerIp=192.0.2.1", 2),
        ("responseStatus=500,503", 2),
        ("responseStatus=5", 0),
        ("fromDate=1000000000000", 2),
        ("fromDate=1000000000001", 0),
        ("toDate=1000000000000", 2),
        ("queueName=a", 0),
        ("topicName=a", 0),
        ("flowControlKey=a", 0),
        ("count=1", 1),
    ] {
        let filter = Filter::parse(query).expect("a filter");
        let (letters, _) = broker.dead_letters(&filter).await.expect("a list");
        assert_eq!(letters.len(), found, "{query}");
        broker.events(&filter).await.expect("a list");
    }
    assert_eq!(broker.lag().await.expect("a wait"), Duration::ZERO);
    rig.execute("UPDATE messages SET state = 'retry', finished_at = NULL")
        .await;
    rig.pass(Duration::from_secs(1));
    assert_eq!(broker.lag().await.expect("a wait"), Duration::from_secs(1));
    let labelled = Filter::parse("label=mail").expect("a filter");
    assert_eq!(broker.cancel(&labelled).await.expect("cancelled"), 1);
    assert_eq!(
        broker.cancel(&Filter::default()).await.expect("cancelled"),
        1
    );
}

async fn a_value_with_nul_is_refused(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker("http://127.0.0.1:1");
    let label = Filter::parse("label=a%00").expect("a filter");
    let listed = Filter::dead_letters(vec!["a\0".to_owned()]);
    for refused in [
        broker.events(&label).await.map(drop),
        broker.cancel(&label).await.map(drop),
        broker.dead_letters(&listed).await.map(drop),
        broker.delete_dead_letters(&listed).await.map(drop),
        broker.message("a\0").await.map(drop),
        broker.cancel_message("a\0").await,
        broker.find_schedule("a\0").await.map(drop),
        broker.pause_schedule("a\0", true).await,
        broker.delete_schedule("a\0").await,
    ] {
        let Err(BrokerError::Rejected(rejection)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(rejection.status, StatusCode::BAD_REQUEST);
    }
}

async fn the_keys_that_were_next_are_current_after_a_rotation(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.broker("http://127.0.0.1:1");
    let drawn = broker.keys().await.expect("keys");
    let rotated = broker.rotate_keys().await.expect("keys");
    assert_eq!(rotated.current.reveal(), drawn.next.reveal());
    assert_ne!(rotated.next.reveal(), drawn.next.reveal());
    let known = broker.keys().await.expect("keys");
    assert_eq!(known.current.reveal(), rotated.current.reveal());
    assert_eq!(known.next.reveal(), rotated.next.reveal());
}
