//! Contacts as clients write them in JSON.
//!
//! Which fields there are, and what they look like, says the
//! [catalogue](crate::services::contacts::catalogue), so the schemas are made from it.

use std::borrow::Cow;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error as _;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use utoipa::PartialSchema;
use utoipa::ToSchema;
use utoipa::openapi::ObjectBuilder;
use utoipa::openapi::RefOr;
use utoipa::openapi::Schema;

use crate::services::contacts::catalogue::Field;
use crate::services::contacts::fields::ContactInput;
use crate::services::contacts::fields::VISIBLE;
use crate::services::contacts::fields::schema;

/// What Kith itself keeps. It may stand in a contact that a client sends, so that an answer can be changed and sent back
/// as it came; it has no effect.
const KEPT_BY_KITH: [&str; 5] = ["id", "photo", "createdAt", "updatedAt", "version"];

/// A contact as a client writes it.
pub struct ContactInputBody {
    pub input: ContactInput,
    /// Whether a new contact gets a welcome email; `None` leaves that to the configuration.
    pub welcome: Option<bool>,
}

/// A change to some fields of a contact (RFC 7396).
pub struct ContactChange(pub ContactInput);

impl<'de> Deserialize<'de> for ContactInputBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = members(deserializer)?;
        let welcome = match members.remove("welcome") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(welcome)) => Some(welcome),
            Some(_) => return Err(D::Error::custom("`welcome` is not true or false")),
        };
        for name in KEPT_BY_KITH {
            members.remove(name);
        }
        let input = ContactInput::of_json(members).map_err(D::Error::custom)?;
        Ok(Self { input, welcome })
    }
}

impl<'de> Deserialize<'de> for ContactChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let input = ContactInput::of_json(members(deserializer)?);
        input.map(Self).map_err(D::Error::custom)
    }
}

/// The members of an object, each of which has a name of its own.
fn members<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    struct Members;

    impl<'de> serde::de::Visitor<'de> for Members {
        type Value = Map<String, Value>;

        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(
            self,
            mut access: A,
        ) -> Result<Self::Value, A::Error> {
            let mut members = Map::new();
            while let Some((name, value)) = access.next_entry::<String, Value>()? {
                if members.contains_key(&name) {
                    return Err(A::Error::custom(format!(
                        "the field `{name}` is there twice"
                    )));
                }
                members.insert(name, value);
            }
            Ok(members)
        }
    }

    deserializer.deserialize_map(Members)
}

/// The schemas of all fields by their names in JSON.
pub fn field_schemas() -> Map<String, Value> {
    let mut schemas = Map::new();
    for &field in Field::ALL {
        let spec = field.spec();
        let mut described = schema(field);
        described["description"] = spec.about.into();
        schemas.insert(spec.name.to_owned(), described);
        if let Some(first) = spec.first {
            let of = format!(
                "The preferred one of `{}`, otherwise the first one.",
                spec.name
            );
            let mut text = schema(Field::Name);
            text["maxLength"] = spec.max_chars.into();
            text["description"] = of.into();
            schemas.insert(first.to_owned(), text);
        }
    }
    schemas
}

/// The schemas of the bodies, by their names.
pub fn schemas() -> [(&'static str, Value); 2] {
    let mut whole = field_schemas();
    let welcome = json!({
        "type": ["boolean", "null"],
        "description": "When a contact is created: whether it gets a welcome email. Left out or null, the setting \
                        `welcome.enabled` decides.",
    });
    whole.insert("welcome".to_owned(), welcome);
    for name in KEPT_BY_KITH {
        whole.insert(name.to_owned(), json!({ "description": "Without effect." }));
    }
    let mut new = object(
        "A contact as a client writes it: `name` and `email`, or a list of `emails`. What Kith itself keeps may stand in \
         it, so that an answer can be changed and sent back as it came; it has no effect.",
        whole,
    );
    let said = json!({ "type": "string", "pattern": VISIBLE });
    new["anyOf"] = json!([
        { "required": ["name", "email"], "properties": { "name": said, "email": said } },
        { "required": ["emails"] },
    ]);
    let change = object(
        "A change to some fields of a contact: those that are absent stay as they are, and null empties a field \
         (RFC 7396). The name and the address of a contact that has them stay, unless there is a list of addresses.",
        field_schemas(),
    );
    [("ContactInput", new), ("ContactChange", change)]
}

fn object(description: &str, members: Map<String, Value>) -> Value {
    json!({
        "type": "object",
        "description": description,
        "properties": members,
        "additionalProperties": false,
    })
}

macro_rules! named {
    ($($body:ty, $name:literal;)+) => {$(
        /// Its schema is one of [`schemas`].
        impl PartialSchema for $body {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().into()
            }
        }

        impl ToSchema for $body {
            fn name() -> Cow<'static, str> {
                $name.into()
            }
        }
    )+};
}

named! {
    ContactInputBody, "ContactInput";
    ContactChange, "ContactChange";
}
