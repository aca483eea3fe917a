//! The names of values.

use crate::generation::Tag;

/// Names a value. Keys with different texts or tags are different.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    tag: Tag,
    text: String,
}

impl Key {
    /// The key of a value. `scope` says who may see the value: readers of one scope are never served a value
    /// of another.
    pub fn new(tag: Tag, scope: &str, name: &str) -> Self {
        // The length keeps a scope from reaching into the name.
        let mut length = itoa::Buffer::new();
        let length = length.format(scope.len());
        // Every read makes a key, and `format!` takes several times as long.
        let mut number = itoa::Buffer::new();
        let (slash, number) = match tag.number() {
            Some(part) => ("/", number.format(part)),
            None => ("", ""),
        };
        let text = [
            tag.kind(),
            slash,
            number,
            ":",
            length,
            ":",
            scope,
            ":",
            name,
        ]
        .concat();
        Self { tag, text }
    }

    /// The data that the value is made of.
    pub fn tag(&self) -> Tag {
        self.tag
    }

    /// The whole key, the tag included.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The first half of a hash, which is enough to tell values apart.
pub(crate) fn hex_prefix(hash: &[u8]) -> String {
    let half = &hash[..hash.len() / 2];
    kith_runtime::hex(half)
}
