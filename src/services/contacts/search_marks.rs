//! Where a search has found a contact: the row of the list, in which the words are marked.

use kith_search::Finder;
use kith_search::Found;
use kith_search::Part;
use kith_search::Search;
use serde::Deserialize;
use serde::Serialize;

use super::catalogue::Field;
use super::fields::ContactFields;
use super::search_document::Text;
use super::search_document::texts;
use crate::model::contact::Contact;
use crate::model::contact::MarkedRow;
use crate::model::html::escape_html;

/// How much of a text stands before the first mark, how much of it a narrow list shows, and how long the text of a row is,
/// in characters.
const BEFORE: usize = 12;
const SHOWN: usize = 32;
const LONGEST: usize = 120;

/// What the row of a contact shows that a search has found. The cache keeps it for readers of all languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marked {
    row: MarkedRow,
    /// The name of the field that the detail is of, unless it is the usual detail.
    field: Option<String>,
}

impl Marked {
    /// The row, in which the field has the label that the reader knows.
    pub fn row(&self) -> MarkedRow {
        let MarkedRow { name, detail } = self.row.clone();
        let field = self.field.as_deref().and_then(Field::of_name);
        let detail = match field.map(|field| escape_html(field.spec().label())) {
            Some(label) => format!("{label}: <bdi>{detail}</bdi>"),
            None => detail,
        };
        MarkedRow { name, detail }
    }
}

/// Says what a search has found of contacts.
pub struct Marker(Finder);

impl Marker {
    pub fn new(search: &Search) -> Self {
        Self(search.finder())
    }

    /// What the search has found of a contact: below the name, the text that has most of the words which the name has not. It
    /// is the usual detail unless another one has more. All that the contact says is asked for only if it may matter.
    ///
    /// # Errors
    /// Those of `fields`.
    pub fn marked<E>(
        &self,
        contact: &Contact,
        fields: impl FnOnce() -> Result<ContactFields, E>,
    ) -> Result<Marked, E> {
        let find = |text: &Text| self.0.find(text.part, &text.text);
        let name = Text {
            field: Field::Name,
            part: Part::Name,
            text: contact.name.clone(),
        };
        let found_in_name = find(&name);
        let missing = self.0.terms() & !found_in_name.terms;
        let has = |found: &Found| (found.terms & missing).count_ones();
        let usual = usual_detail(contact).map(|text| (find(&text), text));
        let mut most = usual.as_ref().map_or(0, |(found, _)| has(found));
        let mut detail = usual.map_or_else(String::new, |(found, text)| in_marks(&text, found));
        let mut field = None;
        if most < missing.count_ones() {
            let texts = texts(&contact.name, &fields()?);
            for text in texts.iter().filter(|text| text.field != Field::Name) {
                let found = find(text);
                if has(&found) > most {
                    most = has(&found);
                    detail = in_marks(text, found);
                    field = Some(text.field.spec().name.to_owned());
                }
            }
        }
        let name = in_marks(&name, found_in_name);
        Ok(Marked {
            row: MarkedRow { name, detail },
            field,
        })
    }
}

/// See [`Contact::detail`].
fn usual_detail(contact: &Contact) -> Option<Text> {
    let details = [
        (Field::Emails, Part::Email, &contact.email),
        (Field::Phones, Part::Phone, &contact.phone),
        (Field::Company, Part::Company, &contact.company),
    ];
    let is_usual = |text: &Option<String>| text.as_deref() == Some(contact.detail());
    let usual = details.into_iter().find(|(_, _, text)| is_usual(text));
    usual.and_then(|(field, part, text)| {
        let text = text.clone()?;
        Some(Text { field, part, text })
    })
}

/// A text as HTML; one that is no name and has its first mark where a narrow list shows it no more, from shortly before that
/// mark on.
fn in_marks(text: &Text, Found { marks, .. }: Found) -> String {
    let is_name = text.field == Field::Name;
    let text = text.text.as_str();
    let (first, last) = marks.first().map_or((0, 0), |mark| (mark.start, mark.end));
    let before = text[..first].char_indices().rev().nth(BEFORE);
    let start = match before {
        Some((at, _)) if !is_name && text[..last].chars().count() > SHOWN => at,
        _ => 0,
    };
    let end = match is_name {
        true => None,
        false => text[start..].char_indices().nth(LONGEST),
    };
    let end = end.map_or(text.len(), |(at, _)| start + at);
    let mut html = String::from(if start > 0 { "…" } else { "" });
    let mut at = start;
    for mark in marks.into_iter().filter(|mark| mark.end <= end) {
        html.push_str(&escape_html(&text[at..mark.start]));
        html.push_str("<mark>");
        html.push_str(&escape_html(&text[mark.clone()]));
        html.push_str("</mark>");
        at = mark.end;
    }
    html.push_str(&escape_html(&text[at..end]));
    if end < text.len() {
        html.push('…');
    }
    html
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use serde_json::json;

    use super::*;

    fn contact() -> Contact {
        Contact {
            id: "01a21781-4da9-77fc-bc25-b4ab41265a39"
                .parse()
                .expect("an id"),
            name: "Ada <Lovelace> & Co".to_owned(),
            email: Some("ada@example.com".to_owned()),
            phone: Some("+1 (234) 567-8".to_owned()),
            company: Some("Engines".to_owned()),
            notes: Some(format!(
                "{} met <b>Babbage</b> {}",
                "long ".repeat(50),
                "ago ".repeat(50)
            )),
            fields: json!({
                "emails": [{ "value": "ada@example.com" }],
                "phones": [{ "value": "+1 (234) 567-8" }],
                "addresses": [{ "street": "12 St James", "city": "London" }],
            })
            .as_object()
            .expect("an object")
            .clone(),
            photo: None,
            created_at: String::new(),
            updated_at: String::new(),
            version: 1,
        }
    }

    fn row(search: &str) -> (String, String) {
        row_of(search, &contact())
    }

    fn row_of(search: &str, contact: &Contact) -> (String, String) {
        let search = Search::parse(search).expect("a search");
        let fields = || Ok::<_, Infallible>(ContactFields::of(contact));
        let Ok(marked) = Marker::new(&search).marked(contact, fields);
        let MarkedRow { name, detail } = marked.row();
        (name, detail)
    }

    #[test]
    fn a_row_shows_where_its_contact_was_found() {
        let plain = "Ada &lt;Lovelace> &amp; Co";
        for (search, name, detail) in [
            (
                "lovelace",
                "Ada &lt;<mark>Lovelace</mark>> &amp; Co",
                "ada@example.com",
            ),
            (
                "ada",
                "<mark>Ada</mark> &lt;Lovelace> &amp; Co",
                "<mark>ada</mark>@example.com",
            ),
            (
                "2345678",
                plain,
                "Phone: <bdi>+1 (<mark>234) 567-8</mark></bdi>",
            ),
            ("engines", plain, "Company: <bdi><mark>Engines</mark></bdi>"),
            ("london", plain, "Address: <bdi><mark>London</mark></bdi>"),
            // The detail has what the name has not.
            (
                "lovelace engines",
                "Ada &lt;<mark>Lovelace</mark>> &amp; Co",
                "Company: <bdi><mark>Engines</mark></bdi>",
            ),
            (
                "engines lovelace james 12",
                "Ada &lt;<mark>Lovelace</mark>> &amp; Co",
                "Address: <bdi><mark>12</mark> St <mark>James</mark></bdi>",
            ),
        ] {
            assert_eq!(
                row(search),
                (name.to_owned(), detail.to_owned()),
                "{search}"
            );
        }
    }

    #[test]
    fn a_contact_whose_name_has_all_words_is_not_asked_for_more() {
        for search in ["lovelace ada", "lovelace has:phone", "lovelace no:label"] {
            let search = Search::parse(search).expect("a search");
            let marked = Marker::new(&search).marked(&contact(), || Err(()));
            assert!(marked.is_ok());
        }
        let search = Search::parse("lovelace london").expect("a search");
        let marked = Marker::new(&search).marked(&contact(), || Err(()));
        assert_eq!(marked, Err(()));
    }

    #[test]
    fn of_a_text_that_a_narrow_list_cuts_off_the_row_shows_what_is_around_the_mark() {
        let contact = Contact {
            company: Some("The Honourable Society of Analytical Engines".to_owned()),
            ..contact()
        };
        assert_eq!(
            row_of("engines", &contact).1,
            "Company: <bdi>…f Analytical <mark>Engines</mark></bdi>"
        );
    }

    #[test]
    fn of_a_long_note_the_row_shows_what_is_around_the_mark() {
        let (_, detail) = row("babbage");
        assert!(
            detail.starts_with("Notes: <bdi>…") && detail.ends_with("…</bdi>"),
            "{detail}"
        );
        assert!(
            detail.contains("met &lt;b><mark>Babbage</mark>&lt;/b> ago"),
            "{detail}"
        );
        assert!(detail.chars().count() < 200, "{detail}");
    }
}
