//! Local mode, sessions and passwords.

use kith_database::Engine;
use kith_database::Sql;
use kith_database::query;
use kith_redis::Redis;
use kith_test_support::redis_server::RedisServer;

use super::fixture::DAY;
use super::fixture::Fixture;
use super::fixture::MINUTE;
use super::fixture::PASSWORD;
use super::fixture::client;
use super::fixture::name;
use super::fixture::sign_in;
use super::fixture::signed_in;
use super::fixture::try_sign_in;
use super::fixture::with_session;
use crate::services::accounts::ACCOUNTS;
use crate::services::accounts::AccountError;
use crate::services::accounts::AuthenticateError;
use crate::services::accounts::ChangePasswordError;
use crate::services::accounts::Credentials;
use crate::services::accounts::SignIn;
use crate::services::accounts::SignInError;
use crate::services::accounts::rows;
use crate::services::accounts::service::signed_in as session_of;
use crate::services::admin::Admin;
use crate::services::client::Client;
use crate::services::client::Identity;
use crate::services::client::Role;
use crate::services::database::testing::TestDatabase;
use crate::services::database::testing::on_each_engine;

on_each_engine! {
    the_first_account_ends_local_mode_on_all_instances_at_once
    an_instance_that_has_seen_an_account_never_goes_back_to_local_mode
    an_instance_that_others_reach_has_no_local_mode
    a_session_that_ends_ends_on_all_instances_at_once
    a_session_ends_unused_and_after_its_lifetime
    a_session_in_use_is_noted_and_stays
    a_sign_in_ends_the_session_that_the_browser_had
    a_sign_in_that_is_refused_does_not_say_why
    a_sign_in_that_meets_the_end_of_an_account_admits_no_one
    an_owner_sees_and_ends_the_sessions_of_the_account
    beyond_the_most_sessions_the_oldest_one_ends
    a_new_password_takes_the_old_one
    a_password_whose_hash_is_old_is_hashed_again
    callers_are_not_let_in_without_the_database
}

async fn the_first_account_ends_local_mode_on_all_instances_at_once(database: TestDatabase) {
    let fixture = Fixture::new(database);
    let instances = [fixture.instance().await, fixture.instance().await];
    let uncertain = Client {
        is_certain: false,
        ..client("127.0.0.1")
    };
    let none = Credentials::default();
    let old = "A".repeat(43);
    let with_old = Credentials {
        session: Some(&old),
        token: None,
    };
    for service in &instances {
        assert_eq!(service.has_accounts().await, Ok(false));
        assert_eq!(service.has_admin().await, Ok(false));
        for (credentials, client, uses_local_name, identity) in [
            (none, client("127.0.0.1"), true, Identity::Local),
            (none, client("::1"), true, Identity::Local),
            (none, client("::ffff:127.0.0.1"), true, Identity::Local),
            (with_old, client("127.0.0.1"), true, Identity::Local),
            (none, uncertain, true, Identity::Forwarded),
            (none, client("127.0.0.1"), false, Identity::Forwarded),
            (none, client("203.0.113.7"), true, Identity::Forwarded),
        ] {
            let caller = service.authenticate(credentials, client, uses_local_name);
            let caller = caller.await.expect("no one has to sign in");
            assert_eq!(*caller.identity(), identity, "{client:?}");
            let is_local = identity == Identity::Local;
            assert_eq!(Admin::of(&caller).is_some(), is_local, "{client:?}");
        }
    }
    fixture.add("Ada", Role::Admin).await;
    for service in &instances {
        assert_eq!(service.has_accounts().await, Ok(true));
        assert_eq!(service.has_admin().await, Ok(true));
        let refused = service.authenticate(none, client("127.0.0.1"), true);
        assert_eq!(refused.await, Err(AuthenticateError::SignInNeeded));
        let refused = with_session(service, &old).await;
        assert_eq!(refused, Err(AuthenticateError::SessionEnded));
    }
    // Programs that do not know accounts end.
    let mut reader = fixture.database.reader().await.expect("it is open");
    let min: i64 = query("SELECT min_schema FROM installation")
        .fetch_one(&mut reader)
        .await
        .expect("a row");
    assert!(min > 0 && min <= fixture.database.schema());
}

async fn an_instance_that_has_seen_an_account_never_goes_back_to_local_mode(
    database: TestDatabase,
) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    assert_eq!(service.has_accounts().await, Ok(true));
    // No command of Kith does it.
    let mut tx = fixture.database.write().await.expect("it is open");
    for statement in ["DELETE FROM sessions", "DELETE FROM accounts"] {
        let deleted = query(Sql::new(statement)).execute(&mut tx).await;
        deleted.expect("there is room");
    }
    tx.commit().await.expect("there is room");
    assert_eq!(service.has_accounts().await, Ok(true));
    let refused = service.authenticate(Credentials::default(), client("127.0.0.1"), true);
    assert_eq!(refused.await, Err(AuthenticateError::SignInNeeded));
    let started_later = fixture.instance().await;
    assert_eq!(started_later.has_accounts().await, Ok(false));
}

async fn an_instance_that_others_reach_has_no_local_mode(database: TestDatabase) {
    let mut fixture = Fixture::new(database);
    fixture.is_exposed = true;
    let service = fixture.instance().await;
    for address in ["127.0.0.1", "203.0.113.7"] {
        let refused = service.authenticate(Credentials::default(), client(address), true);
        assert_eq!(refused.await, Err(AuthenticateError::SignInNeeded));
    }
}

async fn a_session_that_ends_ends_on_all_instances_at_once(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let [here, there] = [fixture.instance().await, fixture.instance().await];
    let accounts = fixture.accounts();
    let bob = name("bob");
    for end in 0..8 {
        let session = signed_in(&here, "BOB").await.session_token;
        let other = signed_in(&there, "Bob").await.session_token;
        for service in [&here, &there, &here, &there] {
            let caller = with_session(service, &session).await.expect("it is new");
            let account = caller.account().expect("an account");
            let role = if end == 6 { Role::Admin } else { Role::Member };
            assert_eq!((account.name.as_str(), account.role), ("Bob", role));
            assert_eq!(Admin::of(&caller).is_some(), end == 6);
        }
        let caller = with_session(&here, &session).await.expect("it is there");
        let by_other = with_session(&here, &other).await.expect("it is there");
        match end {
            0 => here.sign_out(&caller).await.expect("it is there"),
            1 => {
                let (_, id) = session_of(&caller).expect("by a session");
                let ended = here.end_session(&by_other, id).await;
                ended.expect("it is there");
            }
            2 => {
                let ended = here.end_other_sessions(&by_other).await;
                assert!(ended.expect("it is open") >= 1);
            }
            3 => {
                let changed = here.change_password(&by_other, PASSWORD, "lantern quartz sofa");
                let new = changed.await.expect("it is right");
                assert!(with_session(&there, &new).await.is_ok());
                let set = accounts.set_password(&bob, PASSWORD).await;
                set.expect("it is good");
                assert!(with_session(&there, &new).await.is_err());
            }
            4 => accounts.disable(&bob).await.expect("he is no admin"),
            5 => accounts
                .set_role(&bob, Role::Admin)
                .await
                .expect("it is there"),
            6 => accounts
                .set_role(&bob, Role::Member)
                .await
                .expect("Ada is one"),
            _ => accounts.remove(&bob, None).await.expect("he is no admin"),
        }
        for service in [&there, &here] {
            let refused = with_session(service, &session).await;
            assert_eq!(refused, Err(AuthenticateError::SessionEnded), "{end}");
        }
        if end == 4 {
            accounts.enable(&bob).await.expect("it is there");
            let refused = with_session(&there, &session).await;
            assert_eq!(refused, Err(AuthenticateError::SessionEnded));
        }
        if end == 6 {
            assert!(with_session(&there, &other).await.is_err());
        }
    }
}

async fn a_session_ends_unused_and_after_its_lifetime(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let session = signed_in(&service, "ada").await.session_token;
    fixture.pass(14 * DAY - MINUTE);
    assert!(with_session(&service, &session).await.is_ok());
    let session = signed_in(&service, "ada").await.session_token;
    fixture.pass(14 * DAY);
    let refused = with_session(&service, &session).await;
    assert_eq!(refused, Err(AuthenticateError::SessionEnded));

    let session = signed_in(&service, "ada").await.session_token;
    let mut days = 0;
    while with_session(&fixture.instance().await, &session)
        .await
        .is_ok()
    {
        let mut tx = fixture.database.write().await.expect("it is open");
        query("UPDATE sessions SET seen_at = $1")
            .bind(fixture.now().as_millisecond())
            .execute(&mut tx)
            .await
            .expect("valid");
        tx.commit().await.expect("there is room");
        fixture.pass(10 * DAY);
        days += 10;
    }
    assert_eq!(days, 90);
}

async fn a_session_in_use_is_noted_and_stays(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let session = signed_in(&service, "ada").await.session_token;
    let caller = with_session(&service, &session).await.expect("it is new");
    // Others have nothing in their memory. To open a file replaces its generations.
    let mut others = Vec::new();
    for _ in 0..6 {
        others.push(fixture.instance().await);
    }
    let generation = service.shared.cache.generation(ACCOUNTS).await;
    for pair in others.chunks(2) {
        for (other, is_noted) in pair.iter().zip([true, false]) {
            assert!(with_session(other, &session).await.is_ok());
            other.close().await;
            let sessions = service.sessions(&caller).await.expect("it is open");
            let seen_now = sessions[0].seen_at == fixture.now();
            assert_eq!(seen_now, is_noted, "a note every five minutes");
            fixture.pass(4 * MINUTE);
        }
        fixture.pass(13 * DAY);
    }
    let now = service.shared.cache.generation(ACCOUNTS).await;
    assert_eq!(now, generation, "what is cached stays valid");
}

async fn a_sign_in_ends_the_session_that_the_browser_had(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let first = signed_in(&service, "ada").await;
    let again = SignIn {
        session: Some(&first.session_token),
        browser: Some(&first.browser_token),
        ..sign_in("ada", PASSWORD)
    };
    let second = service.sign_in(again).await.expect("it is right");
    assert_eq!(second.browser_token, first.browser_token);
    assert_ne!(second.session_token, first.session_token);
    assert!(with_session(&service, &second.session_token).await.is_ok());
    let refused = with_session(&service, &first.session_token).await;
    assert_eq!(refused, Err(AuthenticateError::SessionEnded));
}

async fn a_sign_in_that_is_refused_does_not_say_why(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    fixture
        .accounts()
        .disable(&name("Bob"))
        .await
        .expect("it is there");
    for (number, (name, password)) in [
        ("Ada", "another password"),
        ("Ada", ""),
        ("Bob", PASSWORD),
        ("Eve", PASSWORD),
        ("", PASSWORD),
        ("a\u{0}b", PASSWORD),
        (&"x".repeat(100_000), PASSWORD),
        ("Ada", &"x".repeat(100_000)),
    ]
    .into_iter()
    .enumerate()
    {
        let from_elsewhere = client(&format!("198.51.100.{number}"));
        let refused = service.sign_in(SignIn {
            client: from_elsewhere,
            ..sign_in(name, password)
        });
        assert_eq!(refused.await, Err(SignInError::Wrong));
    }
}

async fn a_sign_in_that_meets_the_end_of_an_account_admits_no_one(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let [here, there] = [fixture.instance().await, fixture.instance().await];
    let accounts = fixture.accounts();
    let bob = name("bob");
    for _ in 0..10 {
        let (signed_in, disabled) = tokio::join!(try_sign_in(&here, "bob"), accounts.disable(&bob));
        disabled.expect("he is no admin");
        if let Ok(signed_in) = &signed_in {
            assert!(
                with_session(&there, &signed_in.session_token)
                    .await
                    .is_err()
            );
        }
        accounts.enable(&bob).await.expect("it is there");
        if let Ok(signed_in) = &signed_in {
            assert!(
                with_session(&there, &signed_in.session_token)
                    .await
                    .is_err()
            );
        }
        // So that no attempt has to wait.
        fixture.pass(2 * DAY);
    }
}

async fn an_owner_sees_and_ends_the_sessions_of_the_account(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let of_bob = signed_in(&service, "bob").await.session_token;
    let of_bob = with_session(&service, &of_bob).await.expect("it is new");
    fixture.pass(MINUTE);
    let of_ada = signed_in(&service, "ada").await.session_token;
    let of_ada = with_session(&service, &of_ada).await.expect("it is new");
    let sessions = service.sessions(&of_ada).await.expect("it is open");
    let [only] = sessions.as_slice() else {
        panic!("{sessions:?}")
    };
    assert!(only.is_current && only.label == "curl");
    assert_eq!([only.created_at, only.seen_at], [fixture.now(); 2]);
    let [of_other] = &service.sessions(&of_bob).await.expect("it is open")[..] else {
        panic!("one")
    };
    let refused = service.end_session(&of_ada, of_other.id).await;
    assert_eq!(refused, Err(AccountError::NotFound), "it is Bob's");
    assert_eq!(service.end_other_sessions(&of_ada).await, Ok(0));
    assert_eq!(service.sessions(&of_bob).await.map(|all| all.len()), Ok(1));
}

async fn beyond_the_most_sessions_the_oldest_one_ends(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let oldest = signed_in(&service, "Bob").await;
    // Sessions of the same millisecond have no order.
    fixture.pass(MINUTE);
    let second = signed_in(&service, "Bob").await;
    let account = second.account.id;
    for _ in 2..=rows::MAX_SESSIONS {
        fixture.pass(MINUTE);
        let mut tx = fixture.database.write().await.expect("a turn");
        let begun = rows::begin_session(&mut tx, account, "curl", fixture.now(), DAY);
        begun.await.expect("room");
        tx.commit().await.expect("room");
    }
    let ended = with_session(&service, &oldest.session_token).await;
    assert_eq!(ended, Err(AuthenticateError::SessionEnded));
    let caller = with_session(&service, &second.session_token).await;
    let sessions = service.sessions(&caller.expect("it is valid")).await;
    assert_eq!(
        sessions.expect("it is open").len(),
        rows::MAX_SESSIONS as usize
    );
}

async fn a_new_password_takes_the_old_one(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let session = signed_in(&service, "ada").await.session_token;
    let caller = with_session(&service, &session).await.expect("it is new");
    let wrong = service.change_password(&caller, "kettle", "lantern quartz sofa");
    assert_eq!(wrong.await, Err(ChangePasswordError::Wrong));
    let weak = service
        .change_password(&caller, PASSWORD, "password1")
        .await;
    assert!(
        matches!(weak, Err(ChangePasswordError::Weak(_))),
        "{weak:?}"
    );
    let new = service.change_password(&caller, PASSWORD, "lantern quartz sofa");
    let new = new.await.expect("it is right");
    let caller = with_session(&service, &new).await.expect("it is new");
    let [only] = &service.sessions(&caller).await.expect("it is open")[..] else {
        panic!("the others have ended")
    };
    assert_eq!(only.label, "curl");
    assert_eq!(try_sign_in(&service, "ada").await, Err(SignInError::Wrong));
    let right = service.sign_in(sign_in("ada", "lantern quartz sofa")).await;
    assert!(right.is_ok());
    let mut refused = None;
    for _ in 0..6 {
        let wrong = service.change_password(&caller, "kettle", "lantern quartz sofa");
        refused = wrong.await.err();
    }
    assert!(
        matches!(refused, Some(ChangePasswordError::TooMany { .. })),
        "{refused:?}"
    );
}

async fn a_password_whose_hash_is_old_is_hashed_again(database: TestDatabase) {
    const OLD: &str = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$";
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let parameters = argon2::Params::new(64, 1, 1, None).expect("valid");
    let (kind, version) = (argon2::Algorithm::Argon2id, argon2::Version::V0x13);
    let mut output = [0; 32];
    argon2::Argon2::new(kind, version, parameters)
        .hash_password_into(PASSWORD.as_bytes(), b"somesaltsomesalt", &mut output)
        .expect("there is memory");
    let output = base64::Engine::encode(&base64::engine::general_purpose::STANDARD_NO_PAD, output);
    let mut tx = fixture.database.write().await.expect("it is open");
    query("UPDATE accounts SET password = $1 WHERE name = 'Ada'")
        .bind(format!("{OLD}{output}"))
        .execute(&mut tx)
        .await
        .expect("valid");
    tx.commit().await.expect("there is room");
    for _ in 0..2 {
        signed_in(&service, "ada").await;
    }
    let mut reader = fixture.database.reader().await.expect("it is open");
    let kept: String = query("SELECT password FROM accounts WHERE name = 'Ada'")
        .fetch_one(&mut reader)
        .await
        .expect("a row");
    assert!(
        kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{kept}"
    );
}

async fn callers_are_not_let_in_without_the_database(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let session = signed_in(&service, "ada").await.session_token;
    assert!(with_session(&service, &session).await.is_ok());
    service.shared.database.close().await;
    let refused = with_session(&service, &session).await;
    assert!(
        matches!(refused, Err(AuthenticateError::Unavailable(_))),
        "{refused:?}"
    );
    let refused = service.authenticate(Credentials::default(), client("127.0.0.1"), true);
    assert!(matches!(
        refused.await,
        Err(AuthenticateError::Unavailable(_))
    ));
    let refused = try_sign_in(&service, "ada").await;
    assert!(
        matches!(refused, Err(SignInError::Unavailable(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_redis_that_is_lost_admits_no_one_and_keeps_no_one_out() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let fixture = Fixture::with_accounts(TestDatabase::new(engine).await).await;
        let mut server = RedisServer::start();
        let connect = || {
            Redis::connect(kith_redis::Options {
                address: server.url().parse().expect("an address"),
                timeout: MINUTE,
                key_prefix: "cache".to_owned(),
                ca_certificates: None,
            })
        };
        let [here, there] = [
            fixture.instance_with(Some(connect())).await,
            fixture.instance_with(Some(connect())).await,
        ];
        let [first, second] = [
            signed_in(&here, "ada").await.session_token,
            signed_in(&here, "bob").await.session_token,
        ];
        for session in [&first, &second] {
            assert!(with_session(&here, session).await.is_ok());
            assert!(with_session(&there, session).await.is_ok());
        }
        let keys = server.command("KEYS *");
        assert!(
            keys.contains("accounts") && !keys.contains(&first),
            "{keys}"
        );
        server.kill();
        let caller = with_session(&there, &first).await.expect("it goes on");
        here.sign_out(&caller).await.expect("it is there");
        for service in [&here, &there] {
            assert!(with_session(service, &first).await.is_err());
            assert!(with_session(service, &second).await.is_ok());
        }
        server.start_again();
        for service in [&here, &there] {
            assert!(with_session(service, &first).await.is_err());
            assert!(with_session(service, &second).await.is_ok());
        }
    }
}

#[tokio::test]
async fn a_sign_in_waits_for_no_ended_session_that_another_one_removes() {
    let database = TestDatabase::new(Engine::Postgres).await;
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    signed_in(&service, "ada").await;
    // Sessions of one millisecond have no order.
    fixture.pass(MINUTE);
    let kept = signed_in(&service, "bob").await.session_token;
    fixture.pass(MINUTE);
    // The session of Ada ends. Another transaction is removing it.
    let mut tx = fixture.database.write().await.expect("it is open");
    let ended = query("UPDATE sessions SET expires_at = 0 WHERE label <> $1");
    ended.bind("").execute(&mut tx).await.expect("two sessions");
    tx.commit().await.expect("the server is there");
    let held = "SELECT id FROM sessions ORDER BY created_at, id LIMIT 1 FOR UPDATE";
    let gate = fixture.database.gate(held).await;
    // Bob has the other one in his browser.
    let again = SignIn {
        session: Some(&kept),
        ..sign_in("bob", PASSWORD)
    };
    let signed_in = tokio::time::timeout(MINUTE, service.sign_in(again)).await;
    signed_in
        .expect("it waits for no one")
        .expect("it is right");
    gate.commit().await.expect("the server is there");
}
