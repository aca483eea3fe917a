//! What the library knows of a line: its parameters, the parts of its value, its escapes. This is the only module that
//! names `vcard-rs`.

use std::borrow::Cow;

use memchr::memchr2;
use vcard::param::VcardParam;
use vcard::tree::codec::mode::VcardEscaper;
use vcard::tree::leaf::VcardLeaf;
use vcard::tree::line::VcardLine;
use vcard::tree::param::node::VcardParamNode;
use vcard::tree::value::node::VcardValueNode;

use crate::version::Version;

/// The head of a line in its pieces.
pub(crate) struct Head {
    /// The name with its group, as it is written.
    pub(crate) name: String,
    pub(crate) parameters: Vec<RawParameter>,
}

/// A parameter as it is written, and what it says.
pub(crate) struct RawParameter {
    /// Without the semicolon before it.
    pub(crate) text: String,
    /// In capitals.
    pub(crate) name: String,
    /// None for a bare word of vCard 2.1.
    pub(crate) values: Vec<String>,
}

/// A parser of lines. A line has no folds, and its value is UTF-8 or ASCII.
pub(crate) trait Grammar {
    /// The head of `line`; none where the parser does not take it.
    fn head(&self, line: &[u8], version: Version) -> Option<Head>;

    /// The text of a value, or of a piece of one, without its escapes.
    fn text(&self, value: &[u8], version: Version) -> String;
}

/// The parser that this crate uses.
pub(crate) struct VcardRs;

impl Grammar for VcardRs {
    fn head(&self, line: &[u8], version: Version) -> Option<Head> {
        let colon = crate::lines::colon(line)?;
        // The value is of no interest here: without it, nothing of it is copied.
        let (found, _) = VcardLine::take(&line[..=colon]).ok()?;
        let parameters = found.params.into_iter().map(|parameter| RawParameter {
            text: parameter.to_string(),
            name: parameter.name.get().trim().to_ascii_uppercase(),
            values: values(parameter, version),
        });
        Some(Head {
            name: found.name.get().to_owned(),
            parameters: parameters.collect(),
        })
    }

    fn text(&self, value: &[u8], version: Version) -> String {
        let mut node = VcardValueNode::parse(value);
        node.escaper = escaper(version);
        node.decode().into_owned()
    }
}

/// The library gives all the values of a parameter only where it does not know the name.
fn values(parameter: VcardParamNode<'_>, version: Version) -> Vec<String> {
    let unnamed = VcardParamNode {
        name: VcardLeaf::from("X-"),
        values: parameter.values,
        escaper: escaper(version),
    };
    match unnamed.decode() {
        VcardParam::Unknown { values, .. } => values.into_iter().map(Cow::into_owned).collect(),
        _ => Vec::new(),
    }
}

fn escaper(version: Version) -> VcardEscaper {
    match version {
        Version::V2_1 => VcardEscaper::V2_1,
        Version::V3_0 => VcardEscaper::V3_0,
        Version::V4_0 => VcardEscaper::V4_0,
    }
}

/// The pieces of a value between the separators that are not escaped, as they are written.
pub(crate) fn split(value: &[u8], separator: u8) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let (mut start, mut at) = (0, 0);
    while let Some(offset) = memchr2(b'\\', separator, &value[at..]) {
        let place = at + offset;
        if value[place] == b'\\' {
            at = (place + 2).min(value.len());
        } else {
            pieces.push(&value[start..place]);
            start = place + 1;
            at = start;
        }
    }
    pieces.push(&value[start..]);
    pieces
}
