//! Invitations, and new passwords by links.

use super::fixture::DAY;
use super::fixture::Fixture;
use super::fixture::MINUTE;
use super::fixture::PASSWORD;
use super::fixture::client;
use super::fixture::name;
use super::fixture::signed_in;
use super::fixture::try_sign_in;
use super::fixture::with_session;
use crate::services::accounts::Acceptance;
use crate::services::accounts::AccountError;
use crate::services::accounts::AccountService;
use crate::services::accounts::Accounts;
use crate::services::accounts::AuthenticateError;
use crate::services::accounts::Delivery;
use crate::services::accounts::LinkError;
use crate::services::accounts::LinkView;
use crate::services::accounts::ResetError;
use crate::services::accounts::SignInError;
use crate::services::admin::Admin;
use crate::services::audit_log;
use crate::services::audit_log::Selection;
use crate::services::client::Role;
use crate::services::database::testing::TestDatabase;
use crate::services::database::testing::on_each_engine;

on_each_engine! {
    an_invitation_makes_one_account_of_its_role
    an_invitation_ends_with_its_time_when_it_is_revoked_and_with_the_rights_of_its_maker
    the_first_account_is_not_made_by_an_invitation
    a_link_changes_a_password_once_and_ends_all_sessions
    a_link_for_a_password_ends_with_its_time_with_the_password_and_with_the_account
    owners_see_what_was_done_to_their_accounts_and_nothing_else
}

const NEW_PASSWORD: &str = "a kettle on a tall roof";

/// What the admin Ada does.
async fn managed(service: &AccountService, admin: &str) -> Accounts {
    let session = signed_in(service, admin).await.session_token;
    let caller = with_session(service, &session).await.expect("it is valid");
    service.managed_by(&Admin::of(&caller).expect("an admin"))
}

async fn invitation(accounts: &Accounts, role: Role) -> String {
    match accounts.invite(role, None).await {
        Ok(Delivery::Token(token)) => token,
        other => panic!("there is no mail server: {other:?}"),
    }
}

fn acceptance<'a>(token: &'a str, name: &'a str) -> Acceptance<'a> {
    Acceptance {
        token,
        name,
        password: PASSWORD,
        session: None,
        client: client("203.0.113.7"),
        user_agent: "",
    }
}

async fn an_invitation_makes_one_account_of_its_role(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let accounts = managed(&service, "Ada").await;
    let token = invitation(&accounts, Role::Member).await;
    let view = Some(LinkView::Invitation { role: Role::Member });
    assert_eq!(service.link(&token).await, Ok(view.clone()));
    // What is refused uses nothing up, and neither does a visit.
    let taken = service.accept(acceptance(&token, "ADA")).await;
    assert_eq!(taken, Err(LinkError::NameTaken));
    let weak = Acceptance {
        password: "password",
        ..acceptance(&token, "Eve")
    };
    assert!(matches!(
        service.accept(weak).await,
        Err(LinkError::Password(_))
    ));
    let as_password = service.reset_password(&token, NEW_PASSWORD, client("203.0.113.7"));
    assert_eq!(as_password.await, Err(LinkError::Ended));
    let as_address = service.confirm_address(&token, client("203.0.113.7"));
    assert_eq!(as_address.await, Err(LinkError::Ended));
    assert_eq!(service.link(&token).await, Ok(view));
    let (one, other) = tokio::join!(
        service.accept(acceptance(&token, "Eve")),
        service.accept(acceptance(&token, "Mallory")),
    );
    let refused = [one.as_ref().err(), other.as_ref().err()];
    assert!(refused.contains(&Some(&LinkError::Ended)), "{refused:?}");
    let entered = one.or(other).expect("one of them");
    let caller = with_session(&service, &entered.session_token).await;
    let role = caller
        .expect("it is valid")
        .account()
        .map(|account| account.role);
    assert_eq!(role, Some(Role::Member));
    assert_eq!(service.link(&token).await, Ok(None));
    for wrong in ["", "a", &"a".repeat(43), &token[..42]] {
        assert_eq!(service.link(wrong).await, Ok(None), "{wrong}");
        let refused = service.accept(acceptance(wrong, "Eve")).await;
        assert_eq!(refused, Err(LinkError::Ended), "{wrong}");
    }
    assert_eq!(accounts.invitations().await, Ok(Vec::new()));
}

async fn an_invitation_ends_with_its_time_when_it_is_revoked_and_with_the_rights_of_its_maker(
    database: TestDatabase,
) {
    let fixture = Fixture::with_accounts(database).await;
    fixture.add("Eve", Role::Admin).await;
    let service = fixture.instance().await;
    let [ada, eve] = [
        managed(&service, "Ada").await,
        managed(&service, "Eve").await,
    ];
    let old = invitation(&ada, Role::Admin).await;
    fixture.pass(7 * DAY - MINUTE);
    assert!(service.link(&old).await.expect("it is open").is_some());
    fixture.pass(MINUTE);
    let refused = service.accept(acceptance(&old, "Late")).await;
    assert_eq!(refused, Err(LinkError::Ended));

    let revoked = invitation(&ada, Role::Member).await;
    let listed = eve.invitations().await.expect("it is open");
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(eve.revoke_invitation(listed[0].id).await, Ok(()));
    let again = eve.revoke_invitation(listed[0].id).await;
    assert_eq!(again, Err(AccountError::NotFound));
    let refused = service.accept(acceptance(&revoked, "Eva")).await;
    assert_eq!(refused, Err(LinkError::Ended));

    let of_eve = invitation(&eve, Role::Admin).await;
    let of_ada = invitation(&ada, Role::Member).await;
    ada.set_role(&name("Eve"), Role::Member)
        .await
        .expect("room");
    assert_eq!(service.link(&of_eve).await, Ok(None));
    assert!(service.link(&of_ada).await.expect("it is open").is_some());
}

async fn the_first_account_is_not_made_by_an_invitation(database: TestDatabase) {
    let fixture = Fixture::new(database);
    let invited = fixture.accounts().invite(Role::Admin, None).await;
    assert_eq!(invited, Err(AccountError::FirstIsAdmin));
}

async fn a_link_changes_a_password_once_and_ends_all_sessions(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let accounts = managed(&service, "Ada").await;
    let session = signed_in(&service, "Bob").await.session_token;
    let former = accounts.reset_link(&name("Bob")).await.expect("room");
    let token = accounts.reset_link(&name("Bob")).await.expect("room");
    let reset = |token: String, password: &'static str| {
        let service = service.clone();
        async move {
            service
                .reset_password(&token, password, client("203.0.113.7"))
                .await
        }
    };
    assert_eq!(reset(former, NEW_PASSWORD).await, Err(LinkError::Ended));
    let weak = reset(token.clone(), "bob").await;
    assert!(matches!(weak, Err(LinkError::Password(_))), "{weak:?}");
    let (one, other) = tokio::join!(
        reset(token.clone(), NEW_PASSWORD),
        reset(token.clone(), "another kettle marmot"),
    );
    let done = [&one, &other].map(Result::is_ok);
    assert_eq!(
        done.iter().filter(|done| **done).count(),
        1,
        "{one:?} {other:?}"
    );
    let ended = with_session(&service, &session).await;
    assert_eq!(ended, Err(AuthenticateError::SessionEnded));
    assert_eq!(try_sign_in(&service, "Bob").await, Err(SignInError::Wrong));
    // Without a mail server no client can ask for a link.
    let asked = service.request_reset("Bob", client("203.0.113.7")).await;
    assert_eq!(asked, Err(ResetError::NoMailServer));
}

async fn a_link_for_a_password_ends_with_its_time_with_the_password_and_with_the_account(
    database: TestDatabase,
) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let accounts = managed(&service, "Ada").await;
    let bob = name("Bob");
    let link = async || accounts.reset_link(&bob).await.expect("room");
    let is_ended = async |token: &str| {
        let reset = service.reset_password(token, NEW_PASSWORD, client("203.0.113.7"));
        assert_eq!(reset.await, Err(LinkError::Ended));
    };
    let old = link().await;
    fixture.pass(60 * MINUTE);
    is_ended(&old).await;
    let changed = link().await;
    accounts.set_password(&bob, PASSWORD).await.expect("room");
    is_ended(&changed).await;
    let disabled = link().await;
    accounts.disable(&bob).await.expect("room");
    assert_eq!(service.link(&disabled).await, Ok(None));
    is_ended(&disabled).await;
    let removed = link().await;
    accounts.remove(&bob, None).await.expect("room");
    is_ended(&removed).await;
    let missing = accounts.reset_link(&bob).await;
    assert_eq!(missing, Err(AccountError::NoAccount));
}

async fn owners_see_what_was_done_to_their_accounts_and_nothing_else(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    let accounts = managed(&service, "Ada").await;
    let bob = signed_in(&service, "Bob").await.account.id;
    accounts.disable(&name("Bob")).await.expect("room");
    try_sign_in(&service, "Bob")
        .await
        .expect_err("it is disabled");
    let selection = Selection::OfAccount(bob.0);
    let records = audit_log::read(&fixture.database, selection, None, 10).await;
    let records = records.expect("it is open").into_iter().rev();
    let told: Vec<(String, String)> = records.map(|record| (record.actor, record.kind)).collect();
    let expected = [
        ("operator", "user_added"),
        ("Bob", "sign_in"),
        ("Ada", "user_changed"),
        ("203.0.113.7", "sign_in_failed"),
    ];
    assert_eq!(
        told,
        expected.map(|(actor, kind)| (actor.to_owned(), kind.to_owned()))
    );
}
