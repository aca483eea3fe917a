//! The text of statements and the values that they are given.

use std::borrow::Cow;

use sqlx::SqlStr;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A SQLite file.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

impl Engine {
    /// Whether this build has the engine. PostgreSQL comes with the feature `postgres`.
    pub const fn is_built(self) -> bool {
        match self {
            Self::Sqlite => true,
            Self::Postgres => cfg!(feature = "postgres"),
        }
    }
}

/// The text of a statement. Its parameters are `$1`, `$2`, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sql {
    sqlite: &'static str,
    postgres: &'static str,
}

impl Sql {
    /// A text that every engine takes, with the same result.
    pub const fn new(text: &'static str) -> Self {
        Self::each(text, text)
    }

    /// A text for each engine, with the same result. Both take the same values.
    pub const fn each(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite, postgres }
    }

    /// The text for this engine.
    pub const fn text(self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }
}

impl From<&'static str> for Sql {
    fn from(text: &'static str) -> Self {
        Self::new(text)
    }
}

/// A value that travels beside the text of a statement, never in it. `From` makes one of each type that a column can
/// hold.
#[derive(Clone, Debug)]
pub enum Value<'q> {
    /// A number of 64 bits.
    Integer(Option<i64>),
    /// A truth value, which SQLite keeps as a number.
    Boolean(Option<bool>),
    /// A text in UTF-8, without NUL.
    Text(Option<Cow<'q, str>>),
    /// Bytes.
    Bytes(Option<Cow<'q, [u8]>>),
    /// A list of numbers: JSON in SQLite, which `json_each` reads, and `BIGINT[]` in PostgreSQL.
    Integers(Vec<i64>),
}

/// A statement for one engine, with its values.
pub(crate) struct Statement<'q> {
    pub(crate) text: SqlStr,
    pub(crate) values: Vec<Value<'q>>,
    /// Whether the connection keeps the prepared statement, where it keeps any.
    pub(crate) is_persistent: bool,
}

/// Implements `From` for the types of one kind of value, and for options of them.
macro_rules! value {
    ($($type:ty => $kind:ident($value:ident: $convert:expr)),* $(,)?) => {
        $(
            impl<'q> From<$type> for Value<'q> {
                fn from($value: $type) -> Self {
                    Self::$kind(Some($convert))
                }
            }

            impl<'q> From<Option<$type>> for Value<'q> {
                fn from(value: Option<$type>) -> Self {
                    Self::$kind(value.map(|$value| $convert))
                }
            }
        )*
    };
}

value! {
    i64 => Integer(value: value),
    u32 => Integer(value: value.into()),
    u16 => Integer(value: value.into()),
    bool => Boolean(value: value),
    &'q str => Text(value: value.into()),
    &'q String => Text(value: value.into()),
    String => Text(value: value.into()),
    &'q [u8] => Bytes(value: value.into()),
    &'q Vec<u8> => Bytes(value: value.into()),
    Vec<u8> => Bytes(value: value.into()),
}

impl From<Vec<i64>> for Value<'_> {
    fn from(numbers: Vec<i64>) -> Self {
        Self::Integers(numbers)
    }
}

impl<'q> From<&'q Option<String>> for Value<'q> {
    fn from(value: &'q Option<String>) -> Self {
        value.as_deref().into()
    }
}
