//! Text that no output shows.

use std::fmt;
use std::marker::PhantomData;

use super::setting::Setting;

/// Text that no output shows. It has no `Display`.
#[derive(Clone)]
pub struct Secret<R = AnyText> {
    text: String,
    rule: PhantomData<R>,
}

/// A secret that is too long to be guessed over the network.
pub type Token = Secret<Unguessable>;

/// What a [`Secret`] must be.
pub trait SecretRule {
    /// Completes "It takes …".
    const EXPECTED: &'static str;

    /// Whether the text may be the secret.
    fn allows(text: &str) -> bool;
}

/// The rule for secrets that others have chosen.
#[derive(Clone)]
pub struct AnyText;

impl SecretRule for AnyText {
    const EXPECTED: &'static str = "any text but a line break alone";

    fn allows(text: &str) -> bool {
        !text.is_empty()
    }
}

/// The rule for secrets that the operator chooses.
#[derive(Clone)]
pub struct Unguessable;

impl SecretRule for Unguessable {
    const EXPECTED: &'static str =
        r#"16 or more visible ASCII characters, for example of `openssl rand -hex 20`"#;

    fn allows(text: &str) -> bool {
        text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_graphic())
    }
}

impl<R> Secret<R> {
    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.text
    }
}

impl<R> fmt::Debug for Secret<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<R: SecretRule> Setting for Secret<R> {
    const EXPECTED: &'static str = R::EXPECTED;
    const MAY_HOLD_SECRET: bool = true;

    /// Takes the text without the line break that ends a file of secrets.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim_end_matches(['\r', '\n']);
        R::allows(text).then(|| Self {
            text: text.to_owned(),
            rule: PhantomData,
        })
    }

    fn to_text(&self) -> String {
        self.text.clone()
    }

    fn redacted(&self) -> String {
        "***".to_owned()
    }
}
