//! Feeds of calendars.

use kith_database::query;

use super::fixture::Fixture;
use super::fixture::client;
use super::fixture::name;
use super::fixture::signed_in;
use super::fixture::with_session;
use super::fixture::with_token;
use crate::services::accounts::AccountError;
use crate::services::accounts::AccountService;
use crate::services::accounts::AuthenticateError;
use crate::services::book::Book;
use crate::services::book::BookRole;
use crate::services::client::Caller;
use crate::services::client::Scope;
use crate::services::database::testing::TestDatabase;
use crate::services::database::testing::on_each_engine;

on_each_engine! {
    a_feed_lets_in_a_caller_who_reads_one_book
    a_feed_that_was_replaced_or_revoked_lets_in_no_one
    a_feed_goes_with_the_membership
    a_feed_is_kept_as_a_hash
}

async fn caller(service: &AccountService, name: &str) -> Caller {
    let session = signed_in(service, name).await.session_token;
    with_session(service, &session).await.expect("it is new")
}

/// Whom a feed lets in.
async fn through(service: &AccountService, secret: &str) -> Option<Caller> {
    let found = service.feed_caller(secret, client("203.0.113.7")).await;
    found.expect("the database is there")
}

fn home(caller: &Caller) -> &Book {
    caller.book(None).expect("each account has one")
}

async fn a_feed_lets_in_a_caller_who_reads_one_book(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let ada = caller(&service, "ada").await;
    let other = service.add_book(&ada, "Other").await.expect("room");
    assert_eq!(service.feed(&ada, home(&ada)).await, Ok(None));
    let secret = service.create_feed(&ada, home(&ada)).await.expect("hers");
    let found = through(&service, &secret).await.expect("it is new");
    assert_eq!(found.account(), ada.account());
    assert_eq!(found.scope(), Scope::Read);
    assert!(!found.is_admin());
    let books: Vec<_> = found
        .books()
        .iter()
        .map(|book| (book.id, book.role))
        .collect();
    assert_eq!(books, [(home(&ada).id, BookRole::Viewer)]);
    assert!(found.book(Some(other)).is_err());
    let info = service.feed(&ada, home(&ada)).await.expect("it is there");
    assert_eq!(info.map(|info| info.created_at), Some(fixture.now()));

    // It is neither a token nor a session, and a token is no feed.
    let refused = with_token(&service, &secret).await;
    assert_eq!(refused, Err(AuthenticateError::InvalidToken));
    let refused = with_session(&service, &secret).await;
    assert_eq!(refused, Err(AuthenticateError::SessionEnded));
    let session = signed_in(&service, "bob").await.session_token;
    for text in ["", "kith_", &session, &secret[1..], &"é".repeat(43)] {
        assert_eq!(through(&service, text).await, None, "{text}");
    }
    let refused = service.create_feed(&found, home(&ada)).await;
    assert_eq!(refused, Err(AccountError::SessionNeeded));
}

async fn a_feed_that_was_replaced_or_revoked_lets_in_no_one(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let [here, there] = [fixture.instance().await, fixture.instance().await];
    let (ada, bob) = (caller(&here, "ada").await, caller(&here, "bob").await);
    let first = here.create_feed(&ada, home(&ada)).await.expect("hers");
    let of_bob = here.create_feed(&bob, home(&bob)).await.expect("his");
    assert!(through(&there, &first).await.is_some());
    let second = here.create_feed(&ada, home(&ada)).await.expect("hers");
    assert_eq!(through(&there, &first).await, None);
    assert!(through(&there, &second).await.is_some());
    here.revoke_feed(&ada, home(&ada))
        .await
        .expect("it is there");
    assert_eq!(through(&there, &second).await, None);
    let again = here.revoke_feed(&ada, home(&ada)).await;
    assert_eq!(again, Err(AccountError::NotFound));

    assert!(through(&there, &of_bob).await.is_some());
    let refused = here.create_feed(&bob, home(&ada)).await;
    assert_eq!(refused, Err(AccountError::NoBook));
    let disabled = fixture.accounts().disable(&name("bob")).await;
    disabled.expect("he is there");
    assert_eq!(through(&there, &of_bob).await, None);
}

async fn a_feed_goes_with_the_membership(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let ada = caller(&service, "ada").await;
    let book = service.add_book(&ada, "Shared").await.expect("room");
    let ada = caller(&service, "ada").await;
    let share = async || {
        let shared = service
            .share_book(&ada, book, "bob", BookRole::Viewer)
            .await;
        shared.expect("he is there");
        let bob = caller(&service, "bob").await;
        let shared = bob.book(Some(book)).expect("it is shared").clone();
        (bob, shared)
    };
    let (bob, shared) = share().await;
    let secret = service
        .create_feed(&bob, &shared)
        .await
        .expect("he sees it");
    assert!(through(&service, &secret).await.is_some());
    let id = bob.account().expect("an account").id;
    let ended = service.unshare_book(&ada, book, id).await;
    ended.expect("she is the owner");
    assert_eq!(through(&service, &secret).await, None);
    let refused = service.create_feed(&bob, &shared).await;
    assert_eq!(refused, Err(AccountError::NoBook));
    let (bob, shared) = share().await;
    assert_eq!(
        through(&service, &secret).await,
        None,
        "it does not come back"
    );
    assert_eq!(service.feed(&bob, &shared).await, Ok(None));
}

async fn a_feed_is_kept_as_a_hash(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let ada = caller(&service, "ada").await;
    let secret = service.create_feed(&ada, home(&ada)).await.expect("hers");
    let mut reader = fixture.database.reader().await.expect("it is open");
    let kept: Vec<Vec<u8>> = query("SELECT secret FROM calendar_feeds")
        .fetch_all(&mut reader)
        .await
        .expect("valid");
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].len(), 32);
    assert_ne!(kept[0], secret.as_bytes()[..32]);
}
