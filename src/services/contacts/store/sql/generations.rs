//! The generations of contacts, which the cache asks for.

use async_trait::async_trait;
use kith_cache::Generation;
use kith_cache::Generations;
use kith_cache::Mark;
use kith_cache::Tag;
use kith_database::Sql;
use kith_database::query;

use super::SqlStore;

/// The generation of pages changes with that of contacts: on SQLite by a trigger.
const REPLACE: Sql = Sql::each(
    "INSERT INTO generations (tag, generation) VALUES ($1, random())
     ON CONFLICT (tag) DO UPDATE SET generation = random()",
    "SELECT replace_generation($1)",
);

/// The triggers of the migrations replace them as contacts change.
#[async_trait]
impl Generations for SqlStore {
    fn mark(&self) -> Option<Mark> {
        let mark = self.database.commit_mark()?;
        Some(Mark(*mark.bytes()))
    }

    async fn read(&self) -> Option<Vec<(String, Generation)>> {
        let all = "SELECT tag, generation FROM generations";
        let rows = self.database.fetch_dedicated::<(String, i64)>(all).await;
        let rows = rows.ok()?.into_iter();
        Some(
            rows.map(|(tag, number)| (tag, Generation(number)))
                .collect(),
        )
    }

    async fn replace(&self, tag: Tag) -> bool {
        let replace = async || -> Result<(), sqlx::Error> {
            let mut tx = self.database.write().await?;
            query(REPLACE).bind(tag.0).execute(&mut tx).await?;
            tx.commit().await
        };
        replace().await.is_ok()
    }
}
