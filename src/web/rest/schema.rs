//! What JSON Schema says of the values that clients send, in the words of the parsers' own limits.
//!
//! Kith accepts every text that these schemas accept, except a name of nothing but combining
//! marks, an address that no mail system would take, and text that Unicode normalization makes
//! longer than its limit. Kith cleans text before it judges it, so it also accepts text that the
//! schemas refuse: an address between blanks, or a phone number in Arabic digits.

use std::borrow::Cow;

use utoipa::PartialSchema;
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::RefOr;
use utoipa::openapi::Schema;
use utoipa::openapi::SchemaFormat;
use utoipa::openapi::Type;

use crate::services::contacts::fields::Company;
use crate::services::contacts::fields::EmailAddress;
use crate::services::contacts::fields::Name;
use crate::services::contacts::fields::Notes;
use crate::services::contacts::fields::Phone;
use crate::services::contacts::query::Cursor;
use crate::services::contacts::query::Search;
use crate::services::contacts::query::Sort;
use crate::services::contacts::store::IdempotencyKey;
use crate::web::rest::extract::IfMatch;

/// The members of a character class: the control characters that no field takes. Those that are
/// white space become blanks or ends of lines.
const CONTROL: &str = r"\u0000-\u0008\u000E-\u001F\u007F-\u0084\u0086-\u009F";

/// One entity tag (RFC 9110, 8.8.3).
const ENTITY_TAG: &str = r#"(W/)?"[!#-~\u0080-\u00FF]*""#;

macro_rules! describe {
    ($($Type:ty, $name:literal: $schema:expr;)+) => {$(
        impl PartialSchema for $Type {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl ToSchema for $Type {
            fn name() -> Cow<'static, str> {
                $name.into()
            }
        }
    )+};
}

describe! {
    Name, "Name": text(1, Self::MAX_CHARS)
        .description(Some("One line with something visible in it."))
        .pattern(Some(format!(r"^[^{CONTROL}]*[^\s{CONTROL}][^{CONTROL}]*$")))
        .examples(["Ada Lovelace"]);
    EmailAddress, "EmailAddress": text(3, Self::MAX_BYTES)
        .description(Some("One address without a display name. Its length counts in bytes."))
        .format(Some(SchemaFormat::Custom("idn-email".to_owned())))
        .examples(["ada@example.com"]);
    Phone, "Phone": text(0, Self::MAX_CHARS)
        .description(Some(
            "At least two digits, with spaces, the signs + - ( ) . / # * , ; and x or ext before \
             an extension. Blank is as good as null.",
        ))
        .pattern(Some(phone()))
        .examples(["+44 20 7946 0018 ext. 12"]);
    Company, "Company": text(0, Self::MAX_CHARS)
        .description(Some("One line. Blank is as good as null."))
        .pattern(Some(format!("^[^{CONTROL}]*$")))
        .examples(["Analytical Engines"]);
    Notes, "Notes": text(0, Self::MAX_CHARS)
        .description(Some("Text of any number of lines. Blank is as good as null."))
        .pattern(Some(format!("^[^{CONTROL}]*$")))
        .examples(["Met in Turin."]);
    Search, "Search": text(0, Self::MAX_CHARS)
        .description(Some("At most ten different words."));
    Sort, "Sort": ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(Self::ALL.map(Self::as_str)))
        .default(Some(Self::default().as_str().into()));
    Cursor, "Cursor": text(1, Self::MAX_TEXT_BYTES)
        .pattern(Some("^[A-Za-z0-9_-]+$"));
    IdempotencyKey, "IdempotencyKey": text(1, Self::MAX_CHARS)
        .pattern(Some("^[!-~]+$"));
    IfMatch, "IfMatch": ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(entity_tags()))
        .examples(["\"3\""]);
}

fn text(min: usize, max: usize) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length((min > 0).then_some(min))
        .max_length(Some(max))
}

/// Any tag, or a list of tags. In a list of HTTP an element may be empty.
fn entity_tags() -> String {
    format!(r"^(\*|([ \t]*,)*[ \t]*{ENTITY_TAG}([ \t]*,([ \t]*{ENTITY_TAG})?)*)$")
}

/// Blanks, or two digits and more. The words of an extension stand between digits and signs.
fn phone() -> String {
    const WORD: &str = "([xX]|[eE][xX][tT])?";
    const SIGN: &str = r"[ +().\/#*,;-]";
    let between = format!("({WORD}{SIGN})*{WORD}");
    format!(r"^(\s*|{between}([0-9]{between}){{2,}})$")
}
