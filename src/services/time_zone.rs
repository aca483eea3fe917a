//! [`Zone`]: a time zone, which decides what day it is.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The most characters of a name.
const MAX_CHARS: usize = 64;

/// A time zone of the IANA database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// There is no time zone of this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoZone;

impl Zone {
    /// The day at a time.
    pub fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.0.clone()).date()
    }

    /// A cron expression by this time zone, unless it names one itself.
    pub fn of_cron(&self, expression: &str) -> String {
        match expression.contains("TZ=") {
            true => expression.to_owned(),
            false => format!("CRON_TZ={self} {expression}"),
        }
    }
}

impl FromStr for Zone {
    type Err = NoZone;

    /// Reads a name such as `Europe/Paris`, in any case.
    fn from_str(name: &str) -> Result<Self, NoZone> {
        let is_sign = |sign: u8| sign.is_ascii_alphanumeric() || b"/_+-".contains(&sign);
        if name.len() > MAX_CHARS || !name.bytes().all(is_sign) {
            return Err(NoZone);
        }
        let zone = TimeZone::get(name).map_err(|_| NoZone)?;
        zone.iana_name()
            .is_some()
            .then_some(Self(zone))
            .ok_or(NoZone)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_decides_what_day_it_is() {
        let at: Timestamp = "2026-11-27T23:30:00Z".parse().expect("it is RFC 3339");
        for (name, day) in [
            ("UTC", "2026-11-27"),
            ("Europe/Berlin", "2026-11-28"),
            ("America/New_York", "2026-11-27"),
            ("Pacific/Kiritimati", "2026-11-28"),
        ] {
            let zone: Zone = name.parse().expect("a time zone");
            assert_eq!(zone.day(at).to_string(), day, "{name}");
            assert_eq!(zone.to_string(), name);
        }
    }

    #[test]
    fn a_schedule_is_by_the_zone_unless_it_names_one() {
        let zone: Zone = "Europe/Berlin".parse().expect("a time zone");
        assert_eq!(zone.of_cron("0 7 * * *"), "CRON_TZ=Europe/Berlin 0 7 * * *");
        let named = "CRON_TZ=Asia/Tokyo 0 7 * * *";
        assert_eq!(zone.of_cron(named), named);
    }

    #[test]
    fn other_names_are_refused() {
        for name in [
            "",
            "Mars/Olympus",
            "../../etc/passwd",
            "Europe/Berlin;",
            &"a".repeat(65),
        ] {
            assert_eq!(name.parse::<Zone>(), Err(NoZone), "{name}");
        }
    }
}
