//! Random tokens, and what is kept of them.
//!
//! A token has 256 random bits, so that SHA-256 of it is enough: no one can try them all.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::Digest;
use sha2::Sha256;

/// What an API token begins with, so that people and scanners recognise it.
const PREFIX: &str = "kith_";

/// How many characters of an API token show whether it is complete.
const CHECK_LENGTH: usize = 6;

/// How many characters 256 bits take.
const LENGTH: usize = 43;

/// The letters of a setup code: without those that look like another one.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// SHA-256 of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A new token of 43 characters, which go into cookies and addresses as they are.
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// The hash of a text that can be a token; others are not looked for.
pub fn hash_of_token(text: &str) -> Option<Hash> {
    (text.len() == LENGTH).then(|| Hash::of(text))
}

/// A new API token: `kith_`, 43 random characters and 6 that depend on them.
pub fn api_token() -> String {
    let random = token();
    let check = check(&random);
    format!("{PREFIX}{random}{check}")
}

/// The hash of a text that can be an API token.
pub fn hash_of_api_token(text: &str) -> Option<Hash> {
    let (random, found) = text.strip_prefix(PREFIX)?.split_at_checked(LENGTH)?;
    (found == check(random)).then(|| Hash::of(text))
}

fn check(random: &str) -> String {
    let mut text = URL_SAFE_NO_PAD.encode(Hash::of(random).bytes());
    text.truncate(CHECK_LENGTH);
    text
}

/// A new setup code: eight groups of four, which have 160 random bits.
pub fn setup_code() -> String {
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    let random: [u8; 32] = rand::random();
    let groups = random
        .chunks(4)
        .map(|group| group.iter().map(letter).collect());
    groups.collect::<Vec<String>>().join("-")
}

/// The hash of a setup code, however it is spaced and in either case.
pub fn hash_of_setup_code(text: &str) -> Hash {
    let letters = text.chars().filter(char::is_ascii_alphanumeric);
    let code: String = letters.map(|letter| letter.to_ascii_uppercase()).collect();
    Hash::of(&code)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn an_api_token_is_recognised_and_a_mistyped_one_is_not_looked_for() {
        let token = api_token();
        assert_eq!(token.len(), PREFIX.len() + LENGTH + CHECK_LENGTH);
        assert_eq!(hash_of_api_token(&token), Some(Hash::of(&token)));
        for place in 0..token.len() {
            let mut other = token.clone().into_bytes();
            other[place] = if other[place] == b'x' { b'y' } else { b'x' };
            let other = String::from_utf8(other).expect("ASCII");
            assert_eq!(hash_of_api_token(&other), None, "{place}");
        }
        for text in [
            "",
            "kith_",
            "é",
            &token[1..],
            &token[..token.len() - 1],
            "kith_é€",
        ] {
            assert_eq!(hash_of_api_token(text), None, "{text}");
        }
    }

    #[test]
    fn tokens_are_never_the_same() {
        let tokens: HashSet<String> = (0..1000).map(|_| token()).collect();
        assert_eq!(tokens.len(), 1000);
        assert!(tokens.iter().all(|token| hash_of_token(token).is_some()));
    }

    #[test]
    fn a_setup_code_is_read_as_people_type_it() {
        let code = setup_code();
        assert_eq!(
            code.split('-').filter(|group| group.len() == 4).count(),
            8,
            "{code}"
        );
        let typed = format!(" {} ", code.to_lowercase().replace('-', " "));
        assert_eq!(hash_of_setup_code(&typed), hash_of_setup_code(&code));
        assert_ne!(hash_of_setup_code(&setup_code()), hash_of_setup_code(&code));
    }
}
