//! A line of one card as a line of another one.

use crate::canonical::{is_file, is_structured};
use crate::card::Card;
use crate::content::Content;
use crate::date;
use crate::draft::{Draft, Piece};
use crate::photo::Photo;
use crate::text::Escape;
use crate::version::Version;

impl Card {
    /// A line as `other` would write it, in `group`. Between cards of one version, the line itself where it can be.
    pub(crate) fn line_for(&self, line: usize, other: &Card, group: Option<&str>) -> Vec<u8> {
        let Some(content) = self.content(line) else {
            return self.raw(line).to_vec();
        };
        let (own, name) = content.group_and_name();
        let is_same_group = own == group;
        if self.version() == other.version() {
            if is_same_group && self.line_end() == other.line_end() {
                return self.raw(line).to_vec();
            }
            let mut draft = Draft::of(content, self.version());
            draft.set_group(group);
            return draft.bytes(other.line_end());
        }
        let version = other.version();
        let upper = name.to_ascii_uppercase();
        if upper == "PHOTO"
            && let Some(Photo::Embedded { media_type, bytes }) = self.read_photo(&content)
        {
            return other.photo_line(
                None,
                (media_type.as_deref().unwrap_or("image/jpeg"), &bytes),
            );
        }
        let is_preferred = content.is_preferred();
        let types = content.types();
        let pieces = self.cut(&content, &upper);
        let separator = if is_structured(&upper) { ';' } else { ',' };
        let is_date = matches!(
            upper.as_str(),
            "BDAY" | "ANNIVERSARY" | "X-ANNIVERSARY" | "X-ABDATE"
        );
        let omitted = content.parameter("X-APPLE-OMIT-YEAR").map(str::to_owned);
        let mut draft = Draft::empty(content, version);
        draft.set_group(group);
        draft.retain(|one| !one.is_bare() && !matches!(one.name.as_str(), "TYPE" | "PREF"));
        let words: Vec<_> = types
            .iter()
            .filter(|word| *word != "PREF")
            .map(String::as_str)
            .collect();
        match version {
            Version::V2_1 => words.iter().for_each(|word| draft.push(word)),
            _ if words.is_empty() => {}
            _ => draft.push(&format!("TYPE={}", words.join(","))),
        }
        if is_preferred {
            draft.set_preferred(true);
        }
        let how = if is_file(&upper) || matches!(upper.as_str(), "URL" | "IMPP") {
            Escape::Address
        } else {
            Escape::Text
        };
        if is_date {
            draft.remove("X-APPLE-OMIT-YEAR");
            draft.remove("VALUE");
            let written = date::write(&date::normal(&pieces[0], omitted.as_deref()), version);
            if let Some(year) = written.omits {
                draft.push(&format!("X-APPLE-OMIT-YEAR={year}"));
            }
            draft.set_value(&[Piece::new(&written.value)], separator, how);
        } else {
            let pieces: Vec<_> = pieces.iter().map(|piece| Piece::new(piece)).collect();
            draft.set_value(&pieces, separator, how);
        }
        draft.bytes(other.line_end())
    }

    /// The value of a property in the pieces that separators make.
    fn cut(&self, content: &Content<'_>, name: &str) -> Vec<String> {
        if is_structured(name) {
            content.pieces(b';', usize::MAX, self.version())
        } else if matches!(name, "NICKNAME" | "CATEGORIES") {
            content.pieces(b',', usize::MAX, self.version())
        } else {
            vec![content.text(self.version())]
        }
    }
}
