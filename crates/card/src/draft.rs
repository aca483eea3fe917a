//! A line that is written anew: what of it is known changes, and the rest of its head stays as it is written.

use crate::content::Content;
use crate::entry::Label;
use crate::grammar::RawParameter;
use crate::text::{Escape, escape, fold, is_plain, quote_printable};
use crate::version::Version;

/// The octets of a line of 2.1 that is not quoted-printable.
const MAX_PLAIN: usize = 75;

/// One piece of a value: its text, and how it stands in the card where it is not to change.
pub(crate) struct Piece<'a> {
    pub(crate) text: &'a str,
    pub(crate) raw: Option<&'a str>,
}

impl<'a> Piece<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, raw: None }
    }
}

pub(crate) struct Draft {
    /// With the group.
    name: String,
    parameters: Vec<RawParameter>,
    value: String,
    is_quoted: bool,
    version: Version,
}

impl Draft {
    pub(crate) fn new(name: &str, version: Version) -> Self {
        Self {
            name: name.to_owned(),
            parameters: Vec::new(),
            value: String::new(),
            is_quoted: false,
            version,
        }
    }

    /// A line of the card. Its value stays, written in UTF-8 if it was not.
    pub(crate) fn of(content: Content<'_>, version: Version) -> Self {
        let raw = std::str::from_utf8(content.raw()).map(str::to_owned);
        let is_quoted = content.is_quoted();
        let texts = match &raw {
            Ok(_) => Vec::new(),
            Err(_) => content.pieces(b';', usize::MAX, version),
        };
        let mut draft = Self {
            name: content.head.name,
            parameters: content.head.parameters,
            value: raw.unwrap_or_default(),
            is_quoted,
            version,
        };
        draft.close_quotes();
        if !texts.is_empty() {
            let pieces: Vec<_> = texts.iter().map(|text| Piece::new(text)).collect();
            draft.set_value(&pieces, ';', Escape::Text);
        }
        draft
    }

    /// A line of the card without its value.
    pub(crate) fn empty(content: Content<'_>, version: Version) -> Self {
        let mut draft = Self {
            name: content.head.name,
            parameters: content.head.parameters,
            ..Self::new("", version)
        };
        draft.close_quotes();
        draft
    }

    /// A quote that nothing closes would hide the parameters behind it.
    fn close_quotes(&mut self) {
        for parameter in &mut self.parameters {
            if parameter.text.matches('"').count() % 2 == 1 {
                parameter.text.push('"');
            }
        }
    }

    /// Keeps only some parameters.
    pub(crate) fn retain(&mut self, is_kept: impl Fn(&RawParameter) -> bool) {
        self.parameters.retain(is_kept);
    }

    pub(crate) fn group(&self) -> Option<&str> {
        self.name.split_once('.').map(|(group, _)| group)
    }

    pub(crate) fn set_group(&mut self, group: Option<&str>) {
        let bare = self
            .name
            .split_once('.')
            .map_or(self.name.as_str(), |(_, name)| name);
        self.name = match group {
            Some(group) => format!("{group}.{bare}"),
            None => bare.to_owned(),
        };
    }

    /// Replaces the value, and what the head says of its encoding.
    pub(crate) fn set_value(&mut self, pieces: &[Piece<'_>], separator: char, how: Escape) {
        self.parameters.retain(|one| !is_encoding(one));
        let separator = String::from(separator);
        if self.version == Version::V2_1 {
            let is_plain = |piece: &Piece<'_>| {
                is_plain(piece.text) && !(separator == "," && piece.text.contains(','))
            };
            let write = |piece: &Piece<'_>| match how {
                Escape::Text => piece.text.replace(';', "\\;"),
                Escape::Address => piece.text.to_owned(),
            };
            let plain = pieces
                .iter()
                .map(write)
                .collect::<Vec<_>>()
                .join(&separator);
            self.is_quoted =
                !pieces.iter().all(is_plain) || self.head().len() + plain.len() > MAX_PLAIN;
            self.value = plain;
            if self.is_quoted {
                let write = |piece: &Piece<'_>| quote_printable(piece.text);
                self.value = pieces
                    .iter()
                    .map(write)
                    .collect::<Vec<_>>()
                    .join(&separator);
                self.push("CHARSET=UTF-8");
                self.push("ENCODING=QUOTED-PRINTABLE");
            }
            return;
        }
        self.is_quoted = false;
        let write = |piece: &Piece<'_>| match piece.raw {
            // A backslash at the end of it would escape the separator.
            Some(raw) if !raw.ends_with('\\') => raw.to_owned(),
            _ => escape(piece.text, how),
        };
        self.value = pieces
            .iter()
            .map(write)
            .collect::<Vec<_>>()
            .join(&separator);
    }

    /// Adds a parameter that is neither quoted nor escaped.
    pub(crate) fn push(&mut self, text: &str) {
        let (name, values) = match text.split_once('=') {
            Some((name, value)) => (name, vec![value.to_owned()]),
            None => (text, Vec::new()),
        };
        self.parameters.push(RawParameter {
            text: text.to_owned(),
            name: name.to_ascii_uppercase(),
            values,
        });
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.parameters.retain(|one| one.name != name);
    }

    /// Removes a parameter where it has a value.
    pub(crate) fn remove_value(&mut self, name: &str, value: &str) {
        let is_it = |one: &RawParameter| {
            let mut values = one.values.iter();
            one.name == name && values.any(|found| found.eq_ignore_ascii_case(value))
        };
        self.parameters.retain(|one| !is_it(one));
    }

    /// Takes words out of `TYPE` and out of the bare words.
    fn remove_types(&mut self, is_gone: impl Fn(&str) -> bool) {
        self.parameters.retain_mut(|one| {
            let types = one.types();
            if !types.iter().any(|word| is_gone(word)) {
                return true;
            }
            let words = one.values.iter().flat_map(|value| value.split(','));
            let words = words.map(|word| word.trim().trim_matches(['\\', '"']));
            let left: Vec<_> = words
                .filter(|word| !word.is_empty() && !is_gone(&word.to_ascii_uppercase()))
                .map(str::to_owned)
                .collect();
            let name = one.text.split('=').next().unwrap_or("TYPE");
            one.text = format!("{name}={}", left.join(","));
            one.values = left;
            !one.values.is_empty()
        });
    }

    /// Says a label by `TYPE`. False: it takes an `X-ABLabel`.
    pub(crate) fn set_label(&mut self, label: Option<&Label>, is_relation: bool) -> bool {
        self.remove_types(|word| Label::is_type(word, is_relation));
        let Some(label) = label else {
            return true;
        };
        let types = label.types(is_relation);
        match self.version {
            Version::V2_1 => types.iter().for_each(|word| self.push(word)),
            _ if types.is_empty() => {}
            Version::V3_0 => self.push(&format!("TYPE={}", types.join(","))),
            Version::V4_0 => self.push(&format!("TYPE={}", types.join(",").to_ascii_lowercase())),
        }
        !types.is_empty()
    }

    pub(crate) fn set_preferred(&mut self, is_preferred: bool) {
        self.remove_types(|word| word == "PREF");
        if is_preferred {
            self.remove("PREF");
            self.push(match self.version {
                Version::V2_1 => "PREF",
                Version::V3_0 => "TYPE=PREF",
                Version::V4_0 => "PREF=1",
            });
        } else {
            self.remove_value("PREF", "1");
        }
    }

    /// Sets one value of a parameter. Commas separate such values and nothing escapes them: they become spaces.
    pub(crate) fn set_parameter(&mut self, name: &str, index: usize, value: &str) {
        let found = self.parameters.iter().position(|one| one.name == name);
        let mut pieces = found.map_or_else(Vec::new, |at| self.parameters[at].pieces());
        if pieces.len() <= index {
            pieces.resize(index + 1, String::new());
        }
        pieces[index] = value.replace(',', " ");
        let is_empty = pieces.iter().all(String::is_empty);
        let written: Vec<_> = pieces
            .iter()
            .map(|piece| quote(piece, self.version))
            .collect();
        let parameter = RawParameter {
            text: format!("{name}={}", written.join(",")),
            name: name.to_owned(),
            values: pieces,
        };
        match found {
            Some(at) if is_empty => {
                self.parameters.remove(at);
            }
            Some(at) => self.parameters[at] = parameter,
            None if is_empty => {}
            None => self.parameters.push(parameter),
        }
    }

    /// What stands before the colon.
    pub(crate) fn head(&self) -> String {
        let mut head = self.name.clone();
        for parameter in &self.parameters {
            head.push(';');
            head.push_str(&parameter.text);
        }
        head
    }

    pub(crate) fn bytes(&self, line_end: &[u8]) -> Vec<u8> {
        let line = format!("{}:{}", self.head(), self.value);
        fold(&line, self.is_quoted, self.version, line_end)
    }
}

fn is_encoding(parameter: &RawParameter) -> bool {
    let is_quoted = |value: &String| value.trim().eq_ignore_ascii_case("QUOTED-PRINTABLE");
    match parameter.name.as_str() {
        "CHARSET" | "QUOTED-PRINTABLE" => true,
        "ENCODING" => parameter.values.iter().any(is_quoted),
        _ => false,
    }
}

/// A value of a parameter: in quotes where it has to be, and by RFC 6868 in 4.0.
fn quote(value: &str, version: Version) -> String {
    let value = match version {
        Version::V4_0 => value
            .replace('^', "^^")
            .replace('\n', "^n")
            .replace('"', "^'"),
        _ => value.replace('\n', " ").replace('"', "'"),
    };
    match version {
        Version::V2_1 => value.replace([';', ':'], " "),
        _ if value.contains([';', ':']) => format!("\"{value}\""),
        _ => value,
    }
}
