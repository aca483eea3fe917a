//! Finds out the client of a request.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::header;
use kith_limit::Identifier;

use super::context::RequestContext;
use crate::services::client::Client;
use crate::services::config::ServerConfig;
use crate::services::network::ForwardedHeader;
use crate::web::grammar::forwarded;
use crate::web::grammar::forwarded::Element;

/// The address of the client behind a connection from `peer`.
///
/// The client is the peer, unless the peer is a trusted proxy. Each proxy adds the address of its own peer at
/// the end of the header, so Kith reads the list from there. The first address that is no trusted proxy is the
/// client, and the client may have made up everything before it. If Kith cannot read the list to that point,
/// the last trusted proxy stands for the client, who is then not [certain](Client::is_certain).
fn address(peer: IpAddr, headers: &HeaderMap, config: &ServerConfig) -> Client {
    let peer = peer.to_canonical();
    if !config.trusted_proxies.contains(peer) {
        return Client {
            address: peer,
            is_certain: !(peer.is_loopback() && is_forwarded(headers)),
        };
    }
    match config.forwarded_header {
        ForwardedHeader::XForwardedFor => {
            let lines = headers.get_all(X_FORWARDED_FOR).iter().rev();
            // Only what is read must be text: the rest may be anything that a client has sent.
            let elements = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
            let hops = elements.map(|element| parse_address(std::str::from_utf8(element).ok()?));
            follow(peer, hops, config)
        }
        ForwardedHeader::Forwarded => {
            let lines = headers.get_all(header::FORWARDED).iter().rev();
            let hops = lines.flat_map(|line| match forwarded::parse(line.as_bytes()) {
                Some(elements) => elements.iter().rev().map(Element::client).collect(),
                // No element can be read, because its beginning is unknown.
                None => vec![None],
            });
            follow(peer, hops, config)
        }
    }
}

/// Follows the hops from a trusted proxy to the client: whom each proxy has heard from, the last one
/// first, as far as it says so.
fn follow(
    proxy: IpAddr,
    hops: impl Iterator<Item = Option<IpAddr>>,
    config: &ServerConfig,
) -> Client {
    let mut client = Client {
        address: proxy,
        is_certain: false,
    };
    for hop in hops {
        client.is_certain = hop.is_some();
        client.address = hop.unwrap_or(client.address);
        if !client.is_certain || !config.trusted_proxies.contains(client.address) {
            break;
        }
    }
    client
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Whether a proxy has forwarded a request. Kith does not believe the address that it names, but a proxy or a
/// tunnel on this machine that is not configured must not turn its visitors into clients on this machine.
fn is_forwarded(headers: &HeaderMap) -> bool {
    let of_proxies = [X_FORWARDED_FOR, header::FORWARDED, header::VIA, X_REAL_IP];
    of_proxies.iter().any(|name| headers.contains_key(name))
}

/// The client of a request that has passed the outermost layer.
pub fn client(request: &Request) -> Option<Client> {
    RequestContext::of(request)?.client.get().copied()
}

/// The address of the client of a request that has passed the outermost layer.
pub fn address_of(request: &Request) -> Option<IpAddr> {
    client(request).map(|client| client.address)
}

/// Finds out the client of a request; `None` if the server does not know the peer.
pub fn find(request: &Request, config: &ServerConfig) -> Option<Client> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    Some(address(peer.ip(), request.headers(), config))
}

/// The identifier that the limiter charges for requests from an address. With IPv6 it is a network, because a
/// client could otherwise use a new address for every request.
pub fn subject(address: IpAddr) -> Identifier {
    Identifier::new(match network(address) {
        IpAddr::V4(address) => dotted(address),
        IpAddr::V6(network) => format!("{network}/64"),
    })
}

/// The text of an address. Each request needs one, and `to_string` takes several times as long.
fn dotted(address: Ipv4Addr) -> String {
    let mut text = String::with_capacity("255.255.255.255".len());
    for (index, octet) in address.octets().into_iter().enumerate() {
        if index > 0 {
            text.push('.');
        }
        text.push_str(itoa::Buffer::new().format(octet));
    }
    text
}

/// The address that stands for all addresses of a client: with IPv6 the first one of its /64, and 127.0.0.1
/// for all of 127.0.0.0/8.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) if address.is_loopback() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        address => address,
    }
}

/// An address, in brackets or with a port or without.
fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse::<IpAddr>();
    let address = address.or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::services::config::List;

    fn find(peer: &str, forwarded: ForwardedHeader, lines: &[(&'static str, &str)]) -> Client {
        let proxies = ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().expect("a network"));
        let config = ServerConfig {
            trusted_proxies: List(proxies.into()),
            forwarded_header: forwarded,
            ..ServerConfig::default()
        };
        let lines = lines.iter().map(|(name, value)| {
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
            (HeaderName::from_static(name), value)
        });
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name, value);
        }
        let peer = peer.parse().expect("an address");
        address(peer, &headers, &config)
    }

    fn client(peer: &str, forwarded: ForwardedHeader, lines: &[(&'static str, &str)]) -> String {
        find(peer, forwarded, lines).address.to_string()
    }

    #[test]
    fn who_is_behind_a_proxy_is_certain_only_if_it_says_so() {
        let xff = "x-forwarded-for";
        for (peer, lines, is_certain) in [
            ("192.0.2.1", vec![], true),
            ("192.0.2.1", vec![(xff, "nonsense")], true),
            ("10.0.0.1", vec![(xff, "198.51.100.9")], true),
            ("10.0.0.1", vec![(xff, "10.0.0.2")], true),
            ("10.0.0.1", vec![(xff, "\u{ff}, 198.51.100.9")], true),
            ("10.0.0.1", vec![], false),
            ("10.0.0.1", vec![(xff, "198.51.100.9, unknown")], false),
            ("10.0.0.1", vec![(xff, "198.51.100.9,")], false),
            (
                "10.0.0.1",
                vec![(xff, "198.51.100.9, 10.0.0.2:abc, 10.0.0.3")],
                false,
            ),
            ("10.0.0.1", vec![(xff, "198.51.100.9, \u{ff}")], false),
        ] {
            let found = find(peer, ForwardedHeader::XForwardedFor, &lines);
            assert_eq!(found.is_certain, is_certain, "{peer} {lines:?}");
        }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        use ForwardedHeader::XForwardedFor;
        let xff = "x-forwarded-for";
        for (peer, lines, expected) in [
            ("192.0.2.1", vec![(xff, "198.51.100.9")], "192.0.2.1"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec![(xff, "198.51.100.9")], "198.51.100.9"),
            (
                "::ffff:10.0.0.1",
                vec![(xff, "::ffff:198.51.100.9")],
                "198.51.100.9",
            ),
            // What the client itself has sent stands to the left.
            (
                "10.0.0.1",
                vec![(xff, "1.1.1.1, 198.51.100.9, 10.2.0.1")],
                "198.51.100.9",
            ),
            (
                "10.0.0.1",
                vec![(xff, "1.1.1.1"), (xff, "198.51.100.9")],
                "198.51.100.9",
            ),
            ("10.0.0.1", vec![(xff, "1.1.1.1, nonsense")], "10.0.0.1"),
            ("10.0.0.1", vec![(xff, "198.51.100.9:4711")], "198.51.100.9"),
            ("fd00::1", vec![(xff, "[2001:db8::9]:4711")], "2001:db8::9"),
            (
                "10.0.0.1",
                vec![("forwarded", "for=198.51.100.9")],
                "10.0.0.1",
            ),
            ("10.0.0.1", vec![(xff, "10.0.0.2")], "10.0.0.2"),
        ] {
            assert_eq!(
                client(peer, XForwardedFor, &lines),
                expected,
                "{peer} {lines:?}"
            );
        }
    }

    #[test]
    fn the_standard_header_is_read_where_it_is_configured() {
        for (value, expected) in [
            ("for=198.51.100.9;proto=https", "198.51.100.9"),
            (
                r#"for=1.1.1.1, proto=http;For="[2001:db8::9]:4711""#,
                "2001:db8::9",
            ),
            ("for=1.1.1.1, for=unknown", "10.0.0.1"),
            ("for=1.1.1.1, for=_hidden", "10.0.0.1"),
            (r#"for="203.0.113.7:_port""#, "203.0.113.7"),
            // What a client has sent and a proxy has quoted is no element.
            (r#"for=203.0.113.9;host="x,for=[::1]""#, "203.0.113.9"),
            (r#"for=203.0.113.9;host="x;for=127.0.0.1""#, "203.0.113.9"),
            (
                r#"for=1.1.1.1, for=203.0.113.9;host="\",for=127.0.0.1,\"""#,
                "203.0.113.9",
            ),
            // A line that does not follow the grammar names no client, wherever its fault is.
            (r#"for=", for=203.0.113.9"#, "10.0.0.1"),
            ("for=203.0.113.9;for=127.0.0.1", "10.0.0.1"),
        ] {
            let lines = [("forwarded", value), ("x-forwarded-for", "203.0.113.5")];
            assert_eq!(
                client("10.0.0.1", ForwardedHeader::Forwarded, &lines),
                expected
            );
        }
    }

    #[test]
    fn a_line_that_does_not_follow_the_grammar_makes_nobody_certain() {
        for (lines, is_certain) in [
            (&["for=127.0.0.1"][..], true),
            (&["for=10.0.0.2"], true),
            (&["for=\"", "for=127.0.0.1"], true),
            (&["for=\"", "for=10.0.0.2"], false),
            (&["for=127.0.0.1", "host=\"x"], false),
            (&["for=\"x, for=127.0.0.1"], false),
            (&["for=127.0.0.1,"], false),
            (&["for=127.0.0.1;for=127.0.0.1"], false),
            (&["for=127.0.0.1 for=127.0.0.1"], false),
            (&["for=[::1]"], false),
        ] {
            let lines: Vec<_> = lines.iter().map(|line| ("forwarded", *line)).collect();
            let found = find("10.0.0.1", ForwardedHeader::Forwarded, &lines);
            assert_eq!(found.is_certain, is_certain, "{lines:?}");
        }
    }

    #[test]
    fn a_proxy_on_this_machine_that_nobody_has_named_is_not_its_visitors() {
        for (peer, lines, is_certain) in [
            ("127.0.0.1", vec![], true),
            ("::1", vec![("accept", "*/*")], true),
            ("127.0.0.1", vec![("x-forwarded-for", "127.0.0.1")], false),
            (
                "::ffff:127.0.0.1",
                vec![("forwarded", "for=127.0.0.1")],
                false,
            ),
            ("::1", vec![("via", "1.1 tunnel")], false),
            ("127.8.8.8", vec![("x-real-ip", "")], false),
        ] {
            let found = find(peer, ForwardedHeader::XForwardedFor, &lines);
            assert_eq!(found.is_certain, is_certain, "{peer} {lines:?}");
            assert!(found.address.is_loopback());
        }
    }

    #[test]
    fn a_client_on_this_machine_is_one_by_whichever_address() {
        let subject_of = |text: &str| subject(text.parse().expect("an address"));
        for address in ["127.0.0.2", "127.255.0.9", "::ffff:127.8.8.8"] {
            assert_eq!(subject_of(address).as_str(), "127.0.0.1");
        }
        for address in ["128.0.0.1", "0.0.0.0", "10.20.103.9", "255.255.255.255"] {
            assert_eq!(subject_of(address).as_str(), address);
        }
    }

    #[test]
    fn an_ipv6_client_is_its_network() {
        let subject_of = |text: &str| subject(text.parse().expect("an address"));
        assert_eq!(
            subject_of("2001:db8:1:2:3:4:5:6").as_str(),
            "2001:db8:1:2::/64"
        );
        assert_eq!(
            subject_of("2001:db8:1:2::"),
            subject_of("2001:db8:1:2:ffff::1")
        );
        assert_eq!(subject_of("::ffff:192.0.2.1").as_str(), "192.0.2.1");
    }
}
