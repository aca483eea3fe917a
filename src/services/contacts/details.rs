//! A contact as people read it: its fields in words, and what can be done with them.

use std::collections::HashMap;

use kith_card::Entry;

use super::card::joined_parts;
use super::catalogue::ADDRESS_PARTS;
use super::catalogue::Field;
use super::catalogue::Kind;
use super::catalogue::Section;
use super::dates::parse_day;
use super::fields::ContactFields;
use super::fields::EmailAddress;
use super::fields::dialled;
use super::fields::shown_label;
use super::labels::Label;
use super::labels::LabelId;
use super::labels::is_favourite;
use super::labels::label_key;
use crate::model::contact::Action;
use crate::model::contact::Activities;
use crate::model::contact::Contact;
use crate::model::contact::ContactDetails;
use crate::model::contact::DetailAction;
use crate::model::contact::DetailEntry;
use crate::model::contact::DetailField;
use crate::model::contact::Piece;
use crate::model::language::t;
use crate::model::location::ListFilter;
use crate::model::location::Location;

/// The schemes of links in texts.
const SCHEMES: [&str; 2] = ["https://", "http://"];

/// What stands between texts of a list.
const SEPARATOR: &str = ", ";

impl ContactDetails {
    /// A contact with its activities, not drawn.
    pub fn of(contact: &Contact, activities: Activities) -> Self {
        let fields = ContactFields::of(contact);
        Self {
            row: contact.into(),
            version: contact.version,
            subtitle: subtitle(&contact.name, &fields),
            favourite: is_favourite(&contact.fields),
            links: links(&fields),
            actions: String::new(),
            fields: shown_fields(&fields),
            missing: missing(&fields),
            changed_at: match contact.version {
                1 => String::new(),
                _ => contact.updated_at.clone(),
            },
            html: String::new(),
            activities,
            merged: String::new(),
        }
    }

    /// The same, with links from labels, companies and cities to the lists of their contacts. `labels` are those of the book
    /// of the contact; `book` is the id of the book, or empty for the one that the reader begins with.
    pub fn with_lists(mut self, labels: &[Label], book: &str) -> Self {
        let list = |search: &str| {
            let list = Location {
                book: book.to_owned(),
                search: search.to_owned(),
                ..Location::default()
            };
            list.url()
        };
        let entries = self.fields.iter_mut().flat_map(|field| &mut field.entries);
        for piece in entries.flat_map(|entry| &mut entry.pieces) {
            if let Some(search) = &piece.search {
                piece.href = list(search);
            }
        }
        for action in &mut self.links {
            if action.kind == Action::Colleagues {
                action.href = list(&action.href);
            }
        }
        let is_labels = |field: &&mut DetailField| field.name == Field::Labels.spec().name;
        let by_key = labels.iter().map(|label| (label_key(&label.name), label));
        let by_key: HashMap<String, &Label> = by_key.collect();
        let entries = self.fields.iter_mut().find(is_labels);
        let entries = entries.into_iter().flat_map(|field| &mut field.entries);
        for piece in entries.flat_map(|entry| &mut entry.pieces) {
            if piece.text == SEPARATOR {
                " ".clone_into(&mut piece.text);
            } else if let Some(label) = by_key.get(&label_key(&piece.text)) {
                piece.href = label_list(label.id, book).url();
                piece.label = Some(label.colour.look());
            }
        }
        self
    }
}

/// The list of the contacts of a label.
pub fn label_list(label: LabelId, book: &str) -> Location {
    Location {
        book: book.to_owned(),
        filter: ListFilter {
            label: label.to_string(),
            ..ListFilter::default()
        },
        ..Location::default()
    }
}

/// What stands below the name of a contact, for example `Analyst · Analytical Engines`.
pub fn subtitle(name: &str, fields: &ContactFields) -> String {
    let said = [Field::Title, Field::Department, Field::Company].map(|field| fields.text(field));
    // A contact may be called by its company.
    let said = said.into_iter().flatten().filter(|text| *text != name);
    said.collect::<Vec<&str>>().join(" · ")
}

/// What people do most with a contact.
fn links(fields: &ContactFields) -> Vec<DetailAction> {
    let action = |kind: Action, href: String| DetailAction { kind, href };
    let mut links = Vec::new();
    if let Some(number) = first_of_use(fields, Field::Phones, dialled) {
        links.push(action(Action::Call, format!("tel:{number}")));
        links.push(action(Action::Message, format!("sms:{number}")));
    }
    if let Some(address) = first_of_use(fields, Field::Emails, EmailAddress::parse) {
        links.push(action(Action::Mail, mailto(address.as_str())));
    }
    if let Some(address) = fields.get(Field::Addresses).first() {
        links.push(action(Action::Map, map(address)));
    }
    if let Some(company) = fields.text(Field::Company) {
        links.push(action(Action::Colleagues, filter("company", company)));
    }
    links
}

/// The preferred entry as `read` understands it, or the first other one that it understands.
fn first_of_use<T>(
    fields: &ContactFields,
    field: Field,
    read: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let preferred = fields.text(field).into_iter();
    let others = fields.get(field).iter().map(Entry::value);
    preferred.chain(others).find_map(read)
}

/// What the page offers to add to a contact that says nothing of it. Everything else is in the form as well.
const OFFERED: [Field; 5] = [
    Field::Phones,
    Field::Emails,
    Field::Addresses,
    Field::Birthday,
    Field::Notes,
];

fn missing(fields: &ContactFields) -> Vec<(&'static str, &'static str)> {
    let missing = OFFERED
        .into_iter()
        .filter(|field| fields.get(*field).is_empty());
    let missing = missing.map(|field| (field.spec().name, field.spec().label()));
    missing.collect()
}

/// The title of the part of the page that a field is in.
fn section_of(field: Field) -> &'static str {
    match field.spec().section {
        Section::Main if field == Field::Notes => field.spec().label(),
        Section::Main => t!("Email and phone"),
        // The star is not among the fields.
        Section::Other if field == Field::Labels => field.spec().label(),
        section => section.title(),
    }
}

/// The fields that have a line of their own, in the order of the sections. What the head of the page says is left out.
fn shown_fields(fields: &ContactFields) -> Vec<DetailField> {
    let is_shown = |field: &Field| {
        !matches!(
            field,
            Field::Name
                | Field::NameParts
                | Field::Company
                | Field::Department
                | Field::Title
                | Field::Favourite
        )
    };
    let mut shown: Vec<Field> = Field::ALL.iter().copied().filter(is_shown).collect();
    shown.sort_by_key(|field| match field.spec().section {
        // What is long goes last.
        Section::Main if *field == Field::Notes => (1, Section::Main),
        section => (0, section),
    });
    let detail = |field: Field| {
        let entries: Vec<DetailEntry> = entries(field, fields.get(field));
        (!entries.is_empty()).then(|| DetailField {
            name: field.spec().name,
            section: section_of(field),
            label: field.spec().label().to_owned(),
            entries,
        })
    };
    shown.into_iter().filter_map(detail).collect()
}

fn entries(field: Field, entries: &[Entry]) -> Vec<DetailEntry> {
    if field.spec().kind == Kind::List && !entries.is_empty() {
        let texts = entries.iter().map(|said| plain(said.value()));
        let pieces = texts.flat_map(|text| [plain(SEPARATOR), text]).skip(1);
        return vec![DetailEntry {
            label: String::new(),
            pieces: pieces.collect(),
            is_copied: false,
            remark: String::new(),
        }];
    }
    let is_one_of_several = entries.len() > 1;
    let shown = entries.iter().map(|said| {
        let label = said.label.as_ref();
        let label = label.map_or("", |label| shown_label(label.words()));
        let label = match said.preferred && is_one_of_several {
            true if label.is_empty() => t!("preferred").to_owned(),
            true => t!("{label}, preferred", label = label),
            false => label.to_owned(),
        };
        let (pieces, remark) = text(field, said);
        DetailEntry {
            label,
            pieces,
            is_copied: is_copied(field),
            remark: remark.to_owned(),
        }
    });
    shown.collect()
}

/// Entries as one text, one in each line.
pub fn as_text(field: Field, said: &[Entry]) -> String {
    let lines = entries(field, said).into_iter().map(|entry| {
        let text: String = entry
            .pieces
            .iter()
            .map(|piece| piece.text.as_str())
            .collect();
        match entry.label.as_str() {
            "" => text,
            label => format!("{text} ({label})"),
        }
    });
    lines.collect::<Vec<String>>().join("\n")
}

/// Whether readers copy an entry by itself.
fn is_copied(field: Field) -> bool {
    matches!(
        field,
        Field::Emails | Field::Phones | Field::Addresses | Field::Websites | Field::Messaging
    )
}

/// The text of an entry in pieces, and a remark.
fn text(field: Field, entry: &Entry) -> (Vec<Piece>, &'static str) {
    let value = entry.value();
    match field.spec().kind {
        Kind::Email => match EmailAddress::parse(value) {
            Some(address) => (vec![link(value, mailto(address.as_str()))], ""),
            None => (vec![plain(value)], t!("No mail can reach this address.")),
        },
        Kind::Phone => match dialled(value) {
            Some(number) => {
                let shown = value.strip_prefix("tel:").unwrap_or(value);
                (vec![link(shown, format!("tel:{number}"))], "")
            }
            None => (vec![plain(value)], t!("This cannot be dialled.")),
        },
        Kind::Website if is_link(value) => (vec![link(value, value.to_owned())], ""),
        Kind::Website if value.contains('.') && !value.contains([' ', ':']) => {
            (vec![link(value, format!("https://{value}"))], "")
        }
        Kind::Date => (vec![plain(&day(value))], ""),
        Kind::Parts(_) if field == Field::Addresses => (address_lines(entry), ""),
        Kind::Parts(_) => (vec![plain(&joined_parts(field, entry, " "))], ""),
        Kind::Flag => (vec![plain(t!("Yes"))], ""),
        Kind::Text => (linked(value), ""),
        Kind::Line | Kind::Website | Kind::List => (vec![plain(value)], ""),
    }
}

/// An address as it stands on an envelope: the postal code is on the line of the city.
fn address_lines(entry: &Entry) -> Vec<Piece> {
    let part = |name: &str| {
        let place = ADDRESS_PARTS.iter().position(|part| part.name == name);
        place
            .and_then(|place| entry.parts.get(place))
            .map_or("", String::as_str)
    };
    let city = part("city");
    let place = [part("postalCode"), city].join(" ");
    let place = place.trim();
    let lines = [
        part("street"),
        part("poBox"),
        part("extended"),
        place,
        part("region"),
        part("country"),
    ];
    let lines = lines.into_iter().filter(|line| !line.is_empty());
    let text = lines.collect::<Vec<_>>().join("\n");
    let city_at = text.find(place).map(|at| at + place.len() - city.len());
    let (before, rest) = text.split_at(city_at.unwrap_or_default());
    let (city, after) = rest.split_at(city.len());
    let found_by_city = Piece {
        search: Some(filter("city", city)),
        ..plain(city)
    };
    let mut pieces = vec![plain(before), found_by_city, plain(after)];
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

/// The search for contacts that have this text in a field.
fn filter(name: &str, text: &str) -> String {
    // A quotation mark would end the text.
    let said = text.replace('"', " ");
    format!("{name}:\"{said}\"")
}

fn plain(text: &str) -> Piece {
    link(text, String::new())
}

fn link(text: &str, href: String) -> Piece {
    Piece {
        text: text.to_owned(),
        href,
        search: None,
        label: None,
    }
}

fn is_link(text: &str) -> bool {
    SCHEMES.iter().any(|scheme| {
        let start = text.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// A text whose links can be followed.
fn linked(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = SCHEMES.iter().filter_map(|scheme| rest.find(scheme)).min() {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| c.is_whitespace() || "<>\"".contains(c));
        let (found, _) = from.split_at(end.unwrap_or(from.len()));
        // What ends a sentence is no part of the link.
        let href = found.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '\'']);
        if !before.is_empty() {
            pieces.push(plain(before));
        }
        pieces.push(link(href, href.to_owned()));
        rest = &from[href.len()..];
    }
    if !rest.is_empty() {
        pieces.push(plain(rest));
    }
    pieces
}

/// The link that writes a mail to an address (RFC 6068). Characters that have a meaning in a link, such as the `?` before
/// header fields, are escaped.
pub fn mailto(email: &str) -> String {
    let mut href = "mailto:".to_owned();
    for c in email.chars() {
        match c {
            '%' | '?' | '&' | '=' | '#' | '/' | ',' | ';' => {
                href += &format!("%{:02X}", u32::from(c));
            }
            _ => href.push(c),
        }
    }
    href
}

/// The place of an address on a map. OpenStreetMap asks for no account; the browser goes there only when the reader
/// follows the link.
fn map(address: &Entry) -> String {
    let place = joined_parts(Field::Addresses, address, ", ");
    let place = percent_encoding::utf8_percent_encode(&place, percent_encoding::NON_ALPHANUMERIC);
    format!("https://www.openstreetmap.org/search?query={place}")
}

/// For example `10 December 1815`, or `10 December` without a year. A text that is no day stays as it is.
fn day(text: &str) -> String {
    match parse_day(text) {
        // A year before the first one has a sign.
        Some((day, Some(year))) => format!("{} {year}", day.words()),
        Some((day, None)) => day.words(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
