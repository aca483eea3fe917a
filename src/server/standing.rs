//! How a part elsewhere is, as far as its last answer tells.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use jiff::Timestamp;

/// Shared by those who ask the part and those who tell how it is. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Standing(Arc<Mutex<Option<Known>>>);

/// What is known of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub since: Timestamp,
    /// Why it is down, as a sentence for people; `None` while it is up.
    pub trouble: Option<String>,
}

impl Standing {
    /// Takes note of an answer. How long a part has been up or down goes on from the first such one.
    pub fn heed(&self, trouble: Option<&str>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let trouble = trouble.map(ToOwned::to_owned);
        match &mut *known {
            Some(known) if known.trouble.is_some() == trouble.is_some() => known.trouble = trouble,
            _ => {
                *known = Some(Known {
                    since: Timestamp::now(),
                    trouble,
                });
            }
        }
    }

    /// `None` as long as nobody has asked.
    pub fn known(&self) -> Option<Known> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_as_it_is_since_the_first_answer_that_says_so() {
        let standing = Standing::default();
        assert_eq!(standing.known(), None);
        standing.heed(Some("It is not there."));
        let first = standing.known().expect("it was asked");
        standing.heed(Some("It does not answer."));
        let second = standing.known().expect("it was asked");
        assert_eq!(second.since, first.since);
        assert_eq!(second.trouble.as_deref(), Some("It does not answer."));
        standing.heed(None);
        assert_eq!(standing.known().expect("it was asked").trouble, None);
    }
}
