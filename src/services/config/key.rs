//! The table of keys: what is known about each one, and the macro that makes the typed
//! configuration and the table out of one declaration.

use super::Config;

/// A table of `Leptos.toml`.
pub(super) struct Section {
    /// Its header, for example `limits` or `limits.api`.
    pub name: &'static str,
    pub doc: &'static str,
    pub keys: &'static [Key],
}

/// One setting.
pub(super) struct Key {
    /// `section.name`, for example `limits.api.limit`.
    pub path: &'static str,
    pub name: &'static str,
    /// The conventional environment variable, beside the one of [`Key::env`].
    pub alias: Option<&'static str>,
    pub doc: &'static str,
    /// What is accepted, with an example; completes "It takes …".
    pub expected: &'static str,
    /// The TOML types that may carry the value, the one that is printed first.
    pub toml_types: &'static [&'static str],
    /// Whether a value that is refused may hold a secret.
    pub may_hold_secret: bool,
    /// Parses the text into the configuration; false, and no change, if it is not a valid value.
    pub set: fn(&mut Config, &str) -> bool,
    /// The text that [`Key::set`] would read back, but for secrets.
    pub redacted: fn(&Config) -> String,
}

impl Key {
    /// `KITH_<SECTION>_<KEY>`.
    pub fn env(&self) -> String {
        format!("KITH_{}", self.path.replace('.', "_").to_uppercase())
    }

    /// The path of a key in a table within a section as it was before there were such tables, for example
    /// `limits.api_limit`. This release is the last that reads it.
    pub fn old_path(&self) -> Option<String> {
        let (table, name) = self.path.rsplit_once('.')?;
        table.contains('.').then(|| format!("{table}_{name}"))
    }

    /// The value as it is written in `Leptos.toml`, passwords masked.
    pub fn literal(&self, config: &Config) -> String {
        let text = (self.redacted)(config);
        if self.toml_types.first() == Some(&"string") {
            toml::Value::String(text).to_string()
        } else {
            text
        }
    }
}

/// The key of a field of [`Config`], without an alias.
macro_rules! key {
    ($type:ty, $doc:literal, $section:ident $(. $field:ident)+) => {
        key::Key {
            path: concat!(stringify!($section) $(, ".", stringify!($field))+),
            name: *[$(stringify!($field)),+].last().expect("a field"),
            alias: None,
            doc: $doc,
            expected: <$type as setting::Setting>::EXPECTED,
            toml_types: <$type as setting::Setting>::TOML_TYPES,
            may_hold_secret: <$type as setting::Setting>::MAY_HOLD_SECRET,
            set: |config, text| match setting::Setting::parse(text) {
                Some(value) => {
                    config.$section$(.$field)+ = value;
                    true
                }
                None => false,
            },
            redacted: |config| setting::Setting::redacted(&config.$section$(.$field)+),
        }
    };
}
pub(super) use key;

/// Declares one struct a section, [`Config`] of them all, their defaults and `Debug`, and
/// `SECTIONS`, the table of keys. Each comment is one line, and users read it too. The structs of the tables
/// within a section, after `with`, are declared by hand, because several tables may share one.
macro_rules! sections {
    ($(
        #[doc = $section_doc:literal]
        $section:ident: $Struct:ident {
            $(
                #[doc = $doc:literal]
                $name:ident: $type:ty = $default:literal $(, also $alias:literal)?;
            )+
        } $(with {
            $(
                #[doc = $table_doc:literal]
                $table:ident: $Table:ident {
                    $(
                        #[doc = $inner_doc:literal]
                        $inner:ident: $inner_type:ty = $inner_default:literal;
                    )+
                }
            )+
        })?
    )+) => {
        $(
            #[doc = $section_doc]
            #[derive(Clone)]
            pub struct $Struct {
                $(
                    #[doc = $doc]
                    #[doc = concat!("\n\nDefault: `", $default, "`.")]
                    pub $name: $type,
                )+
                $($(
                    #[doc = $table_doc]
                    pub $table: $Table,
                )+)?
            }

            impl Default for $Struct {
                fn default() -> Self {
                    // `concat!` makes text of a literal, be it a string or a number.
                    Self {
                        $($name: setting::parse_default(concat!($default)),)+
                        $($($table: $Table {
                            $($inner: setting::parse_default(concat!($inner_default)),)+
                        },)+)?
                    }
                }
            }

            impl std::fmt::Debug for $Struct {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.debug_struct(stringify!($Struct))
                        $(.field(stringify!($name), &setting::Setting::redacted(&self.$name)))+
                        $($(.field(stringify!($table), &self.$table))+)?
                        .finish()
                }
            }
        )+

        /// The whole configuration, one field a section of `Leptos.toml`.
        #[derive(Clone, Debug, Default)]
        pub struct Config {
            $(
                #[doc = $section_doc]
                pub $section: $Struct,
            )+
            /// Whether `cargo leptos watch` runs Kith and reloads pages, which it says by `LEPTOS_WATCH`.
            pub is_watched: bool,
            /// What the operator should change before the next release, a sentence or two for each.
            pub warnings: Vec<String>,
        }

        const SECTIONS: &[key::Section] = &[$(
            key::Section {
                name: stringify!($section),
                doc: $section_doc,
                keys: &[$(
                    key::Key {
                        // The first of one or two: the alias, if one is declared.
                        alias: [$(Some($alias),)? None][0],
                        ..key::key!($type, $doc, $section . $name)
                    },
                )+],
            },
            $($(key::Section {
                name: concat!(stringify!($section), ".", stringify!($table)),
                doc: $table_doc,
                keys: &[$(key::key!($inner_type, $inner_doc, $section . $table . $inner),)+],
            },)+)?
        )+];
    };
}
pub(super) use sections;
