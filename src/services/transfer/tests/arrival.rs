//! What a target has after a move.

use kith_database::Engine;
use kith_database::Sql;

use super::*;
use crate::services::contacts::query::Scope;
use crate::services::contacts::store::conformance::add;
use crate::services::contacts::store::conformance::found;
use crate::services::contacts::store::conformance::found_in;

between_engines! {
    everything_arrives
    new_rows_follow_those_that_were_copied
}

async fn everything_arrives(source: Filled, target: TestDatabase) {
    let before = fingerprints(&source).await;
    for (table, fingerprint) in &before {
        assert!(fingerprint.rows > 0, "no rows of {table} are tried");
    }
    let (id, generations) = (installation(&source).await.id, generations(&source).await);
    move_all(&source, &target).await.expect("it can be moved");

    assert_eq!(fingerprints(&target).await, before);
    assert_eq!(fingerprints(&source).await, before, "the source keeps it");
    let (here, there) = (installation(&source).await, installation(&target).await);
    assert_eq!((here.id, here.state), (id.clone(), moved()));
    assert_eq!((there.id, there.state), (id, State::Open));
    for generation in self::generations(&target).await {
        assert!(!generations.contains(&generation), "it is drawn anew");
    }

    let (old, new) = (source.store(), filled::store(&target));
    assert_eq!(
        new.totals().await.expect("open"),
        old.totals().await.expect("open")
    );
    for search in [
        "",
        "王",
        "小明",
        "alvaro",
        "e\u{301}",
        "@",
        "\\",
        "example.com",
    ] {
        assert_eq!(
            found(&new, search).await,
            found(&old, search).await,
            "{search}"
        );
        let trash = found_in(&new, Scope::Trash, search).await;
        assert_eq!(
            trash,
            found_in(&old, Scope::Trash, search).await,
            "{search}"
        );
    }
    assert_eq!(found(&new, "王").await, ["王小明"]);

    let mut reader = target.reader().await.expect("it is open");
    let owned = "SELECT count(*) FROM messages WHERE state = 'active' AND owner IS NOT NULL";
    assert_eq!(number(&mut reader, owned).await, 0);
    let due = "SELECT count(*) FROM messages WHERE state = 'active' AND due_at = updated_at";
    assert_eq!(number(&mut reader, due).await, 1, "it is due at once");
    assert_eq!(
        number(&mut reader, "SELECT count(*) FROM instances").await,
        0
    );
}

async fn generations(database: &Database) -> Vec<i64> {
    let mut reader = database.reader().await.expect("it is open");
    let generations = query("SELECT generation FROM generations").fetch_all(&mut reader);
    generations.await.expect("they can be read")
}

async fn new_rows_follow_those_that_were_copied(source: Filled, target: TestDatabase) {
    move_all(&source, &target).await.expect("it can be moved");
    add(&filled::store(&target), "Zoë New").await;
    assert_eq!(found(&filled::store(&target), "zoe").await, ["Zoë New"]);
    for statement in [
        Sql::each(
            "INSERT INTO outbox (id, spec, body, created_at, due_at) VALUES ('new', '{}', x'', 1, 2)",
            "INSERT INTO outbox (id, spec, body, created_at, due_at) VALUES ('new', '{}', '', 1, 2)",
        ),
        Sql::each(
            "INSERT INTO messages (id, state, destination, path, spec, body, created_at, not_before,
                 due_at, updated_at) VALUES ('new', 'created', '/', '/', '{}', x'', 1, 1, 1, 1)",
            "INSERT INTO messages (id, state, destination, path, spec, body, created_at, not_before,
                 due_at, updated_at) VALUES ('new', 'created', '/', '/', '{}', '', 1, 1, 1, 1)",
        ),
        Sql::new("INSERT INTO audit_log (at, actor, kind) VALUES (1, 'new', 'sign_in')"),
    ] {
        execute(&target, statement).await;
    }
    let mut reader = target.reader().await.expect("it is open");
    for last_is_new in [
        "SELECT id = 'new' FROM outbox ORDER BY seq DESC LIMIT 1",
        "SELECT id = 'new' FROM messages ORDER BY seq DESC LIMIT 1",
        "SELECT message_id = 'new' FROM events ORDER BY seq DESC LIMIT 1",
        "SELECT actor = 'new' FROM audit_log ORDER BY seq DESC LIMIT 1",
    ] {
        let is_new: bool = query(last_is_new)
            .fetch_one(&mut reader)
            .await
            .expect("rows");
        assert!(is_new, "{last_is_new}");
    }
}

#[tokio::test]
async fn data_that_comes_back_is_the_same() {
    let source = Filled::new(Engine::Sqlite).await;
    let before = fingerprints(&source).await;
    let server = TestDatabase::new(Engine::Postgres).await;
    move_all(&source, &server).await.expect("it can be moved");
    let back = TestDatabase::new(Engine::Sqlite).await;
    move_all(&server, &back).await.expect("it can be moved");
    assert_eq!(fingerprints(&back).await, before);
    let (source, back) = (installation(&source).await, installation(&back).await);
    assert_eq!((back.id, back.state), (source.id, State::Open));
}
