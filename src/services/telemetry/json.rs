//! JSON lines as `tracing_subscriber` writes them, at a fraction of the cost.
//!
//! `tracing_subscriber` computes the date anew for each line, and passes each field through several writers that
//! check it. Kith writes one line for each response, so it formats these lines itself: events that belong to no
//! span. All other lines are those of `tracing_subscriber`.

use std::cell::RefCell;
use std::fmt;
use std::fmt::Write;

use jiff::Timestamp;
use tracing::Event;
use tracing::Subscriber;
use tracing::field::Field;
use tracing::field::Visit;
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::FormatEvent;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::FormattedFields;
use tracing_subscriber::fmt::format::Format;
use tracing_subscriber::fmt::format::Json;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::registry::LookupSpan;

/// Room for the line of a response.
const LINE_BYTES: usize = 384;

/// Room for the fields of the span of a request.
const FIELDS_BYTES: usize = 64;

/// The bytes of a second in RFC 3339 without its `Z`.
const SECOND_BYTES: usize = 19;

/// Writes events as JSON.
pub struct JsonLines {
    /// Writes the events of spans.
    others: Format<Json>,
}

impl JsonLines {
    pub fn new(others: Format<Json>) -> Self {
        Self { others }
    }
}

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::with_capacity(LINE_BYTES);
        line.push_str("{\"timestamp\":\"");
        let is_alone = event.is_root() && context.lookup_current().is_none();
        if !is_alone || !push_time(&mut line, Timestamp::now()) {
            return self.others.format_event(context, writer, event);
        }
        line.push_str("\",\"level\":\"");
        line.push_str(event.metadata().level().as_str());
        line.push('"');
        let mut object = Object::after(line);
        event.record(&mut object);
        object.entry("target", |line| {
            push_text(line, event.metadata().target());
            Ok(())
        });
        writer.write_str(&object.end()?)?;
        writer.write_char('\n')
    }
}

/// Adds a time in RFC 3339, to the microsecond. Returns false for a time that is not of the years 0 to 9999 or is
/// before 1970: it has another form, or its fraction counts backwards.
fn push_time(line: &mut String, now: Timestamp) -> bool {
    thread_local! {
        /// The last second, and its text.
        static SECOND: RefCell<(i64, String)> = const { RefCell::new((i64::MIN, String::new())) };
    }
    let second = now.as_second();
    SECOND.with_borrow_mut(|(known, text)| {
        if *known != second {
            *known = second;
            *text = Timestamp::from_second(second)
                .map_or_else(|_| String::new(), |time| time.to_string());
        }
        let fraction = u32::try_from(now.subsec_microsecond());
        let (Ok(fraction), 0.., Some(text)) = (fraction, second, text.get(..SECOND_BYTES)) else {
            return false;
        };
        line.push_str(text);
        line.push('.');
        let mut digits = itoa::Buffer::new();
        // Six digits behind a one.
        line.push_str(&digits.format(1_000_000 + fraction)[1..]);
        line.push('Z');
        true
    })
}

/// Formats the fields of spans as one JSON object, which [`JsonLines`] passes on.
pub struct SpanFields;

impl<'writer> FormatFields<'writer> for SpanFields {
    fn format_fields<R: RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        let mut object = Object::new();
        fields.record(&mut object);
        writer.write_str(&object.end()?)
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &Record<'_>,
    ) -> fmt::Result {
        let mut object = Object::new();
        fields.record(&mut object);
        let added = object.end()?;
        // A field that comes again replaces the earlier one when the object is read.
        current.fields = match current.fields.strip_suffix('}') {
            Some("{") | None => added,
            Some(before) if added == "{}" => format!("{before}}}"),
            Some(before) => format!("{before},{}", &added[1..]),
        };
        Ok(())
    }
}

/// A JSON object that is being written.
struct Object {
    text: String,
    result: fmt::Result,
}

impl Object {
    fn new() -> Self {
        let mut text = String::with_capacity(FIELDS_BYTES);
        text.push('{');
        Self::after(text)
    }

    /// An object of which `text` is the beginning.
    fn after(text: String) -> Self {
        Self {
            text,
            result: Ok(()),
        }
    }

    fn entry(&mut self, name: &str, value: impl FnOnce(&mut String) -> fmt::Result) {
        if self.result.is_err() {
            return;
        }
        if !self.text.ends_with('{') {
            self.text.push(',');
        }
        push_text(&mut self.text, name);
        self.text.push(':');
        self.result = value(&mut self.text);
    }

    /// The text of the object.
    fn end(mut self) -> Result<String, fmt::Error> {
        self.result?;
        self.text.push('}');
        Ok(self.text)
    }
}

impl Visit for Object {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.entry(field.name(), |text| {
            text.push_str(&serde_json::to_string(&value).map_err(|_| fmt::Error)?);
            Ok(())
        });
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.entry(field.name(), |text| {
            text.push_str(itoa::Buffer::new().format(value));
            Ok(())
        });
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.entry(field.name(), |text| {
            text.push_str(itoa::Buffer::new().format(value));
            Ok(())
        });
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.entry(field.name(), |text| {
            text.push_str(if value { "true" } else { "false" });
            Ok(())
        });
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.entry(field.name(), |text| {
            push_text(text, value);
            Ok(())
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.entry(field.name(), |text| {
            text.push('"');
            write!(Escape(text), "{value:?}")?;
            text.push('"');
            Ok(())
        });
    }
}

/// Adds a text in quotes.
fn push_text(line: &mut String, text: &str) {
    line.push('"');
    push_escaped(line, text);
    line.push('"');
}

/// Adds a part of a text in quotes. Almost no text has a character that JSON escapes.
fn push_escaped(line: &mut String, part: &str) {
    let is_special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    // Without a branch for each byte, so that the processor looks at many at once.
    let has_special = part
        .bytes()
        .fold(false, |found, byte| found | is_special(byte));
    if !has_special {
        line.push_str(part);
        return;
    }
    let escaped = serde_json::Value::from(part).to_string();
    line.push_str(&escaped[1..escaped.len() - 1]);
}

/// Escapes what is written through it.
struct Escape<'line>(&'line mut String);

impl fmt::Write for Escape<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        push_escaped(self.0, part);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;
    use std::sync::Mutex;

    use tracing::level_filters::LevelFilter;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Events of each kind.
    fn log() {
        let id = "26994330-61ec-4181-b68c-cf1cdebf5794";
        for milliseconds in [0.071_234_567, 1e-7, 12.0, 1e300, f64::NAN, f64::INFINITY] {
            tracing::info!(parent: None, %id, method = "GET", route = "/contacts/{id}", status = 200_u16, milliseconds, "answered");
        }
        tracing::warn!(parent: None, below = -1_i64, yes = true, wide = 1_u128, none = Option::<u8>::None, "a {:?} is lost", "line\n\u{1}\u{e9}\u{1f600}\\");
        tracing::error!(parent: None, error = %io::Error::other("\"quoted\""), path = ?std::path::Path::new("a\"b"));
        tracing::event!(target: "a \"target\"", parent: None, tracing::Level::DEBUG, x.y = "z");
        tracing::info!(parent: None, "");
        tracing::info!("without a span");
        tracing::info_span!("request", %id, size = 5_u64, later = tracing::field::Empty).in_scope(
            || {
                tracing::info!(kind = "in a span", "spoke");
                tracing::info!(parent: None, "the span is mentioned here, too");
                tracing::Span::current()
                    .record("later", "a \"word\"")
                    .record("size", 6_u64);
                tracing::info!(kind = "in a span", "spoke again");
                tracing::info_span!("inner").in_scope(|| {
                    tracing::Span::current().record("later", "not a field of this span");
                    tracing::info!("inside");
                });
            },
        );
        tracing::info_span!("empty", later = tracing::field::Empty).in_scope(|| {
            tracing::info!("no fields yet");
            tracing::Span::current().record("later", 1_u64);
            tracing::info!("one field");
        });
    }

    /// The lines of [`log`], without their times, which have one length.
    fn lines(subscriber: impl FnOnce(Lines) -> tracing::Dispatch) -> Vec<String> {
        let lines = Lines::default();
        tracing::dispatcher::with_default(&subscriber(lines.clone()), log);
        let text = String::from_utf8(lines.0.lock().expect("no panic").clone()).expect("text");
        let time = "{\"timestamp\":\"2026-11-26T10:59:54.612345Z".len();
        text.lines().map(|line| line[time..].to_owned()).collect()
    }

    #[test]
    fn lines_are_those_of_the_library() {
        let library = lines(|lines| {
            let json = tracing_subscriber::fmt()
                .with_max_level(LevelFilter::TRACE)
                .with_writer(move || lines.clone())
                .json();
            let json = json.flatten_event(true).with_span_list(false);
            json.finish().into()
        });
        let ours = lines(|lines| {
            let json = tracing_subscriber::fmt()
                .with_max_level(LevelFilter::TRACE)
                .with_writer(move || lines.clone())
                .json();
            let json = json.flatten_event(true).with_span_list(false);
            let json = json.map_event_format(JsonLines::new).fmt_fields(SpanFields);
            json.finish().into()
        });
        assert_eq!(ours, library);
        assert!(library.len() > 15, "{library:?}");
    }

    #[test]
    fn a_time_has_its_microseconds() {
        for (time, expected) in [
            (
                "2026-11-26T10:59:54.000000999Z",
                Some("2026-11-26T10:59:54.000000Z"),
            ),
            (
                "2026-11-26T10:59:54.612345Z",
                Some("2026-11-26T10:59:54.612345Z"),
            ),
            ("2026-11-26T10:59:55Z", Some("2026-11-26T10:59:55.000000Z")),
            // Set back.
            (
                "2026-11-26T10:59:54.1Z",
                Some("2026-11-26T10:59:54.100000Z"),
            ),
            ("1970-01-01T00:00:00Z", Some("1970-01-01T00:00:00.000000Z")),
            ("1969-12-31T23:59:59.5Z", None),
            ("9999-12-30T22:00:00Z", Some("9999-12-30T22:00:00.000000Z")),
        ] {
            let mut line = String::new();
            let is_known = push_time(&mut line, time.parse().expect("a time"));
            assert_eq!(is_known.then_some(line.as_str()), expected, "{time}");
        }
    }
}
