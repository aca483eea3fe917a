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
use crate::broker::accept::Provenance;
use crate::broker::claim;
use crate::broker::filter::Filter;
use crate::message::DeliverySpec;
use crate::message::Publication;

#[tokio::test]
async fn lists_of_events_and_of_dead_letters_end_near_their_largest_size() {
    let rig = Rig::new().await;
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

#[tokio::test]
async fn old_rows_are_removed() {
    let rig = Rig::new().await;
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
    let rig = Rig::new().await;
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
            filter.narrow_events(&mut builder, broker.destinations());
        } else {
            builder.push("messages m WHERE m.finished_at IS NULL");
            filter.narrow_messages(&mut builder, broker.destinations());
        }
        queries.push(builder);
    }
    for query in [
        "SELECT min(due_at) FROM messages WHERE finished_at IS NULL AND own = 1",
        "SELECT seq FROM messages WHERE finished_at IS NULL AND origin = 'a' AND due_at <= 1 ORDER BY due_at, seq LIMIT 1",
        claim::NEXT_OF_WEBHOOKS,
        claim::NEXT_OF_OTHERS,
        "SELECT seq FROM messages m WHERE m.dead_letter_id IS NOT NULL ORDER BY m.seq DESC LIMIT 1",
        "SELECT seq FROM messages WHERE state IN ('delivered', 'failed', 'canceled') AND finished_at < 1 LIMIT 1",
        "SELECT seq FROM outbox WHERE due_at <= 1 LIMIT 1",
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
