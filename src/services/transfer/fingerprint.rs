//! A number that two tables share if they hold the same rows, in any order.

use kith_database::Value;
use sha2::Digest;
use sha2::Sha256;

/// How many rows a table has, and the sum of their hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    pub rows: u64,
    sum: u128,
}

impl Fingerprint {
    /// Adds a row.
    pub fn add(&mut self, row: &[Value<'_>]) {
        let mut hash = Sha256::new();
        for value in row {
            add_value(&mut hash, value);
        }
        let digest = hash.finalize();
        let bytes = digest.first_chunk().expect("a digest has 32 bytes");
        self.rows += 1;
        self.sum = self.sum.wrapping_add(u128::from_le_bytes(*bytes));
    }
}

/// Each value begins with its kind, and one without a fixed length with its length, so that no two rows have the same
/// bytes.
fn add_value(hash: &mut Sha256, value: &Value<'_>) {
    match value {
        Value::Integer(Some(number)) => {
            hash.update([1]);
            hash.update(number.to_le_bytes());
        }
        Value::Boolean(Some(truth)) => hash.update([2, u8::from(*truth)]),
        Value::Text(Some(text)) => add_bytes(hash, 3, text.as_bytes()),
        Value::Bytes(Some(bytes)) => add_bytes(hash, 4, bytes),
        Value::Integers(numbers) => {
            let bytes: Vec<u8> = numbers.iter().flat_map(|one| one.to_le_bytes()).collect();
            add_bytes(hash, 5, &bytes);
        }
        Value::Integer(None) | Value::Boolean(None) | Value::Text(None) | Value::Bytes(None) => {
            hash.update([0]);
        }
    }
}

fn add_bytes(hash: &mut Sha256, kind: u8, bytes: &[u8]) {
    hash.update([kind]);
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[&[Value<'_>]]) -> Fingerprint {
        let mut fingerprint = Fingerprint::default();
        for row in rows {
            fingerprint.add(row);
        }
        fingerprint
    }

    #[test]
    fn a_fingerprint_is_of_rows_in_any_order() {
        let (ada, bea): (&[Value<'_>], &[Value<'_>]) = (
            &[Value::from(1_i64), "Ada".into()],
            &[Value::from(2_i64), "Bea".into()],
        );
        assert_eq!(of(&[ada, bea]), of(&[bea, ada]));
        assert_ne!(of(&[ada, bea]), of(&[ada, ada]));
        assert_ne!(of(&[ada]), of(&[ada, bea]));
    }

    #[test]
    fn a_fingerprint_depends_on_kinds_and_on_where_values_end() {
        let of_one = |row: &[Value<'_>]| of(&[row]);
        let nothing = Value::Text(None);
        let rows: [&[Value<'_>]; 6] = [
            &["ab".into(), "c".into()],
            &["a".into(), "bc".into()],
            &["ab".into(), nothing.clone()],
            &["ab".into(), "".into()],
            &[Value::Boolean(Some(true)), nothing.clone()],
            &[Value::from(1_i64), nothing],
        ];
        for (place, row) in rows.iter().enumerate() {
            for other in &rows[..place] {
                assert_ne!(of_one(row), of_one(other), "{row:?} and {other:?}");
            }
        }
    }
}
