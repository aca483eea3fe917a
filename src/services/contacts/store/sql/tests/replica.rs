//! Lists that a server answers which follows the primary.

use std::num::NonZeroU32;
use std::sync::Arc;

use kith_test_support::postgres_server::PostgresServer;

use super::SqlStore;
use crate::services::contacts::store::conformance;
use crate::services::contacts::store::conformance::Store;
use crate::services::contacts::store::conformance::add;
use crate::services::contacts::store::conformance::found;
use crate::services::database;
use crate::services::database::DatabaseUrl;

const CONNECTIONS: NonZeroU32 = NonZeroU32::new(6).expect("it is not 0");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_are_read_from_a_replica_and_have_what_was_just_written() {
    let primary = PostgresServer::with(&["-c", "log_statement=all"]);
    let url = |server: &PostgresServer| server.url_of("postgres");
    let place: DatabaseUrl = url(&primary).parse().expect("an address");
    let opened = database::open(place.clone(), CONNECTIONS).await;
    opened.expect("the tables are made").close().await;
    let replica = primary.standby();
    let followed = Some(url(&replica).parse().expect("an address"));
    let opened = database::open_with_replica(place, followed, CONNECTIONS).await;
    let (database, _) = opened.expect("a primary");
    let store = SqlStore::new(database.clone(), conformance::IDEMPOTENCY_TTL);
    let store: Store = Arc::new(store);
    for number in 1..=10 {
        add(&store, "Ada").await;
        assert_eq!(found(&store, "ada").await.len(), number);
    }
    primary.wait_until_followed_by(&replica);
    assert_eq!(found(&store, "ada").await.len(), 10);
    assert!(replica.log().contains("FROM contacts"), "{}", replica.log());
    assert_eq!(database.warnings(), []);
}
