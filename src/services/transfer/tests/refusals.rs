//! What is not moved.

use kith_database::Engine;
use kith_database::Sql;

use super::*;
use crate::services::database::testing::on_each_engine;

on_each_engine! {
    a_source_that_is_in_use_is_not_moved
    a_target_that_is_in_use_takes_nothing
    a_target_with_rows_takes_nothing
    a_target_that_was_moved_takes_nothing
    a_database_is_not_moved_into_itself
    data_goes_to_one_target
    only_a_move_that_was_begun_is_called_off
}

/// A process that says that it is alive.
const INSTANCE: Sql = Sql::each(
    "INSERT INTO instances (id, started_at, seen_at, version, address, config_hash, figures)
     VALUES ('one', 1, CAST(1000 * unixepoch('subsec') AS INTEGER) + 60000, '0.1.0', '127.0.0.1:3999', 'h', '{}')",
    "INSERT INTO instances (id, started_at, seen_at, version, address, config_hash, figures)
     VALUES ('one', 1, CAST(1000 * extract(epoch FROM clock_timestamp()) AS BIGINT) + 60000, '0.1.0',
         '127.0.0.1:3999', 'h', '{}')",
);

async fn source() -> Filled {
    Filled::new(Engine::Sqlite).await
}

/// Why nothing is moved. The source is open as before, and the target has nothing new.
async fn refused(source: &Database, target: &Database) -> String {
    let before = (fingerprints(target).await, installation(target).await);
    let refused = move_all(source, target).await.expect_err("it is refused");
    assert_eq!(installation(source).await.state, State::Open);
    assert_eq!(
        (fingerprints(target).await, installation(target).await),
        before
    );
    refused.to_string()
}

async fn a_source_that_is_in_use_is_not_moved(source: TestDatabase) {
    let target = TestDatabase::new(Engine::Sqlite).await;
    execute(&source, INSTANCE).await;
    let message = refused(&source, &target).await;
    assert!(
        message.contains("the source at 127.0.0.1:3999 (last seen"),
        "{message}"
    );
    execute(&source, "UPDATE instances SET seen_at = seen_at - 76000").await;
    move_all(&source, &target).await.expect("it was killed");
}

async fn a_target_that_is_in_use_takes_nothing(target: TestDatabase) {
    execute(&target, INSTANCE).await;
    let message = refused(&source().await.0, &target).await;
    assert!(
        message.contains("the target at 127.0.0.1:3999 (last seen"),
        "{message}"
    );
}

async fn a_target_with_rows_takes_nothing(target: TestDatabase) {
    execute(
        &target,
        "INSERT INTO used_signatures (id, expires_at) VALUES ('used', 7)",
    )
    .await;
    let message = refused(&source().await.0, &target).await;
    assert!(
        message.contains("rows in the table used_signatures"),
        "{message}"
    );
}

async fn a_target_that_was_moved_takes_nothing(target: TestDatabase) {
    set_state(&target, moved()).await;
    let message = refused(&source().await.0, &target).await;
    assert!(message.contains("was moved to"), "{message}");
}

async fn a_database_is_not_moved_into_itself(database: TestDatabase) {
    let again = database.open_again().await;
    let message = refused(&database, &again).await;
    assert!(message.contains("the database that Kith uses"), "{message}");
}

async fn data_goes_to_one_target(source: TestDatabase) {
    let target = TestDatabase::new(Engine::Sqlite).await;
    let elsewhere = "sqlite:///srv/elsewhere.db".to_owned();
    for (state, expected) in [
        (
            State::Moving {
                to: elsewhere.clone(),
            },
            "kith move --to sqlite:///srv/elsewhere.db",
        ),
        (
            State::Moved { to: elsewhere },
            "moved to sqlite:///srv/elsewhere.db already",
        ),
    ] {
        set_state(&source, state.clone()).await;
        let refused = move_all(&source, &target).await.expect_err("it is refused");
        assert!(refused.to_string().contains(expected), "{refused}");
        assert_eq!(installation(&source).await.state, state);
        assert!(is_empty(&target).await);
    }
}

async fn only_a_move_that_was_begun_is_called_off(source: TestDatabase) {
    let target = TestDatabase::new(Engine::Sqlite).await;
    call_off(&source, Some(&target)).await.expect("it is open");
    set_state(&source, moved()).await;
    let refused = call_off(&source, Some(&target))
        .await
        .expect_err("it was moved");
    assert!(refused.to_string().contains("already"), "{refused}");
    assert_eq!(installation(&source).await.state, moved());
}
