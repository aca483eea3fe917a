//! What operators do.

use super::fixture::Fixture;
use super::fixture::PASSWORD;
use super::fixture::name;
use super::fixture::signed_in;
use crate::services::accounts::AccountError;
use crate::services::accounts::Accounts;
use crate::services::accounts::NewAccount;
use crate::services::client::Role;
use crate::services::database::testing::TestDatabase;
use crate::services::database::testing::on_each_engine;

on_each_engine! {
    the_first_account_is_an_admin
    names_are_taken_whatever_their_case
    the_last_admin_stays
    of_two_admins_that_leave_at_the_same_time_one_stays
    accounts_are_listed_by_name
}

async fn add(fixture: &Fixture, named: &str, role: Role) -> Result<(), AccountError> {
    let new = NewAccount {
        name: &name(named),
        password: PASSWORD,
        role,
    };
    fixture.accounts().add(new).await.map(|_| ())
}

async fn the_first_account_is_an_admin(database: TestDatabase) {
    let fixture = Fixture::new(database);
    assert_eq!(
        add(&fixture, "Bob", Role::Member).await,
        Err(AccountError::FirstIsAdmin)
    );
    assert_eq!(add(&fixture, "Ada", Role::Admin).await, Ok(()));
    assert_eq!(add(&fixture, "Bob", Role::Member).await, Ok(()));
}

async fn names_are_taken_whatever_their_case(database: TestDatabase) {
    let fixture = Fixture::new(database);
    let [one, other] = [fixture.accounts(), fixture.accounts()];
    let [upper, lower] = ["ADA", "ada"].map(name);
    let new = |name| NewAccount {
        name,
        password: PASSWORD,
        role: Role::Admin,
    };
    let (one, other) = tokio::join!(one.add(new(&upper)), other.add(new(&lower)));
    let refused = [one.err(), other.err()];
    assert!(
        refused.contains(&Some(AccountError::NameTaken)),
        "{refused:?}"
    );
    assert!(refused.contains(&None), "{refused:?}");
}

async fn the_last_admin_stays(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let accounts = fixture.accounts();
    let (ada, bob) = (name("ada"), name("bob"));
    let refused = Err(AccountError::LastAdmin);
    for _ in 0..2 {
        assert_eq!(accounts.remove(&ada, None).await, refused);
        assert_eq!(accounts.disable(&ada).await, refused);
        assert_eq!(accounts.set_role(&ada, Role::Member).await, refused);
        // An admin that is disabled is none.
        accounts
            .set_role(&bob, Role::Admin)
            .await
            .expect("it is there");
        accounts.disable(&bob).await.expect("Ada is one");
    }
    accounts.enable(&bob).await.expect("it is there");
    assert_eq!(accounts.remove(&ada, None).await, Ok(()));
    assert_eq!(accounts.remove(&bob, None).await, refused);
    assert_eq!(
        accounts.remove(&name("Eve"), None).await,
        Err(AccountError::NoAccount)
    );
}

async fn of_two_admins_that_leave_at_the_same_time_one_stays(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let others = fixture.database.open_again().await;
    let [here, there] = [fixture.accounts(), Accounts::new(others, None)];
    let (ada, bob) = (name("ada"), name("bob"));
    for round in 0..12 {
        for admin in [&ada, &bob] {
            here.enable(admin).await.expect("it is there");
            here.set_role(admin, Role::Admin)
                .await
                .expect("it is there");
        }
        let left = match round % 3 {
            0 => tokio::join!(here.disable(&ada), there.disable(&bob)),
            1 => tokio::join!(here.set_role(&ada, Role::Member), there.disable(&bob)),
            _ => tokio::join!(
                here.set_role(&ada, Role::Member),
                there.set_role(&bob, Role::Member)
            ),
        };
        let left = [left.0, left.1];
        assert!(left.contains(&Ok(())), "{left:?}");
        assert!(left.contains(&Err(AccountError::LastAdmin)), "{left:?}");
    }
}

async fn accounts_are_listed_by_name(database: TestDatabase) {
    let fixture = Fixture::with_accounts(database).await;
    let service = fixture.instance().await;
    add(&fixture, "abc", Role::Member).await.expect("it is new");
    signed_in(&service, "bob").await;
    fixture
        .accounts()
        .disable(&name("abc"))
        .await
        .expect("it is there");
    let listed = fixture.accounts().list().await.expect("it is open");
    let shown: Vec<_> = listed
        .iter()
        .map(|one| {
            (
                one.name.as_str(),
                one.role,
                one.disabled_at.is_some(),
                one.seen_at,
            )
        })
        .collect();
    let expected = [
        ("abc", Role::Member, true, None),
        ("Ada", Role::Admin, false, None),
        ("Bob", Role::Member, false, Some(fixture.now())),
    ];
    assert_eq!(shown, expected);
}
