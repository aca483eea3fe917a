//! Reading the sources in order of precedence, and saying what is wrong with them.
//!
//! All problems are gathered before any is reported, so that one start shows them all.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeTable;
use toml::de::DeValue;

use super::Config;
use super::SECTIONS;
use super::key::Key;
use super::key::Section;
use super::setting::mask_secrets;

/// The file that is read when no other is named; it may be missing.
const DEFAULT_FILE: &str = "Leptos.toml";

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is missing or unreadable; the source says why.
    #[error("cannot read the configuration file {}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// One sentence or two for each problem, ready for the operator; no secrets.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
}

impl Config {
    /// Reads the configuration file, then the environment, over the defaults.
    ///
    /// `file` must exist if it is given; otherwise `Leptos.toml` in the working directory is read,
    /// if there is one. `env` is the environment, usually [`std::env::vars_os`]: a foreign variable
    /// may hold what it likes, and one of ours that is not UTF-8 is an error, not a panic.
    pub fn load(
        file: Option<&Path>,
        env: impl IntoIterator<Item = (impl Into<OsString>, impl Into<OsString>)>,
    ) -> Result<Self, ConfigError> {
        let path = file.unwrap_or(Path::new(DEFAULT_FILE));
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if file.is_none() && error.kind() == io::ErrorKind::NotFound => {
                String::new()
            }
            Err(source) => {
                let path = path.to_owned();
                return Err(ConfigError::Read { path, source });
            }
        };
        Self::parse(&path.display().to_string(), &text, env)
    }

    /// The configuration of a file's text and an environment.
    pub(super) fn parse(
        file_name: &str,
        text: &str,
        env: impl IntoIterator<Item = (impl Into<OsString>, impl Into<OsString>)>,
    ) -> Result<Self, ConfigError> {
        let env = env
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .filter(|(_, value): &(OsString, OsString)| !value.is_empty())
            .collect();
        let mut loader = Loader::default();
        loader.read_file(file_name, text);
        loader.read_environment(&env);
        loader.config.is_watched = env.contains_key(OsStr::new("LEPTOS_WATCH"));
        loader.finish()
    }
}

#[derive(Default)]
struct Loader {
    config: Config,
    /// Where the value of a key came from, for keys that are not at their default.
    sources: BTreeMap<&'static str, String>,
    problems: Vec<String>,
}

/// The offset of a key in the text of a file, its path, and its value.
type Entry<'a> = (usize, String, &'a Spanned<DeValue<'a>>);

/// A value of a source.
struct Found<'a> {
    /// The key as it is written there, which may be its old name.
    path: &'a str,
    /// Where it stands, for example `in Leptos.toml, line 3`.
    source: String,
    /// What a key parses; `None` if the value is of a type that the key does not take.
    text: Option<&'a str>,
    /// What stands for the value in a problem.
    shown: String,
}

impl Loader {
    fn read_file(&mut self, file_name: &str, text: &str) {
        let source_at = |offset: usize| {
            let line = text[..offset].matches('\n').count() + 1;
            format!("in {file_name}, line {line}")
        };
        let root = match DeTable::parse(text) {
            Ok(root) => root.into_inner(),
            Err(error) => {
                // Not the error's own `Display`: it quotes the line, which may hold a password.
                let source = source_at(error.span().map_or(0, |span| span.start));
                let message = error.message();
                self.problems.push(format!("not TOML {source}: {message}"));
                return;
            }
        };
        let mut entries = Vec::new();
        gather(&root, "", &mut entries);
        // The parser's map is sorted by name; people read problems in the order of the file.
        entries.sort_by_key(|(offset, ..)| *offset);

        let mut seen = BTreeMap::new();
        for (offset, path, value) in entries {
            let source = source_at(offset);
            let Some(key) = key_of(&path) else {
                let advice = advice(&path.replace('.', "_"), |key| format!("`{}`", key.path));
                self.problems
                    .push(format!("unknown key `{path}` {source}. {advice}"));
                continue;
            };
            self.note_old_name(key, &path, &source, &mut seen);
            let value_type = value.get_ref().type_str();
            let parsed = scalar(value.get_ref()).filter(|_| key.toml_types.contains(&value_type));
            let shown = match value.get_ref() {
                DeValue::Array(_) => "an array".to_owned(),
                DeValue::Table(_) => "a table".to_owned(),
                _ => quote(key, &text[value.span()]),
            };
            let found = Found {
                path: &path,
                source,
                text: parsed.as_deref(),
                shown,
            };
            self.set(key, found);
        }
    }

    /// Warns of an old name, unless the key stands in the file under both of its names.
    fn note_old_name(
        &mut self,
        key: &'static Key,
        path: &str,
        source: &str,
        seen: &mut BTreeMap<&'static str, (String, String)>,
    ) {
        let new = key.path;
        let written = (path.to_owned(), source.to_owned());
        if let Some((_, other)) = seen.insert(new, written) {
            let (old_source, new_source) = if path == new {
                (other.as_str(), source)
            } else {
                (source, other.as_str())
            };
            let old = key.old_path().unwrap_or_default();
            self.problems.push(format!(
                "`{old}` {old_source} is the old name of `{new}`, which is set {new_source}. \
                 Remove the old one."
            ));
        }
        if path != new {
            self.config.warnings.push(format!(
                "`{path}` {source} is the old name of `{new}`. Write `{}` under [{}]; the next \
                 release refuses the old name.",
                key.name,
                new.trim_end_matches(key.name).trim_end_matches('.'),
            ));
        }
    }

    fn read_environment(&mut self, env: &BTreeMap<OsString, OsString>) {
        for key in keys() {
            let alias = key.alias.map(str::to_owned);
            for name in alias.into_iter().chain([key.env()]) {
                let Some(value) = env.get(OsStr::new(&name)) else {
                    continue;
                };
                let source = format!("in the environment variable {name}");
                let text = value.to_str();
                let shown = match text {
                    Some(text) => quote(key, text),
                    None => "bytes that are not UTF-8".to_owned(),
                };
                let found = Found {
                    path: key.path,
                    source,
                    text,
                    shown,
                };
                self.set(key, found);
            }
        }
        for name in env.keys() {
            let name = name.to_string_lossy();
            if let Some(rest) = name.strip_prefix("KITH_")
                && keys().all(|key| key.env() != name)
            {
                let advice = advice(&rest.to_lowercase(), Key::env);
                self.problems
                    .push(format!("unknown environment variable {name}. {advice}"));
            }
        }
    }

    fn finish(mut self) -> Result<Config, ConfigError> {
        for conflict in self.config.conflicts() {
            let source = self.sources.get(conflict.path);
            let source = source.map_or("(its default)", String::as_str);
            let found = format!("`{}`", conflict.value);
            self.problems
                .push(wrong_value(conflict.path, source, &found, &conflict.rule));
        }
        if self.problems.is_empty() {
            Ok(self.config)
        } else {
            Err(ConfigError::Invalid(self.problems))
        }
    }

    /// Takes over a value if it is valid; otherwise it is a problem.
    fn set(&mut self, key: &'static Key, found: Found) {
        let Found {
            path,
            source,
            text,
            shown,
        } = found;
        if text.is_some_and(|text| (key.set)(&mut self.config, text)) {
            self.sources.insert(key.path, source);
        } else {
            let rule = format!("It takes {}.", key.expected);
            self.problems
                .push(wrong_value(path, &source, &shown, &rule));
        }
    }
}

/// Collects the keys of a table and of the tables within, each with its offset in the text and its path.
fn gather<'a>(table: &'a DeTable, prefix: &str, entries: &mut Vec<Entry<'a>>) {
    for (name, value) in table {
        let path = match prefix {
            "" => name.get_ref().to_string(),
            prefix => format!("{prefix}.{}", name.get_ref()),
        };
        let is_section = || SECTIONS.iter().any(|section| section.name == path);
        match value.get_ref() {
            DeValue::Table(keys) if !keys.is_empty() && key_of(&path).is_none() => {
                gather(keys, &path, entries);
            }
            DeValue::Table(keys) if keys.is_empty() && is_section() => {}
            _ => entries.push((name.span().start, path, value)),
        }
    }
}

/// The text of a value that is neither an array nor a table.
fn scalar(value: &DeValue) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(|number| number.to_string()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// The key that a file names by its path, or by its old one.
fn key_of(path: &str) -> Option<&'static Key> {
    keys()
        .find(|key| key.path == path)
        .or_else(|| keys().find(|key| key.old_path().as_deref() == Some(path)))
}

/// A refused value, unless it may hold a secret.
fn quote(key: &Key, text: &str) -> String {
    if key.may_hold_secret {
        return "***".to_owned();
    }
    format!("`{text}`")
}

fn wrong_value(path: &str, source: &str, found: &str, rule: &str) -> String {
    let found = mask_secrets(found);
    format!("wrong value for `{path}` {source}: {found}. {rule}")
}

fn keys() -> impl Iterator<Item = &'static Key> {
    SECTIONS.iter().flat_map(|section| section.keys)
}

/// What to write instead of the unknown key `wrong`, given as `section_name`.
fn advice(wrong: &str, name_of: impl Fn(&Key) -> String) -> String {
    if let Some(key) = nearest(wrong) {
        return format!("Did you mean {}?", name_of(key));
    }
    let is_of_wrong = |section: &&Section| {
        let rest = wrong.strip_prefix(&section.name.replace('.', "_"));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    let section_of_wrong = SECTIONS
        .iter()
        .filter(is_of_wrong)
        .max_by_key(|section| section.name.len());
    match section_of_wrong {
        Some(Section { name, .. }) => {
            let within = |key: &&Key| {
                let rest = key.path.strip_prefix(name);
                rest.is_some_and(|rest| rest.starts_with('.'))
            };
            let names: Vec<_> = keys().filter(within).map(name_of).collect();
            format!("The keys of [{name}] are {}.", names.join(", "))
        }
        None => {
            let names: Vec<_> = SECTIONS
                .iter()
                .map(|section| section.name)
                .filter(|name| !name.contains('.'))
                .collect();
            format!("The sections are [{}].", names.join("], ["))
        }
    }
}

/// The key that was probably meant: at most a third of `wrong` has to change, or only the section. What
/// names the right table does not count.
fn nearest(wrong: &str) -> Option<&'static Key> {
    let names_it = |key: &Key| wrong == key.name || wrong.ends_with(&format!("_{}", key.name));
    let is_near = |distance: usize, key: &Key| {
        let path = key.path.replace('.', "_");
        let table = path.strip_suffix(key.name).unwrap_or_default();
        distance <= wrong.strip_prefix(table).unwrap_or(wrong).len().div_ceil(3)
    };
    keys()
        .map(|key| {
            let distance = strsim::damerau_levenshtein(wrong, &key.path.replace('.', "_"));
            (distance, key)
        })
        .filter(|(distance, key)| is_near(*distance, key) || names_it(key))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, key)| key)
}
