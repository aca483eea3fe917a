//! `Forwarded` (RFC 7239): the peer of each proxy.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

use super::Reader;

/// The most parameters of an element. RFC 7239 names four; a proxy may add some of its own.
const MAX_PARAMETERS: usize = 16;

/// The parameters of one proxy, by their names in lower case, none twice. There may be none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    parameters: Vec<(String, Vec<u8>)>,
}

/// The elements of one header line, the first proxy's first; `None` where any part of the line does
/// not follow the grammar.
///
/// Empty elements count, unlike in other lists: an empty one is a proxy that names no client,
/// and a client may have made up what stands before it.
pub fn parse(line: &[u8]) -> Option<Vec<Element>> {
    let mut reader = Reader::new(line);
    let mut elements = Vec::new();
    loop {
        elements.push(element(&mut reader)?);
        if reader.is_at_end() {
            return Some(elements);
        }
        if !reader.take(",") {
            return None;
        }
    }
}

/// An element with more parameters than [`MAX_PARAMETERS`] is malformed, so that looking for a parameter
/// that comes twice stays cheap: everyone can send this header, before any limit.
///
/// RFC 7239 has no whitespace around a semicolon; proxies that send some are understood.
fn element(reader: &mut Reader) -> Option<Element> {
    let mut element = Element::default();
    loop {
        reader.skip_whitespace();
        if let Some(name) = reader.token() {
            let name = name.to_ascii_lowercase();
            let is_new = element.parameters.len() < MAX_PARAMETERS && element.get(&name).is_none();
            if !reader.take("=") || !is_new {
                return None;
            }
            let value = reader.token_or_quoted_string()?;
            element.parameters.push((name, value));
            reader.skip_whitespace();
        }
        if !reader.take(";") {
            return Some(element);
        }
    }
}

impl Element {
    fn get(&self, name: &str) -> Option<&[u8]> {
        let mut parameters = self.parameters.iter();
        let (_, value) = parameters.find(|(known, _)| known == name)?;
        Some(value)
    }

    /// The address in `for=`, if the proxy names one.
    pub fn client(&self) -> Option<IpAddr> {
        address(self.get("for")?)
    }
}

/// The address of a node: IPv4, or IPv6 in brackets, perhaps with a port.
fn address(node: &[u8]) -> Option<IpAddr> {
    let node = std::str::from_utf8(node).ok()?;
    let (address, after) = match node.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']')?;
            (IpAddr::V6(address.parse::<Ipv6Addr>().ok()?), after)
        }
        None => {
            let end = node.find(':').unwrap_or(node.len());
            let (address, after) = node.split_at(end);
            (IpAddr::V4(address.parse::<Ipv4Addr>().ok()?), after)
        }
    };
    let valid = after.is_empty() || after.strip_prefix(':').is_some_and(is_port);
    valid.then(|| address.to_canonical())
}

/// Up to five digits, or an underscore and a made-up name.
fn is_port(port: &str) -> bool {
    match port.strip_prefix('_') {
        Some(name) => {
            let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            !name.is_empty() && name.bytes().all(of_name)
        }
        None => (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::web::grammar::is_of_token;

    fn clients(line: &str) -> Option<Vec<String>> {
        let name = |element: &Element| element.client().map_or("?".to_owned(), |ip| ip.to_string());
        parse(line.as_bytes()).map(|elements| elements.iter().map(name).collect())
    }

    fn some(clients: &[&str]) -> Option<Vec<String>> {
        Some(clients.iter().map(|&client| client.to_owned()).collect())
    }

    #[test]
    fn proxies_name_their_clients() {
        for (line, expected) in [
            ("for=192.0.2.43", some(&["192.0.2.43"])),
            (
                "For=\"[2001:db8:cafe::17]:4711\"",
                some(&["2001:db8:cafe::17"]),
            ),
            ("for=\"203.0.113.7:_port\"", some(&["203.0.113.7"])),
            ("for=\"203.0.113.7:80\";by=_x", some(&["203.0.113.7"])),
            ("for=\"[::ffff:192.0.2.1]\"", some(&["192.0.2.1"])),
            ("for=\"\\1.2.3.4\"", some(&["1.2.3.4"])),
            (
                "for=192.0.2.43, for=198.51.100.17;proto=http",
                some(&["192.0.2.43", "198.51.100.17"]),
            ),
            (
                "proto=http ; for=192.0.2.43\t,host=x",
                some(&["192.0.2.43", "?"]),
            ),
            // These name no client, or not by an address.
            ("", some(&["?"])),
            ("for=192.0.2.43,", some(&["192.0.2.43", "?"])),
            (";;", some(&["?"])),
            ("for=unknown, for=_hidden, for=\"\"", some(&["?", "?", "?"])),
            (
                "for=\"2001:db8::1\", for=\"[192.0.2.1]\"",
                some(&["?", "?"]),
            ),
            (
                "for=\"192.0.2.1:\", for=\"192.0.2.1:_\", for=\"192.0.2.1:123456\"",
                some(&["?", "?", "?"]),
            ),
            (
                "for=\"192.0.2.1:8x\", for=\"[::1]8\", for=\"[::1\"",
                some(&["?", "?", "?"]),
            ),
        ] {
            assert_eq!(clients(line), expected, "{line}");
        }
    }

    #[test]
    fn what_stands_in_quotes_is_no_element() {
        for (line, expected) in [
            (
                "for=203.0.113.9;host=\"x,for=[::1]\"",
                some(&["203.0.113.9"]),
            ),
            (
                "for=203.0.113.9;host=\"x;for=127.0.0.1\"",
                some(&["203.0.113.9"]),
            ),
            (
                "for=203.0.113.9;host=\"\\\",for=127.0.0.1,x=\\\"\"",
                some(&["203.0.113.9"]),
            ),
        ] {
            assert_eq!(clients(line), expected, "{line}");
        }
    }

    #[test]
    fn a_line_that_does_not_follow_the_grammar_says_nothing() {
        for line in [
            "for",
            "for=",
            "=x",
            "for=1.2.3.4 for=5.6.7.8",
            "for =1.2.3.4",
            "for= 1.2.3.4",
            "for=1.2.3.4:80",
            "for=[::1]",
            "for=\"1.2.3.4",
            "for=1.2.3.4\"",
            "for=1.2.3.4;for=5.6.7.8",
            "for=1.2.3.4;FOR=1.2.3.4",
            "for=\"x\"y",
            "nonsense, for=1.2.3.4",
            "host=\"x, for=1.2.3.4",
        ] {
            assert_eq!(clients(line), None, "{line}");
        }
    }

    #[test]
    fn an_element_has_a_bounded_number_of_parameters() {
        let line = |parameters: usize| {
            let others = (1..parameters).map(|number| format!(";p{number}=x"));
            format!("for=192.0.2.43{}", others.collect::<String>())
        };
        assert_eq!(clients(&line(16)), some(&["192.0.2.43"]));
        assert_eq!(clients(&line(17)), None);
    }

    fn quote(value: &[u8]) -> Vec<u8> {
        let escape = |byte: &u8| match byte {
            b'"' | b'\\' => vec![b'\\', *byte],
            _ => vec![*byte],
        };
        let mut quoted = vec![b'"'];
        quoted.extend(value.iter().flat_map(escape));
        quoted.push(b'"');
        quoted
    }

    /// As a proxy writes it. Values that are tokens may stand without quotes.
    fn write(elements: &[Element], always_quote: bool) -> Vec<u8> {
        let pair = |(name, value): &(String, Vec<u8>)| {
            let is_token = !value.is_empty() && value.iter().copied().all(is_of_token);
            let value = if is_token && !always_quote {
                value.clone()
            } else {
                quote(value)
            };
            [name.as_bytes(), b"=", &value].concat()
        };
        let element = |element: &Element| {
            let pairs: Vec<_> = element.parameters.iter().map(pair).collect();
            pairs.join(&b';')
        };
        let elements: Vec<_> = elements.iter().map(element).collect();
        elements.join(&b", "[..])
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            4 => proptest::sample::select(&b"\",;=\\ []:for127."[..]),
            1 => any::<u8>().prop_filter("text", |byte| super::super::is_of_text(*byte)),
        ];
        vec(byte, 0..24)
    }

    fn an_element() -> impl Strategy<Value = Element> {
        let parameters =
            proptest::collection::btree_map("[a-z0-9!#$%&'*+.^_`|~-]{1,6}", text(), 0..4);
        parameters.prop_map(|parameters| Element {
            parameters: parameters.into_iter().collect(),
        })
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(line in vec(any::<u8>(), 0..200)) {
            let _ = parse(&line);
        }

        #[test]
        fn what_almost_follows_the_grammar_does_not_either(
            line in "([a-z]{0,3}|=|,|;|\"|\\\\|for=|\\[::1\\]|127\\.0\\.0\\.1| |\t|_){0,24}"
        ) {
            if let Some(elements) = parse(line.as_bytes()) {
                prop_assert_eq!(parse(&write(&elements, true)), Some(elements));
            }
        }

        #[test]
        fn what_is_written_is_read_again(
            elements in vec(an_element(), 1..5),
            always_quote: bool,
        ) {
            prop_assert_eq!(parse(&write(&elements, always_quote)), Some(elements));
        }

        #[test]
        fn no_text_in_quotes_becomes_a_hop(host in text()) {
            let line = [b"for=203.0.113.9;host=", &quote(&host)[..]].concat();
            let elements = parse(&line).expect("it follows the grammar");
            prop_assert_eq!(elements.len(), 1);
            prop_assert_eq!(elements[0].client(), "203.0.113.9".parse().ok());
        }
    }
}
