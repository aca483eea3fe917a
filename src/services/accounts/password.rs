//! Passwords: which are accepted, and how they are kept and compared.
//!
//! Argon2id takes 19 MiB and some hundredths of a second for each password (OWASP's recommendation), so only as many
//! are hashed at a time as there are cores. Comparing takes as long where there is no password to compare with.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;

use argon2::Algorithm;
use argon2::Argon2;
use argon2::Params;
use argon2::Version;
use argon2::password_hash::PasswordHasher;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;
use zxcvbn::Score;
use zxcvbn::feedback::Warning;
use zxcvbn::zxcvbn;

use super::AccountName;
use super::Unavailable;
use crate::model::language::t;

/// The fewest characters of a password.
const MIN_LENGTH: usize = 8;

/// The most bytes of a password.
const MAX_BYTES: usize = 1024;

/// In KiB.
const MEMORY: u32 = 19 * 1024;

const PASSES: u32 = 2;

const LANES: u32 = 1;

/// What a hash with the parameters of today begins with.
const CURRENT: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// What is compared with where there is no password. No password has this hash.
const NO_PASSWORD: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Why a password is not accepted. It says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error(
        "{}",
        t!("A password has at least {fewest} characters. Add some: three or four words are good.", fewest = MIN_LENGTH)
    )]
    TooShort,
    #[error("{}", t!("A password has at most {most} bytes.", most = MAX_BYTES))]
    TooLong,
    /// With what zxcvbn says about it.
    #[error(
        "{}",
        t!("This password is easy to guess. {reason} Three or four words that do not belong together are good.", reason = .0)
    )]
    Common(&'static str),
}

/// What zxcvbn says about a password, in the language of the reader.
fn reason(warning: Warning) -> &'static str {
    match warning {
        Warning::StraightRowsOfKeysAreEasyToGuess => t!("Straight rows of keys are easy to guess."),
        Warning::ShortKeyboardPatternsAreEasyToGuess => {
            t!("Short keyboard patterns are easy to guess.")
        }
        Warning::RepeatsLikeAaaAreEasyToGuess => t!("Repeats like \"aaa\" are easy to guess."),
        Warning::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => {
            t!("Repeats like \"abcabcabc\" are only slightly harder to guess than \"abc\".")
        }
        Warning::ThisIsATop10Password => t!("This is a top-10 common password."),
        Warning::ThisIsATop100Password => t!("This is a top-100 common password."),
        Warning::ThisIsACommonPassword => t!("This is a very common password."),
        Warning::ThisIsSimilarToACommonlyUsedPassword => {
            t!("This is similar to a commonly used password.")
        }
        Warning::SequencesLikeAbcAreEasyToGuess => {
            t!("Sequences like abc or 6543 are easy to guess.")
        }
        Warning::RecentYearsAreEasyToGuess => t!("Recent years are easy to guess."),
        Warning::AWordByItselfIsEasyToGuess => t!("A word by itself is easy to guess."),
        Warning::DatesAreOftenEasyToGuess => t!("Dates are often easy to guess."),
        Warning::NamesAndSurnamesByThemselvesAreEasyToGuess => {
            t!("Names and surnames by themselves are easy to guess.")
        }
        Warning::CommonNamesAndSurnamesAreEasyToGuess => {
            t!("Common names and surnames are easy to guess.")
        }
    }
}

/// A password that is accepted for an account.
#[derive(Clone)]
pub struct NewPassword(String);

impl NewPassword {
    /// Reads what a person has typed: 8 characters to 1024 bytes that are not easily guessed, of any kind.
    ///
    /// # Errors
    /// [`WeakPassword`].
    pub fn parse(text: &str, name: &AccountName) -> Result<Self, WeakPassword> {
        // The text of a request may be much longer than a password.
        if text.len() > 4 * MAX_BYTES {
            return Err(WeakPassword::TooLong);
        }
        let text = normalized(text);
        if text.chars().count() < MIN_LENGTH {
            return Err(WeakPassword::TooShort);
        }
        if text.len() > MAX_BYTES {
            return Err(WeakPassword::TooLong);
        }
        let estimate = zxcvbn(&text, &[name.as_str(), "kith"]);
        if estimate.score() < Score::Two {
            let warning = estimate.feedback().and_then(|feedback| feedback.warning());
            return Err(WeakPassword::Common(warning.map_or("", reason)));
        }
        Ok(Self(text))
    }
}

/// How a comparison has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    Wrong,
    /// With a hash to replace the one that is kept, if that has other parameters than those of today.
    Right {
        rehashed: Option<String>,
    },
}

/// The most passwords that wait until others are hashed: about a second of work for two cores. Further clients are told
/// to come back, so that a flood of attempts keeps no one waiting for long.
const MAX_WAITING: usize = 64;

/// Hashes and compares passwords, as many at a time as there are cores. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    cores: Arc<Semaphore>,
    /// Room for those that are hashed and those that wait.
    room: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            cores: Arc::new(Semaphore::new(cores)),
            room: Arc::new(Semaphore::new(cores + MAX_WAITING)),
        }
    }
}

impl Passwords {
    /// A hash in the PHC string format, which names its parameters.
    ///
    /// # Errors
    /// [`Unavailable::Busy`] when too many passwords wait, or the machine has no memory or no random numbers.
    pub async fn hash(&self, password: NewPassword) -> Result<String, Unavailable> {
        self.run(move || hash(&password.0))
            .await
            .flatten()
            .ok_or(Unavailable::Busy)
    }

    /// Compares a password with a hash, or takes as long without one.
    ///
    /// # Errors
    /// As for [`hash`](Self::hash).
    pub async fn compare(
        &self,
        password: &str,
        with: Option<String>,
    ) -> Result<Comparison, Unavailable> {
        let is_too_long = password.len() > 4 * MAX_BYTES;
        let password = if is_too_long {
            String::new()
        } else {
            normalized(password)
        };
        let compare = move || {
            let kept = with.as_deref().unwrap_or(NO_PASSWORD);
            let hash = PasswordHash::new(kept).ok()?;
            let is_right = hasher()?
                .verify_password(password.as_bytes(), &hash)
                .is_ok();
            if !is_right || with.is_none() {
                return Some(Comparison::Wrong);
            }
            let is_current = kept.starts_with(CURRENT);
            let rehashed = if is_current {
                None
            } else {
                Some(self::hash(&password)?)
            };
            Some(Comparison::Right { rehashed })
        };
        self.run(compare).await.flatten().ok_or(Unavailable::Busy)
    }

    /// Runs work on a thread of its own. It counts among those that run until it ends, even if the caller goes away.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let room = self.room.clone().try_acquire_owned().ok()?;
        let core = self.cores.clone().acquire_owned().await.ok()?;
        let work = move || {
            let _held = (room, core);
            work()
        };
        tokio::task::spawn_blocking(work).await.ok()
    }
}

/// The same characters in the same form, however a keyboard composes them.
fn normalized(text: &str) -> String {
    text.nfc().collect()
}

fn hasher() -> Option<Argon2<'static>> {
    let parameters = Params::new(MEMORY, PASSES, LANES, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

fn hash(password: &str) -> Option<String> {
    let hash: PasswordHash = hasher()?.hash_password(password.as_bytes()).ok()?;
    Some(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<NewPassword, WeakPassword> {
        NewPassword::parse(text, &AccountName::parse("Ada Lovelace").expect("a name"))
    }

    #[test]
    fn a_password_has_8_characters_to_1024_bytes() {
        let long = |bytes: usize| {
            "k7-Quelle,"
                .repeat(bytes)
                .chars()
                .take(bytes)
                .collect::<String>()
        };
        assert!(parse("v7#Qx!e").is_err_and(|error| error == WeakPassword::TooShort));
        // Nine code points, seven characters.
        assert!(parse("é7#Qxe\u{301}e\u{301}").is_err_and(|error| error == WeakPassword::TooShort));
        assert!(parse("v7#Qx!e€").is_ok());
        assert!(parse(&long(1024)).is_ok());
        assert!(parse(&long(1025)).is_err_and(|error| error == WeakPassword::TooLong));
        assert!(parse(&long(100_000)).is_err_and(|error| error == WeakPassword::TooLong));
    }

    #[test]
    fn a_password_that_is_easy_to_guess_is_refused_with_advice() {
        for text in [
            "password",
            "Password1",
            "12345678",
            "qwertyuiop",
            "iloveyou",
            "letmein1",
            "aaaaaaaa",
            "abcdefgh",
            "lovelace",
            "P@ssw0rd",
            "sunshine",
            "football1",
        ] {
            let refused = parse(text)
                .err()
                .unwrap_or_else(|| panic!("{text} is accepted"));
            assert!(
                refused.to_string().contains("Three or four words"),
                "{refused}"
            );
        }
        // No rules about kinds of characters.
        for text in [
            "correct horse battery",
            "kettle violin marmot",
            "梅雨前線停滞中です",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[tokio::test]
    async fn a_password_is_compared_in_any_form_of_its_characters() {
        let passwords = Passwords::default();
        let hash = passwords.hash(parse("Caf\u{e9} Violine 9").expect("good"));
        let hash = hash.await.expect("there is memory");
        assert!(hash.starts_with(CURRENT), "{hash}");
        for (text, is_right) in [
            ("Caf\u{e9} Violine 9", true),
            ("Cafe\u{301} Violine 9", true),
            ("Cafe Violine 9", false),
            ("", false),
        ] {
            let found = passwords.compare(text, Some(hash.clone())).await;
            let expected = match is_right {
                true => Comparison::Right { rehashed: None },
                false => Comparison::Wrong,
            };
            assert_eq!(found, Ok(expected), "{text:?}");
        }
        let none = passwords.compare("Caf\u{e9} Violine 9", None).await;
        assert_eq!(none, Ok(Comparison::Wrong));
    }

    #[tokio::test]
    async fn a_hash_with_older_parameters_is_replaced() {
        let older = Params::new(8 * 1024, 1, 1, None).expect("valid");
        let older = Argon2::new(Algorithm::Argon2id, Version::V0x13, older);
        let older: PasswordHash = older
            .hash_password(b"kettle violin")
            .expect("there is memory");
        let passwords = Passwords::default();
        let found = passwords
            .compare("kettle violin", Some(older.to_string()))
            .await;
        let Ok(Comparison::Right {
            rehashed: Some(new),
        }) = found
        else {
            panic!("{found:?}");
        };
        let found = passwords.compare("kettle violin", Some(new)).await;
        assert_eq!(found, Ok(Comparison::Right { rehashed: None }));
        assert!(NO_PASSWORD.starts_with(CURRENT), "it takes as long");
    }

    #[tokio::test]
    async fn a_password_that_finds_no_room_is_turned_away_and_a_later_one_is_not() {
        let passwords = Passwords::default();
        let cores = passwords.cores.available_permits();
        let busy = passwords.cores.clone().acquire_many_owned(cores as u32);
        let busy = busy.await.expect("it is open");
        let compare = || {
            let passwords = passwords.clone();
            tokio::spawn(async move { passwords.compare("a", None).await })
        };
        let waiting: Vec<_> = (0..cores + MAX_WAITING).map(|_| compare()).collect();
        while passwords.room.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(passwords.compare("a", None).await, Err(Unavailable::Busy));
        for one in &waiting[2..] {
            // Clients that go away leave their room to others.
            one.abort();
        }
        drop(busy);
        for one in waiting.into_iter().take(2) {
            assert_eq!(one.await.expect("no panic"), Ok(Comparison::Wrong));
        }
        assert_eq!(passwords.compare("a", None).await, Ok(Comparison::Wrong));
    }
}
