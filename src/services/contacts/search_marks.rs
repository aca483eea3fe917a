//! Where a search has found a contact: the row of the list, in which the words are marked.

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
pub struct Marker<'s> {
    search: &'s Search,
    /// A search for each term.
    terms: Vec<Search>,
}

impl<'s> Marker<'s> {
    pub fn new(search: &'s Search) -> Self {
        let terms = (0..search.terms().len()).map(|term| search.only(term));
        Self {
            search,
            terms: terms.collect(),
        }
    }

    /// What the search has found of a contact: below the name, the text that has most of the words which the name has not. It
    /// is the usual detail unless another one has more.
    pub fn marked(&self, contact: &Contact) -> Marked {
        let name = Text {
            field: Field::Name,
            part: Part::Name,
            text: contact.name.clone(),
        };
        let has = |term: &Search, text: &Text| !term.marks(text.part, &text.text).is_empty();
        let is_missing = |term: &&Search| !has(term, &name);
        let missing: Vec<&Search> = self.terms.iter().filter(is_missing).collect();
        let found = |text: &Text| missing.iter().filter(|term| has(term, text)).count();
        let texts = texts(&contact.name, &ContactFields::of(contact));
        let is_usual = |text: &&Text| text.text == contact.detail();
        let usual = texts.iter().find(is_usual);
        let mut best = (usual.map_or(0, found), usual, None);
        for text in texts.iter().filter(|text| text.field != Field::Name) {
            let found = found(text);
            if found > best.0 {
                best = (found, Some(text), Some(text.field.spec().name.to_owned()));
            }
        }
        let (_, text, field) = best;
        let detail = match text {
            Some(text) => in_marks(self.search, text),
            None => escape_html(contact.detail()),
        };
        let name = in_marks(self.search, &name);
        Marked {
            row: MarkedRow { name, detail },
            field,
        }
    }
}

/// A text as HTML; one that is no name and has its first mark where a narrow list shows it no more, from shortly before that
/// mark on.
fn in_marks(search: &Search, text: &Text) -> String {
    let marks = search.marks(text.part, &text.text);
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
        let search = Search::parse(search).expect("a search");
        let MarkedRow { name, detail } = Marker::new(&search).marked(&contact()).row();
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
    fn of_a_text_that_a_narrow_list_cuts_off_the_row_shows_what_is_around_the_mark() {
        let contact = Contact {
            company: Some("The Honourable Society of Analytical Engines".to_owned()),
            ..contact()
        };
        let search = Search::parse("engines").expect("a search");
        assert_eq!(
            Marker::new(&search).marked(&contact).row().detail,
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
