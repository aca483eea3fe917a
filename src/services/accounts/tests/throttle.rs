//! What slows down who guesses a password.

use std::time::Duration;

use kith_database::Engine;
use kith_database::query;
use kith_test_support::postgres_server::LOG_STATEMENTS;
use kith_test_support::postgres_server::PostgresServer;

use super::fixture::DAY;
use super::fixture::Fixture;
use super::fixture::PASSWORD;
use super::fixture::client;
use super::fixture::sign_in;
use super::fixture::signed_in;
use crate::services::accounts::AccountService;
use crate::services::accounts::SignIn;
use crate::services::accounts::SignInError;
use crate::services::accounts::attempts;
use crate::services::accounts::attempts::Bucket;
use crate::services::accounts::attempts::Refusal;
use crate::services::database::testing::TestDatabase;
use crate::services::database::testing::on_each_engine;

on_each_engine! {
    of_a_hundred_attempts_at_once_five_are_compared
    names_that_no_account_has_are_slowed_down_alike
    the_wait_for_a_name_doubles_up_to_half_a_minute
    an_owner_gets_in_by_a_known_browser_while_others_wait
    a_success_does_not_reset_a_network
    what_is_forgotten_is_removed
    a_clock_that_was_set_back_keeps_no_one_out
}

/// An attempt with a wrong password, from an address of its own.
async fn guess(service: &AccountService, name: &str, number: usize) -> Option<SignInError> {
    let address = format!("2001:db8:0:{number:x}::1");
    guess_from(service, name, &address).await
}

async fn guess_from(service: &AccountService, name: &str, address: &str) -> Option<SignInError> {
    let attempt = SignIn {
        client: client(address),
        ..sign_in(name, "another password")
    };
    service.sign_in(attempt).await.err()
}

fn compared(outcomes: &[Option<SignInError>]) -> usize {
    let wrong = |one: &&Option<SignInError>| **one == Some(SignInError::Wrong);
    assert!(outcomes.iter().all(Option::is_some));
    outcomes.iter().filter(wrong).count()
}

async fn of_a_hundred_attempts_at_once_five_are_compared(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let instances = [fixture.instance().await, fixture.instance().await];
    let attempts = (0..100).map(|number| guess(&instances[number % 2], "ada", number));
    let outcomes = futures_util::future::join_all(attempts).await;
    assert_eq!(compared(&outcomes), 5);
    // From one network, each with another name.
    let names: Vec<String> = (0..100).map(|number| format!("name {number}")).collect();
    let attempts = names.iter().enumerate().map(|(number, name)| {
        let address = format!("2001:db8:1:1::{number:x}");
        let service = &instances[number % 2];
        async move { guess_from(service, name, &address).await }
    });
    let outcomes = futures_util::future::join_all(attempts).await;
    assert_eq!(compared(&outcomes), 5);
}

async fn names_that_no_account_has_are_slowed_down_alike(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let mut outcomes = Vec::new();
    for name in ["Ada", "Eve", "\u{7}"] {
        let mut of_name = Vec::new();
        for number in 0..8 {
            let number = number + 100 * outcomes.len();
            of_name.push(guess(&service, name, number).await);
        }
        outcomes.push(of_name);
    }
    assert_eq!(outcomes[0], outcomes[1]);
    assert_eq!(outcomes[0], outcomes[2]);
}

#[tokio::test]
async fn a_name_that_no_account_has_costs_the_same_statements() {
    let database = TestDatabase::new(Engine::Postgres).await;
    let fixture = Fixture::with_accounts(database).await;
    let mut tx = fixture.database.write().await.expect("it is open");
    let logging = query(LOG_STATEMENTS).execute(&mut tx);
    logging.await.expect("the tests own the server");
    tx.commit().await.expect("it is there");
    let service = fixture.instance().await;
    let server = PostgresServer::shared();
    let made_up = "A".repeat(43);
    let attempt = async |name, browser| {
        let before = server.log().len();
        let attempt = SignIn {
            browser,
            ..sign_in(name, "another password")
        };
        let refused = service.sign_in(attempt).await;
        assert_eq!(refused.err(), Some(SignInError::Wrong));
        let mut statements = server.statements(before);
        // Others belong to new connections, and to the task that removes what is forgotten.
        let is_of_attempt = |text: &String| {
            let verbs = ["SELECT", "INSERT", "UPDATE"];
            verbs.iter().any(|verb| text.starts_with(verb))
        };
        statements.retain(is_of_attempt);
        statements
    };
    attempt("grace", None).await;
    for browser in [None, Some(made_up.as_str())] {
        let known = attempt("ada", browser).await;
        let unknown = attempt("eve", browser).await;
        assert_eq!(known, unknown);
        assert!(known.len() > 4, "{known:?}");
    }
}

async fn the_wait_for_a_name_doubles_up_to_half_a_minute(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let mut waits = Vec::new();
    for number in 0..20 {
        let refused = guess(&service, "ada", 1000 + number).await;
        assert_eq!(refused, Some(SignInError::Wrong), "{number}");
        // Those that are refused do not count.
        for _ in 0..3 {
            let refused = guess(&service, "ada", 2000 + number).await;
            if let Some(SignInError::TooMany { retry_after }) = refused {
                waits.push(retry_after.as_secs());
                fixture.pass(retry_after);
                break;
            }
            // It was one of the first four.
            assert!(number < 2, "{refused:?}");
        }
    }
    let expected = [1, 2, 4, 8, 16, 30, 30, 30];
    assert_eq!(waits[..expected.len()], expected);
    // It is never locked for good.
    let right = SignIn {
        client: client("192.0.2.1"),
        ..sign_in("ada", PASSWORD)
    };
    assert!(service.sign_in(right).await.is_ok());
    assert_eq!(guess(&service, "ada", 3000).await, Some(SignInError::Wrong));
}

async fn an_owner_gets_in_by_a_known_browser_while_others_wait(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let of_ada = signed_in(&service, "ada").await.browser_token;
    let of_bob = signed_in(&service, "bob").await.browser_token;
    // The attacker comes from the owner's network as well.
    for number in 0..5 {
        guess_from(&service, "ada", "203.0.113.7").await;
        guess(&service, "bob", number).await;
    }
    let attempt = |browser, password| SignIn {
        browser,
        ..sign_in("ada", password)
    };
    for browser in [None, Some(of_bob.as_str()), Some("x"), Some(&of_bob[1..])] {
        let refused = service.sign_in(attempt(browser, PASSWORD)).await;
        assert!(
            matches!(refused, Err(SignInError::TooMany { .. })),
            "{browser:?}: {refused:?}"
        );
    }
    for _ in 0..6 {
        let right = service.sign_in(attempt(Some(&of_ada), PASSWORD)).await;
        assert!(right.is_ok(), "{right:?}");
    }
    // A browser that was stolen helps little.
    let mut refused = Vec::new();
    for _ in 0..6 {
        let wrong = service.sign_in(attempt(Some(&of_ada), "another password"));
        refused.push(wrong.await.err());
    }
    assert_eq!(compared(&refused), 5);
}

async fn a_success_does_not_reset_a_network(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let mut outcomes = Vec::new();
    for number in 0..8 {
        outcomes.push(guess_from(&service, &format!("name {number}"), "203.0.113.7").await);
        // The attacker has an account.
        let own = service.sign_in(sign_in("bob", PASSWORD)).await;
        assert_eq!(own.is_ok(), number < 4, "{own:?}");
    }
    assert_eq!(compared(&outcomes), 5);
    // Many who sign in from one network do not slow each other down.
    for _ in 0..10 {
        let attempt = SignIn {
            client: client("192.0.2.1"),
            ..sign_in("ada", PASSWORD)
        };
        assert!(service.sign_in(attempt).await.is_ok());
    }
}

async fn reserve(fixture: &Fixture, name: &str) -> Result<(), Refusal> {
    attempts::reserve(&fixture.database, &[Bucket::of_name(name)], fixture.now()).await
}

async fn what_is_forgotten_is_removed(database: TestDatabase) {
    let fixture = Fixture::new(database);
    let count = async || -> i64 {
        let mut reader = fixture.database.reader().await.expect("it is open");
        let count = query("SELECT count(*) FROM sign_in_attempts");
        count
            .fetch_one(&mut reader)
            .await
            .expect("it can be counted")
    };
    for number in 0..20 {
        reserve(&fixture, &format!("name {number}"))
            .await
            .expect("the first");
        fixture.pass(Duration::from_secs(1));
    }
    attempts::forget(&fixture.database, fixture.now(), 100)
        .await
        .expect("it is open");
    assert_eq!(count().await, 20);
    attempts::forget(&fixture.database, fixture.now(), 8)
        .await
        .expect("it is open");
    assert_eq!(count().await, 8);
    // The latest stay.
    for _ in 0..4 {
        reserve(&fixture, "name 19").await.expect("it is free");
    }
    assert!(matches!(
        reserve(&fixture, "name 19").await,
        Err(Refusal::TooMany { .. })
    ));
    fixture.pass(DAY + Duration::from_secs(1));
    reserve(&fixture, "name 19").await.expect("it is forgotten");
    attempts::forget(&fixture.database, fixture.now(), 100)
        .await
        .expect("it is open");
    assert_eq!(count().await, 1);
}

async fn a_clock_that_was_set_back_keeps_no_one_out(database: TestDatabase) {
    let fixture = Fixture::new(database);
    let later = fixture.now() + 3 * DAY;
    let bucket = [Bucket::of_name("ada")];
    for _ in 0..5 {
        let reserved = attempts::reserve(&fixture.database, &bucket, later).await;
        reserved.expect("it is free");
    }
    let refused = attempts::reserve(&fixture.database, &bucket, later).await;
    assert!(matches!(refused, Err(Refusal::TooMany { .. })));
    reserve(&fixture, "ada")
        .await
        .expect("the clock was set back");
    assert!(matches!(
        reserve(&fixture, "ada").await,
        Err(Refusal::TooMany { .. })
    ));
}
