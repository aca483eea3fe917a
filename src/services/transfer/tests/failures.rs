//! Moves that fail, are interrupted or are broken off.

use std::future::ready;

use kith_database::Engine;
use kith_database::Sql;

use super::*;
use crate::services::database;

between_engines! {
    a_move_that_fails_half_way_leaves_everything_as_it_was
    rows_that_arrive_changed_are_noticed
    an_interrupted_move_leaves_everything_as_it_was
    a_move_that_was_broken_off_is_finished_or_called_off
    a_source_that_was_not_marked_is_marked
}

/// Has the target fail at a table in the middle.
const FAIL: &[Sql] = &[
    Sql::each(
        "CREATE TRIGGER fail BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no'); END",
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$",
    ),
    Sql::each(
        "SELECT 1",
        "CREATE TRIGGER fail BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION fail()",
    ),
];

/// Has the target change a row.
const CHANGE: &[Sql] = &[
    Sql::each(
        "CREATE TRIGGER change AFTER INSERT ON audit_log BEGIN UPDATE audit_log SET actor = 'x'; END",
        "CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN NEW.actor := 'x'; RETURN NEW; END $$",
    ),
    Sql::each(
        "SELECT 1",
        "CREATE TRIGGER change BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION change()",
    ),
];

async fn assert_as_before(source: &Database, target: &Database) {
    assert_eq!(installation(source).await.state, State::Open);
    assert!(is_empty(target).await);
    assert_ne!(installation(source).await.id, installation(target).await.id);
}

async fn a_move_that_fails_half_way_leaves_everything_as_it_was(
    source: Filled,
    target: TestDatabase,
) {
    for statement in FAIL {
        execute(&target, *statement).await;
    }
    let failed = move_all(&source, &target).await.expect_err("it fails");
    let message = failed.to_string();
    assert!(
        message.contains("the target failed at the table"),
        "{message}"
    );
    assert!(message.contains("Nothing has changed"), "{message}");
    assert_as_before(&source, &target).await;

    execute(
        &target,
        Sql::each("DROP TRIGGER fail", "DROP TRIGGER fail ON events"),
    )
    .await;
    move_all(&source, &target).await.expect("it goes now");
    assert_eq!(fingerprints(&target).await, fingerprints(&source).await);
}

async fn rows_that_arrive_changed_are_noticed(source: Filled, target: TestDatabase) {
    for statement in CHANGE {
        execute(&target, *statement).await;
    }
    let failed = move_all(&source, &target).await.expect_err("they differ");
    let message = failed.to_string();
    assert!(
        message.contains("the table audit_log has 4 rows"),
        "{message}"
    );
    assert_as_before(&source, &target).await;
}

async fn an_interrupted_move_leaves_everything_as_it_was(source: Filled, target: TestDatabase) {
    let interrupted = move_until(&source, &target, ready(())).await;
    let message = interrupted.expect_err("it is interrupted").to_string();
    assert!(
        message.contains("interrupted. Nothing has changed"),
        "{message}"
    );
    assert_as_before(&source, &target).await;
    move_all(&source, &target).await.expect("it goes now");
}

async fn a_move_that_was_broken_off_is_finished_or_called_off(
    source: Filled,
    target: TestDatabase,
) {
    // A kill before the target has committed leaves this.
    set_state(&source, moving()).await;
    call_off(&source, Some(&target))
        .await
        .expect("the target is empty");
    assert_as_before(&source, &target).await;
    set_state(&source, moving()).await;
    call_off(&source, None).await.expect("there is no target");
    assert_as_before(&source, &target).await;
    set_state(&source, moving()).await;
    move_all(&source, &target).await.expect("it goes on");
    assert_eq!(fingerprints(&target).await, fingerprints(&source).await);
}

async fn a_source_that_was_not_marked_is_marked(source: Filled, target: TestDatabase) {
    move_all(&source, &target).await.expect("it can be moved");
    // A kill after the target has committed leaves this. Kith may have worked with the target since.
    set_state(&source, moving()).await;
    execute(&target, "DELETE FROM used_signatures").await;

    let refused = call_off(&source, Some(&target))
        .await
        .expect_err("there is data");
    assert!(
        refused
            .to_string()
            .contains("finish it with `kith move --to"),
        "{refused}"
    );
    assert_eq!(installation(&source).await.state, moving());
    let refused = database::open(source.place(), std::num::NonZeroU32::MIN).await;
    assert!(refused.is_err(), "Kith does not start with it");

    let kept = fingerprints(&target).await;
    move_all(&source, &target)
        .await
        .expect("nothing is left to do");
    assert_eq!(installation(&source).await.state, moved());
    assert_eq!(fingerprints(&target).await, kept, "nothing is copied twice");
}

#[tokio::test]
async fn no_other_process_writes_to_a_server_while_it_is_copied() {
    let database = TestDatabase::new(Engine::Postgres).await;
    let locked = side::lock(&database).await.expect("it is free");
    let mut other = database
        .open_again()
        .await
        .write()
        .await
        .expect("it is open");
    let timeout = query("SET LOCAL lock_timeout = '50ms'").execute(&mut other);
    timeout.await.expect("it is valid");
    let write = query("INSERT INTO used_signatures (id, expires_at) VALUES ('used', 7)");
    let refused = write.execute(&mut other).await.expect_err("it is locked");
    let refused = refused.into_database_error().expect("PostgreSQL's words");
    assert_eq!(refused.code().as_deref(), Some("55P03"));
    drop(locked);
}

/// Has the function `wait` delay a move when it has come to the table `events`.
const WAIT_FOR_EVENTS: &str =
    "CREATE TRIGGER wait AFTER DELETE ON events FOR EACH STATEMENT EXECUTE FUNCTION wait()";

#[tokio::test]
async fn a_move_is_called_off_in_the_middle_of_a_long_statement() {
    let source = Filled::new(Engine::Sqlite).await;
    let target = TestDatabase::new(Engine::Postgres).await;
    execute(
        &target,
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_sleep(600); RETURN NULL; END $$",
    )
    .await;
    execute(&target, WAIT_FOR_EVENTS).await;
    let sleeps = async {
        let mut reader = target.reader().await.expect("it is open");
        let sleeping = "SELECT count(*) FROM pg_stat_activity
                        WHERE wait_event = 'PgSleep' AND datname = current_database()";
        while query(sleeping)
            .fetch_one::<i64>(&mut reader)
            .await
            .expect("a count")
            == 0
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let all = Move {
        source: &source,
        target: &target,
        to: TO,
        statement_timeout: Duration::from_secs(3600),
    };
    let failed = all.run(&mut Progress::new(io::sink(), false), sleeps).await;
    let failed = failed.expect_err("it is interrupted");
    assert!(matches!(failed, MoveError::CalledOff { .. }), "{failed}");
    assert_as_before(&source, &target).await;
}

#[tokio::test]
async fn a_statement_takes_as_long_as_the_move_allows() {
    let source = Filled::new(Engine::Sqlite).await;
    let target = TestDatabase::new(Engine::Postgres).await;
    execute(
        &target,
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_sleep(4); RETURN NULL; END $$",
    )
    .await;
    execute(&target, WAIT_FOR_EVENTS).await;
    let mut progress = Progress::new(io::sink(), false);
    let short = Move {
        source: &source,
        target: &target,
        to: TO,
        statement_timeout: Duration::from_secs(2),
    };
    let failed = short.run(&mut progress, pending()).await;
    let message = failed.expect_err("it takes too long").to_string();
    assert!(
        message.contains("the target failed at the table events"),
        "{message}"
    );
    assert_as_before(&source, &target).await;

    let long = Move {
        statement_timeout: Duration::from_secs(60),
        ..short
    };
    let moved = long.run(&mut progress, pending()).await;
    moved.expect("there is time enough");
    assert_eq!(fingerprints(&target).await, fingerprints(&source).await);
}
