//! The table of keys: what is known about each one, and the macro that makes the typed
//! configuration and the table out of one declaration.

use super::Config;

/// A table of `Leptos.toml`.
pub(super) struct Section {
    pub name: &'static str,
    pub doc: &'static str,
    pub keys: &'static [Key],
}

/// One setting.
pub(super) struct Key {
    /// `section.name`.
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

/// Declares one struct a section, [`Config`] of them all, their defaults and `Debug`, and
/// `SECTIONS`, the table of keys. Each comment is one line, and users read it too.
macro_rules! sections {
    ($(
        #[doc = $section_doc:literal]
        $section:ident: $Struct:ident {
            $(
                #[doc = $doc:literal]
                $name:ident: $type:ty = $default:literal $(, also $alias:literal)?;
            )+
        }
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
            }

            impl Default for $Struct {
                fn default() -> Self {
                    // `concat!` makes text of a literal, be it a string or a number.
                    Self { $($name: setting::parse_default(concat!($default)),)+ }
                }
            }

            impl std::fmt::Debug for $Struct {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.debug_struct(stringify!($Struct))
                        $(.field(stringify!($name), &setting::Setting::redacted(&self.$name)))+
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
        }

        const SECTIONS: &[key::Section] = &[$(
            key::Section {
                name: stringify!($section),
                doc: $section_doc,
                keys: &[$(
                    key::Key {
                        path: concat!(stringify!($section), ".", stringify!($name)),
                        name: stringify!($name),
                        // The first of one or two: the alias, if one is declared.
                        alias: [$(Some($alias),)? None][0],
                        doc: $doc,
                        expected: <$type as setting::Setting>::EXPECTED,
                        toml_types: <$type as setting::Setting>::TOML_TYPES,
                        may_hold_secret: <$type as setting::Setting>::MAY_HOLD_SECRET,
                        set: |config, text| match setting::Setting::parse(text) {
                            Some(value) => {
                                config.$section.$name = value;
                                true
                            }
                            None => false,
                        },
                        redacted: |config| setting::Setting::redacted(&config.$section.$name),
                    },
                )+],
            },
        )+];
    };
}
pub(super) use sections;
