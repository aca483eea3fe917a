//! Why data was not moved. Each error says what the operator can do.

use std::fmt;

use kith_database::ServerProblem;

use crate::services::contacts::store::StoreError;
use crate::services::database::OpenError;
use crate::services::format::causes;
use crate::services::instances::Instance;

#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    #[error(
        "--to takes the address of a database, such as postgres://kith@db/kith or sqlite:///srv/kith.db"
    )]
    NoAddress,
    #[error(
        "--to takes no password, because other users of this machine can read the command line: \
         leave it out, and set {PASSWORD} or type it when Kith asks"
    )]
    PasswordInAddress,
    #[error("cannot use the database that --to names: {}", ServerProblem::NotBuilt)]
    NotBuilt,
    #[error("cannot ask for the password: set {PASSWORD}")]
    NoPrompt(#[source] std::io::Error),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(
        "the target is the database that Kith uses, or a copy of it: name an empty database with --to"
    )]
    SameDatabase,
    #[error("{}", in_use(*.side, .instances))]
    InUse {
        side: Side,
        instances: Vec<Instance>,
    },
    #[error("the target has rows in the table {table}: name an empty database with --to")]
    NotEmpty { table: &'static str },
    #[error("the data of the target was moved to {to}: name an empty database with --to")]
    TargetMoved { to: String },
    #[error(
        "a move to {to} was begun: finish it with `kith move --to {to}`, or call it off with \
         `kith move --abandon`"
    )]
    OtherMove { to: String },
    #[error("the data was moved to {to} already: set DATABASE_URL to that address")]
    AlreadyMoved { to: String },
    #[error("there is no move to call off")]
    NothingBegun,
    #[error(
        "{to} has all data already, so the move cannot be called off: finish it with `kith move --to {to}`"
    )]
    Complete { to: String },
    #[error(
        "cannot open {to}, which may have all data already, so the move cannot be called off: make it \
         reachable and repeat this"
    )]
    UnknownTarget {
        to: String,
        #[source]
        source: kith_database::OpenError,
    },
    #[error(
        "the directory of {to} is not there, and that file may have all data already, so the move cannot be called \
         off: make the directory reachable and repeat this"
    )]
    MissingDirectory { to: String },
    #[error("the move was interrupted")]
    Interrupted,
    #[error("the {side} failed at the table {table}")]
    Table {
        side: Side,
        table: &'static str,
        #[source]
        source: sqlx::Error,
    },
    #[error(
        "cannot have the {side} for this move alone: stop other programs that work with it and repeat this"
    )]
    Locked {
        side: Side,
        #[source]
        source: sqlx::Error,
    },
    #[error("the {side} failed")]
    Database {
        side: Side,
        #[source]
        source: sqlx::Error,
    },
    #[error("the {side} failed at what searches read of contacts")]
    Search {
        side: Side,
        #[source]
        source: StoreError,
    },
    #[error(
        "the table {table} has {found} rows in the target and had {expected} in the source, or their \
         contents differ; report this"
    )]
    Differs {
        table: &'static str,
        expected: u64,
        found: u64,
    },
    #[error("{}. Nothing has changed: Kith starts with the old database as before", causes(.cause))]
    CalledOff { cause: Box<MoveError> },
    #[error(
        "{}. Repeat the command to finish the move, or call it off with `kith move --abandon`; until then \
         Kith does not start with the old database",
        causes(.cause)
    )]
    Unfinished { cause: Box<MoveError> },
}

/// The environment variable with the password of the target.
pub const PASSWORD: &str = "KITH_MOVE_PASSWORD";

/// Which database of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Source,
    Target,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
        })
    }
}

impl Side {
    /// The error of a statement on this side.
    pub(super) fn failed(self, source: sqlx::Error) -> MoveError {
        MoveError::Database { side: self, source }
    }
}

fn in_use(side: Side, instances: &[Instance]) -> String {
    let shown =
        |one: &Instance| format!("{} (last seen {} s ago)", one.address, one.unseen.as_secs());
    let shown: Vec<String> = instances.iter().map(shown).collect();
    format!(
        "Kith works with the {side} at {}: stop it and repeat this. One that was killed counts for 15 s",
        shown.join(", ")
    )
}
