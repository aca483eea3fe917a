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

use toml::de::DeTable;
use toml::de::DeValue;

use super::Config;
use super::SECTIONS;
use super::key::Key;
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
        for (section, value) in &root {
            match value.get_ref() {
                DeValue::Table(keys) if !keys.is_empty() => {
                    for (key, value) in keys {
                        let path = format!("{}.{}", section.get_ref(), key.get_ref());
                        entries.push((key.span().start, path, value));
                    }
                }
                DeValue::Table(_) if SECTIONS.iter().any(|s| s.name == section.get_ref()) => {}
                _ => entries.push((section.span().start, section.get_ref().to_string(), value)),
            }
        }
        // The parser's map is sorted by name; people read problems in the order of the file.
        entries.sort_by_key(|(offset, ..)| *offset);

        for (offset, path, value) in entries {
            let source = source_at(offset);
            let Some(key) = keys().find(|key| key.path == path) else {
                let advice = advice(&path.replace('.', "_"), |key| format!("`{}`", key.path));
                self.problems
                    .push(format!("unknown key `{path}` {source}. {advice}"));
                continue;
            };
            let value_type = value.get_ref().type_str();
            let parsed = match value.get_ref() {
                DeValue::String(text) => Some(text.to_string()),
                DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                    .ok()
                    .map(|number| number.to_string()),
                DeValue::Boolean(truth) => Some(truth.to_string()),
                _ => None,
            };
            let parsed = parsed.filter(|_| key.toml_types.contains(&value_type));
            let found = match value.get_ref() {
                DeValue::Array(_) => "an array".to_owned(),
                DeValue::Table(_) => "a table".to_owned(),
                _ => quote(key, &text[value.span()]),
            };
            self.set(key, parsed.as_deref(), &found, source);
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
                let found = match text {
                    Some(text) => quote(key, text),
                    None => "bytes that are not UTF-8".to_owned(),
                };
                self.set(key, text, &found, source);
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

    /// Takes over the value `text`, if there is one and it is valid; otherwise it is a problem, in
    /// which `found` stands for it.
    fn set(&mut self, key: &'static Key, text: Option<&str>, found: &str, source: String) {
        if text.is_some_and(|text| (key.set)(&mut self.config, text)) {
            self.sources.insert(key.path, source);
        } else {
            let rule = format!("It takes {}.", key.expected);
            self.problems
                .push(wrong_value(key.path, &source, found, &rule));
        }
    }
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
    let section_of_wrong = SECTIONS.iter().find(|section| {
        let rest = wrong.strip_prefix(section.name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    });
    match section_of_wrong {
        Some(section) => {
            let names: Vec<_> = section.keys.iter().map(name_of).collect();
            format!("The keys of [{}] are {}.", section.name, names.join(", "))
        }
        None => {
            let names: Vec<_> = SECTIONS.iter().map(|section| section.name).collect();
            format!("The sections are [{}].", names.join("], ["))
        }
    }
}

/// The key that was probably meant: at most a third of `wrong` has to change, or only the section.
fn nearest(wrong: &str) -> Option<&'static Key> {
    let names_it = |key: &Key| wrong == key.name || wrong.ends_with(&format!("_{}", key.name));
    keys()
        .map(|key| {
            let distance = strsim::damerau_levenshtein(wrong, &key.path.replace('.', "_"));
            (distance, key)
        })
        .filter(|(distance, key)| *distance <= wrong.len() / 3 || names_it(key))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, key)| key)
}
