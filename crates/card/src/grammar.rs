//! What the library knows of a line: its parameters, the parts of its value, its escapes. This is the only module that
//! names `vcard-rs`.

use std::borrow::Cow;

use memchr::memchr2;
use vcard::param::VcardParam;
use vcard::tree::codec::mode::VcardEscaper;
use vcard::tree::leaf::VcardLeaf;
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
    /// What stands before the colon; none where the parser does not take it.
    fn head(&self, head: &[u8], version: Version) -> Option<Head>;

    /// The text of a value, or of a piece of one, without its escapes.
    fn text(&self, value: &[u8], version: Version) -> String;
}

/// The parser that this crate uses.
pub(crate) struct VcardRs;

impl Grammar for VcardRs {
    fn head(&self, head: &[u8], version: Version) -> Option<Head> {
        let mut pieces = pieces(std::str::from_utf8(head).ok()?).into_iter();
        let name = pieces.next()?.trim_start().to_owned();
        let parameters = pieces.map(|text| {
            let node = VcardParamNode::parse(text);
            RawParameter {
                text: text.to_owned(),
                name: node.name.get().trim().to_ascii_uppercase(),
                values: values(node, version),
            }
        });
        Some(Head {
            name,
            parameters: parameters.collect(),
        })
    }

    fn text(&self, value: &[u8], version: Version) -> String {
        let mut node = VcardValueNode::parse(value);
        node.escaper = escaper(version);
        node.decode().into_owned()
    }
}

/// The pieces of a head: semicolons in quotes are part of a value.
fn pieces(head: &str) -> Vec<&str> {
    let mut is_quoted = false;
    let is_end = |letter: char| {
        is_quoted ^= letter == '"';
        letter == ';' && !is_quoted
    };
    head.split(is_end).collect()
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
