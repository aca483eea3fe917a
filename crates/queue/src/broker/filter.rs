//! Which messages, dead letters or events a client means.

use kith_database::QueryBuilder;
use kith_database::Sql;
use kith_database::Value;

use crate::destination::Destinations;
use crate::rejection::Rejection;
use crate::rejection::require_no_nul;

/// The most alternatives of one parameter.
const MAX_VALUES: usize = 500;

/// The number of rows in an answer where the client names none.
const DEFAULT_COUNT: u32 = 100;

/// A parameter of a query string that narrows a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parameter {
    names: &'static [&'static str],
    column: Column,
    kind: Kind,
}

/// What a parameter is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Id,
    Time,
    State,
    /// The same in each listing.
    Of(&'static str),
}

/// How a parameter is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    State,
    Url,
    Host,
    Path,
    Label,
    Status,
    From,
    To,
}

impl Parameter {
    const fn new(names: &'static [&'static str], column: Column, kind: Kind) -> Self {
        Self {
            names,
            column,
            kind,
        }
    }

    const MESSAGE_ID: Self = Self::new(&["messageId", "messageIds"], Column::Id, Kind::Text);
    const DEAD_LETTER_ID: Self = Self::new(
        &["dlqId", "dlqIds"],
        Column::Of("m.dead_letter_id"),
        Kind::Text,
    );
    const ALL: [Self; 15] = [
        Self::MESSAGE_ID,
        Self::DEAD_LETTER_ID,
        Self::new(&["state"], Column::State, Kind::State),
        Self::new(&["url"], Column::Of("m.destination"), Kind::Url),
        Self::new(&["host"], Column::Of("m.host"), Kind::Host),
        Self::new(&["path"], Column::Of("m.path"), Kind::Path),
        Self::new(&["label"], Column::Of("m.labels"), Kind::Label),
        Self::new(&["scheduleId"], Column::Of("m.schedule_id"), Kind::Text),
        Self::new(
            &["callerIp", "callerIP"],
            Column::Of("m.caller_ip"),
            Kind::Text,
        ),
        Self::new(
            &["responseStatus"],
            Column::Of("CAST(m.response_status AS TEXT)"),
            Kind::Status,
        ),
        Self::new(&["fromDate"], Column::Time, Kind::From),
        Self::new(&["toDate"], Column::Time, Kind::To),
        Self::new(&["queueName"], Column::Of("m.queue"), Kind::Text),
        Self::new(&["topicName"], Column::Of("m.topic"), Kind::Text),
        Self::new(
            &["flowControlKey"],
            Column::Of("m.flow_control"),
            Kind::Text,
        ),
    ];

    fn named(name: &str) -> Result<Self, Rejection> {
        let mut all = Self::ALL.iter();
        let known = all.find(|parameter| parameter.names.contains(&name));
        known.copied().ok_or_else(|| {
            Rejection::bad_request(format!("There is no filter {name:?}. Check its spelling."))
        })
    }
}

impl Kind {
    /// The alternatives in a value of the parameter `name`.
    fn alternatives(self, name: &str, value: &str) -> Result<Vec<String>, Rejection> {
        let is_status = |part: &str| part.trim().parse::<u16>().is_ok();
        match self {
            Self::From | Self::To if value.parse::<i64>().ok().is_none_or(|at| at < 0) => {
                Err(Rejection::bad_request(format!(
                    "{name} cannot be {value:?}. It takes Unix milliseconds, from 1970 on."
                )))
            }
            Self::Status if !value.split(',').all(is_status) => Err(wrong(name, value)),
            // A URL and a path may hold commas. In the others a comma separates alternatives.
            Self::Url | Self::Path => Ok(vec![value.to_owned()]),
            _ => {
                let parts = value.split(',').map(|part| part.trim().to_owned());
                Ok(parts.collect())
            }
        }
    }

    /// The values that the database holds for one alternative.
    fn stored(self, value: &str, destinations: &Destinations) -> Vec<String> {
        match self {
            Self::State => states(value),
            Self::Url => vec![destinations.stored(value).to_owned()],
            _ => vec![value.to_owned()],
        }
    }
}

/// The columns of a listing.
struct Columns {
    seq: &'static str,
    id: &'static str,
    time: &'static str,
    state: &'static str,
}

const MESSAGES: Columns = Columns {
    seq: "m.seq",
    id: "m.id",
    time: "m.created_at",
    state: "upper(m.state)",
};

const EVENTS: Columns = Columns {
    seq: "e.seq",
    id: "e.message_id",
    time: "e.at",
    state: "e.state",
};

impl Columns {
    fn name(&self, column: Column) -> &'static str {
        match column {
            Column::Id => self.id,
            Column::Time => self.time,
            Column::State => self.state,
            Column::Of(name) => name,
        }
    }
}

/// A filter for messages, dead letters or events.
///
/// The values of one parameter are alternatives, and all parameters must match. A filter without parameters matches
/// everything.
///
/// ```
/// use kith_queue::broker::filter::Filter;
///
/// let filter = Filter::parse("label=mail,report&state=RETRY&count=50")?;
/// assert_eq!(filter.limit(), Some(50));
/// assert!(Filter::parse("lable=mail").is_err());
/// # Ok::<(), kith_queue::rejection::Rejection>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    parameters: Vec<(Parameter, Vec<String>)>,
    count: Option<u32>,
    cursor: Option<i64>,
}

impl Filter {
    /// Reads a query string, for example `label=a,b&count=5`. The names of the parameters are those of QStash.
    ///
    /// # Errors
    /// A [`Rejection`] for a parameter that is not known, or not understood: a client that means to delete a
    /// few must not delete all.
    pub fn parse(query: &str) -> Result<Self, Rejection> {
        let mut filter = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "count" => {
                    let count = value.parse().ok().filter(|count| *count > 0);
                    filter.count = Some(count.ok_or_else(|| wrong(&name, &value))?);
                }
                "cursor" if value.is_empty() => {}
                "cursor" => {
                    let cursor = value.parse().ok().filter(|cursor| *cursor >= 0);
                    filter.cursor = Some(cursor.ok_or_else(|| wrong(&name, &value))?);
                }
                "qstash_token" => {}
                _ => filter.add(&name, &value)?,
            }
        }
        // A client that names a value twice means it once.
        for (_, values) in &mut filter.parameters {
            values.sort_unstable();
            values.dedup();
        }
        let counts = filter.parameters.iter().map(|(_, values)| values.len());
        if counts.max() > Some(MAX_VALUES) {
            return Err(Rejection::bad_request(format!(
                "A filter takes at most {MAX_VALUES} values of a kind. Ask several times."
            )));
        }
        Ok(filter)
    }

    fn add(&mut self, name: &str, value: &str) -> Result<(), Rejection> {
        let parameter = Parameter::named(name)?;
        let values = parameter.kind.alternatives(name, value)?;
        let mut known = self.parameters.iter_mut();
        match known.find(|(known, _)| *known == parameter) {
            Some((_, known)) => known.extend(values),
            None => self.parameters.push((parameter, values)),
        }
        Ok(())
    }

    /// A filter that matches one message.
    pub fn message(id: &str) -> Self {
        Self::of(Parameter::MESSAGE_ID, id)
    }

    /// A filter that matches one dead letter.
    pub fn dead_letter(id: &str) -> Self {
        Self::of(Parameter::DEAD_LETTER_ID, id)
    }

    /// A filter that matches these dead letters.
    pub fn dead_letters(mut ids: Vec<String>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        Self {
            parameters: vec![(Parameter::DEAD_LETTER_ID, ids)],
            ..Self::default()
        }
    }

    /// The same filter for the page that begins at a cursor, which the answer for the page before has named.
    pub fn before(self, cursor: &str) -> Self {
        Self {
            cursor: cursor.parse().ok(),
            ..self
        }
    }

    fn of(parameter: Parameter, value: &str) -> Self {
        Self {
            parameters: vec![(parameter, vec![value.to_owned()])],
            ..Self::default()
        }
    }

    /// How many ids of messages or dead letters it names, if any.
    pub(super) fn named_ids(&self) -> Option<usize> {
        let ids = |(parameter, values): &(Parameter, Vec<String>)| {
            let is_id = [Parameter::MESSAGE_ID, Parameter::DEAD_LETTER_ID].contains(parameter);
            is_id.then_some(values.len())
        };
        self.parameters.iter().find_map(ids)
    }

    /// The parameter `count`.
    pub fn limit(&self) -> Option<u64> {
        self.count.map(u64::from)
    }

    /// The number of rows in an answer that has at most `max`.
    ///
    /// # Errors
    /// A [`Rejection`] where `count` is more.
    pub(super) fn page_size(&self, max: u32) -> Result<u32, Rejection> {
        match self.count {
            None => Ok(DEFAULT_COUNT.min(max)),
            Some(count) if count <= max => Ok(count),
            Some(_) => Err(Rejection::bad_request(format!("count is at most {max}."))),
        }
    }

    /// Adds conditions on `messages`, named `m`, the latest first.
    ///
    /// # Errors
    /// A [`Rejection`] of a value that no database holds.
    pub(super) fn narrow_messages(
        &self,
        query: &mut QueryBuilder<'_>,
        destinations: &Destinations,
    ) -> Result<(), Rejection> {
        self.narrow(query, destinations, &MESSAGES)
    }

    /// Adds conditions on `events`, named `e`, and their messages, named `m`.
    ///
    /// # Errors
    /// A [`Rejection`] of a value that no database holds.
    pub(super) fn narrow_events(
        &self,
        query: &mut QueryBuilder<'_>,
        destinations: &Destinations,
    ) -> Result<(), Rejection> {
        self.narrow(query, destinations, &EVENTS)
    }

    fn narrow(
        &self,
        query: &mut QueryBuilder<'_>,
        destinations: &Destinations,
        columns: &Columns,
    ) -> Result<(), Rejection> {
        for (parameter, values) in &self.parameters {
            for value in values {
                require_no_nul(parameter.names[0], value)?;
            }
        }
        if let Some(cursor) = self.cursor {
            query
                .push(" AND ")
                .push(columns.seq)
                .push(" < ")
                .push_bind(cursor);
        }
        for (parameter, values) in &self.parameters {
            query.push(" AND (");
            let column = columns.name(parameter.column);
            match parameter.kind {
                Kind::From => push_times(query, column, " >= ", values),
                Kind::To => push_times(query, column, " <= ", values),
                Kind::Label => push_labels(query, column, values),
                kind => {
                    let own_host = destinations.own_host();
                    let is_own = |value: &String| own_host.as_ref() == Some(value);
                    if kind == Kind::Host && values.iter().any(is_own) {
                        query.push("m.host IS NULL OR ");
                    }
                    let stored = values
                        .iter()
                        .flat_map(|value| kind.stored(value, destinations));
                    push_list(query, column, stored);
                }
            }
            query.push(")");
        }
        Ok(())
    }
}

fn push_times(
    query: &mut QueryBuilder<'_>,
    column: &'static str,
    operator: &'static str,
    values: &[String],
) {
    query.push_each(" OR ", values, |query, value| {
        let at: i64 = value.parse().unwrap_or_default();
        query.push(column).push(operator).push_bind(at);
    });
}

fn push_labels(query: &mut QueryBuilder<'_>, column: &'static str, labels: &[String]) {
    query.push_each(" OR ", labels, |query, label| {
        query.push(Sql::each("instr(", "strpos("));
        query.push(column).push(", ");
        query.push_bind(format!(",{label},")).push(") > 0");
    });
}

/// Pushes a list, because an index serves that.
fn push_list(
    query: &mut QueryBuilder<'_>,
    column: &'static str,
    values: impl Iterator<Item = String>,
) {
    query
        .push(column)
        .push(" IN ")
        .push_list(values.map(Value::from));
}

fn wrong(name: &str, value: &str) -> Rejection {
    Rejection::bad_request(format!("{name} cannot be {value:?}."))
}

/// The states that a name stands for. QStash spells `CANCELLED` in two ways.
fn states(name: &str) -> Vec<String> {
    let name = name.to_ascii_uppercase();
    let states: &[&str] = match &*name {
        "IN_PROGRESS" => &["CREATED", "ACTIVE", "RETRY", "ERROR"],
        "CANCELLED" | "CANCEL_REQUESTED" => &["CANCELED"],
        _ => return vec![name],
    };
    states.iter().map(|state| (*state).to_owned()).collect()
}
