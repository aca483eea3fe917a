//! Both engines beside each other: the same contacts, the same questions, the same answers.

use kith_database::Engine;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::Opened;
use crate::model::contact::ContactId;
use crate::services::audit_log::Actor;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::fields::ContactFields;
use crate::services::contacts::fields::ContactInput;
use crate::services::contacts::fields::Required;
use crate::services::contacts::query::ContactQuery;
use crate::services::contacts::query::Cursor;
use crate::services::contacts::query::Scope;
use crate::services::contacts::query::Sort;
use crate::services::contacts::query::parse_search;
use crate::services::contacts::store::Stretch;
use crate::services::contacts::store::conformance::at;
use crate::services::contacts::store::conformance::list;
use crate::services::contacts::store::conformance::new_id;
use crate::services::contacts::store::conformance::scoped_query;
use crate::services::contacts::store::conformance::score;
use crate::services::contacts::store::conformance::stretch;

/// Names of few letters, so that many are alike, among them names of one letter and names whose keys are longer than
/// what PostgreSQL has in its index.
fn names() -> impl Strategy<Value = String> {
    let words = prop_oneof![
        "[abñßéA-C]{1,6}",
        "[王小明]{1,4}",
        "[محد]{1,5}",
        "[👩🎉🇩🇪]{1,2}",
        "[ab王👩]",
        "\u{FDFA}{14,16}[ab]{0,2}",
    ];
    prop::collection::vec(words, 1..4).prop_map(|words| words.join(" "))
}

fn addresses() -> impl Strategy<Value = String> {
    "[ab]{1,3}[.]?[a-c]@(b|ab|ba)\\.(example|test)"
}

/// What people search for: parts of names and addresses, in any order.
fn searches() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[abneé@.]{1,5}",
        "[王小明]{1,3}",
        "[محد]{1,4}",
        "[👩🎉🇩🇪]{1,2}",
        "\u{FDFA}[ab]{0,2}",
        "صلى",
    ];
    prop::collection::vec(word, 0..4).prop_map(|words| words.join(" "))
}

/// Adds contacts to both, and moves every seventh to the trash.
async fn add_to_both(both: &[Opened; 2], contacts: &[(String, String)]) -> Vec<ContactId> {
    let mut ids = Vec::new();
    for (number, (name, email)) in contacts.iter().enumerate() {
        let id = new_id();
        let draft = ContactInput::default()
            .with(Field::Name, name.clone())
            .with(Field::Emails, email.clone());
        // A name of signs alone is refused.
        let Ok(fields) =
            ContactFields::parse(&draft, &ContactFields::default(), Required::NameAndEmail)
        else {
            continue;
        };
        let now = at(number as i64 / 3);
        for opened in both {
            let created = opened.create(id, &fields, now, None, None).await;
            created.expect("it is new");
            if number % 3 == 0 {
                let used = opened.add_uses(&[(id, score(number as i64 % 5))]).await;
                assert_eq!(used.expect("it is open").written.len(), 1);
            }
            if number % 7 == 0 {
                let deleted = opened
                    .delete(id, None, at(1000 + number as i64 / 2), &Actor::operator())
                    .await;
                deleted.expect("it is there");
            }
        }
        ids.push(id);
    }
    ids
}

/// The stretches from the first page to the last and back to the first.
async fn there_and_back(
    opened: &Opened,
    ask: impl Fn(Option<&Cursor>) -> ContactQuery,
) -> Vec<Stretch> {
    let mut stretches = vec![stretch(opened, &ask(None)).await];
    while let Some(next) = stretches.last().and_then(|last| last.page.next.clone()) {
        stretches.push(stretch(opened, &ask(Some(&next))).await);
    }
    while let Some(previous) = stretches.last().and_then(|last| last.previous.clone()) {
        stretches.push(stretch(opened, &ask(Some(&previous))).await);
    }
    stretches
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_engines_find_the_same_in_the_same_order() {
    let both = [
        Opened::new(Engine::Sqlite).await,
        Opened::new(Engine::Postgres).await,
    ];
    // Each asks both engines for tens of pages.
    let mut runner = TestRunner::new(ProptestConfig::with_cases(64));
    let contacts = prop::collection::vec((names(), addresses()), 150)
        .new_tree(&mut runner)
        .expect("contacts")
        .current();
    let ids = add_to_both(&both, &contacts).await;
    assert!(ids.len() > 100, "{} contacts", ids.len());
    let runtime = tokio::runtime::Handle::current();
    let compared = tokio::task::spawn_blocking(move || {
        let questions = (searches(), 0..Sort::ALL.len(), 10..60_u32, any::<bool>());
        runner.run(&questions, |(search, sort, limit, in_trash)| {
            prop_assume!(parse_search(&search).is_ok());
            let scope = if in_trash { Scope::Trash } else { Scope::Live };
            let sort = Sort::ALL[sort].as_str();
            let ask = |cursor: Option<&Cursor>| scoped_query(scope, &search, sort, limit, cursor);
            runtime.block_on(async {
                let whole = scoped_query(scope, &search, sort, 1000, None);
                prop_assert_eq!(list(&both[0], &whole).await, list(&both[1], &whole).await);
                prop_assert_eq!(
                    there_and_back(&both[0], ask).await,
                    there_and_back(&both[1], ask).await
                );
                for id in ids.iter().step_by(49) {
                    let around = ask(None).around(Some(*id));
                    prop_assert_eq!(
                        stretch(&both[0], &around).await,
                        stretch(&both[1], &around).await
                    );
                }
                Ok(())
            })
        })
    });
    compared
        .await
        .expect("it does not panic")
        .expect("both answer the same");
}
