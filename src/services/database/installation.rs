//! The installation that a database belongs to, and whether its data is there.

use kith_database::Connection;
use kith_database::Database;
use kith_database::Sql;
use kith_database::query;

use super::OpenError;

/// So many digits of the number tell installations apart.
const DIGITS: usize = 12;

const READ: &str = "SELECT id, state, moved_to, min_schema FROM installation";

/// In a file, a transaction that writes is the only one.
const HOLD: Sql = Sql::each(
    READ,
    "SELECT id, state, moved_to, min_schema FROM installation FOR SHARE",
);

/// Counts the instances that do not know the migrations that this program needs. An instance that has not written its
/// row for 15 seconds has ended.
pub const OLDER_INSTANCES: Sql = Sql::each(
    "SELECT count(*) FROM instances JOIN installation ON schema < min_schema
     WHERE seen_at >= 1000 * (unixepoch('subsec') - 15)",
    "SELECT count(*) FROM instances JOIN installation ON schema < min_schema
     WHERE seen_at >= 1000 * (extract(epoch FROM clock_timestamp()) - 15)",
);

/// The row of the table `installation`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// 32 hexadecimal digits. The data takes them along when it moves.
    pub id: String,
    pub state: State,
    /// The newest migration that a program must know to work with the database.
    pub min_schema: i64,
}

/// Where the data of a database is. The addresses are as `DATABASE_URL` takes them, without a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Here.
    Open,
    /// Here, and perhaps in the other database as well.
    Moving { to: String },
    /// In the other database.
    Moved { to: String },
}

impl Installation {
    /// # Errors
    /// Those of the engine.
    pub async fn read(connection: &mut Connection) -> Result<Self, sqlx::Error> {
        Self::fetch(connection, READ.into()).await
    }

    /// The same for a transaction that writes. Nothing changes the row before it ends.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn hold(tx: &mut Connection) -> Result<Self, sqlx::Error> {
        Self::fetch(tx, HOLD).await
    }

    async fn fetch(connection: &mut Connection, statement: Sql) -> Result<Self, sqlx::Error> {
        let (id, state, to, min_schema): (String, String, Option<String>, i64) =
            query(statement).fetch_one(connection).await?;
        let state = match (state.as_str(), to) {
            ("moving", Some(to)) => State::Moving { to },
            ("moved", Some(to)) => State::Moved { to },
            _ => State::Open,
        };
        Ok(Self {
            id,
            state,
            min_schema,
        })
    }

    /// Refuses a database that this program cannot work with: its data is elsewhere or goes there, or a newer version
    /// has changed its tables.
    ///
    /// # Errors
    /// [`OpenError::Moving`], [`OpenError::Moved`] and [`OpenError::NewerSchema`].
    pub fn check(&self, database: &Database) -> Result<(), OpenError> {
        match &self.state {
            State::Moving { to } => Err(OpenError::Moving { to: to.clone() }),
            State::Moved { to } => Err(OpenError::Moved { to: to.clone() }),
            State::Open if self.min_schema > database.schema() => Err(OpenError::NewerSchema),
            State::Open => Ok(()),
        }
    }

    /// What the names of its keys in Redis begin with: the configured prefix, and its number. So two installations with
    /// one configuration share no limits on one Redis, and nothing that is cached.
    pub fn redis_prefix(&self, configured: &str) -> String {
        format!("{configured}:{:.DIGITS$}", self.id)
    }
}

impl State {
    /// Writes it into the table.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn write(&self, connection: &mut Connection) -> Result<(), sqlx::Error> {
        let (state, to) = match self {
            Self::Open => ("open", None),
            Self::Moving { to } => ("moving", Some(to.as_str())),
            Self::Moved { to } => ("moved", Some(to.as_str())),
        };
        query("UPDATE installation SET state = $1, moved_to = $2")
            .bind(state)
            .bind(to)
            .execute(connection)
            .await?;
        Ok(())
    }
}
