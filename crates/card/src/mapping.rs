//! Where the fields of an application live in a card.

use crate::version::Version;

/// Where a field of the application lives in a card, and what shape it has there. An application describes each of
/// its fields once, and reads and edits it by that.
///
/// ```
/// use kith_card::{Mapping, Source, Version};
///
/// const TITLE: Mapping = Mapping::text("TITLE");
/// const COMPANY: Mapping = Mapping::component("ORG", 0);
/// const PHONES: Mapping = Mapping::entries(&[Source::new("TEL")]);
/// const ANNIVERSARY: Mapping = Mapping::date(&[
///     Source::new("ANNIVERSARY").in_version(Version::V4_0),
///     Source::new("X-ANNIVERSARY"),
///     Source::new("X-ABDATE").with_label("_$!<Anniversary>!$_"),
/// ]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Mapping {
    pub(crate) sources: Sources,
    pub(crate) shape: Shape,
    /// Several entries with labels; else one without.
    pub(crate) is_many: bool,
}

/// One source, or several of which the first that fits the version is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sources {
    One(Source),
    Several(&'static [Source]),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shape {
    Text,
    Component(usize),
    Structured(usize),
    Date,
    List,
    Flag,
}

impl Mapping {
    const fn one(name: &'static str, shape: Shape) -> Self {
        Self {
            sources: Sources::One(Source::new(name)),
            shape,
            is_many: false,
        }
    }

    const fn several(sources: &'static [Source], shape: Shape, is_many: bool) -> Self {
        Self {
            sources: Sources::Several(sources),
            shape,
            is_many,
        }
    }

    /// One text, such as `TITLE`: at most one entry of one part.
    pub const fn text(name: &'static str) -> Self {
        Self::one(name, Shape::Text)
    }

    /// One text that different clients keep in different places, such as `X-PHONETIC-FIRST-NAME` and the `SORT-AS` of
    /// `N`. The first source with a text is the one that is read.
    pub const fn text_of(sources: &'static [Source]) -> Self {
        Self::several(sources, Shape::Text, false)
    }

    /// One part of a structured property: `ORG` 0 is the company, `ORG` 1 the department.
    pub const fn component(name: &'static str, index: usize) -> Self {
        Self::one(name, Shape::Component(index))
    }

    /// One structured property, such as `N` with 5 parts: at most one entry with so many parts.
    pub const fn structured(name: &'static str, parts: usize) -> Self {
        Self::one(name, Shape::Structured(parts))
    }

    /// Several texts with labels: `EMAIL`, `TEL`, `URL`, `IMPP`, `RELATED`.
    pub const fn entries(sources: &'static [Source]) -> Self {
        Self::several(sources, Shape::Text, true)
    }

    /// Several structured properties with labels: `ADR` with 7 parts.
    pub const fn structured_entries(sources: &'static [Source], parts: usize) -> Self {
        Self::several(sources, Shape::Structured(parts), true)
    }

    /// One date. Its entry has one part: `1985-04-15`, `--04-15` without a year, `1985-04`, `1985`, or the text of a
    /// value that is none of these.
    pub const fn date(sources: &'static [Source]) -> Self {
        Self::several(sources, Shape::Date, false)
    }

    /// Several dates with labels: the `X-ABDATE` of Apple.
    pub const fn dates(sources: &'static [Source]) -> Self {
        Self::several(sources, Shape::Date, true)
    }

    /// A list in one property, such as `CATEGORIES` and `NICKNAME`: an entry of one part for each item.
    pub const fn list(name: &'static str) -> Self {
        Self::one(name, Shape::List)
    }

    /// A property that is set or not: one entry, `true`, or none.
    pub const fn flag(name: &'static str) -> Self {
        Self::one(name, Shape::Flag)
    }

    /// Whether the field has several entries.
    pub fn is_many(&self) -> bool {
        self.is_many || self.shape == Shape::List
    }

    pub(crate) fn sources(&self) -> &[Source] {
        match &self.sources {
            Sources::One(source) => std::slice::from_ref(source),
            Sources::Several(sources) => sources,
        }
    }

    /// The source of new lines.
    pub(crate) fn written(&self, version: Version) -> Option<&Source> {
        let fits = |source: &&Source| source.version.is_none_or(|only| only == version);
        let is_value = |source: &&Source| source.parameter.is_none();
        self.sources().iter().filter(is_value).find(fits)
    }
}

/// A property in which entries of a [`Mapping`] are found.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    pub(crate) name: &'static str,
    /// New lines of it are written in this version only.
    pub(crate) version: Option<Version>,
    /// Text that stands before the value in an entry, and not in the card.
    pub(crate) prefix: &'static str,
    /// The label of all of its entries, as Apple writes it or as words.
    pub(crate) label: Option<&'static str>,
    /// Only entries with this label, or with another one.
    pub(crate) only: Option<(&'static str, bool)>,
    pub(crate) is_address: bool,
    pub(crate) is_relation: bool,
    pub(crate) parameter: Option<(&'static str, usize)>,
}

impl Source {
    /// The property of this name, with any group and any label.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            version: None,
            prefix: "",
            label: None,
            only: None,
            is_address: false,
            is_relation: false,
            parameter: None,
        }
    }

    /// A property whose value is a URI, such as `URL` and `IMPP`: its commas and semicolons are not escaped.
    pub const fn uri(name: &'static str) -> Self {
        let mut source = Self::new(name);
        source.is_address = true;
        source
    }

    /// The property in which old clients keep addresses of one service: `X-JABBER:ada@example.org` reads as
    /// `xmpp:ada@example.org`.
    pub const fn service(name: &'static str, prefix: &'static str) -> Self {
        let mut source = Self::uri(name);
        source.prefix = prefix;
        source
    }

    /// `RELATED` of 4.0: texts, or URIs of other cards, whose `TYPE` says the relation.
    pub const fn relation(name: &'static str) -> Self {
        let mut source = Self::new(name);
        source.is_relation = true;
        source
    }

    /// A property that says its label by its name: `X-SPOUSE`. `label` is in Apple's writing (`_$!<Spouse>!$_`).
    pub const fn labelled(name: &'static str, label: &'static str) -> Self {
        let mut source = Self::new(name);
        source.label = Some(label);
        source
    }

    /// One of the values of a parameter, such as 1 of the `SORT-AS` of `N`.
    pub const fn parameter(property: &'static str, name: &'static str, index: usize) -> Self {
        let mut source = Self::new(property);
        source.parameter = Some((name, index));
        source
    }

    /// New lines of this source are for cards of one version.
    pub const fn in_version(mut self, version: Version) -> Self {
        self.version = Some(version);
        self
    }

    /// Only the lines whose `X-ABLabel` says this. New lines get it.
    pub const fn with_label(mut self, label: &'static str) -> Self {
        self.only = Some((label, true));
        self
    }

    /// Only the lines whose `X-ABLabel` does not say this.
    pub const fn without_label(mut self, label: &'static str) -> Self {
        self.only = Some((label, false));
        self
    }
}
