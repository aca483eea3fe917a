//! [`BrowserSecret`]: the one secret of a sign-in, from which all others are made.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::Digest;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The secret of a sign-in, which only the browser has, in a cookie. What the provider sees is made of it by SHA-256
/// (OpenID Connect Core 1.0, 15.5.2), so the database keeps nothing with which a reader of it could end the sign-in.
#[derive(Clone, Copy)]
pub struct BrowserSecret<'a>(&'a str);

impl<'a> BrowserSecret<'a> {
    /// `token` has 256 random bits.
    pub fn new(token: &'a str) -> Self {
        Self(token)
    }

    /// Whether an answer belongs to the sign-in.
    pub fn has_state(self, state: &str) -> bool {
        self.state().as_bytes().ct_eq(state.as_bytes()).into()
    }

    /// What the provider sends back as it is.
    pub(super) fn state(self) -> String {
        self.made_for("state")
    }

    /// What the provider signs, so that an ID token of another sign-in does not do.
    pub(super) fn nonce(self) -> String {
        self.made_for("nonce")
    }

    /// What shows the provider that the code comes from the client that has begun (PKCE, RFC 7636, 4.1).
    pub(super) fn verifier(self) -> String {
        self.made_for("verifier")
    }

    fn made_for(self, purpose: &str) -> String {
        let hasher = Sha256::new().chain_update(purpose).chain_update([0]);
        URL_SAFE_NO_PAD.encode(hasher.chain_update(self.0).finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_is_for_one_purpose_of_one_sign_in() {
        let (one, other) = (BrowserSecret::new("one"), BrowserSecret::new("other"));
        let secrets =
            [one, other].map(|secret| [secret.state(), secret.nonce(), secret.verifier()]);
        let mut all: Vec<String> = secrets.concat();
        // RFC 7636 takes 43 characters or more for the verifier.
        assert!(all.iter().all(|secret| secret.len() == 43));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 6);
        assert!(one.has_state(&one.state()));
        for state in ["", &other.state(), &one.nonce()] {
            assert!(!one.has_state(state));
        }
    }
}
