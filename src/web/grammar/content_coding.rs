//! Content codings, in `Accept-Encoding` (RFC 9110, 12.5.3).

use axum::http::HeaderMap;
use axum::http::header;

use super::Reader;
use super::weight::weighted;

/// A coding that Kith sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentCoding {
    Brotli,
    Gzip,
    Identity,
}

impl ContentCoding {
    /// The coding with which a response to this request is smallest, among those that the client weighs highest.
    /// Without a header, or with one that does not follow the grammar, no coding.
    pub fn preferred(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::ACCEPT_ENCODING).iter();
        let codings = lines.map(|line| Reader::new(line.as_bytes()).list(coding));
        let codings = codings.collect::<Option<Vec<_>>>().unwrap_or_default();
        let named = |name: &str| {
            let mut known = codings.iter().flatten();
            known.find(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        let weight = |coding: Self| {
            let known = named(coding.name()).or_else(|| named("*"));
            known.map_or(0, |(_, weight)| *weight)
        };
        let (brotli, gzip) = (weight(Self::Brotli), weight(Self::Gzip));
        // A client that does not name it takes it, and does not prefer it.
        let identity = named(Self::Identity.name()).map_or(0, |(_, weight)| *weight);
        match brotli.max(gzip) {
            0 => Self::Identity,
            highest if highest < identity => Self::Identity,
            highest if highest == brotli => Self::Brotli,
            _ => Self::Gzip,
        }
    }

    /// Its name in header fields.
    pub fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        }
    }
}

/// A coding, and its weight in thousandths.
fn coding<'value>(reader: &mut Reader<'value>) -> Option<(&'value str, u16)> {
    Some((reader.token()?, weighted(reader)?))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_coding_that_the_client_weighs_highest_is_preferred() {
        for (lines, expected) in [
            (&["gzip, deflate, br, zstd"][..], ContentCoding::Brotli),
            (&["gzip, br"], ContentCoding::Brotli),
            (&["gzip"], ContentCoding::Gzip),
            (&["GZIP;q=0.5", "br;q=0.25"], ContentCoding::Gzip),
            (&["br;q=0, gzip;q=0.001"], ContentCoding::Gzip),
            (&["*"], ContentCoding::Brotli),
            (&["*;q=0"], ContentCoding::Identity),
            (&["br;q=0, *"], ContentCoding::Gzip),
            (&["identity"], ContentCoding::Identity),
            (&["identity, gzip"], ContentCoding::Gzip),
            (&["identity;q=1, gzip;q=0.1"], ContentCoding::Identity),
            (&["identity, *;q=0.5"], ContentCoding::Identity),
            (&["deflate"], ContentCoding::Identity),
            (&[""], ContentCoding::Identity),
            (&[], ContentCoding::Identity),
            (&["br;q=2"], ContentCoding::Identity),
            (&["br gzip"], ContentCoding::Identity),
            (&["gzip", "br;q=x"], ContentCoding::Identity),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(line));
            }
            assert_eq!(ContentCoding::preferred(&headers), expected, "{lines:?}");
        }
    }
}
