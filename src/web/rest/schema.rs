//! What JSON Schema says of the parameters and headers that clients send, in the words of the parsers' own limits.
//! [`body`](super::body) has the schemas of contacts.

use std::borrow::Cow;

use utoipa::PartialSchema;
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::RefOr;
use utoipa::openapi::Schema;
use utoipa::openapi::Type;

use crate::services::contacts::query::Cursor;
use crate::services::contacts::query::Sort;
use crate::services::contacts::store::IdempotencyKey;
use crate::web::rest::extract::IfMatch;

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
