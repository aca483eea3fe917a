//! Signatures in the form of QStash: a JSON Web Token (RFC 7519) over the destination and the body.
//!
//! A token is `header.claims.signature`, each part in base64url, signed by HMAC with SHA-256 under
//! the bytes of a key as it is written, its `sig_` included. Its claims name the destination (`sub`),
//! a hash of the body (`body`), and the five minutes in which it holds.
//! Source: Upstash's documentation, "Verify Signatures", and the npm package `@upstash/qstash`.
//!
//! Two keys are accepted, the current and the next, so that keys can be exchanged without a gap. What
//! the reference leaves open is closed here: `verify` always checks the destination, hashes cover the raw bytes
//! of the body, comparisons take constant time, and an error names the check that has failed.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use sha2::Digest;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// How long a signature is valid.
const LIFETIME_SECONDS: i64 = 300;

/// The longest time for which a signature of any queue may be valid.
const MAX_LIFETIME_SECONDS: i64 = 3600;

/// By how much the clocks of the queue and of the receiver may differ.
const MAX_CLOCK_SKEW_SECONDS: i64 = 5;

/// The longest token, in bytes. No queue sends one that is as long.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The header of every token. No other algorithm is accepted.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

const ISSUER: &str = "Upstash";

/// A secret that the queue and its receivers share. Its `Debug` output hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey(String);

impl SigningKey {
    /// A key as it is written, its `sig_` included.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A new key of 256 random bits.
    pub fn random() -> Self {
        let bits: [u8; 32] = rand::random();
        Self(format!("sig_{}", BASE64_URL_SAFE_NO_PAD.encode(bits)))
    }

    /// The secret text.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn mac(&self, signed: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes())
            .expect("HMAC takes keys of any length");
        mac.update(signed.as_bytes());
        mac
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(***)")
    }
}

/// The two keys that a receiver accepts.
///
/// ```
/// use jiff::Timestamp;
/// use kith_queue::signature::SigningKey;
/// use kith_queue::signature::SigningKeys;
/// use kith_queue::signature::sign;
///
/// let keys = SigningKeys {
///     current: SigningKey::random(),
///     next: SigningKey::random(),
/// };
/// let url = "https://kith.example/api/webhooks/welcome-email";
/// let token = sign(&keys.current, url, b"{}", Timestamp::now());
///
/// let claims = keys.verify(&token, url, Timestamp::now())?;
/// claims.require_body(b"{}")?;
/// assert!(claims.require_body(b"[]").is_err());
/// # Ok::<(), kith_queue::signature::SignatureError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeys {
    /// The key that the queue signs with.
    pub current: SigningKey,
    /// The key that the queue signs with once it has rotated its keys.
    pub next: SigningKey,
}

/// The claims of a token (RFC 7519, section 4.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The issuer, `Upstash`.
    pub iss: String,
    /// The destination, exactly as it was published.
    pub sub: String,
    /// The token is valid before this time, in Unix seconds.
    pub exp: i64,
    /// The token is valid from this time on, in Unix seconds.
    pub nbf: i64,
    /// The time of the signature, in Unix seconds.
    pub iat: i64,
    /// An id that differs for every token.
    pub jti: String,
    /// The SHA-256 of the body in base64url, with or without padding.
    pub body: String,
}

/// Why a signature is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The request carries no token.
    #[error("there is no signature")]
    Missing,
    /// The text is no JSON Web Token with the algorithm and the claims of a queue.
    #[error("the signature is no token of a queue")]
    Malformed,
    /// Neither key has signed the token.
    #[error("the signature was made with another key")]
    WrongKey,
    /// The time is after `exp`.
    #[error("the signature has expired")]
    Expired,
    /// The time is before `nbf`.
    #[error("the signature does not hold yet")]
    NotYetValid,
    /// `sub` names another destination.
    #[error("the signature is for another address")]
    WrongDestination,
    /// `body` is the hash of other bytes.
    #[error("the signature is for another body")]
    WrongBody,
    /// A request with this `jti` came before.
    #[error("the signature was used before")]
    Replayed,
}

/// Signs a body that is sent to `destination`. The token is valid for five minutes from `now`.
pub fn sign(key: &SigningKey, destination: &str, body: &[u8], now: Timestamp) -> String {
    let now = now.as_second();
    let claims = Claims {
        iss: ISSUER.to_owned(),
        sub: destination.to_owned(),
        exp: now + LIFETIME_SECONDS,
        nbf: now,
        iat: now,
        jti: format!(
            "jwt_{}",
            BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>())
        ),
        body: BASE64_URL_SAFE.encode(Sha256::digest(body)),
    };
    let claims = serde_json::to_string(&claims).expect("claims are plain data");
    let encode = |part: &str| BASE64_URL_SAFE_NO_PAD.encode(part);
    let signed = format!("{}.{}", encode(HEADER), encode(&claims));
    let signature = key.mac(&signed).finalize().into_bytes();
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

impl SigningKeys {
    /// Verifies that the queue has signed `token` for this destination and that it is valid at `now`. Clocks may
    /// differ by five seconds. The caller then verifies the body by [`Claims::require_body`], and that it has not
    /// seen the claim `jti` before.
    ///
    /// # Errors
    /// The first check that has failed.
    pub fn verify(
        &self,
        token: &str,
        destination: &str,
        now: Timestamp,
    ) -> Result<Claims, SignatureError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(SignatureError::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(SignatureError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(SignatureError::Malformed)?;
        let signature = decode(signature)?;
        #[derive(Deserialize)]
        struct Header {
            alg: String,
        }
        let header: Header =
            serde_json::from_slice(&decode(header)?).map_err(|_| SignatureError::Malformed)?;
        if header.alg != "HS256" {
            return Err(SignatureError::Malformed);
        }
        let made_with = |key: &SigningKey| key.mac(signed).verify_slice(&signature).is_ok();
        if !made_with(&self.current) && !made_with(&self.next) {
            return Err(SignatureError::WrongKey);
        }

        let claims: Claims =
            serde_json::from_slice(&decode(claims)?).map_err(|_| SignatureError::Malformed)?;
        if claims.iss != ISSUER || claims.jti.is_empty() {
            return Err(SignatureError::Malformed);
        }
        let now = now.as_second();
        // No queue signs for longer, and receivers remember used tokens for no longer.
        if claims.exp > now.saturating_add(MAX_LIFETIME_SECONDS) {
            return Err(SignatureError::Malformed);
        }
        if now >= claims.exp.saturating_add(MAX_CLOCK_SKEW_SECONDS) {
            return Err(SignatureError::Expired);
        }
        if now < claims.nbf.saturating_sub(MAX_CLOCK_SKEW_SECONDS) {
            return Err(SignatureError::NotYetValid);
        }
        if !same(claims.sub.as_bytes(), destination.as_bytes()) {
            return Err(SignatureError::WrongDestination);
        }
        Ok(claims)
    }
}

impl Claims {
    /// Verifies that the token is for exactly these bytes.
    ///
    /// # Errors
    /// [`SignatureError::WrongBody`] where it is for others.
    pub fn require_body(&self, body: &[u8]) -> Result<(), SignatureError> {
        let hash = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(body));
        let signed = self.body.trim_end_matches('=').as_bytes();
        match same(signed, hash.as_bytes()) {
            true => Ok(()),
            false => Err(SignatureError::WrongBody),
        }
    }
}

fn decode(part: &str) -> Result<Vec<u8>, SignatureError> {
    let part = part.trim_end_matches('=');
    BASE64_URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| SignatureError::Malformed)
}

fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://127.0.0.1:3000/api/webhooks/welcome-email";

    fn keys() -> SigningKeys {
        SigningKeys {
            current: SigningKey::new("sig_current"),
            next: SigningKey::new("sig_next"),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn a_token_holds_for_its_destination_body_and_time() {
        let keys = keys();
        for key in [&keys.current, &keys.next] {
            let token = sign(key, URL, b"{}\xff", at(1000));
            let verify = |url: &str, body: &[u8], now| {
                let claims = keys.verify(&token, url, at(now))?;
                claims.require_body(body).map(|()| claims)
            };
            let claims = verify(URL, b"{}\xff", 1000).expect("it holds");
            assert_eq!((claims.sub.as_str(), claims.exp), (URL, 1300));
            assert_eq!(
                verify(URL, b"{}\xff", 1304).map(|claims| claims.jti),
                Ok(claims.jti)
            );
            assert_eq!(verify(URL, b"{}\xff", 1305), Err(SignatureError::Expired));
            assert_eq!(
                verify(URL, b"{}\xff", 994),
                Err(SignatureError::NotYetValid)
            );
            assert_eq!(verify(URL, b"{}", 1000), Err(SignatureError::WrongBody));
            let elsewhere = URL.replace("welcome-email", "daily-report");
            assert_eq!(
                verify(&elsewhere, b"{}\xff", 1000),
                Err(SignatureError::WrongDestination)
            );
        }
    }

    #[test]
    fn a_signature_that_is_forged_cut_or_of_another_kind_is_refused() {
        let keys = keys();
        let stranger = sign(&SigningKey::random(), URL, b"", at(0));
        assert_eq!(
            keys.verify(&stranger, URL, at(0)),
            Err(SignatureError::WrongKey)
        );

        let token = sign(&keys.current, URL, b"", at(0));
        for cut in 0..token.len() {
            assert!(keys.verify(&token[..cut], URL, at(0)).is_err());
        }
        let unsigned = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let claims = token.split('.').nth(1).expect("claims");
        for forged in [
            format!("{unsigned}.{claims}."),
            "".to_owned(),
            "..".to_owned(),
            "x".repeat(MAX_TOKEN_BYTES + 1),
        ] {
            assert_eq!(
                keys.verify(&forged, URL, at(0)),
                Err(SignatureError::Malformed)
            );
        }
        // One bit of the claims changed.
        let mut bytes = token.clone().into_bytes();
        let middle = token.find('.').expect("a point") + 5;
        bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).expect("text");
        assert_eq!(
            keys.verify(&changed, URL, at(0)),
            Err(SignatureError::WrongKey)
        );
    }

    #[test]
    fn keys_are_in_no_debug_output() {
        assert!(!format!("{:?}", keys()).contains("sig_"));
    }
}
