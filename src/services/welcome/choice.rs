//! Whether the person at a browser wanted a welcome email for the last contact that they added. The choice
//! is in a cookie, because the server draws the box, with and without JavaScript. The cookie holds nothing
//! else.

const NAME: &str = "kith-welcome";

/// The `Set-Cookie` that keeps a choice for a year. Scripts have no use for it.
pub fn cookie(welcome: bool) -> &'static str {
    if welcome {
        "kith-welcome=yes; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly"
    } else {
        "kith-welcome=no; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly"
    }
}

/// The choice that a request brings, from its `Cookie` lines.
pub fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Option<bool> {
    let pairs = lines
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
            let sent = cookie.split(';').next().expect("a pair");
            let line = format!("a=b; {sent}; c");
            assert_eq!(read([&*line].into_iter()), Some(welcome));
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
            assert_eq!(read([cookies].into_iter()), None, "{cookies}");
        }
        assert_eq!(read([].into_iter()), None);
    }
}
