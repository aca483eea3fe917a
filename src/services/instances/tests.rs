//! Instances of one database, on both engines.

use kith_database::query;

use super::*;
use crate::services::config::Config;
use crate::services::database::milliseconds;
use crate::services::database::testing::TestDatabase;
use crate::services::database::testing::on_each_engine;
use crate::services::health::Component;
use crate::services::health::ComponentStatus;
use crate::services::health::Components;

/// An instance that keeps mails in the folder of this name.
async fn instance(database: &TestDatabase, address: &str, folder: Option<&str>) -> Instances {
    let mail_folder = folder.map(str::to_owned);
    Instances::new(Options {
        database: database.open_again().await,
        address: address.to_owned(),
        config_hash: Config::default().hash(),
        figures: Box::new(move || Figures {
            mail_folder: mail_folder.clone(),
            ..Figures::default()
        }),
    })
}

on_each_engine! {
    an_instance_is_there_until_it_ends
    an_instance_ends_once_the_data_has_moved
    an_instance_ends_once_a_newer_version_needs_other_tables
    a_migration_that_older_instances_cannot_live_with_waits_for_their_end
    a_migration_that_older_instances_can_live_with_does_not_wait
    an_instance_that_was_killed_is_gone_after_a_while
    another_release_may_write_what_this_one_does_not_know
}

fn addresses(instances: &[Instance]) -> Vec<&str> {
    instances
        .iter()
        .map(|instance| &*instance.address)
        .collect()
}

async fn an_instance_is_there_until_it_ends(database: TestDatabase) {
    let one = instance(&database, "127.0.0.1:1", None).await;
    let two = instance(&database, "127.0.0.1:2", None).await;
    one.register().await.expect("room").expect("it is open");
    two.register().await.expect("room").expect("it is open");
    one.beat().await.expect("room");
    let all = two.all().await.expect("instances");
    assert_eq!(addresses(&all), ["127.0.0.1:1", "127.0.0.1:2"]);
    assert_eq!(all[0].version, VERSION);
    assert_eq!(all[0].config_hash, Config::default().hash());
    one.close().await;
    let all = two.all().await.expect("instances");
    assert_eq!(addresses(&all), ["127.0.0.1:2"]);
}

async fn an_instance_ends_once_the_data_has_moved(database: TestDatabase) {
    let refused = shut_out(
        database,
        "UPDATE installation SET state = 'moved', moved_to = 'postgres://kith@db/kith'",
    );
    let refused = refused.await;
    assert!(matches!(refused, OpenError::Moved { .. }), "{refused}");
}

async fn an_instance_ends_once_a_newer_version_needs_other_tables(database: TestDatabase) {
    let refused = shut_out(database, "UPDATE installation SET min_schema = 1000").await;
    assert!(matches!(refused, OpenError::NewerSchema), "{refused}");
}

/// Changes the installation so that instances cannot work with it, while one is suspended and another one starts.
/// Returns why the second one is refused.
async fn shut_out(database: TestDatabase, change: &'static str) -> OpenError {
    let suspended = instance(&database, "127.0.0.1:1", None).await;
    let late = instance(&database, "127.0.0.1:2", None).await;
    suspended
        .register()
        .await
        .expect("room")
        .expect("it is open");
    let mut tx = database.write().await.expect("a turn");
    query(change).execute(&mut tx).await.expect("room");
    store::remove(&mut tx, &suspended.0.id).await.expect("room");
    tx.commit().await.expect("room");

    suspended.start();
    let ended = tokio::time::timeout(Duration::from_secs(60), suspended.shut_out()).await;
    ended.expect("it notices");
    assert_eq!(late.all().await.expect("instances").len(), 0);
    late.register()
        .await
        .expect("room")
        .expect_err("it does not start")
}

async fn a_migration_that_older_instances_cannot_live_with_waits_for_their_end(
    database: TestDatabase,
) {
    let older = instance(&database, "127.0.0.1:1", None).await;
    older.register().await.expect("room").expect("it is open");
    let change = "UPDATE installation SET min_schema = 1000";
    for unseen_for in [Duration::ZERO, TIMEOUT - Duration::from_secs(5)] {
        age(&database, unseen_for).await;
        let refused = database.update(change).await.expect_err("one is alive");
        assert!(
            refused.to_string().starts_with("1 running process"),
            "{refused}"
        );
    }
    older
        .register()
        .await
        .expect("room")
        .expect("nothing was changed");
    age(&database, TIMEOUT).await;
    database.update(change).await.expect("it has ended");
    let refused = older
        .register()
        .await
        .expect("room")
        .expect_err("it is too old");
    assert!(matches!(refused, OpenError::NewerSchema), "{refused}");
}

async fn a_migration_that_older_instances_can_live_with_does_not_wait(database: TestDatabase) {
    let older = instance(&database, "127.0.0.1:1", None).await;
    older.register().await.expect("room").expect("it is open");
    let change = "ALTER TABLE settings ADD COLUMN note TEXT";
    database.update(change).await.expect("it need not end");
    older.beat().await.expect("it goes on");
}

/// Makes every row older.
async fn age(database: &TestDatabase, time: Duration) {
    let mut tx = database.write().await.expect("a turn");
    let aged = query("UPDATE instances SET seen_at = seen_at - $1");
    let time = milliseconds(time);
    aged.bind(time).execute(&mut tx).await.expect("room");
    tx.commit().await.expect("room");
}

async fn an_instance_that_was_killed_is_gone_after_a_while(database: TestDatabase) {
    let killed = instance(&database, "127.0.0.1:1", None).await;
    let other = instance(&database, "127.0.0.1:2", None).await;
    killed.register().await.expect("room").expect("it is open");
    other.register().await.expect("room").expect("it is open");
    for (ago, seen, rows) in [(TIMEOUT, 1, 2), (REMOVED_AFTER, 1, 1)] {
        let age = i64::try_from(ago.as_millis()).expect("a short time");
        let mut tx = database.write().await.expect("a turn");
        let aged =
            query("UPDATE instances SET seen_at = seen_at - $1 WHERE address = '127.0.0.1:1'");
        aged.bind(age + 1).execute(&mut tx).await.expect("room");
        tx.commit().await.expect("room");
        other.beat().await.expect("room");
        assert_eq!(other.all().await.expect("instances").len(), seen);
        let mut reader = database.reader().await.expect("it is open");
        let count = query("SELECT count(*) FROM instances");
        let count: i64 = count.fetch_one(&mut reader).await.expect("a count");
        assert_eq!(count, rows);
    }
    // It was only suspended.
    killed.beat().await.expect("room");
    assert_eq!(other.all().await.expect("instances").len(), 2);
}

async fn another_release_may_write_what_this_one_does_not_know(database: TestDatabase) {
    let instances = instance(&database, "127.0.0.1:1", None).await;
    for (figures, memory) in [
        (r#"{"memory": 7, "new": true}"#, Some(7)),
        (r#"{"memory": "seven"}"#, None),
        ("", None),
    ] {
        instances
            .register()
            .await
            .expect("room")
            .expect("it is open");
        let mut tx = database.write().await.expect("a turn");
        let written = query("UPDATE instances SET figures = $1").bind(figures);
        written.execute(&mut tx).await.expect("room");
        tx.commit().await.expect("room");
        let all = instances.all().await.expect("instances");
        assert_eq!(all[0].figures.memory, memory, "{figures}");
    }
}

#[tokio::test]
async fn mails_go_into_one_folder_or_to_a_server() {
    let database = TestDatabase::new(kith_database::Engine::Postgres).await;
    for (folder, other, are_refused) in [
        (Some("a"), Some("a"), false),
        (None, None, false),
        (Some("a"), Some("b"), true),
        (Some("a"), None, true),
        (None, Some("b"), true),
    ] {
        let one = instance(&database, "127.0.0.1:1", folder).await;
        let two = instance(&database, "127.0.0.1:2", other).await;
        one.register().await.expect("room").expect("it is open");
        assert!(
            one.check_mail_folders(&one.all().await.expect("instances"))
                .is_ok()
        );
        two.register().await.expect("room").expect("it is open");
        let checked = two.check_mail_folders(&two.all().await.expect("instances"));
        assert_eq!(checked.is_err(), are_refused, "{folder:?} {other:?}");
        if let Err(refused) = checked {
            let text = refused.to_string();
            assert!(
                text.contains("127.0.0.1:1") && text.contains("SMTP_URL"),
                "{text}"
            );
        }
        one.close().await;
        two.close().await;
    }
}

#[test]
fn figures_are_added_up() {
    let component = |state, second| Component {
        state,
        since: jiff::Timestamp::from_second(second).expect("a time"),
        reason: None,
        effect: None,
    };
    let figures = |hits, client: &str, database| Figures {
        memory: Some(100),
        cache: CacheFigures {
            entries: 2,
            tags: vec![TagFigures {
                tag: "contacts".to_owned(),
                local_hits: hits,
                ..TagFigures::default()
            }],
            ..CacheFigures::default()
        },
        policies: vec![PolicyFigures {
            policy: "api".to_owned(),
            shadowed: 0,
            local: hits,
        }],
        denials: 1,
        most_refused: vec![RefusedClient {
            client: client.to_owned(),
            policy: "api".to_owned(),
            count: hits,
            last: hits,
        }],
        components: Some(Components {
            database,
            redis: None,
            qstash: None,
            mail: None,
            log: None,
        }),
        mail_folder: None,
    };
    let all = [
        figures(3, "192.0.2.1", component(ComponentStatus::Up, 10)),
        figures(4, "192.0.2.2", component(ComponentStatus::Down, 30)),
        figures(5, "192.0.2.1", component(ComponentStatus::Down, 20)),
    ];
    let sum = Figures::sum(&all);
    assert_eq!(
        (sum.memory, sum.denials, sum.cache.entries),
        (Some(300), 3, 6)
    );
    assert_eq!(sum.cache.tags.len(), 1);
    assert_eq!(sum.cache.tags[0].local_hits, 12);
    assert_eq!(sum.policies[0].local, 12);
    let refused: Vec<_> = sum
        .most_refused
        .iter()
        .map(|refused| (&*refused.client, refused.count, refused.last))
        .collect();
    assert_eq!(refused, [("192.0.2.1", 8, 5), ("192.0.2.2", 4, 4)]);
    let database = sum.components.expect("components").database;
    assert_eq!(
        (database.state, database.since.as_second()),
        (ComponentStatus::Down, 20)
    );
}
