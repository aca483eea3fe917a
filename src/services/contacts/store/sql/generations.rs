//! The generations of contacts, which the cache asks for.

use async_trait::async_trait;
use kith_cache::Generation;
use kith_cache::Generations;
use kith_cache::Mark;
use kith_cache::Tag;
use kith_database::Sql;
use kith_database::query;

use super::SqlStore;

/// The tags come as a JSON array. PostgreSQL looks up those of an array, and would read all to join them with a select.
const READ: Sql = Sql::each(
    "SELECT tag, generation FROM generations WHERE tag IN (SELECT value FROM json_each($1))",
    "SELECT tag, generation FROM generations
     WHERE tag = ANY (ARRAY(SELECT json_array_elements_text($1::json)))",
);

/// The generation of pages changes with that of contacts: on SQLite by a trigger. The second parameter is the
/// beginning of the tags of parts, and the third one is where they end.
const REPLACE: Sql = Sql::each(
    "UPDATE generations SET generation = random() WHERE tag = $1 OR (tag > $2 AND tag < $3)",
    "SELECT count(*) FROM (SELECT DISTINCT tag FROM generation_slots WHERE tag = $1 OR (tag > $2 AND tag < $3)) AS tags,
         LATERAL replace_generation(tag)",
);

/// The triggers of the migrations replace them as contacts change.
#[async_trait]
impl Generations for SqlStore {
    fn mark(&self) -> Option<Mark> {
        let mark = self.database.commit_mark()?;
        Some(Mark(*mark.bytes()))
    }

    async fn read(&self, tags: &[Tag]) -> Option<Vec<(String, Generation)>> {
        let tags: Vec<String> = tags.iter().map(Tag::to_string).collect();
        let read = query(READ).bind(serde_json::to_string(&tags).ok()?);
        let rows = self.database.fetch_dedicated::<(String, i64)>(read).await;
        let rows = rows.ok()?.into_iter();
        Some(
            rows.map(|(tag, number)| (tag, Generation(number)))
                .collect(),
        )
    }

    async fn replace(&self, tag: Tag) -> bool {
        let replace = async || -> Result<(), sqlx::Error> {
            let mut tx = self.database.write().await?;
            let tag = tag.to_string();
            query(REPLACE)
                .bind(&tag)
                .bind(format!("{tag}/"))
                // A slash is the character before `0`.
                .bind(format!("{tag}0"))
                .execute(&mut tx)
                .await?;
            tx.commit().await
        };
        replace().await.is_ok()
    }
}
