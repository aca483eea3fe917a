//! What an operator should know of a database that does its work.

use std::fmt;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

/// Something to know of a database that does its work. Displayed, it is two sentences without any text of the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The replica cannot be read.
    Replica,
    /// The clock of this machine and that of the server differ by more than a second.
    Clock,
    /// A newer release of the program has changed the tables.
    NewerSchema,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replica => "The replica of the database cannot be read. The primary is read.",
            Self::Clock => {
                "The clock of this machine and that of the database differ by more than a second. \
                 Set them by NTP."
            }
            Self::NewerSchema => {
                "A newer release has changed the tables of the database. Update this instance."
            }
        })
    }
}

/// The warnings that stand. Each is logged when it begins and when it ends.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Mutex<Vec<Warning>>);

impl Warnings {
    pub(crate) fn record(&self, warning: Warning, stands: bool) {
        let mut all = self.lock();
        if all.contains(&warning) == stands {
            return;
        }
        match stands {
            true => {
                tracing::warn!("{warning}");
                all.push(warning);
            }
            false => {
                tracing::info!("no longer: {warning}");
                all.retain(|known| *known != warning);
            }
        }
    }

    pub(crate) fn all(&self) -> Vec<Warning> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Warning>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
