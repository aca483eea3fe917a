//! Every statement of the sources is prepared on both engines, or on the one that it is for. The tables, the columns
//! and the functions that it names are there.

use std::collections::HashMap;
use std::fs;
use std::num::NonZeroU32;
use std::path::Path;
use std::path::PathBuf;

use kith::services::database;
use kith::services::database::DatabaseUrl;
use kith_test_support::postgres_server::PostgresServer;
use sqlx::AssertSqlSafe;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use sqlx::SqlSafeStr;
use sqlx::SqliteConnection;
use syn::visit::Visit;

/// At least so many statements are found. Fewer would mean that this test has lost its eyes.
const MIN_STATEMENTS: usize = 85;

/// What a whole statement begins with. Others are parts that a builder puts together, as are those that end with a
/// space. Tests of what the builder makes try them.
const VERBS: [&str; 8] = [
    "DELETE", "INSERT", "LOCK", "PRAGMA", "SELECT", "SET", "UPDATE", "WITH",
];

/// Statements that only a server gets: what stands around them asks for the engine.
const ONLY_POSTGRES: [&str; 5] = [
    "SELECT pg_",
    "SELECT set_config",
    "SELECT tag, bit_xor",
    "LOCK TABLE",
    "SET LOCAL",
];

/// A text for each engine; `None` where the engine never gets it.
#[derive(Debug)]
struct Statement {
    place: PathBuf,
    sqlite: Option<String>,
    postgres: Option<String>,
}

/// Finds the texts in the calls of `query` and `Sql::each`.
struct Statements<'a> {
    file: &'a Path,
    constants: HashMap<String, String>,
    found: Vec<Statement>,
}

impl Statements<'_> {
    /// The text of an argument: a literal, or a constant of the same file.
    fn text(&self, argument: Option<&syn::Expr>) -> Option<String> {
        match argument? {
            syn::Expr::Lit(literal) => match &literal.lit {
                syn::Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            syn::Expr::Path(path) => {
                let name = path.path.get_ident()?.to_string();
                self.constants.get(&name).cloned()
            }
            _ => None,
        }
    }

    fn add(&mut self, sqlite: Option<String>, postgres: Option<String>) {
        let is_whole = |text: &String| {
            let text = text.trim_start();
            VERBS.iter().any(|verb| text.starts_with(verb)) && !text.ends_with(' ')
        };
        let [sqlite, postgres] = [sqlite, postgres].map(|text| text.filter(is_whole));
        if sqlite.is_none() && postgres.is_none() {
            return;
        }
        self.found.push(Statement {
            place: self.file.to_owned(),
            sqlite,
            postgres,
        });
    }

    /// A text that both engines get, unless it is for one of them.
    fn add_common(&mut self, text: String) {
        let path = self.file.display().to_string();
        let mut beginnings = ONLY_POSTGRES.iter();
        let is_for_server = path.contains("/postgres")
            || path.ends_with("/watch.rs")
            || beginnings.any(|start| text.starts_with(start));
        let is_for_file = path.contains("/sqlite");
        self.add(
            (!is_for_server).then(|| text.clone()),
            (!is_for_file).then_some(text),
        );
    }
}

impl Visit<'_> for Statements<'_> {
    fn visit_item_mod(&mut self, module: &syn::ItemMod) {
        let is_test = |one: &syn::Attribute| {
            one.path().is_ident("cfg")
                && one
                    .parse_args::<syn::Ident>()
                    .is_ok_and(|condition| condition == "test")
        };
        if !module.attrs.iter().any(is_test) {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_expr_call(&mut self, call: &syn::ExprCall) {
        if let syn::Expr::Path(function) = &*call.func {
            let names: Vec<String> = function
                .path
                .segments
                .iter()
                .map(|segment| segment.ident.to_string())
                .collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            match names.as_slice() {
                ["query"] => {
                    if let Some(text) = self.text(call.args.first()) {
                        self.add_common(text);
                    }
                }
                ["Sql", "each"] => {
                    let texts = [call.args.first(), call.args.last()];
                    let [sqlite, postgres] = texts.map(|text| self.text(text));
                    self.add(sqlite, postgres);
                }
                _ => {}
            }
        }
        syn::visit::visit_expr_call(self, call);
    }
}

/// The constants of a file that are texts.
fn constants(file: &syn::File) -> HashMap<String, String> {
    let constants = file.items.iter().filter_map(|item| match item {
        syn::Item::Const(constant) => match &*constant.expr {
            syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) => Some((constant.ident.to_string(), text.value())),
            _ => None,
        },
        _ => None,
    });
    constants.collect()
}

fn collect(directory: &Path, found: &mut Vec<Statement>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        let is_for_tests =
            name.contains("test") || name == "conformance" || name == "conformance.rs";
        if is_for_tests {
            continue;
        }
        if path.is_dir() {
            collect(&path, found);
        } else if name.ends_with(".rs") {
            let text = fs::read_to_string(&path).expect("a source");
            let file = syn::parse_file(&text).expect("Rust");
            let mut statements = Statements {
                file: &path,
                constants: constants(&file),
                found: Vec::new(),
            };
            statements.visit_file(&file);
            found.append(&mut statements.found);
        }
    }
}

/// Why the engine refuses a statement. That the type of a parameter is not known before its value is no reason.
async fn refusal<'c, E: Executor<'c>>(connection: E, text: &str) -> Option<String> {
    let text = AssertSqlSafe(text.to_owned()).into_sql_str();
    let error = connection.prepare(text).await.err()?;
    let code = error.as_database_error().and_then(|error| error.code());
    (code.as_deref() != Some("42P18")).then(|| error.to_string())
}

#[tokio::test]
async fn every_statement_fits_the_tables_of_its_engine() {
    let mut statements = Vec::new();
    for directory in ["src/services", "crates/queue/src", "crates/database/src"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        collect(&root.join(directory), &mut statements);
    }
    assert!(statements.len() >= MIN_STATEMENTS, "{}", statements.len());

    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("kith.db");
    let server = PostgresServer::shared().database();
    let place: DatabaseUrl = server.url().parse().expect("an address");
    let two = NonZeroU32::MIN.saturating_add(2);
    for place in [DatabaseUrl::from(&file), place] {
        let opened = database::open(place, two).await.expect("it opens");
        opened.close().await;
    }
    let mut sqlite = SqliteConnection::connect(&format!("sqlite://{}", file.display()))
        .await
        .expect("the file");
    let mut postgres = PgConnection::connect(server.url())
        .await
        .expect("the server");

    let mut refused = Vec::new();
    for statement in &statements {
        let place = statement.place.display();
        if let Some(text) = &statement.sqlite
            && let Some(why) = refusal(&mut sqlite, text).await
        {
            refused.push(format!("{place}, SQLite: {why}\n    {text}"));
        }
        if let Some(text) = &statement.postgres
            && let Some(why) = refusal(&mut postgres, text).await
        {
            refused.push(format!("{place}, PostgreSQL: {why}\n    {text}"));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
