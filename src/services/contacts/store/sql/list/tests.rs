//! Which indexes the queries use, and that both ways of searching find the same.

use kith_database::Row;
use kith_database::query;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;
use crate::model::contact::ContactId;
use crate::services::contacts::store::conformance::scoped_query;
use crate::services::contacts::store::sql::row::WHOLE;
use crate::services::contacts::store::sql::tests::Opened;

fn list(query: &ContactQuery) -> List {
    List::new(BookKey::FIRST, query.clone())
}

/// All that a query finds, as one group of this size.
fn group(total: u64) -> Group {
    Group {
        tier: Tier::Note,
        better: None,
        total,
    }
}

/// The statement for a page, behind `select`.
fn find_page(
    engine: Engine,
    select: &'static str,
    query: &ContactQuery,
    total: u64,
) -> QueryBuilder<'static> {
    let piece = Piece {
        cursor: query.cursor().cloned(),
        skipped: 0,
        limit: 51,
    };
    let mut sql = QueryBuilder::new(engine, select);
    push_piece(&mut sql, &list(query), (&group(total), piece));
    sql
}

/// The statement for the first page of a search that finds no more than `most`.
fn find_first(engine: Engine, query: &ContactQuery, most: u64) -> QueryBuilder<'static> {
    one_statement::find_first(engine, Columns::All, &list(query), most)
}

/// The steps that `SQLite` takes, and every way to ask for a page: scope, order, first page or not.
async fn steps(connection: &mut Connection, sql: QueryBuilder<'_>) -> Vec<String> {
    let explain: &str = format!("EXPLAIN QUERY PLAN {}", sql.text()).leak();
    let rows: Vec<Row> = query(explain)
        .fetch_all(connection)
        .await
        .expect("the query is valid");
    rows.iter()
        .map(|row| row.get("detail").expect("a step"))
        .collect()
}

fn every_query(search: &str) -> Vec<ContactQuery> {
    let mut queries = Vec::new();
    for scope in [Scope::Live, Scope::Trash] {
        for sort in Sort::ALL {
            let position = match sort.by {
                SortBy::Name => Position::Name("a\nb".to_owned()),
                SortBy::Family => Position::Family("a\nb".to_owned()),
                SortBy::Company => Position::Company("a\nb".to_owned()),
                SortBy::Created => Position::Created(1),
                SortBy::Updated => Position::Updated(1),
                SortBy::Frequent => Position::Frequent(1),
                SortBy::Relevance if search.is_empty() || scope == Scope::Trash => continue,
                SortBy::Relevance => Position::Relevance(Tier::Note, "a\nb".to_owned()),
            };
            let cursor = Cursor::new(position, sort.descending, ContactId::new(uuid::Uuid::nil()));
            for after in [None, Some(&cursor)] {
                queries.push(scoped_query(scope, search, sort.as_str(), 50, after));
            }
        }
    }
    queries
}

#[tokio::test]
async fn pages_are_read_from_an_index_where_they_start() {
    let opened = Opened::new(Engine::Sqlite).await;
    let mut tx = opened.database.read().await.expect("it is open");
    for query in every_query("") {
        let (index, column) = match query.sort().by {
            SortBy::Name | SortBy::Relevance => ("contacts_by_name", "search_key"),
            SortBy::Family => ("contacts_by_family", "family_key"),
            SortBy::Company => ("contacts_by_company", "company_key"),
            SortBy::Created => ("contacts_by_created", "created_at"),
            SortBy::Updated => ("contacts_by_updated", "updated_at"),
            SortBy::Frequent => ("contacts_by_frecency", "frecency"),
        };
        let bounds = match (query.cursor(), query.sort().descending) {
            (None, _) => "book=? AND in_trash=?".to_owned(),
            (Some(_), false) => format!("book=? AND in_trash=? AND ({column},id)>(?,?)"),
            (Some(_), true) => format!("book=? AND in_trash=? AND ({column},id)<(?,?)"),
        };
        let step = format!("SEARCH contacts USING INDEX {index} ({bounds})");
        assert_eq!(
            steps(&mut tx, find_page(Engine::Sqlite, WHOLE, &query, u64::MAX)).await,
            [step.as_str()],
        );
        let plain = one_statement::find_plain(Engine::Sqlite, Columns::All, &list(&query), None);
        let steps_of_plain = steps(&mut tx, plain).await;
        assert!(steps_of_plain.contains(&step), "{steps_of_plain:?}");
        let skipping = find_last_of(Engine::Sqlite, &list(&query), &group(u64::MAX), 9);
        assert_eq!(
            steps(&mut tx, skipping).await,
            [format!(
                "SEARCH contacts USING INDEX {index} (book=? AND in_trash=?)"
            )]
        );
    }
}

#[tokio::test]
async fn what_stands_before_a_page_is_counted_along_the_index() {
    let opened = Opened::new(Engine::Sqlite).await;
    let mut tx = opened.database.read().await.expect("it is open");
    let cursor = Cursor::new(
        Position::Name("a\nb".to_owned()),
        false,
        ContactId::new(uuid::Uuid::nil()),
    );
    let query = scoped_query(Scope::Live, "", "name", 50, None);
    let mut sql = QueryBuilder::new(Engine::Sqlite, "SELECT count(*) FROM ");
    push_count_before(&mut sql, &list(&query), &group(u64::MAX), &cursor.before());
    assert_eq!(
        steps(&mut tx, sql).await,
        [
            "SEARCH contacts USING INDEX contacts_by_name (book=? AND in_trash=? AND (search_key,id)<(?,?))"
        ],
    );
}

#[tokio::test]
async fn totals_are_looked_up() {
    let opened = Opened::new(Engine::Sqlite).await;
    let mut tx = opened.database.read().await.expect("it is open");
    for (scope, search, expected) in [
        (
            Scope::Live,
            "",
            "SEARCH contact_counts USING PRIMARY KEY (book=? AND in_trash=?)",
        ),
        (
            Scope::Trash,
            "",
            "SEARCH contact_counts USING PRIMARY KEY (book=? AND in_trash=?)",
        ),
        (
            Scope::Live,
            "ada lovelace",
            "SCAN contact_texts VIRTUAL TABLE INDEX 0:M9><",
        ),
        (
            Scope::Live,
            "a lo",
            "SCAN contact_texts VIRTUAL TABLE INDEX 0:M9><",
        ),
    ] {
        let query = scoped_query(scope, search, "-created", 50, None);
        let sql = count_tiers(Engine::Sqlite, &list(&query), &[Tier::Note]);
        assert_eq!(
            steps(&mut tx, sql).await,
            ["SCAN CONSTANT ROW", "SCALAR SUBQUERY 1", expected],
            "{search:?}"
        );
    }
}

#[tokio::test]
async fn a_search_for_little_asks_the_search_table_first() {
    let opened = Opened::new(Engine::Sqlite).await;
    let mut tx = opened.database.read().await.expect("it is open");
    for search in ["ada", "ada lo", "ad", "a b"] {
        for query in every_query(search) {
            if query.scope() == Scope::Trash {
                continue;
            }
            let steps = steps(&mut tx, find_page(Engine::Sqlite, WHOLE, &query, 1)).await;
            assert!(
                steps
                    .iter()
                    .all(|step| step.contains("VIRTUAL TABLE INDEX 0:M9")
                        || step.contains("USING INTEGER PRIMARY KEY (rowid=?)")
                        || step.contains("LIST SUBQUERY")
                        || step.contains("BLOOM FILTER")
                        || step == "USE TEMP B-TREE FOR ORDER BY"),
                "{steps:?}"
            );
            if query.cursor().is_none() {
                let first = find_first(Engine::Sqlite, &query, MAX_SORTED_MATCHES);
                let steps = self::steps(&mut tx, first).await;
                let is_scan =
                    |step: &&String| step.starts_with("SCAN contact") && !step.contains("VIRTUAL");
                assert_eq!(steps.iter().find(is_scan), None, "{steps:?}");
            }
        }
    }
}

/// The plan of PostgreSQL for a page of contacts.
async fn plan(tx: &mut Connection, query: &ContactQuery, total: u64) -> String {
    let explain = "EXPLAIN (COSTS OFF) SELECT seq FROM contacts";
    let sql = find_page(Engine::Postgres, explain, query, total);
    let lines: Vec<String> = sql.build().fetch_all(tx).await.expect("a plan");
    lines.join("\n")
}

#[tokio::test]
async fn postgres_reads_pages_from_an_index_and_asks_the_grams_first() {
    let opened = Opened::new(Engine::Postgres).await;
    let names = (0..3000).map(|number| format!("Person {} {number}", number % 100));
    opened.fill(names).await;
    let mut tx = opened.database.write().await.expect("it is open");
    query("ANALYZE contacts, contact_search")
        .execute(&mut tx)
        .await
        .expect("it is valid");
    let live = |query: &ContactQuery| query.scope() == Scope::Live;
    for query in every_query("").into_iter().filter(live) {
        let index = match query.sort().by {
            SortBy::Name | SortBy::Relevance => "contacts_by_name on contacts",
            SortBy::Family => "contacts_by_family on contacts",
            SortBy::Company => "contacts_by_company on contacts",
            SortBy::Created => "contacts_by_created on contacts",
            SortBy::Updated => "contacts_by_updated on contacts",
            SortBy::Frequent => "contacts_by_frecency on contacts",
        };
        let plan = plan(&mut tx, &query, u64::MAX).await;
        assert!(plan.contains(index), "{plan}");
        assert!(!plan.contains("Seq Scan"), "{plan}");
        let list = list(&query);
        let skipping = find_last_of(Engine::Postgres, &list, &group(u64::MAX), 9);
        let pages = one_statement::find_plain(Engine::Postgres, Columns::All, &list, None);
        for sql in [skipping, pages] {
            let plan = generic_plan(&mut tx, sql).await;
            assert!(plan.contains(index), "{plan}");
            assert!(!plan.contains("Seq Scan on contacts"), "{plan}");
        }
    }
    for query in every_query("2999").into_iter().filter(live) {
        let plan = plan(&mut tx, &query, 1).await;
        assert!(plan.contains("contact_search_by_gram"), "{plan}");
        assert!(!plan.contains("Seq Scan"), "{plan}");
        let page = find_page(Engine::Postgres, "SELECT seq FROM contacts", &query, 1);
        let mut pages = vec![page];
        if query.cursor().is_none() {
            pages.push(find_first(Engine::Postgres, &query, 50_000));
        }
        for page in pages {
            let plan = generic_plan(&mut tx, page).await;
            assert!(plan.contains("contact_search_by_gram"), "{plan}");
            assert!(!plan.contains("contact_search_pkey"), "{plan}");
            assert!(!plan.contains("Seq Scan on contact"), "{plan}");
        }
    }
}

/// The plan of PostgreSQL for a statement that it has executed often: one plan for all values.
async fn generic_plan(tx: &mut Connection, sql: QueryBuilder<'_>) -> String {
    let values = sql.text().matches('$').count();
    let prepare: &str = format!("PREPARE page AS {}", sql.text()).leak();
    let values = vec!["NULL"; values].join(", ");
    let explain: &str = match values.as_str() {
        "" => "EXPLAIN (COSTS OFF) EXECUTE page",
        values => format!("EXPLAIN (COSTS OFF) EXECUTE page ({values})").leak(),
    };
    let force = "SET LOCAL plan_cache_mode = force_generic_plan";
    for statement in [force, prepare] {
        query(statement).execute(&mut *tx).await.expect("valid");
    }
    let lines: Vec<String> = query(explain).fetch_all(&mut *tx).await.expect("a plan");
    query("DEALLOCATE page").execute(tx).await.expect("valid");
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_ways_of_searching_find_the_same() {
    compare_ways_of_searching(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_ways_of_searching_find_the_same_on_postgres() {
    compare_ways_of_searching(Engine::Postgres).await;
}

async fn compare_ways_of_searching(engine: Engine) {
    let opened = Opened::new(engine).await;
    opened
        .fill((0..500).map(|number| {
            let han = if number % 7 == 0 { " 王小明" } else { "" };
            format!("P{} q\"{}{han}", number % 30, number * 7 % 101)
        }))
        .await;
    let searches = "[pq0-9\"@. ]{1,6}( no:phone| has:email| no:email)?|[pq王小明 ]{1,4}";
    let runtime = tokio::runtime::Handle::current();
    let compared = tokio::task::spawn_blocking(move || {
        TestRunner::default().run(&(searches, 0..Sort::ALL.len()), |(search, sort)| {
            let sort = Sort::ALL[sort];
            let query = scoped_query(Scope::Live, &search, sort.as_str(), 20, None);
            prop_assume!(!query.search().is_empty());
            runtime.block_on(async {
                let mut tx = opened.database.read().await.expect("it is open");
                let mut pages = Vec::new();
                for total in [0, u64::MAX] {
                    let sql = find_page(engine, WHOLE, &query, total);
                    let rows: Vec<Row> = sql
                        .build()
                        .fetch_all(&mut tx)
                        .await
                        .expect("the query is valid");
                    let seqs: Vec<i64> = rows
                        .iter()
                        .map(|row| row.get("seq").expect("a number"))
                        .collect();
                    pages.push(seqs);
                }
                prop_assert_eq!(&pages[0], &pages[1]);
                let most = 8;
                let first = find_first(engine, &query, most).build();
                let rows: Vec<Row> = first.fetch_all(&mut tx).await.expect("valid");
                // The index of SQLite finds some that do not match.
                let is_read = !rows.is_empty() || engine == Engine::Postgres;
                let expected = pages[0].len() as u64;
                prop_assert!(expected > most || !is_read || rows.len() as u64 == expected);
                prop_assert!(expected <= most || rows.is_empty());
                let at_once = list(&query).stretch_at_once(&mut tx).await.expect("valid");
                let counted = list(&query).stretch(&mut tx).await.expect("valid");
                prop_assert_eq!(
                    at_once.is_some(),
                    counted.corrected.is_none() && counted.page.total > 0
                );
                if let Some(at_once) = at_once {
                    prop_assert_eq!(at_once, counted);
                }
                Ok(())
            })
        })
    });
    compared
        .await
        .expect("it does not panic")
        .expect("both find the same");
}
