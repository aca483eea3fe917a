//! Whether a browser's person wanted a welcome email for the last contact they added. A cookie, because
//! the server draws the box, with and without JavaScript. It holds that choice and nothing else.

use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::header;

const NAME: &str = "kith-welcome";

/// The cookie that remembers a choice for a year. Scripts have no use for it.
pub fn cookie(welcome: bool) -> HeaderValue {
    HeaderValue::from_static(if welcome {
        "kith-welcome=yes; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly"
    } else {
        "kith-welcome=no; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly"
    })
}

/// The choice that a request remembers.
pub fn remembered(headers: &HeaderMap) -> Option<bool> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let pairs = cookies
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(name, _)| *name == NAME);
    match values.next()?.1 {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_remembered() {
        for welcome in [true, false] {
            let cookie = cookie(welcome);
            let sent = cookie.to_str().expect("it is ASCII").split(';').next();
            let mut headers = HeaderMap::new();
            headers.append(
                header::COOKIE,
                HeaderValue::from_str(&format!("a=b; {}; c", sent.expect("a pair")))
                    .expect("it is ASCII"),
            );
            assert_eq!(remembered(&headers), Some(welcome));
        }
    }

    #[test]
    fn what_is_no_choice_is_none() {
        for cookies in [
            "",
            "kith-welcome",
            "kith-welcome=",
            "kith-welcome=maybe",
            "xkith-welcome=no",
            "kith-welcome=maybe; kith-welcome=no",
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(cookies));
            assert_eq!(remembered(&headers), None, "{cookies}");
        }
        assert_eq!(remembered(&HeaderMap::new()), None);
    }
}
