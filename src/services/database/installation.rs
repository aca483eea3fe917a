//! The installation that a database belongs to, and whether its data is there.

use kith_database::Connection;
use kith_database::Sql;
use kith_database::query;

/// So many digits of the number tell installations apart.
const DIGITS: usize = 12;

const READ: &str = "SELECT id, state, moved_to FROM installation";

/// In a file, a transaction that writes is the only one.
const HOLD: Sql = Sql::each(
    READ,
    "SELECT id, state, moved_to FROM installation FOR SHARE",
);

/// The row of the table `installation`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// 32 hexadecimal digits. The data takes them along when it moves.
    pub id: String,
    pub state: State,
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
        let (id, state, to): (String, String, Option<String>) =
            query(statement).fetch_one(connection).await?;
        let state = match (state.as_str(), to) {
            ("moving", Some(to)) => State::Moving { to },
            ("moved", Some(to)) => State::Moved { to },
            _ => State::Open,
        };
        Ok(Self { id, state })
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
