//! What the texts of a contact are, and the columns that their words stand in.

/// A column of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// The words of names.
    Names,
    /// The words of a name from each one on, run together. A search looks at their beginnings only.
    Joined,
    /// Companies and departments.
    Companies,
    /// Cities.
    Cities,
    /// Labels.
    Labels,
    /// Phone numbers, in digits.
    Phones,
    /// Titles, email addresses, websites, streets and whatever has no column of its own.
    Others,
    /// Notes.
    Notes,
    /// The kinds of what a contact has, for `has:` and `no:`.
    Has,
}

impl Column {
    /// In the order of [`Document`](crate::Document).
    pub const ALL: [Self; 9] = [
        Self::Names,
        Self::Joined,
        Self::Companies,
        Self::Cities,
        Self::Labels,
        Self::Phones,
        Self::Others,
        Self::Notes,
        Self::Has,
    ];

    /// The name of the column, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Names => "names",
            Self::Joined => "joined",
            Self::Companies => "companies",
            Self::Cities => "cities",
            Self::Labels => "labels",
            Self::Phones => "phones",
            Self::Others => "others",
            Self::Notes => "notes",
            Self::Has => "has",
        }
    }
}

/// What a text of a contact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A name, a part of one, a nickname, a phonetic name.
    Name,
    /// A company or a department.
    Company,
    /// A city.
    City,
    /// A label.
    Label,
    /// A phone number, with its extension.
    Phone,
    /// An email address.
    Email,
    /// The address of a website or of a messenger.
    Website,
    /// A title, a street, a related person: anything else of a line.
    Other,
    /// A note.
    Note,
    /// A kind of what the contact has: one of [`KINDS`](crate::KINDS).
    Has,
}

impl Part {
    /// The column that its words stand in. Those of a name are also in [`Column::Joined`], and what is no number in a phone
    /// number is in [`Column::Others`].
    pub(crate) fn column(self) -> Column {
        match self {
            Self::Name => Column::Names,
            Self::Company => Column::Companies,
            Self::City => Column::Cities,
            Self::Label => Column::Labels,
            Self::Phone => Column::Phones,
            Self::Email | Self::Website | Self::Other => Column::Others,
            Self::Note => Column::Notes,
            Self::Has => Column::Has,
        }
    }
}
