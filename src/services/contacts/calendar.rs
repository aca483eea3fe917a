//! The dates of contacts as iCalendar (RFC 5545): names and days, and nothing else.

use jiff::Timestamp;
use jiff::civil::Date;
use kith_card::content_line;
use kith_card::escape_text;

use super::dates::DateKind;
use super::dates::DateOfContact;
use super::dates::LEAP_YEAR;
use crate::model::format::within_sentence;

/// The years that iCalendar can write, in which programs of calendars expect days.
const MIN_YEAR: i16 = 1;

/// What stands before the events.
pub const BEGIN: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Kith//Birthdays//EN\r\nCALSCALE:GREGORIAN\r\n\
    NAME:Birthdays\r\nX-WR-CALNAME:Birthdays\r\nREFRESH-INTERVAL;VALUE=DURATION:PT12H\r\nX-PUBLISHED-TTL:PT12H\r\n";

/// What stands behind the events.
pub const END: &str = "END:VCALENDAR\r\n";

/// An event that comes back each year. It keeps its UID as long as the contact has the date. A day of 29 February comes on
/// the last day of February.
pub fn event(of: &DateOfContact) -> Vec<u8> {
    let date = &of.date;
    let first = first_day(of);
    let rule = match date.on.is_leap_day() {
        true => "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1",
        false => "FREQ=YEARLY",
    };
    let changed = Timestamp::from_millisecond(of.updated_at).unwrap_or(Timestamp::UNIX_EPOCH);
    let lines = [
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}-{}", of.contact, date.place),
        format!("DTSTAMP:{}", changed.strftime("%Y%m%dT%H%M%SZ")),
        format!("DTSTART;VALUE=DATE:{}", first.strftime("%Y%m%d")),
        format!("RRULE:{rule}"),
        format!("SUMMARY:{}", escape_text(&summary(of))),
        "TRANSP:TRANSPARENT".to_owned(),
        "END:VEVENT".to_owned(),
    ];
    lines.iter().flat_map(|line| content_line(line)).collect()
}

/// The day in its own year, and in one that has every day where the year is not known or cannot be written.
fn first_day(of: &DateOfContact) -> Date {
    let date = &of.date;
    match date.year {
        Some(year) if year < MIN_YEAR => date.on.in_year(LEAP_YEAR),
        _ => date.original(),
    }
}

/// For example `Ada Lovelace: birthday (1815)`.
fn summary(of: &DateOfContact) -> String {
    let date = &of.date;
    let what = match date.kind {
        DateKind::Other => date.kind.words(&date.label).to_owned(),
        kind => within_sentence(kind.words("")),
    };
    match date.year {
        Some(year) if year >= MIN_YEAR => format!("{}: {what} ({year})", of.name),
        _ => format!("{}: {what}", of.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(of: &DateOfContact) -> String {
        String::from_utf8(event(of)).expect("UTF-8")
    }

    #[test]
    fn an_event_has_a_name_and_a_day_of_each_year() {
        assert_eq!(
            written(&DateOfContact::example(
                "Ada; \"A,B\"\\",
                DateKind::Birthday,
                "",
                "1815-12-10"
            )),
            "BEGIN:VEVENT\r\nUID:00000000-0000-0000-0000-000000000000-2\r\nDTSTAMP:20270115T080000Z\r\n\
             DTSTART;VALUE=DATE:18151210\r\nRRULE:FREQ=YEARLY\r\n\
             SUMMARY:Ada\\; \"A\\,B\"\\\\: birthday (1815)\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT\r\n"
        );
    }

    #[test]
    fn a_day_of_any_year_begins_in_one_that_has_it() {
        let leap = written(&DateOfContact::example(
            "Ada",
            DateKind::Other,
            "First met",
            "--02-29",
        ));
        for line in [
            "DTSTART;VALUE=DATE:20000229\r\n",
            "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1\r\n",
            "SUMMARY:Ada: First met\r\n",
        ] {
            assert!(leap.contains(line), "{leap}");
        }
        let old = written(&DateOfContact::example(
            "Ada",
            DateKind::Anniversary,
            "",
            "0000-03-01",
        ));
        assert!(old.contains("DTSTART;VALUE=DATE:20000301\r\n"), "{old}");
        assert!(old.contains("SUMMARY:Ada: anniversary\r\n"), "{old}");
    }

    #[test]
    fn lines_are_folded_between_characters() {
        let long = written(&DateOfContact::example(
            &"é😀".repeat(60),
            DateKind::Birthday,
            "",
            "--12-10",
        ));
        assert!(long.split("\r\n").all(|line| line.len() <= 75), "{long}");
        assert!(long.replace("\r\n ", "").contains(&"é😀".repeat(60)));
    }
}
