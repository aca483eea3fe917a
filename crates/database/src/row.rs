//! Rows, and what is read of them.

use sqlx::ColumnIndex;
use sqlx::Error;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::postgres::PgRow;

/// A row of a result.
#[derive(Debug)]
pub enum Row {
    #[doc(hidden)]
    Sqlite(SqliteRow),
    #[doc(hidden)]
    Postgres(PgRow),
}

/// Names a column: its name, or its place from 0 on.
pub trait Index: ColumnIndex<SqliteRow> + ColumnIndex<PgRow> {}

impl<T: ColumnIndex<SqliteRow> + ColumnIndex<PgRow>> Index for T {}

impl Row {
    /// The value of a column.
    ///
    /// # Errors
    /// [`Error::ColumnNotFound`], or the value is NULL or of another type.
    pub fn get<'r, T: Column<'r>>(&'r self, column: impl Index) -> Result<T, Error> {
        T::read(self, column)
    }
}

/// A type that a column can be read as: `i64`, `u32`, `bool`, texts, bytes, and options of them.
pub trait Column<'r>: Sized {
    /// Reads the column of a row.
    ///
    /// # Errors
    /// As for [`Row::get`].
    fn read(row: &'r Row, column: impl Index) -> Result<Self, Error>;
}

/// Implements [`Column`] for types that the drivers know.
macro_rules! column {
    ($($type:ty),* $(,)?) => {
        $(
            impl<'r> Column<'r> for $type {
                fn read(row: &'r Row, column: impl Index) -> Result<Self, Error> {
                    match row {
                        Row::Sqlite(row) => row.try_get(column),
                        Row::Postgres(row) => row.try_get(column),
                    }
                }
            }

            impl<'r> Column<'r> for Option<$type> {
                fn read(row: &'r Row, column: impl Index) -> Result<Self, Error> {
                    match row {
                        Row::Sqlite(row) => row.try_get(column),
                        Row::Postgres(row) => row.try_get(column),
                    }
                }
            }
        )*
    };
}

column!(i64, bool, String, &'r str, Vec<u8>, &'r [u8]);

/// No engine has numbers without a sign.
impl<'r> Column<'r> for u32 {
    fn read(row: &'r Row, column: impl Index) -> Result<Self, Error> {
        let value: i64 = row.get(column)?;
        Self::try_from(value).map_err(|error| Error::Decode(error.into()))
    }
}

/// What is made of a row: the row itself, its only column, or a tuple of its columns in their order.
pub trait FromRow: Sized {
    /// Reads the row.
    ///
    /// # Errors
    /// As for [`Row::get`].
    fn from_row(row: Row) -> Result<Self, Error>;
}

impl FromRow for Row {
    fn from_row(row: Row) -> Result<Self, Error> {
        Ok(row)
    }
}

impl<T: for<'r> Column<'r>> FromRow for T {
    fn from_row(row: Row) -> Result<Self, Error> {
        row.get(0)
    }
}

/// Implements [`FromRow`] for tuples.
macro_rules! tuple {
    ($($type:ident $index:literal),*) => {
        impl<$($type: for<'r> Column<'r>),*> FromRow for ($($type,)*) {
            fn from_row(row: Row) -> Result<Self, Error> {
                Ok(($(row.get::<$type>($index)?,)*))
            }
        }
    };
}

tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
