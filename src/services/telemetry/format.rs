//! What is logged, and how a line looks.

use std::fmt;
use std::str::FromStr;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Pretty if standard output is a terminal, otherwise JSON.
    Auto,
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// The text names no format of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("none of auto, pretty and json")]
pub struct UnknownLogFormat;

impl FromStr for LogFormat {
    type Err = UnknownLogFormat;

    fn from_str(text: &str) -> Result<Self, UnknownLogFormat> {
        match text {
            "auto" => Ok(Self::Auto),
            "pretty" => Ok(Self::Pretty),
            "json" => Ok(Self::Json),
            _ => Err(UnknownLogFormat),
        }
    }
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Pretty => "pretty",
            Self::Json => "json",
        })
    }
}

/// Directives that `tracing_subscriber::EnvFilter` accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter(String);

/// What PostgreSQL says beside its answers, which the driver logs in PostgreSQL's words. They may quote data.
const NOTICES: &str = "sqlx::postgres::notice=off";

impl LogFilter {
    /// The filter of these directives. No directive shows the words of a database.
    pub fn filter(&self) -> EnvFilter {
        let notices = NOTICES.parse().expect("it is a directive");
        EnvFilter::new(&self.0).add_directive(notices)
    }
}

impl FromStr for LogFilter {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        EnvFilter::try_new(text).map(|_| Self(text.to_owned()))
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use kith_database::Database;
    use kith_database::Options;
    use kith_database::query;
    use kith_test_support::log::Log;
    use kith_test_support::postgres_server::PostgresServer;

    use super::*;

    /// Returns what this filter lets into the log while a server sends a notice beside its answer.
    async fn log_of_server(filter: EnvFilter) -> Vec<String> {
        let place = PostgresServer::shared().database();
        let options = Options::server(place.url().parse().expect("an address"), &[]);
        let database = Database::open(options).await.expect("it opens");
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(move || writer.clone())
            .finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let mut reader = database.reader().await.expect("it is open");
        let sentence = "DO $$ BEGIN RAISE WARNING 'words of the server'; END $$";
        let said = query(sentence).execute(&mut reader).await;
        said.expect("it is valid");
        log.lines()
    }

    #[tokio::test]
    async fn a_filter_keeps_the_words_of_a_server_out_of_the_log() {
        let has_words = |lines: &[String]| lines.iter().any(|line| line.contains("words of"));
        let unfiltered = log_of_server(EnvFilter::new("trace")).await;
        assert!(has_words(&unfiltered), "{unfiltered:?}");
        let filter: LogFilter = "trace".parse().expect("directives");
        let filtered = log_of_server(filter.filter()).await;
        assert!(!has_words(&filtered), "{filtered:?}");
    }

    #[test]
    fn a_filter_never_shows_the_words_of_a_database() {
        for directives in [
            "info",
            "trace",
            "warn,sqlx=debug,sqlx::postgres::notice=info",
        ] {
            let filter: LogFilter = directives.parse().expect("directives");
            let log = Log::default();
            let writer = log.clone();
            let subscriber = tracing_subscriber::fmt()
                .with_env_filter(filter.filter())
                .with_writer(move || writer.clone())
                .finish();
            tracing::subscriber::with_default(subscriber, || {
                tracing::warn!(target: "sqlx::postgres::notice", "Ada");
                tracing::warn!("shown");
            });
            let lines = log.lines();
            assert_eq!(lines.len(), 1, "{directives}: {lines:?}");
            assert!(lines[0].contains("shown"), "{directives}: {lines:?}");
        }
    }
}
