//! What the keys of contacts begin with. Each step looks up the first key behind those with the same heading, so a book
//! of any size takes as many steps as it has headings.

use kith_database::Connection;
use kith_database::Sql;
use kith_database::query;

use crate::services::book::BookKey;
use crate::services::contacts::letters::BEFORE_LETTERS;
use crate::services::contacts::letters::HAN;
use crate::services::contacts::letters::HANGUL;
use crate::services::contacts::letters::LAST;
use crate::services::contacts::letters::LetterOrder;
use crate::services::contacts::letters::MAX_LETTERS;
use crate::services::contacts::store::StoreError;

macro_rules! first_letters {
    ($key:literal) => {
        Sql::new(concat!(
            "WITH RECURSIVE letters (letter, place) AS (
                 SELECT (SELECT substr(",
            $key,
            ", 1, 1) FROM contacts WHERE book = $1 AND in_trash = FALSE ORDER BY ",
            $key,
            " LIMIT 1), 1
                 UNION ALL
                 SELECT (SELECT substr(",
            $key,
            ", 1, 1) FROM contacts WHERE book = $1 AND in_trash = FALSE AND ",
            $key,
            " > CASE WHEN letter <= $2 THEN $2
                         WHEN letter BETWEEN $3 AND $4 THEN $4
                         WHEN letter BETWEEN $5 AND $6 THEN $6
                         ELSE letter END || CAST($7 AS TEXT)
                     ORDER BY ",
            $key,
            " LIMIT 1), place + 1
                 FROM letters WHERE letter IS NOT NULL AND place < CAST($8 AS BIGINT)
             )
             SELECT letter FROM letters WHERE letter IS NOT NULL ORDER BY place"
        ))
    };
}

const BY_NAME: Sql = first_letters!("search_key");
const BY_FAMILY: Sql = first_letters!("family_key");
const BY_COMPANY: Sql = first_letters!("company_key");

fn statement(order: LetterOrder) -> Sql {
    match order {
        LetterOrder::Name => BY_NAME,
        LetterOrder::Family => BY_FAMILY,
        LetterOrder::Company => BY_COMPANY,
    }
}

/// See [`ContactStore::first_letters`](crate::services::contacts::store::ContactStore::first_letters).
pub async fn first(
    connection: &mut Connection,
    book: BookKey,
    order: LetterOrder,
) -> Result<Vec<char>, StoreError> {
    let mut letters = query(statement(order))
        .bind(book.0)
        .bind(BEFORE_LETTERS.to_string());
    for boundary in HAN.into_iter().chain(HANGUL) {
        letters = letters.bind(boundary.to_string());
    }
    let letters: Vec<String> = letters
        .bind(LAST.to_string())
        .bind(MAX_LETTERS)
        .fetch_all(connection)
        .await?;
    Ok(letters
        .iter()
        .filter_map(|letter| letter.chars().next())
        .collect())
}

#[cfg(test)]
mod tests {
    use kith_database::Engine;
    use kith_database::Row;

    use super::*;
    use crate::services::contacts::store::sql::tests::Opened;

    /// The text of a statement with the values that matter to a plan.
    fn explained(order: LetterOrder, engine: Engine) -> String {
        let text = statement(order).text(engine);
        let text = ["$1", "CAST($8 AS BIGINT)"]
            .iter()
            .fold(text.to_owned(), |text, number| text.replace(number, "1"));
        (2..=7).fold(text, |text, number| {
            text.replace(&format!("${number}"), "'a'")
        })
    }

    #[tokio::test]
    async fn each_step_is_a_look_into_an_index() {
        let opened = Opened::new(Engine::Sqlite).await;
        let mut tx = opened.database.read().await.expect("it is open");
        for order in LetterOrder::ALL {
            let explain = format!("EXPLAIN QUERY PLAN {}", explained(order, Engine::Sqlite));
            let explain: &str = explain.leak();
            let rows: Vec<Row> = query(explain).fetch_all(&mut tx).await.expect("valid");
            let steps = rows.iter().map(|row| row.get("detail").expect("a step"));
            let steps: Vec<String> = steps.collect();
            let looks = steps.iter().filter(|step| step.contains("contacts"));
            let looks: Vec<_> = looks.collect();
            assert_eq!(looks.len(), 2, "{steps:?}");
            for look in looks {
                assert!(look.starts_with("SEARCH contacts USING"), "{steps:?}");
                assert!(look.contains("INDEX contacts_by_"), "{steps:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_server_looks_into_its_indexes_as_well() {
        let opened = Opened::new(Engine::Postgres).await;
        let names = (0..3000).map(|number| format!("Person {} {number}", number % 100));
        opened.fill(names).await;
        let mut tx = opened.database.write().await.expect("it is open");
        query("ANALYZE contacts")
            .execute(&mut tx)
            .await
            .expect("valid");
        for order in LetterOrder::ALL {
            let explain = format!("EXPLAIN (COSTS OFF) {}", explained(order, Engine::Postgres));
            let explain: &str = explain.leak();
            let lines: Vec<String> = query(explain).fetch_all(&mut tx).await.expect("valid");
            let plan = lines.join("\n");
            assert!(!plan.contains("Seq Scan on contacts"), "{plan}");
            assert!(!plan.contains("Sort Key: contacts"), "{plan}");
        }
    }
}
