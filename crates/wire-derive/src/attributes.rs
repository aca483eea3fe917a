//! The attributes of serde that the derives read.

use syn::Attribute;
use syn::LitStr;
use syn::Result;
use syn::meta::ParseNestedMeta;

/// How serde names the fields of a struct, or the variants of an enum.
#[derive(Clone, Copy, Default)]
pub(crate) enum Rename {
    #[default]
    Unchanged,
    CamelCase,
    SnakeCase,
    Lowercase,
}

impl Rename {
    /// The name in JSON of a field, which Rust writes in snake case.
    pub(crate) fn field(self, name: &str) -> String {
        let Self::CamelCase = self else {
            return name.to_owned();
        };
        let mut words = name.split('_');
        let first = words.next().unwrap_or_default();
        words.fold(first.to_owned(), |name, word| {
            let (initial, rest) = word.split_at(word.len().min(1));
            name + &initial.to_ascii_uppercase() + rest
        })
    }

    /// The name in JSON of a variant, which Rust writes in Pascal case.
    pub(crate) fn variant(self, name: &str) -> String {
        match self {
            Self::Unchanged => name.to_owned(),
            Self::Lowercase => name.to_ascii_lowercase(),
            Self::CamelCase => {
                let (initial, rest) = name.split_at(name.len().min(1));
                initial.to_ascii_lowercase() + rest
            }
            Self::SnakeCase => {
                let mut snake = String::new();
                for letter in name.chars() {
                    if letter.is_ascii_uppercase() && !snake.is_empty() {
                        snake.push('_');
                    }
                    snake.push(letter.to_ascii_lowercase());
                }
                snake
            }
        }
    }
}

/// The attributes of a struct or an enum.
#[derive(Default)]
pub(crate) struct Container {
    pub(crate) rename: Rename,
    /// Missing fields have the values of `Default`.
    pub(crate) default: bool,
    /// The JSON is that of the only field.
    pub(crate) transparent: bool,
}

impl Container {
    pub(crate) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut container = Self::default();
        parse(attributes, |meta| {
            if meta.path.is_ident("rename_all") {
                container.rename = rename(meta)?;
            } else if meta.path.is_ident("default") && meta.input.is_empty() {
                container.default = true;
            } else if meta.path.is_ident("transparent") {
                container.transparent = true;
            } else {
                return Err(unknown(meta));
            }
            Ok(())
        })?;
        Ok(container)
    }
}

/// Whether a variant is skipped: it is in no JSON.
pub(crate) fn is_skipped(attributes: &[Attribute]) -> Result<bool> {
    let mut skipped = false;
    parse(attributes, |meta| {
        skipped = meta.path.is_ident("skip");
        if skipped { Ok(()) } else { Err(unknown(meta)) }
    })?;
    Ok(skipped)
}

/// Refuses attributes where the derives read none.
pub(crate) fn refuse(attributes: &[Attribute]) -> Result<()> {
    parse(attributes, |meta| Err(unknown(meta)))
}

fn parse(
    attributes: &[Attribute],
    mut read: impl FnMut(&ParseNestedMeta) -> Result<()>,
) -> Result<()> {
    let of_serde = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"));
    for attribute in of_serde {
        attribute.parse_nested_meta(|meta| read(&meta))?;
    }
    Ok(())
}

fn rename(meta: &ParseNestedMeta) -> Result<Rename> {
    let name: LitStr = meta.value()?.parse()?;
    match &*name.value() {
        "camelCase" => Ok(Rename::CamelCase),
        "snake_case" => Ok(Rename::SnakeCase),
        "lowercase" => Ok(Rename::Lowercase),
        _ => Err(meta.error("kith-wire knows camelCase, snake_case and lowercase")),
    }
}

fn unknown(meta: &ParseNestedMeta) -> syn::Error {
    meta.error("kith-wire does not know this attribute of serde here")
}

#[cfg(test)]
mod tests {
    use super::Rename;

    #[test]
    fn names_are_those_of_serde() {
        let cases = [
            (Rename::Unchanged, "created_at", "TooManyRequests"),
            (Rename::CamelCase, "createdAt", "tooManyRequests"),
            (Rename::SnakeCase, "created_at", "too_many_requests"),
            (Rename::Lowercase, "created_at", "toomanyrequests"),
        ];
        for (rename, field, variant) in cases {
            assert_eq!(rename.field("created_at"), field);
            assert_eq!(rename.variant("TooManyRequests"), variant);
        }
    }
}
