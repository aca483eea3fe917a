//! The photo of a card.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::card::{Card, Changes};
use crate::content::Content;
use crate::draft::Draft;
use crate::grammar::RawParameter;
use crate::lines::Kind;
use crate::text::{fold, unquote_percent};
use crate::version::Version;

/// Some clients write no padding, or bits behind the last octet.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The photo of a card.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Photo<'a> {
    /// In the card itself: base64 of 2.1 and 3.0, or the `data:` of 4.0.
    Embedded {
        /// What the card says of its format, such as `image/jpeg`. It may be wrong.
        media_type: Option<String>,
        /// The file of the photo.
        bytes: Cow<'a, [u8]>,
    },
    /// Somewhere else. Kith has not looked there.
    Url(String),
}

impl Card {
    /// The first photo that can be read.
    pub fn photo(&self) -> Option<Photo<'_>> {
        let read = |line: usize| self.read_photo(&self.content(line)?);
        self.named("PHOTO").find_map(read)
    }

    pub(crate) fn read_photo(&self, content: &Content<'_>) -> Option<Photo<'static>> {
        let raw = content.raw().trim_ascii();
        let start = raw.get(..5).unwrap_or_default();
        if start.eq_ignore_ascii_case(b"data:") {
            return data(&raw[5..]);
        }
        let value = content.parameter("VALUE").unwrap_or_default();
        let is_named = ["uri", "url"]
            .iter()
            .any(|one| value.eq_ignore_ascii_case(one));
        // Base64 has no colon.
        if is_named || memchr::memchr(b':', raw).is_some() {
            let url = content.text(self.version()).trim().to_owned();
            return (!url.is_empty()).then_some(Photo::Url(url));
        }
        Some(Photo::Embedded {
            media_type: media_type(content),
            bytes: Cow::Owned(decode(raw)?),
        })
    }

    /// Makes a file the only photo of the card, or takes all photos out of it. `photo` is a media type, such as
    /// `image/jpeg`, and the bytes of the file.
    pub fn set_photo(&mut self, photo: Option<(&str, &[u8])>) {
        let wanted = photo.map(|(media_type, bytes)| Photo::Embedded {
            media_type: Some(media_type.to_ascii_lowercase()),
            bytes: Cow::Borrowed(bytes),
        });
        if self.photo() == wanted && (wanted.is_some() || self.named("PHOTO").next().is_none()) {
            return;
        }
        let mut changes = Changes::default();
        let mut written = photo;
        for line in self.named("PHOTO") {
            let text = written
                .take()
                .map(|photo| self.photo_line(Some(line), photo));
            if text.is_none() {
                let companions = self.companions(line).iter();
                changes
                    .instead
                    .extend(companions.map(|line| (*line, Vec::new())));
            }
            changes.instead.insert(line, text.unwrap_or_default());
            // In 2.1, a blank line ends base64.
            let is_blank = self
                .lines()
                .get(line + 1)
                .is_some_and(|next| next.kind == Kind::Blank);
            if is_blank && self.version() == Version::V2_1 {
                changes.instead.insert(line + 1, Vec::new());
            }
        }
        if let Some(photo) = written {
            changes.insert(self.end(), &self.photo_line(None, photo));
        }
        self.apply(&changes);
    }

    /// A line with a photo. Of the old one it has what is not about its file.
    pub(crate) fn photo_line(
        &self,
        old: Option<usize>,
        (media_type, bytes): (&str, &[u8]),
    ) -> Vec<u8> {
        let version = self.version();
        let mut draft = match old.and_then(|line| self.content(line)) {
            Some(content) => Draft::empty(content, version),
            None => Draft::new("PHOTO", version),
        };
        draft.retain(|parameter| !is_of_file(parameter));
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || "/+-.".contains(letter);
        let media_type: String = media_type
            .chars()
            .filter(|letter| is_word(*letter))
            .collect();
        let format = media_type
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_ascii_uppercase();
        let base64 = BASE64.encode(bytes);
        let value = match version {
            Version::V2_1 => {
                draft.push("ENCODING=BASE64");
                draft.push(&format!("TYPE={format}"));
                base64
            }
            Version::V3_0 => {
                draft.push("ENCODING=b");
                draft.push(&format!("TYPE={format}"));
                base64
            }
            Version::V4_0 => format!("data:{media_type};base64,{base64}"),
        };
        let line = format!("{}:{value}", draft.head());
        // Base64 is folded in 2.1 too: white space is nothing in it.
        let mut text = fold(&line, false, Version::V3_0, self.line_end());
        if version == Version::V2_1 {
            text.extend_from_slice(self.line_end());
        }
        text
    }
}

/// Parameters that say how the file is written, or how it is cut.
fn is_of_file(parameter: &RawParameter) -> bool {
    let name = parameter.name.as_str();
    parameter.is_bare()
        || matches!(
            name,
            "TYPE" | "ENCODING" | "VALUE" | "MEDIATYPE" | "CHARSET"
        )
        || name == "X-ABCROP-RECTANGLE"
}

/// What follows `data:`. Some clients of 3.0 and 4.0 escape its separators.
fn data(text: &[u8]) -> Option<Photo<'static>> {
    let comma = memchr::memchr(b',', text)?;
    let head: Vec<_> = text[..comma]
        .iter()
        .copied()
        .filter(|byte| *byte != b'\\')
        .collect();
    let head = String::from_utf8(head).ok()?;
    let mut words = head.split(';').map(str::trim);
    let media_type = words.next().filter(|word| !word.is_empty());
    let is_base64 = words.any(|word| word.eq_ignore_ascii_case("base64"));
    let body = unquote_percent(&text[comma + 1..]);
    let bytes = if is_base64 { decode(&body)? } else { body };
    Some(Photo::Embedded {
        media_type: media_type.map(str::to_ascii_lowercase),
        bytes: Cow::Owned(bytes),
    })
}

fn decode(base64: &[u8]) -> Option<Vec<u8>> {
    let tidy: Vec<_> = base64
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let bytes = BASE64.decode(&tidy).ok()?;
    (!bytes.is_empty()).then_some(bytes)
}

/// `image/jpeg` for `MEDIATYPE=image/jpeg`, `TYPE=JPEG` and the bare `JPEG` of 2.1.
fn media_type(content: &Content<'_>) -> Option<String> {
    if let Some(media_type) = content.parameter("MEDIATYPE") {
        return Some(media_type.to_ascii_lowercase());
    }
    let is_format = |word: &String| !matches!(word.as_str(), "PREF" | "HOME" | "WORK");
    let word = content
        .types()
        .into_iter()
        .find(is_format)?
        .to_ascii_lowercase();
    Some(match word.as_str() {
        "jpg" => "image/jpeg".to_owned(),
        _ if word.contains('/') => word,
        _ => format!("image/{word}"),
    })
}
