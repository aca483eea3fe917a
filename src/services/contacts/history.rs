//! What has changed between two cards of a contact, in words.

use serde::Serialize;
use utoipa::ToSchema;

use super::card::ContactCard;
use super::catalogue::Field;
use super::catalogue::PHOTO;
use super::details::as_text;
use super::fields::ContactFields;
use crate::model::language::t;

/// The name of a change of what Kith has no field for.
const OTHER: &str = "other";

/// One change of a contact: its text before and after. A change of a picture or of an unknown property has no texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Change {
    /// The name of the field; `photo` for the picture, and `other` if only properties have changed that Kith has no field
    /// for.
    pub field: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// What it said, one entry in each line; null if it said nothing.
    #[schema(required = true)]
    pub from: Option<String>,
    /// What it says then; null if it says nothing.
    #[schema(required = true)]
    pub to: Option<String>,
}

/// The fields that say something else afterwards. The name follows its parts, and is what people know: with it, its parts
/// are not named.
pub fn differing(before: &ContactFields, after: &ContactFields) -> Vec<Field> {
    let differs = |field: &Field| before.get(*field) != after.get(*field);
    let has_other_name = differs(&Field::Name);
    let is_named =
        |field: &Field| differs(field) && !(has_other_name && *field == Field::NameParts);
    Field::ALL.iter().copied().filter(is_named).collect()
}

/// What one card says differently from another one, whose bytes differ. The caller knows whether their pictures do.
pub fn changes(from: &ContactCard, to: &ContactCard, has_other_picture: bool) -> Vec<Change> {
    let (before, after) = (from.fields(), to.fields());
    let change = |field: Field| {
        let said = |text: String| (!text.is_empty()).then_some(text);
        Change {
            field: field.spec().name,
            label: field.spec().label(),
            from: said(as_text(field, before.get(field))),
            to: said(as_text(field, after.get(field))),
        }
    };
    let differing = differing(&before, &after).into_iter();
    let mut changes: Vec<Change> = differing.map(change).collect();
    let without_texts = |field, label| Change {
        field,
        label,
        from: None,
        to: None,
    };
    if has_other_picture {
        changes.push(without_texts(PHOTO, t!("Picture")));
    }
    if changes.is_empty() {
        changes.push(without_texts(OTHER, t!("Other properties")));
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(lines: &str) -> ContactCard {
        let text = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\n{lines}END:VCARD\r\n");
        ContactCard::parse(text).expect("a card")
    }

    fn told(from: &str, to: &str) -> Vec<String> {
        let changes = changes(&card(from), &card(to), false).into_iter();
        let told = changes.map(|change| {
            let text = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            format!(
                "{}: {} > {}",
                change.field,
                text(change.from),
                text(change.to)
            )
        });
        told.collect()
    }

    #[test]
    fn each_field_is_told_with_what_it_said_and_says() {
        assert_eq!(
            told(
                "TEL:1\r\nNOTE:a\r\n",
                "TEL;TYPE=WORK:2\r\nTITLE:Countess\r\n"
            ),
            [
                "phones: 1 > 2 (work)",
                "title: - > Countess",
                "notes: a > -"
            ]
        );
        assert_eq!(
            told("CATEGORIES:a\r\n", "CATEGORIES:a,b\r\n"),
            ["labels: a > a, b"]
        );
    }

    #[test]
    fn what_kith_has_no_field_for_is_told_if_nothing_else_is() {
        assert_eq!(told("X-OWN:1\r\n", "X-OWN:2\r\n"), ["other: - > -"]);
        assert_eq!(
            told("X-OWN:1\r\n", "X-OWN:2\r\nTITLE:a\r\n"),
            ["title: - > a"]
        );
    }

    #[test]
    fn a_new_name_is_told_once() {
        let from = card("N:;Ada;;;\r\n");
        let mut to = from.clone();
        let mut fields = to.fields();
        fields.set(Field::Name, vec![kith_card::Entry::text("Ada King")]);
        to.apply(&fields);
        let changes = changes(&from, &to, true);
        let names: Vec<&str> = changes.iter().map(|change| change.field).collect();
        assert_eq!(names, ["name", "photo"]);
    }
}
