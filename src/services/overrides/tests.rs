//! Overrides that several instances make and apply.

use kith_runtime::SystemClock;

use super::*;
use crate::services::config::Config;
use crate::services::database::testing::TestDatabase;
use crate::services::database::testing::on_each_engine;
use crate::services::policies;

/// The overrides of another instance, with its limiter.
async fn instance(database: &TestDatabase) -> (RuntimeOverrides, Limiter, Database) {
    let database = database.open_again().await;
    let limiter = policies::limiter(&Config::default(), None, "kith".to_owned());
    let overrides = RuntimeOverrides::new(Options {
        database: database.clone(),
        limiter: limiter.clone(),
        health: DatabaseHealth::new(),
        clock: Arc::new(SystemClock),
    });
    (overrides, limiter, database)
}

fn network(text: &str) -> IpNet {
    text.parse().expect("a network")
}

/// Adds a network to the deny list, as an admin does.
async fn deny(
    (overrides, _, database): &(RuntimeOverrides, Limiter, Database),
    denied: &str,
) -> Result<(), sqlx::Error> {
    let mut tx = database.write().await?;
    let mut list = overrides.denied(&mut tx).await?;
    list.push(network(denied));
    overrides.set_denied(&mut tx, &list).await?;
    tx.commit().await
}

on_each_engine! {
    an_override_holds_on_every_instance_until_it_is_taken_back
    two_networks_that_are_denied_at_once_are_both_denied
}

async fn an_override_holds_on_every_instance_until_it_is_taken_back(database: TestDatabase) {
    let one = instance(&database).await;
    let other = instance(&database).await;
    let quota = || other.1.policy(RequestClass::Api.policy()).1;
    let configured = one.0.configured(RequestClass::Api);
    let narrow = Quota::new(2, Duration::from_secs(60)).expect("a quota");
    for (set, expected) in [(Some(narrow), narrow), (None, configured)] {
        let mut tx = one.2.write().await.expect("a turn");
        let written = one.0.set_quota(&mut tx, RequestClass::Api, set).await;
        written.expect("room");
        tx.commit().await.expect("room");
        other.0.apply().await.expect("it is open");
        assert_eq!(quota(), expected);
    }

    deny(&one, "192.0.2.0/24").await.expect("room");
    other.0.apply().await.expect("it is open");
    assert_eq!(other.1.denied(), [network("192.0.2.0/24")]);
    let mut tx = one.2.write().await.expect("a turn");
    one.0.set_denied(&mut tx, &[]).await.expect("room");
    tx.commit().await.expect("room");
    other.0.apply().await.expect("it is open");
    assert!(other.1.denied().is_empty());
}

async fn two_networks_that_are_denied_at_once_are_both_denied(database: TestDatabase) {
    let one = instance(&database).await;
    let other = instance(&database).await;
    let both = async { tokio::join!(deny(&one, "192.0.2.0/24"), deny(&other, "203.0.113.0/24")) };
    let (first, second) = match database.engine() {
        Engine::Sqlite => both.await,
        Engine::Postgres => {
            // Until it opens, the list can be read, but not written.
            let gate = database.gate("LOCK TABLE settings IN SHARE MODE").await;
            tokio::join!(both, database.open_gate(gate, 2)).0
        }
    };
    first.expect("room");
    second.expect("room");
    one.0.apply().await.expect("it is open");
    let mut denied = one.1.denied();
    denied.sort();
    assert_eq!(denied, [network("192.0.2.0/24"), network("203.0.113.0/24")]);
}
