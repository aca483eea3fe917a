//! The first admin.

use kith_database::query;

use super::fixture::Fixture;
use super::fixture::MINUTE;
use super::fixture::PASSWORD;
use super::fixture::client;
use super::fixture::with_session;
use crate::services::accounts::SetUp;
use crate::services::accounts::SetUpError;
use crate::services::admin::Admin;
use crate::services::database::testing::TestDatabase;
use crate::services::database::testing::on_each_engine;

on_each_engine! {
    a_visitor_with_a_code_becomes_the_first_admin
    of_visitors_at_the_same_time_one_becomes_the_admin
    a_code_ends_after_an_hour
    guesses_of_a_code_are_slowed_down
}

fn set_up<'a>(code: &'a str, name: &'a str) -> SetUp<'a> {
    SetUp {
        code,
        name,
        password: PASSWORD,
        client: client("203.0.113.7"),
        user_agent: "curl/8.5.0",
    }
}

async fn a_visitor_with_a_code_becomes_the_first_admin(database: TestDatabase) {
    let fixture = Fixture::new(database);
    let [here, there] = [fixture.instance().await, fixture.instance().await];
    let refused = here.set_up(set_up("ABCD", "Ada")).await;
    assert_eq!(
        refused,
        Err(SetUpError::WrongCode),
        "no one has asked for a code"
    );
    let code = here.issue_setup_code().await.expect("there is no account");
    let weak = SetUp {
        password: "password",
        ..set_up(&code, "Ada")
    };
    assert!(matches!(
        there.set_up(weak).await,
        Err(SetUpError::Password(_))
    ));
    let refused = there.set_up(set_up(&code, " ")).await;
    assert!(matches!(refused, Err(SetUpError::Name(_))), "{refused:?}");
    let made = there.set_up(set_up(&code.to_lowercase(), "Ada")).await;
    let made = made.expect("the code is right");
    let caller = with_session(&here, &made.session_token)
        .await
        .expect("it is new");
    assert_eq!(
        Admin::of(&caller).map(|admin| admin.name()),
        Some("Ada".to_owned())
    );
    assert_eq!(
        here.set_up(set_up(&code, "Eve")).await,
        Err(SetUpError::HasAccounts)
    );
    assert_eq!(there.issue_setup_code().await, Err(SetUpError::HasAccounts));
    assert_eq!(fixture.accounts().list().await.map(|all| all.len()), Ok(1));
}

async fn of_visitors_at_the_same_time_one_becomes_the_admin(database: TestDatabase) {
    let fixture = Fixture::new(database);
    let [here, there] = [fixture.instance().await, fixture.instance().await];
    let codes = [
        here.issue_setup_code().await.expect("there is no account"),
        here.issue_setup_code().await.expect("there is no account"),
    ];
    let made = tokio::join!(
        here.set_up(set_up(&codes[0], "Ada")),
        there.set_up(set_up(&codes[1], "Bob")),
        here.set_up(set_up(&codes[0], "Cem")),
        there.set_up(set_up(&codes[0], "Ada")),
    );
    let made = [made.0, made.1, made.2, made.3];
    assert_eq!(made.iter().filter(|one| one.is_ok()).count(), 1, "{made:?}");
    for refused in made.into_iter().filter_map(Result::err) {
        assert_eq!(refused, SetUpError::HasAccounts);
    }
    assert_eq!(fixture.accounts().list().await.map(|all| all.len()), Ok(1));
}

async fn a_code_ends_after_an_hour(database: TestDatabase) {
    let fixture = Fixture::new(database);
    let service = fixture.instance().await;
    let code = service
        .issue_setup_code()
        .await
        .expect("there is no account");
    fixture.pass(60 * MINUTE);
    assert_eq!(
        service.set_up(set_up(&code, "Ada")).await,
        Err(SetUpError::WrongCode)
    );
    for _ in 0..30 {
        fixture.pass(MINUTE / 60);
        service
            .issue_setup_code()
            .await
            .expect("there is no account");
    }
    let mut reader = fixture.database.reader().await.expect("it is open");
    let count: i64 = query("SELECT count(*) FROM setup_codes")
        .fetch_one(&mut reader)
        .await
        .expect("it can be counted");
    assert_eq!(count, 10);
}

async fn guesses_of_a_code_are_slowed_down(database: TestDatabase) {
    let fixture = Fixture::new(database);
    let service = fixture.instance().await;
    let code = service
        .issue_setup_code()
        .await
        .expect("there is no account");
    for _ in 0..5 {
        let refused = service.set_up(set_up("ABCD-EFGH", "Eve")).await;
        assert_eq!(refused, Err(SetUpError::WrongCode));
    }
    let refused = service.set_up(set_up(&code, "Eve")).await;
    assert!(
        matches!(refused, Err(SetUpError::TooMany { .. })),
        "{refused:?}"
    );
    let from_elsewhere = SetUp {
        client: client("192.0.2.1"),
        ..set_up(&code, "Ada")
    };
    assert!(service.set_up(from_elsewhere).await.is_ok());
}
