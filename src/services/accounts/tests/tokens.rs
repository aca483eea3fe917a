//! Tokens of programs.

use kith_database::query;

use super::fixture::DAY;
use super::fixture::Fixture;
use super::fixture::MINUTE;
use super::fixture::client;
use super::fixture::name;
use super::fixture::signed_in;
use super::fixture::with_session;
use super::fixture::with_token;
use crate::services::accounts::AccountError;
use crate::services::accounts::AccountService;
use crate::services::accounts::AuthenticateError;
use crate::services::accounts::Credentials;
use crate::services::accounts::NewToken;
use crate::services::admin::Admin;
use crate::services::client::Caller;
use crate::services::client::Role;
use crate::services::client::Scope;
use crate::services::database::testing::TestDatabase;
use crate::services::database::testing::on_each_engine;

on_each_engine! {
    a_token_admits_programs_within_its_scope
    a_token_that_was_revoked_or_has_expired_admits_no_one
    a_token_is_kept_as_a_hash_and_its_use_is_noted
    a_token_does_not_make_tokens
    a_session_that_has_ended_makes_no_token
}

async fn caller(service: &AccountService, name: &str) -> Caller {
    let session = signed_in(service, name).await.session_token;
    with_session(service, &session).await.expect("it is new")
}

fn new(scope: Scope) -> NewToken<'static> {
    NewToken {
        name: "Backup",
        scope,
        book: None,
        expires_in: None,
    }
}

async fn a_token_admits_programs_within_its_scope(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let (ada, bob) = (caller(&service, "ada").await, caller(&service, "bob").await);
    for scope in [Scope::Read, Scope::Write, Scope::Admin] {
        let (token, info) = service
            .create_token(&ada, new(scope))
            .await
            .expect("she is an admin");
        assert!(
            token.starts_with("kith_") && token.ends_with(&info.ending),
            "{info:?}"
        );
        let found = with_token(&service, &token).await.expect("it is new");
        assert_eq!(
            (found.scope(), Admin::of(&found).is_some()),
            (scope, scope == Scope::Admin)
        );
        assert_eq!(
            found.account().map(|account| account.name.as_str()),
            Some("Ada")
        );
        // It counts before a session.
        let both = Credentials {
            session: Some("x"),
            token: Some(&token),
        };
        let found = service.authenticate(both, client("127.0.0.1"), true).await;
        assert_eq!(found.expect("it is new").scope(), scope);
    }
    let refused = service.create_token(&bob, new(Scope::Admin)).await;
    assert_eq!(refused, Err(AccountError::AdminNeeded));
    let (token, _) = service
        .create_token(&bob, new(Scope::Write))
        .await
        .expect("he may");
    assert!(with_token(&service, &token).await.is_ok());

    // What an admin has made is of no use to a member.
    fixture
        .accounts()
        .set_role(&name("bob"), Role::Admin)
        .await
        .expect("it is there");
    let bob = caller(&service, "bob").await;
    let (token, _) = service
        .create_token(&bob, new(Scope::Admin))
        .await
        .expect("he is one");
    let by_token = with_token(&service, &token).await.expect("it is new");
    assert!(Admin::of(&by_token).is_some());
    fixture
        .accounts()
        .set_role(&name("bob"), Role::Member)
        .await
        .expect("Ada is one");
    let by_token = with_token(&service, &token).await.expect("it is there");
    assert!(Admin::of(&by_token).is_none());

    for text in ["", "\u{7}", &"x".repeat(65)] {
        let refused = NewToken {
            name: text,
            ..new(Scope::Read)
        };
        let refused = service.create_token(&ada, refused).await;
        assert!(matches!(refused, Err(AccountError::Name(_))), "{refused:?}");
    }
    let mut last = Ok(());
    for _ in 0..50 {
        last = service
            .create_token(&ada, new(Scope::Read))
            .await
            .map(|_| ());
    }
    assert_eq!(last, Err(AccountError::TooManyTokens(50)));
}

async fn a_token_that_was_revoked_or_has_expired_admits_no_one(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let [here, there] = [fixture.instance().await, fixture.instance().await];
    let (ada, bob) = (caller(&here, "ada").await, caller(&here, "bob").await);
    let (token, info) = here
        .create_token(&bob, new(Scope::Read))
        .await
        .expect("he may");
    assert!(with_token(&there, &token).await.is_ok());
    let refused = here.revoke_token(&ada, info.id).await;
    assert_eq!(refused, Err(AccountError::NotFound), "it is Bob's");
    here.revoke_token(&bob, info.id).await.expect("it is there");
    let refused = with_token(&there, &token).await;
    assert_eq!(refused, Err(AuthenticateError::InvalidToken));

    let expiring = NewToken {
        expires_in: Some(DAY),
        ..new(Scope::Read)
    };
    let (token, info) = here.create_token(&bob, expiring).await.expect("he may");
    assert_eq!(info.expires_at, Some(fixture.now() + DAY));
    assert!(with_token(&there, &token).await.is_ok());
    fixture.pass(DAY);
    assert_eq!(
        with_token(&there, &token).await,
        Err(AuthenticateError::InvalidToken)
    );

    let (token, _) = here
        .create_token(&bob, new(Scope::Read))
        .await
        .expect("he may");
    assert!(with_token(&there, &token).await.is_ok());
    fixture
        .accounts()
        .disable(&name("bob"))
        .await
        .expect("it is there");
    assert_eq!(
        with_token(&there, &token).await,
        Err(AuthenticateError::InvalidToken)
    );
    fixture
        .accounts()
        .enable(&name("bob"))
        .await
        .expect("it is there");
    assert!(with_token(&there, &token).await.is_ok());
    fixture
        .accounts()
        .remove(&name("bob"), None)
        .await
        .expect("it is there");
    assert_eq!(
        with_token(&there, &token).await,
        Err(AuthenticateError::InvalidToken)
    );
    for text in ["", "kith_", "kith_é", &"x".repeat(10_000)] {
        let refused = with_token(&there, text).await;
        assert_eq!(refused, Err(AuthenticateError::InvalidToken), "{text}");
    }
}

async fn a_token_is_kept_as_a_hash_and_its_use_is_noted(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let bob = caller(&service, "bob").await;
    let (token, info) = service
        .create_token(&bob, new(Scope::Read))
        .await
        .expect("he may");
    assert_eq!(service.tokens(&bob).await, Ok(vec![info]));
    let mut reader = fixture.database.reader().await.expect("it is open");
    let kept: Vec<u8> = query("SELECT token FROM api_tokens")
        .fetch_one(&mut reader)
        .await
        .expect("a row");
    assert!(kept.len() == 32 && !token.as_bytes().windows(32).any(|part| part == kept));
    for _ in 0..2 {
        let other = fixture.instance().await;
        assert!(with_token(&other, &token).await.is_ok());
        other.close().await;
        let tokens = service.tokens(&bob).await.expect("it is open");
        assert_eq!(tokens[0].last_used_at, Some(fixture.now()));
        fixture.pass(6 * MINUTE);
    }
}

async fn a_token_does_not_make_tokens(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let ada = caller(&service, "ada").await;
    let (token, info) = service
        .create_token(&ada, new(Scope::Admin))
        .await
        .expect("she may");
    let by_token = with_token(&service, &token).await.expect("it is new");
    let refused = Some(AccountError::SessionNeeded);
    assert_eq!(
        service
            .create_token(&by_token, new(Scope::Read))
            .await
            .err(),
        refused
    );
    assert_eq!(service.tokens(&by_token).await.err(), refused);
    assert_eq!(
        service.revoke_token(&by_token, info.id).await.err(),
        refused
    );
    assert_eq!(service.sessions(&by_token).await.err(), refused);
    assert_eq!(service.end_other_sessions(&by_token).await.err(), refused);
    assert_eq!(service.sign_out(&by_token).await.err(), refused);
    assert!(
        service
            .change_password(&by_token, "a", "lantern quartz sofa")
            .await
            .is_err()
    );
}

async fn a_session_that_has_ended_makes_no_token(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    // Kith has let her in before it has read her form.
    let ada = caller(&service, "ada").await;
    service.sign_out(&ada).await.expect("it is open");
    let made = service.create_token(&ada, new(Scope::Read)).await;
    assert_eq!(made.err(), Some(AccountError::SessionNeeded));
}
