//! What an operator relies on: precedence, the exact words of refusals, and that the committed
//! `Leptos.toml` tells the truth.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use clap::CommandFactory;
use clap::Parser;
use kith_limit::Algorithm;
use kith_limit::FailMode;
use kith_queue::cron::Cron;
use kith_queue::delay::RetryDelay;
use kith_queue::qstash::BaseUrl;
use kith_redis::Address;

use super::AsWritten;
use super::ByteSize;
use super::Cli;
use super::Config;
use super::ConfigError;
use super::Count;
use super::List;
use super::Percent;
use super::Poll;
use super::SECTIONS;
use super::Span;
use super::rules::Conflict;
use super::setting::Setting;
use super::setting::mask_secrets;
use crate::services::contacts::store::sql::DEFAULT_MAX_VERSIONS;
use crate::services::database::DatabaseUrl;
use crate::services::mail::MailAddress;
use crate::services::mail::SmtpServer;
use crate::services::network::Network;
use crate::services::origin::Host;
use crate::services::origin::Origin;
use crate::services::telemetry::LogFilter;
use crate::services::telemetry::LogFormat;
use crate::services::welcome::Template;

const NO_ENV: [(&str, &str); 0] = [];

fn read<const N: usize>(text: &str, env: [(&str, &str); N]) -> Config {
    Config::parse("Leptos.toml", text, env).expect("the configuration is valid")
}

fn problems<const N: usize>(text: &str, env: [(&str, &str); N]) -> String {
    match Config::parse("Leptos.toml", text, env) {
        Ok(_) => panic!("the configuration is valid: {text} {env:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
    let file = "[contacts]\npage_size = 20\n";
    assert_eq!(read("", NO_ENV).contacts.page_size.get(), 50);
    assert_eq!(read(file, NO_ENV).contacts.page_size.get(), 20);
    let env = [("KITH_CONTACTS_PAGE_SIZE", "30")];
    assert_eq!(read(file, env).contacts.page_size.get(), 30);
}

#[test]
fn a_kith_variable_wins_over_the_conventional_name() {
    let conventional = ("LEPTOS_SITE_ADDR", "127.0.0.1:4000");
    let own = ("KITH_SERVER_ADDR", "127.0.0.1:5000");
    assert_eq!(read("", [conventional]).server.addr.port(), 4000);
    assert_eq!(read("", [conventional, own]).server.addr.port(), 5000);
    assert_eq!(read("", [own, conventional]).server.addr.port(), 5000);
}

#[test]
fn the_environment_of_cargo_leptos_works() {
    let config = read(
        "",
        [
            ("LEPTOS_OUTPUT_NAME", "kith"),
            ("LEPTOS_SITE_ROOT", "/home/ann/kith/target/site"),
            ("LEPTOS_SITE_PKG_DIR", "pkg"),
            ("LEPTOS_SITE_ADDR", "[::1]:3000"),
            ("LEPTOS_RELOAD_PORT", "3001"),
            ("LEPTOS_WATCH", "ON"),
        ],
    );
    assert!(config.is_watched);
    assert!(!read("", NO_ENV).is_watched);
    assert_eq!(
        config.server.site_root,
        Path::new("/home/ann/kith/target/site")
    );
    assert_eq!(config.server.origin().as_str(), "http://[::1]:3000");
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let file = "[data]\ndatabase_url = \"sqlite://here.db\"\n";
    let config = read(file, [("DATABASE_URL", ""), ("KITH_NONSENSE", "")]);
    assert_eq!(config.data.database(), Path::new("here.db").into());
}

#[test]
fn no_name_of_the_environment_means_two_keys() {
    let mut names = BTreeSet::new();
    for key in SECTIONS.iter().flat_map(|section| section.keys) {
        let own = Some(key.env());
        for name in own.into_iter().chain(key.alias.map(str::to_owned)) {
            assert!(names.insert(name), "{} shares a name", key.path);
        }
    }
}

#[cfg(unix)]
#[test]
fn every_name_of_every_key_is_read_and_must_be_utf8() {
    use std::os::unix::ffi::OsStringExt;
    for key in SECTIONS.iter().flat_map(|section| section.keys) {
        let own = Some(key.env());
        for name in own.into_iter().chain(key.alias.map(str::to_owned)) {
            let not_utf8 = OsString::from_vec(vec![b'a', 0xff]);
            let Err(error) = Config::parse("Leptos.toml", "", [(&name, not_utf8)]) else {
                panic!("{name} is not read");
            };
            assert_eq!(
                error.to_string(),
                format!(
                    "wrong value for `{}` in the environment variable {name}: \
                     bytes that are not UTF-8. It takes {}.",
                    key.path, key.expected
                )
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn a_foreign_variable_may_hold_what_it_likes() {
    use std::os::unix::ffi::OsStringExt;
    let name = || OsString::from_vec(vec![b'X', 0xff]);
    Config::parse("Leptos.toml", "", [(name(), name())]).expect("it is not ours to judge");
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_known_one() {
    let cases = [
        (
            "# A comment.\n[sever]\naddr = \"127.0.0.1:1\"\n",
            "unknown key `sever.addr` in Leptos.toml, line 3. Did you mean `server.addr`?",
        ),
        (
            "[server]\nmaxbody = 1\n",
            "unknown key `server.maxbody` in Leptos.toml, line 2. Did you mean `server.max_body`?",
        ),
        (
            "[server]\npage_size = 1\n",
            "unknown key `server.page_size` in Leptos.toml, line 2. \
             Did you mean `contacts.page_size`?",
        ),
        (
            "addr = \"127.0.0.1:1\"\n",
            "unknown key `addr` in Leptos.toml, line 1. Did you mean `server.addr`?",
        ),
        (
            "[log]\ncolour = true\n",
            "unknown key `log.colour` in Leptos.toml, line 2. \
             The keys of [log] are `log.format`, `log.filter`.",
        ),
        (
            "[colours]\n",
            "unknown key `colours` in Leptos.toml, line 1. \
             The sections are [server], [data], [backup], [redis], [limits], [cache], [contacts], [import], [api], [accounts], [oidc], [queue], [welcome], [report], [dashboard], [audit], [mail], [log].",
        ),
        (
            "log = true\n",
            "unknown key `log` in Leptos.toml, line 1. \
             The keys of [log] are `log.format`, `log.filter`.",
        ),
    ];
    for (file, problem) in cases {
        assert_eq!(problems(file, NO_ENV), problem);
    }
}

#[test]
fn a_provider_needs_a_client_and_an_address_to_come_back_to() {
    let issuer = ("KITH_OIDC_ISSUER", "https://id.example.org");
    let client = ("KITH_OIDC_CLIENT_ID", "kith");
    let public_url = ("PUBLIC_URL", "https://kith.example.org");
    assert!(read("", [issuer, client, public_url]).oidc.issuer.is_some());
    assert_eq!(
        problems("", [issuer, client]),
        "wrong value for `oidc.issuer` in the environment variable KITH_OIDC_ISSUER: \
         `https://id.example.org`. It needs `server.public_url` as well: the provider leads browsers back to it."
    );
    for alone in [issuer, client] {
        let problem = problems("", [alone, public_url]);
        assert!(
            problem.ends_with("Set both `oidc.issuer` and `oidc.client_id`, or neither."),
            "{problem}"
        );
    }
    let problem = problems(
        "",
        [
            ("KITH_OIDC_ISSUER", "http://id.example.org"),
            client,
            public_url,
        ],
    );
    assert!(
        problem.contains("such as \"https://id.example.org\""),
        "{problem}"
    );
}

#[test]
fn unknown_kith_variables_are_refused_with_the_nearest_known_one() {
    let cases = [
        (
            "KITH_SERVER_ADRR",
            "unknown environment variable KITH_SERVER_ADRR. Did you mean KITH_SERVER_ADDR?",
        ),
        (
            "KITH_PAGE_SIZE",
            "unknown environment variable KITH_PAGE_SIZE. Did you mean KITH_CONTACTS_PAGE_SIZE?",
        ),
        (
            "KITH_LOG_COLOUR",
            "unknown environment variable KITH_LOG_COLOUR. \
             The keys of [log] are KITH_LOG_FORMAT, KITH_LOG_FILTER.",
        ),
        (
            "KITH_COLOURS",
            "unknown environment variable KITH_COLOURS. \
             The sections are [server], [data], [backup], [redis], [limits], [cache], [contacts], [import], [api], [accounts], [oidc], [queue], [welcome], [report], [dashboard], [audit], [mail], [log].",
        ),
    ];
    for (name, problem) in cases {
        assert_eq!(problems("", [(name, "1")]), problem);
    }
}

#[test]
fn wrong_values_are_refused_with_their_source_and_an_example() {
    let cases = [
        (
            "[server]\naddr = 3000\n",
            "wrong value for `server.addr` in Leptos.toml, line 2: `3000`. \
             It takes an IP address and a port, such as \"127.0.0.1:3000\".",
        ),
        (
            "[server]\naddr = \"localhost:3000\"\n",
            "wrong value for `server.addr` in Leptos.toml, line 2: `\"localhost:3000\"`. \
             It takes an IP address and a port, such as \"127.0.0.1:3000\".",
        ),
        (
            "[server]\npublic_url = \"kith.example.org\"\n",
            "wrong value for `server.public_url` in Leptos.toml, line 2: ***. \
             It takes \"http://\" or \"https://\" with a host, perhaps a port, and no path, \
             such as \"https://kith.example.org\".",
        ),
        (
            "[server]\nheader_timeout = 10\n",
            "wrong value for `server.header_timeout` in Leptos.toml, line 2: `10`. \
             It takes a whole number with \"ms\", \"s\", \"m\" or \"h\", from 1ms to 8760h, \
             such as \"10s\".",
        ),
        (
            "[server]\nmax_body = \"64kb\"\n",
            "wrong value for `server.max_body` in Leptos.toml, line 2: `\"64kb\"`. \
             It takes a number of bytes from 1, or of \"KiB\", \"MiB\" or \"GiB\", \
             such as 65536 or \"64KiB\".",
        ),
        (
            "[data]\ndir = [\"a\", \"b\"]\n",
            "wrong value for `data.dir` in Leptos.toml, line 2: an array. \
             It takes a path, such as \"./data\".",
        ),
        (
            "[data.readers]\nmany = true\n",
            "wrong value for `data.readers` in Leptos.toml, line 1: a table. \
             It takes a whole number from 1 to 4294967295, such as 50.",
        ),
        (
            "[contacts]\npage_size = \"50\"\n",
            "wrong value for `contacts.page_size` in Leptos.toml, line 2: `\"50\"`. \
             It takes a whole number from 1 to 4294967295, such as 50.",
        ),
        (
            "[log]\nformat = \"xml\"\n",
            "wrong value for `log.format` in Leptos.toml, line 2: `\"xml\"`. \
             It takes \"auto\", \"pretty\" or \"json\".",
        ),
    ];
    for (file, problem) in cases {
        assert_eq!(problems(file, NO_ENV), problem);
    }
    assert_eq!(
        problems("", [("RUST_LOG", "kith=loud")]),
        "wrong value for `log.filter` in the environment variable RUST_LOG: `kith=loud`. \
         It takes tracing directives, such as \"info\" or \"warn,kith=debug\"."
    );
}

/// The texts between quotation marks, or the words between blanks where there are none.
fn examples(expected: &str) -> Vec<String> {
    let examples = match expected.split_once("such as ") {
        Some((_, examples)) => examples.split(';').next().unwrap_or(examples),
        None => expected,
    };
    let quoted: Vec<_> = examples.split('"').skip(1).step_by(2).collect();
    let words: Vec<_> = examples.split(' ').filter(|word| *word != "or").collect();
    let examples = if quoted.is_empty() { words } else { quoted };
    examples.into_iter().map(str::to_owned).collect()
}

#[test]
fn the_examples_of_what_a_key_takes_are_taken() {
    let mut config = Config::default();
    for key in SECTIONS.iter().flat_map(|section| section.keys) {
        // The file of the example is not there, and secrets have no examples.
        let without_example = ["the path of a file", "any text", "16 or more"];
        if without_example
            .iter()
            .any(|start| key.expected.starts_with(start))
        {
            continue;
        }
        let examples = examples(key.expected);
        assert!(!examples.is_empty(), "{} has no example", key.path);
        for example in examples {
            assert!((key.set)(&mut config, &example), "{}: {example}", key.path);
        }
    }
}

#[cfg(feature = "postgres")]
#[test]
fn the_password_of_a_refused_server_is_not_repeated() {
    assert_eq!(
        problems("", [("DATABASE_URL", "postgres://kith:se/cr@t@db/kith")]),
        "wrong value for `data.database_url` in the environment variable DATABASE_URL: \
         ***. It takes \"sqlite://\" and the path of a file, such as \
         \"sqlite:///var/lib/kith/kith.db\", or \"postgres://kith:password@db.example.org:5432/kith\", with \
         special characters in it escaped."
    );
}

#[test]
fn a_server_needs_a_few_connections() {
    let said = problems("", [("KITH_DATA_CONNECTIONS", "2")]);
    assert!(said.contains("Kith needs at least 3."), "{said}");
}

#[test]
fn a_server_may_prove_its_name_by_the_authorities_of_a_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("ca.pem");
    let certified = rcgen::generate_simple_self_signed(["ca".to_owned()]);
    let pem = certified.expect("a certificate").cert.pem();
    std::fs::write(&file, &pem).expect("a file");
    let url = "postgres://kith@db/kith";
    let file = file.to_str().expect("text");
    let config = read("", [("DATABASE_URL", url), ("KITH_DATA_CA_FILE", file)]);
    let address: kith_database::ServerAddress = url.parse().expect("an address");
    let expected = address.with_authorities(pem.into_bytes());
    assert_eq!(config.data.database(), DatabaseUrl::Server(expected));
}

#[test]
fn a_replica_takes_a_build_with_postgresql() {
    let mut config = read("", []);
    let address = |text: &str| Some(text.parse().expect("an address"));
    for database in [None, address("postgres://kith:secret@db1/kith")] {
        config.data.database_url = database;
        config.data.replica_url = address("postgres://kith:secret@db2/kith");
        let conflict = config.data.require_servers_for_replica(false);
        let Conflict { value, rule, .. } = conflict.expect_err("it is refused");
        assert!(rule.contains("This build has no PostgreSQL."), "{rule}");
        assert!(!value.contains("secret"), "{value}");
    }
}

#[cfg(feature = "postgres")]
#[test]
fn a_replica_belongs_to_a_server() {
    let said = problems(
        "",
        [("KITH_DATA_REPLICA_URL", "postgres://kith:secret@db2/kith")],
    );
    assert!(said.contains("have to begin with postgres://"), "{said}");
    assert!(said.contains("db2") && !said.contains("secret"), "{said}");
    let config = read(
        "",
        [
            ("KITH_DATA_REPLICA_URL", "postgres://kith@db2/kith"),
            ("DATABASE_URL", "postgres://kith@db1/kith"),
        ],
    );
    let replica = config.data.replica().expect("it is named");
    assert_eq!(replica.to_string(), "postgres://kith@db2/kith");
}

#[test]
fn the_password_of_a_server_is_masked() {
    let url = "postgres://kith:hunter2@db:5433/kith?sslmode=verify-full";
    let config = read("", [("DATABASE_URL", url)]);
    let address = url.parse().expect("an address");
    assert_eq!(config.data.database(), DatabaseUrl::Server(address));
    assert!(!config.data.database().to_string().contains("hunter2"));
    assert_eq!(config.data.database_connections().get(), 10);
    for shown in [config.to_toml(), format!("{config:?}")] {
        assert!(shown.contains("postgres://***@db:5433/kith"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn a_value_that_may_hold_a_secret_is_refused_without_being_shown() {
    for (name, value) in [
        ("KITH_QUEUE_TOKEN", "SECRETtok"),
        ("KITH_QUEUE_TOKEN", "SECRETtoken with a space"),
        ("SMTP_URL", "user:SECRETpw"),
        ("REDIS_URL", ":SECRETpw"),
        ("REDIS_URL", "redis://SECRETpw@h:x"),
        ("UPSTASH_REDIS_REST_URL", "https://SECRETtoken@h/x"),
        ("QSTASH_URL", "https://SECRETtoken@h/x"),
        ("KITH_QUEUE_ALLOW", "https://SECRETtoken@h"),
        ("PUBLIC_URL", "https://SECRETtoken@h"),
        ("DATABASE_URL", "postgres:SECRETpw"),
        ("KITH_SERVER_HOSTS", "https://user:SECRETpw@h"),
    ] {
        let said = problems("", [(name, value)]);
        assert!(said.contains(name) && said.contains("It takes"), "{said}");
        assert!(!said.contains("SECRET"), "{said}");
    }
    let key = (1..20).map(|digit| digit.to_string()).collect::<String>();
    for file in [
        format!("[queue]\ntoken = {}\n", &key[..18]),
        format!("[redis]\nrest_token = {}\n", &key[..18]),
        format!("[redis]\nurl = [\"{key}\"]\n"),
    ] {
        let said = problems(&file, NO_ENV);
        assert!(said.contains("wrong value"), "{said}");
        assert!(!said.contains(&key[..18]), "{said}");
    }
}

#[test]
fn a_line_break_at_the_end_of_a_secret_is_not_part_of_it() {
    for end in ["\n", "\r\n"] {
        let token = format!("0123456789abcdef{end}");
        let config = read(
            "",
            [
                ("KITH_QUEUE_TOKEN", &*token),
                ("QSTASH_CURRENT_SIGNING_KEY", &token),
            ],
        );
        let kept = config.queue.token.as_ref().expect("a token");
        assert_eq!(kept.reveal(), "0123456789abcdef");
        let kept = config.queue.current_signing_key.as_ref().expect("a key");
        assert_eq!(kept.reveal(), "0123456789abcdef");
    }
    assert!(problems("", [("QSTASH_TOKEN", "\n")]).contains("queue.qstash_token"));
}

#[test]
fn a_url_is_printed_without_what_may_be_secret_in_it() {
    for (name, value, shown) in [
        ("REDIS_URL", "redis://:SECRETpw@h:1", "\"redis://***@h:1\""),
        (
            "REDIS_URL",
            "redis://h:1?pass=SECRETpw",
            "\"redis://h:1?***\"",
        ),
        ("REDIS_URL", "redis://h:1/2", "\"redis://h:1/2\""),
        (
            "SMTP_URL",
            "smtps://SECRETkey@h?tls=required",
            "\"smtps://***@h?***\"",
        ),
        ("SMTP_URL", "smtp://h", "\"smtp://h\""),
    ] {
        let config = read("", [(name, value)]);
        assert!(config.to_toml().contains(shown), "{}", config.to_toml());
        for shown in [config.to_toml(), format!("{config:?}")] {
            assert!(!shown.contains("SECRET"), "{shown}");
        }
    }
}

#[test]
fn all_problems_are_reported_at_once_in_the_order_of_the_file() {
    let file = "[server]\nmax_body = 0\nadr = \"\"\n[api]\nidempotency_ttl = \"1d\"\n";
    let problems = problems(file, [("KITH_DATA_READERS", "0"), ("KITH_X", "1")]);
    let starts = [
        "wrong value for `server.max_body` in Leptos.toml, line 2: `0`. ",
        "unknown key `server.adr` in Leptos.toml, line 3. ",
        "wrong value for `api.idempotency_ttl` in Leptos.toml, line 5: `\"1d\"`. ",
        "wrong value for `data.readers` in the environment variable KITH_DATA_READERS: `0`. ",
        "unknown environment variable KITH_X. ",
    ];
    assert_eq!(problems.lines().count(), starts.len(), "{problems}");
    for (problem, start) in problems.lines().zip(starts) {
        assert!(problem.starts_with(start), "{problem}");
    }
}

#[test]
fn text_that_is_not_toml_is_refused_without_quoting_it() {
    let file = "[data]\ndatabase_url = \"postgres://kith:secret@db\nreaders = 2\n";
    assert_eq!(
        problems(file, NO_ENV),
        "not TOML in Leptos.toml, line 2: invalid basic string, expected `\"`"
    );
}

#[test]
fn each_kind_of_request_has_a_table_within_the_limits() {
    let file = "[limits]\ndeny = \"10.0.0.0/8\"\n[limits.api]\nlimit = 3\nwindow = \"2s\"\n";
    let config = read(file, [("KITH_LIMITS_UI_ALGORITHM", "sliding_log")]);
    assert_eq!(config.limits.api.limit.get(), 3);
    assert_eq!(config.limits.api.window, Duration::from_secs(2));
    assert_eq!(config.limits.ui.algorithm, Algorithm::SlidingLog);
    assert_eq!(config.limits.dashboard.limit.get(), 60);
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    assert_eq!(
        read("limits = { api = { limit = 4 } }", NO_ENV)
            .limits
            .api
            .limit
            .get(),
        4
    );
    for (file, problem) in [
        (
            "[limits.api]\nlimits = 3\n",
            "unknown key `limits.api.limits` in Leptos.toml, line 2. Did you mean `limits.api.limit`?",
        ),
        (
            "[limits.apo]\nlimit = 3\n",
            "unknown key `limits.apo.limit` in Leptos.toml, line 2. Did you mean `limits.api.limit`?",
        ),
        (
            "[limits.api]\ncolour = 3\n",
            "unknown key `limits.api.colour` in Leptos.toml, line 2. \
             The keys of [limits.api] are `limits.api.algorithm`, `limits.api.limit`, \
             `limits.api.window`, `limits.api.on_loss`, `limits.api.shadow`.",
        ),
        (
            "[limits]\nui = 3\n",
            "unknown key `limits.ui` in Leptos.toml, line 2. \
             The keys of [limits.ui] are `limits.ui.algorithm`, `limits.ui.limit`, \
             `limits.ui.window`, `limits.ui.on_loss`, `limits.ui.shadow`.",
        ),
        (
            "[limits.ui]\nalgorithm = \"sliding_log\"\nlimit = 10001\n",
            "wrong value for `limits.ui.limit` in Leptos.toml, line 3: `10001`. \
             A sliding_log takes at most 10000; other algorithms take more.",
        ),
    ] {
        assert_eq!(problems(file, NO_ENV), problem);
    }
}

#[test]
fn the_old_names_of_limits_are_read_with_a_warning() {
    let file = "[limits]\napi_limit = 3\ndashboard_on_loss = \"open\"\nui_shadow = true\n";
    let config = read(file, NO_ENV);
    assert_eq!(config.limits.api.limit.get(), 3);
    assert_eq!(config.limits.dashboard.on_loss, FailMode::Open);
    assert!(config.limits.ui.shadow);
    assert_eq!(
        config.warnings,
        [
            "`limits.api_limit` in Leptos.toml, line 2 is the old name of `limits.api.limit`. \
             Write `limit` under [limits.api]; the next release refuses the old name.",
            "`limits.dashboard_on_loss` in Leptos.toml, line 3 is the old name of \
             `limits.dashboard.on_loss`. Write `on_loss` under [limits.dashboard]; the next release \
             refuses the old name.",
            "`limits.ui_shadow` in Leptos.toml, line 4 is the old name of `limits.ui.shadow`. \
             Write `shadow` under [limits.ui]; the next release refuses the old name.",
        ]
    );
    let printed = config.to_toml();
    assert!(!printed.contains("api_limit"), "{printed}");
    let again = read(&printed, NO_ENV);
    assert!(again.warnings.is_empty(), "{:?}", again.warnings);
    assert_eq!(again.limits.api.limit.get(), 3);

    let config = read(file, [("KITH_LIMITS_API_LIMIT", "4")]);
    assert_eq!(config.limits.api.limit.get(), 4);
    assert_eq!(
        problems("[limits]\nui_window = 5\n", NO_ENV),
        "wrong value for `limits.ui_window` in Leptos.toml, line 2: `5`. It takes a whole number \
         with \"ms\", \"s\", \"m\" or \"h\", from 1ms to 8760h, such as \"10s\"."
    );
}

#[test]
fn a_limit_under_its_old_and_its_new_name_is_refused() {
    for (file, old, new) in [
        ("[limits]\napi_limit = 3\napi.limit = 4\n", 2, 3),
        ("[limits.api]\nlimit = 4\n[limits]\napi_limit = 4\n", 4, 2),
    ] {
        assert_eq!(
            problems(file, NO_ENV),
            format!(
                "`limits.api_limit` in Leptos.toml, line {old} is the old name of \
                 `limits.api.limit`, which is set in Leptos.toml, line {new}. Remove the old one."
            )
        );
    }
}

#[test]
fn the_page_size_is_within_its_maximum() {
    assert_eq!(
        problems("[contacts]\nmax_page_size = 20\n", NO_ENV),
        "wrong value for `contacts.page_size` (its default): `50`. \
         It may be at most `contacts.max_page_size`, which is 20."
    );
}

#[test]
fn contacts_stay_in_the_trash_for_a_month_unless_it_is_set() {
    assert_eq!(Config::default().contacts.trash_days, Count(30));
    let of = |days| read(days, NO_ENV).contacts.trash_days;
    assert_eq!(of("[contacts]\ntrash_days = 0\n"), Count(0));
    assert_eq!(of("[contacts]\ntrash_days = 1000\n"), Count(1000));
    for wrong in ["-1", "1001", "\"30d\""] {
        let problem = problems(&format!("[contacts]\ntrash_days = {wrong}\n"), NO_ENV);
        assert!(problem.contains("`contacts.trash_days`"), "{problem}");
    }
}

#[test]
fn no_card_is_imported_that_cannot_be_read_again() {
    let config = read("[import]\nmax_card = \"4MiB\"\n", NO_ENV);
    assert_eq!(config.import.max_card.bytes(), 4 << 20);
    assert_eq!(
        problems("[import]\nmax_card = \"5MiB\"\n", NO_ENV),
        "wrong value for `import.max_card` in Leptos.toml, line 2: `\"5MiB\"`. \
         It may be at most 4MiB, because Kith reads no larger card."
    );
}

#[test]
fn fifty_versions_of_a_contact_are_kept_unless_it_is_set() {
    let of = |file| read(file, NO_ENV).contacts.max_versions;
    assert_eq!(of(""), Count(DEFAULT_MAX_VERSIONS));
    assert_eq!(of("[contacts]\nmax_versions = 0\n"), Count(0));
    assert_eq!(of("[contacts]\nmax_versions = 1000\n"), Count(1000));
    for wrong in ["-1", "1001", "\"many\""] {
        let problem = problems(&format!("[contacts]\nmax_versions = {wrong}\n"), NO_ENV);
        assert!(problem.contains("`contacts.max_versions`"), "{problem}");
    }
}

#[test]
fn a_named_file_must_exist_and_the_usual_one_need_not() {
    let folder = tempfile::tempdir().expect("a folder of our own");
    let path = folder.path().join("kith.toml");
    match Config::load(Some(&path), NO_ENV) {
        Err(error @ ConfigError::Read { .. }) => assert_eq!(
            error.to_string(),
            format!("cannot read the configuration file {}", path.display())
        ),
        other => panic!("{other:?}"),
    }

    std::fs::write(&path, "[data]\nreaders = 2\n").expect("the folder is writable");
    let config = Config::load(Some(&path), NO_ENV).expect("the file is valid");
    assert_eq!(config.data.readers.get(), 2);
}

#[test]
fn origins_and_database_paths_have_their_defaults() {
    let config = Config::default();
    assert_eq!(config.server.origin().as_str(), "http://127.0.0.1:3000");
    assert_eq!(config.data.database(), Path::new("./data/kith.db").into());

    let config = read(
        "",
        [
            ("PUBLIC_URL", "https://Kith.Example.org/"),
            ("DATABASE_URL", "sqlite:///srv/contacts.db"),
        ],
    );
    assert_eq!(config.server.origin().as_str(), "https://kith.example.org");
    assert_eq!(config.data.database(), Path::new("/srv/contacts.db").into());
}

/// Reads each text, and expects it to be printed as its partner.
fn assert_prints<T: Setting>(cases: &[(&str, &str)]) {
    for (text, printed) in cases {
        let value = T::parse(text).unwrap_or_else(|| panic!("{text} is refused"));
        assert_eq!(value.to_text(), *printed);
        let again = T::parse(printed).unwrap_or_else(|| panic!("{printed} is refused"));
        assert_eq!(again.to_text(), *printed);
    }
}

fn assert_refuses<T: Setting>(texts: &[&str]) {
    for text in texts {
        assert!(T::parse(text).is_none(), "{text:?} is accepted");
    }
}

#[test]
fn durations() {
    assert_eq!(Duration::parse("500ms"), Some(Duration::from_millis(500)));
    assert_eq!(Duration::parse("5m"), Some(Duration::from_secs(300)));
    assert_prints::<Duration>(&[
        ("500ms", "500ms"),
        ("10s", "10s"),
        ("90s", "90s"),
        ("300s", "5m"),
        ("24h", "24h"),
        ("8760h", "8760h"),
    ]);
    assert_refuses::<Duration>(&[
        "",
        "0s",
        "10",
        "s",
        "1.5s",
        "-1s",
        "1 s",
        "1d",
        "1S",
        "8761h",
        "99999999999999999999h",
        "9999999999999999999h",
    ]);
}

#[test]
fn byte_sizes() {
    assert_eq!(ByteSize::parse("64KiB").map(ByteSize::bytes), Some(65_536));
    assert_prints::<ByteSize>(&[
        ("1000", "1000B"),
        ("65536", "64KiB"),
        ("1MiB", "1MiB"),
        ("2048MiB", "2GiB"),
    ]);
    assert_refuses::<ByteSize>(&[
        "",
        "0",
        "KiB",
        "64kb",
        "64 KiB",
        "1.5MiB",
        "-1",
        "99999999999GiB",
    ]);
    let config = read("[server]\nmax_body = 0x400\n", NO_ENV);
    assert_eq!(config.server.max_body.bytes(), 1024);
}

#[test]
fn origins() {
    assert_prints::<Origin>(&[
        ("https://kith.example.org", "https://kith.example.org"),
        ("HTTPS://Kith.Example.org:443/", "https://kith.example.org"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://[::1]:80", "http://[::1]"),
        ("http://[::1]:443", "http://[::1]:443"),
    ]);
    assert_refuses::<Origin>(&[
        "kith.example.org",
        "ftp://kith",
        "https://",
        "https://:443",
        "https://kith/app",
        "https://kith?x",
        "https://me:pw@kith",
        "https://kith:99999",
        "https://kith:+80",
        "https://.",
        "https://a:b:1",
        "http://[x]",
    ]);
}

#[test]
fn hosts() {
    assert_prints::<List<Host>>(&[
        ("", ""),
        ("Kith.Example.org., kith.lan", "kith.example.org, kith.lan"),
        ("[::ffff:10.0.0.1],[0::0:5]", "10.0.0.1, [::5]"),
    ]);
    assert_refuses::<List<Host>>(&[
        "kith.lan:3000",
        "https://kith.lan",
        "*.kith.lan",
        "kith lan",
        ".",
        "::1",
        "[::1",
        &"k".repeat(254),
    ]);
    let of = |origin: &str| Origin::parse(origin).and_then(|origin| origin.host());
    for (origin, host) in [
        ("https://Kith.Example:8443", "kith.example"),
        ("http://[::1]:3000", "[::1]"),
        ("http://10.0.0.1", "10.0.0.1"),
    ] {
        assert_eq!(of(origin), host.parse::<Host>().ok(), "{origin}");
    }
}

#[test]
fn percentages() {
    assert_prints::<Percent>(&[("1%", "1%"), ("050%", "50%"), ("100%", "100%")]);
    assert_refuses::<Percent>(&["", "%", "0%", "101%", "50", "+5%", "5.5%", "-1%", "300%"]);
    let half = Percent::new(50).expect("a percentage");
    assert_eq!((half.of(1024), half.of(1), half.of(3)), (512, 1, 2));
}

#[test]
fn database_urls() {
    assert_prints::<DatabaseUrl>(&[
        ("sqlite://kith.db", "sqlite://kith.db"),
        ("sqlite:///srv/kith.db", "sqlite:///srv/kith.db"),
        ("postgres://kith@db/kith", "postgres://kith@db/kith"),
    ]);
    assert_refuses::<DatabaseUrl>(&[
        "kith.db",
        "sqlite:kith.db",
        "sqlite://",
        "sqlite:///",
        "sqlite://:memory:",
        "sqlite://kith.db?mode=rwc",
        "sqlite://my%20kith.db",
    ]);
}

#[test]
fn the_other_values() {
    assert_prints::<SocketAddr>(&[("[::1]:3000", "[::1]:3000")]);
    assert_refuses::<SocketAddr>(&["", "3000", "127.0.0.1", "localhost:3000"]);
    assert_prints::<PathBuf>(&[("/srv/kith", "/srv/kith")]);
    assert_refuses::<PathBuf>(&[""]);
    assert_eq!(LogFormat::parse("json"), Some(LogFormat::Json));
    assert_prints::<LogFormat>(&[("auto", "auto"), ("pretty", "pretty"), ("json", "json")]);
    assert_prints::<LogFilter>(&[("warn,kith=debug", "warn,kith=debug")]);
    assert_refuses::<LogFilter>(&["kith=loud"]);
}

#[test]
fn values_of_the_limiter_the_queue_and_mail() {
    assert_prints::<List<Network>>(&[
        ("10.0.0.0/8,::1", "10.0.0.0/8, ::1/128"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:10.1.2.3", "10.1.2.3/32"),
        ("::/0", "::/0"),
    ]);
    assert_prints::<Span>(&[("0s", "0s"), ("0ms", "0s"), ("0h", "0s"), ("90s", "90s")]);
    assert_refuses::<Span>(&["", "0", "s", "-1s", "8761h"]);
    assert_prints::<Count>(&[("0", "0"), ("1000", "1000")]);
    assert_refuses::<Count>(&["", "-1", "1001", "x"]);
    let origins = (
        "https://A.example/, http://127.0.0.1:80",
        "https://a.example, http://127.0.0.1",
    );
    assert_prints::<List<Origin>>(&[origins, ("", "")]);
    assert_refuses::<List<Origin>>(&["https://a.example/path", "a.example"]);
    assert_prints::<BaseUrl>(&[("http://a.example/qstash", "http://a.example/qstash")]);
    assert_refuses::<BaseUrl>(&["", "a.example", "ftp://a.example", "http://user@a.example"]);
    assert_refuses::<BaseUrl>(&[
        "http://a.example/ ",
        "http://a.example\n",
        "http://a.example\\b",
    ]);
    assert_refuses::<List<Origin>>(&[
        "http://a.example\u{0}",
        "http://a.example\\",
        "http://u@a.example",
    ]);
    let url = "smtps://user:password@mail.example.com";
    assert_prints::<AsWritten<SmtpServer>>(&[
        (url, url),
        ("smtp://127.0.0.1:25", "smtp://127.0.0.1:25"),
    ]);
    for url in [
        "smtp://mail.example.com?tls=none",
        "smtp://mail.example.com?tls=required",
        "smtp://user:p%40ss@[::1]:2525/kith.example?tls=opportunistic",
        "smtps://post.b%C3%BCcher.example",
    ] {
        assert!(AsWritten::<SmtpServer>::parse(url).is_some(), "{url}");
    }
    assert_refuses::<AsWritten<SmtpServer>>(&["smtp://mail.example.com?tls=perhaps", "smtp://:25"]);
    assert_refuses::<AsWritten<SmtpServer>>(&[
        "",
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
    ]);
    let sender = ("Kith <a@example.com>", "Kith <a@example.com>");
    assert_prints::<Poll>(&[("2s", "2s"), ("60m", "1h")]);
    assert_refuses::<Poll>(&["", "1s", "1999ms", "61m", "5"]);
    assert_prints::<MailAddress>(&[sender, ("a@example.com", "a@example.com")]);
    assert_refuses::<MailAddress>(&["", "a", "a@example.com\r\nBcc: b@example.com"]);
    assert_prints::<Template>(&[("Hello {name}", "Hello {name}")]);
    assert_refuses::<Template>(&["", " ", "Hello {email}", "{"]);
    assert_prints::<AsWritten<Cron>>(&[(
        "CRON_TZ=Europe/Paris 0 9 * * *",
        "CRON_TZ=Europe/Paris 0 9 * * *",
    )]);
    assert_refuses::<AsWritten<Cron>>(&["", "daily", "0 25 * * *"]);
    assert_prints::<AsWritten<RetryDelay>>(&[("1000 * retried", "1000 * retried")]);
    assert_refuses::<AsWritten<RetryDelay>>(&["", "soon"]);
}

#[test]
fn a_welcome_email_may_be_sent_at_once() {
    let config = read("", [("KITH_WELCOME_DELAY", "0s")]);
    assert_eq!(config.welcome.delay, Span(Duration::ZERO));
    assert!(config.to_toml().contains("delay = \"0s\""));
}

#[test]
fn sentinels_have_a_login_of_their_own() {
    let url = ("REDIS_URL", "redis+sentinel://:hush-hush@127.0.0.1/kith");
    let password = ("KITH_REDIS_SENTINEL_PASSWORD", "9f86d081");
    let user = ("KITH_REDIS_SENTINEL_USERNAME", "kith-reader");
    let config = read("", [url, password, user]);
    let Some(Address::Sentinel { login, primary, .. }) = config.redis.address() else {
        panic!("it is one of Sentinels");
    };
    let login = login.expect("a login");
    assert_eq!(login.user.as_deref(), Some("kith-reader"));
    assert_eq!(login.password, "9f86d081");
    assert_eq!(primary.redis_settings().password(), Some("hush-hush"));
    for shown in [config.to_toml(), format!("{config:?}")] {
        assert!(
            !shown.contains("9f86d081") && !shown.contains("kith-reader"),
            "{shown}"
        );
        assert!(!shown.contains("hush-hush"), "{shown}");
    }

    let said = problems("", [("REDIS_URL", "redis://127.0.0.1"), password]);
    assert!(
        said.contains("redis+sentinel://") && !said.contains("9f86d081"),
        "{said}"
    );
    let said = problems("", [url, user]);
    assert!(said.contains("redis.sentinel_password"), "{said}");
}

#[test]
fn a_token_of_qstash_needs_its_keys() {
    let said = problems("", [("QSTASH_TOKEN", "very-secret")]);
    assert!(said.contains("queue.current_signing_key"), "{said}");
    assert!(!said.contains("very-secret"), "{said}");
}

#[test]
fn what_is_printed_can_be_read_again() {
    let file = r#"
        server = { addr = "[::1]:1", public_url = "https://a.b", site_root = 'C:\"site"' }
        data = { dir = "/srv/Zoë's", database_url = "sqlite://x.db", readers = 7 }
        api.idempotency_ttl = "90m"
        log = { format = "json", filter = "kith[span{field=1}]=debug" }
    "#;
    let printed = read(file, [("KITH_SERVER_MAX_BODY", "1000")]).to_toml();
    assert_eq!(read(&printed, NO_ENV).to_toml(), printed);
    assert!(printed.contains("max_body = \"1000B\""), "{printed}");
}

#[test]
fn passwords_are_masked_wherever_a_configuration_is_shown() {
    let masked = [
        (
            "postgres://kith:secret@db:5432/kith",
            "postgres://***@db:5432/kith",
        ),
        ("postgres://kith:s/e@cret@db/kith", "postgres://***@db/kith"),
        ("redis://:secret@cache", "redis://***@cache"),
        ("smtps://secret@mail?tls=required", "smtps://***@mail?***"),
        ("redis://db:1?password=se@cret&x=1", "redis://***"),
        ("redis://:se?cr@et@cache", "redis://***"),
        ("redis://db:1?pass=secret", "redis://db:1?***"),
        ("redis://db:1#secret", "redis://db:1#***"),
        ("sqlite:///srv/kith.db", "sqlite:///srv/kith.db"),
        ("Kith <kith@example.com>", "Kith <kith@example.com>"),
    ];
    for (text, expected) in masked {
        assert_eq!(mask_secrets(text), expected);
    }

    // A slip of the pen that is a valid path all the same.
    let config = read("", [("DATABASE_URL", "sqlite://kith:hunter2@db/kith")]);
    for shown in [config.to_toml(), format!("{config:?}")] {
        assert!(shown.contains("sqlite://***@db/kith"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[test]
fn the_committed_file_is_the_printed_default() {
    let committed = include_str!("../../../Leptos.toml");
    let printed = Config::default().to_toml();
    let only_in = |sign: char, text: &str, other: &str| -> String {
        text.lines()
            .filter(|line| !other.lines().any(|other| other == *line))
            .map(|line| format!("{sign} {line}\n"))
            .collect()
    };
    assert!(
        committed == printed,
        "Leptos.toml is out of date (- committed, + expected):\n{}{}\
         Write it anew, in a shell without KITH_* and the like:\n\
         cargo run -- --print-config --config /dev/null > Leptos.toml",
        only_in('-', committed, &printed),
        only_in('+', &printed, committed),
    );
}

#[test]
fn the_build_metadata_agrees_with_the_defaults() {
    let manifest: toml::Table = include_str!("../../../Cargo.toml")
        .parse()
        .expect("Cargo.toml is TOML");
    let leptos = &manifest["package"]["metadata"]["leptos"];
    let defaults = Config::default().server;
    assert_eq!(
        leptos["site-addr"].as_str(),
        Some(&*defaults.addr.to_text())
    );
    assert_eq!(
        leptos["site-root"].as_str(),
        Some(&*defaults.site_root.to_text())
    );
}

#[test]
fn the_command_line_is_consistent_and_teaches_every_key() {
    Cli::command().debug_assert();
    let cli = Cli::parse_from(["kith", "--config", "a.toml", "--print-config"]);
    assert_eq!(
        (cli.config, cli.print_config),
        (Some("a.toml".into()), true)
    );

    let help = Cli::command().render_long_help().to_string();
    let defaults = Config::default();
    for key in SECTIONS.iter().flat_map(|section| section.keys) {
        let setting = format!("{} = {}", key.path, key.literal(&defaults));
        for part in [
            &setting,
            &key.env(),
            key.doc.trim(),
            key.alias.unwrap_or_default(),
        ] {
            assert!(help.contains(part), "{part} is missing in the help");
        }
    }
}

#[test]
fn instances_with_the_same_settings_have_the_same_hash() {
    let hash = |change: fn(&mut Config)| {
        let mut config = Config::default();
        change(&mut config);
        config.hash()
    };
    let same = hash(|_| {});
    assert_eq!(same.len(), 16);
    assert_eq!(hash(|config| config.server.addr.set_port(1)), same);
    assert_eq!(hash(|config| config.data.dir = "elsewhere".into()), same);
    assert_ne!(hash(|config| config.welcome.enabled = false), same);
    assert_ne!(hash(|config| config.limits.api.shadow = true), same);
    for path in super::SETTINGS_OF_AN_INSTANCE {
        let mut keys = super::SECTIONS.iter().flat_map(|section| section.keys);
        assert!(keys.any(|key| key.path == path), "{path} is no setting");
    }
}
