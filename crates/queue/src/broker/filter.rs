//! Which messages, dead letters or events somebody means.

use sqlx::QueryBuilder;
use sqlx::Sqlite;

use crate::destination::Destinations;
use crate::rejection::Rejection;

/// Parsed from a query string. Values of one parameter are alternatives, parameters add up. No
/// parameter means everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    parameters: Vec<(Column, Vec<String>)>,
    count: Option<u32>,
    cursor: Option<i64>,
}

/// The most alternatives of one parameter.
const MOST_VALUES: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    MessageId,
    DeadLetterId,
    State,
    Url,
    Host,
    Path,
    Label,
    ScheduleId,
    CallerIp,
    ResponseStatus,
    From,
    To,
    Queue,
    Topic,
    FlowControl,
}

impl Filter {
    /// # Errors
    /// A [`Rejection`] for a parameter that is not known, or not understood: whoever means to delete a
    /// few must not delete all.
    pub fn parse(query: &str) -> Result<Self, Rejection> {
        let mut filter = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let wrong = || Rejection::bad_request(format!("{name} cannot be {value:?}."));
            let column = match &*name {
                "messageId" | "messageIds" => Column::MessageId,
                "dlqId" | "dlqIds" => Column::DeadLetterId,
                "state" => Column::State,
                "url" => Column::Url,
                "host" => Column::Host,
                "path" => Column::Path,
                "label" => Column::Label,
                "scheduleId" => Column::ScheduleId,
                "callerIp" | "callerIP" => Column::CallerIp,
                "responseStatus" => Column::ResponseStatus,
                "fromDate" => Column::From,
                "toDate" => Column::To,
                "queueName" => Column::Queue,
                "topicName" => Column::Topic,
                "flowControlKey" => Column::FlowControl,
                "count" => {
                    filter.count = Some(
                        value
                            .parse()
                            .ok()
                            .filter(|count| *count > 0)
                            .ok_or_else(wrong)?,
                    );
                    continue;
                }
                "cursor" => {
                    if !value.is_empty() {
                        let cursor = value.parse().ok().filter(|cursor| *cursor >= 0);
                        filter.cursor = Some(cursor.ok_or_else(wrong)?);
                    }
                    continue;
                }
                "qstash_token" => continue,
                _ => {
                    return Err(Rejection::bad_request(format!(
                        "There is no filter {name:?}. Check its spelling."
                    )));
                }
            };
            let is_time = matches!(column, Column::From | Column::To);
            if is_time && value.parse::<i64>().ok().is_none_or(|at| at < 0) {
                return Err(Rejection::bad_request(format!(
                    "{name} cannot be {value:?}. It takes Unix milliseconds, from 1970 on."
                )));
            }
            let is_status = |part: &str| part.trim().parse::<u16>().is_ok();
            if column == Column::ResponseStatus && !value.split(',').all(is_status) {
                return Err(wrong());
            }
            // A URL and a path may hold commas; everything else is listed with them.
            let listed = !matches!(column, Column::Url | Column::Path);
            let values: Vec<String> = if listed {
                value
                    .split(',')
                    .map(|part| part.trim().to_owned())
                    .collect()
            } else {
                vec![value.to_string()]
            };
            match filter
                .parameters
                .iter_mut()
                .find(|(known, _)| *known == column)
            {
                Some((_, known)) => known.extend(values),
                None => filter.parameters.push((column, values)),
            }
        }
        // Who names something twice means it once.
        for (_, values) in &mut filter.parameters {
            values.sort_unstable();
            values.dedup();
        }
        let most = filter
            .parameters
            .iter()
            .map(|(_, values)| values.len())
            .max();
        if most > Some(MOST_VALUES) {
            return Err(Rejection::bad_request(format!(
                "A filter takes at most {MOST_VALUES} values of a kind. Ask several times."
            )));
        }
        Ok(filter)
    }

    /// One message.
    pub fn message(id: &str) -> Self {
        Self::of(Column::MessageId, id)
    }

    /// One dead letter.
    pub fn dead_letter(id: &str) -> Self {
        Self::of(Column::DeadLetterId, id)
    }

    /// Some dead letters.
    pub fn dead_letters(mut ids: Vec<String>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        Self {
            parameters: vec![(Column::DeadLetterId, ids)],
            ..Self::default()
        }
    }

    /// The same from a cursor on, which an answer has named.
    pub fn before(self, cursor: &str) -> Self {
        Self {
            cursor: cursor.parse().ok(),
            ..self
        }
    }

    fn of(column: Column, value: &str) -> Self {
        Self {
            parameters: vec![(column, vec![value.to_owned()])],
            ..Self::default()
        }
    }

    /// How many ids of messages or dead letters were named, if any were.
    pub fn named(&self) -> Option<usize> {
        let ids = |(column, values): &(Column, Vec<String>)| {
            matches!(column, Column::MessageId | Column::DeadLetterId).then_some(values.len())
        };
        self.parameters.iter().find_map(ids)
    }

    /// How many are meant at most, if somebody says so.
    pub fn most(&self) -> Option<u64> {
        self.count.map(u64::from)
    }

    /// How many to answer at most.
    ///
    /// # Errors
    /// A [`Rejection`] when that is more than there may be.
    pub fn count(&self, most: u32) -> Result<u32, Rejection> {
        match self.count {
            None => Ok(100.min(most)),
            Some(count) if count <= most => Ok(count),
            Some(_) => Err(Rejection::bad_request(format!("count is at most {most}."))),
        }
    }

    /// Adds conditions on `messages`, named `m`, the latest first.
    pub fn narrow_messages(
        &self,
        query: &mut QueryBuilder<Sqlite>,
        destinations: &Destinations,
    ) -> Result<(), Rejection> {
        if let Some(cursor) = self.cursor {
            query.push(" AND m.seq < ").push_bind(cursor);
        }
        self.narrow(
            query,
            destinations,
            "m.id",
            "m.created_at",
            "upper(m.state)",
        )
    }

    /// Adds conditions on `events`, named `e`, and their messages, named `m`.
    pub fn narrow_events(
        &self,
        query: &mut QueryBuilder<Sqlite>,
        destinations: &Destinations,
    ) -> Result<(), Rejection> {
        if let Some(cursor) = self.cursor {
            query.push(" AND e.seq < ").push_bind(cursor);
        }
        self.narrow(query, destinations, "e.message_id", "e.at", "e.state")
    }

    fn narrow(
        &self,
        query: &mut QueryBuilder<Sqlite>,
        destinations: &Destinations,
        id: &str,
        time: &str,
        state: &str,
    ) -> Result<(), Rejection> {
        for (column, values) in &self.parameters {
            let mut values: Vec<String> = values.clone();
            let (expression, operator) = match column {
                Column::MessageId => (id, "="),
                Column::DeadLetterId => ("m.dead_letter_id", "="),
                Column::State => {
                    values = values.iter().flat_map(|value| states(value)).collect();
                    (state, "=")
                }
                Column::Url => {
                    for value in &mut values {
                        *value = destinations.stored(value).to_owned();
                    }
                    ("m.destination", "=")
                }
                Column::Host => ("m.host", "="),
                Column::Path => ("m.path", "="),
                Column::Label => {
                    for value in &mut values {
                        *value = format!(",{value},");
                    }
                    ("m.labels", "contains")
                }
                Column::ScheduleId => ("m.schedule_id", "="),
                Column::CallerIp => ("m.caller_ip", "="),
                Column::ResponseStatus => ("CAST(m.response_status AS TEXT)", "="),
                Column::From => (time, ">="),
                Column::To => (time, "<="),
                Column::Queue => ("m.queue", "="),
                Column::Topic => ("m.topic", "="),
                Column::FlowControl => ("m.flow_control", "="),
            };
            let own_host = destinations.own_host();
            let own = |value: &String| own_host.as_ref() == Some(value);
            query.push(" AND (");
            let mut conditions = query.separated(" OR ");
            match (column, operator) {
                (_, "contains") => {
                    for value in values {
                        conditions.push(format_args!("instr({expression}, "));
                        conditions.push_bind_unseparated(value);
                        conditions.push_unseparated(")");
                    }
                }
                (Column::From | Column::To, _) => {
                    for value in values {
                        let at: i64 = value.parse().unwrap_or_default();
                        conditions.push(format_args!("{expression} {operator} "));
                        conditions.push_bind_unseparated(at);
                    }
                }
                _ => {
                    if matches!(column, Column::Host) && values.iter().any(own) {
                        conditions.push("m.host IS NULL");
                    }
                    // A list, because an index serves that.
                    conditions.push(format_args!("{expression} IN ("));
                    for (number, value) in values.into_iter().enumerate() {
                        if number > 0 {
                            conditions.push_unseparated(", ");
                        }
                        conditions.push_bind_unseparated(value);
                    }
                    conditions.push_unseparated(")");
                }
            }
            query.push(")");
        }
        Ok(())
    }
}

/// The states that a name stands for. `CANCELLED` is spelled either way.
fn states(name: &str) -> Vec<String> {
    let name = name.to_ascii_uppercase();
    let states: &[&str] = match &*name {
        "IN_PROGRESS" => &["CREATED", "ACTIVE", "RETRY", "ERROR"],
        "CANCELLED" | "CANCEL_REQUESTED" => &["CANCELED"],
        _ => return vec![name],
    };
    states.iter().map(|state| (*state).to_owned()).collect()
}
