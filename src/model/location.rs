//! The address of a page of contacts. The server, which renders the page, and the browser, which moves
//! between pages without loading them, read and write it with the same code.
//!
//! Invariant: `Location::parse` of what [`Location::url`] wrote is the same location again.

use crate::model::contact::ContactId;
use crate::model::form::FormInputs;
use crate::model::query::Query;
use crate::model::wire::Deserialize;
use crate::model::wire::Serialize;

/// The page that prints the list.
pub const PRINT_PATH: &str = "/contacts/print";

/// The parameter of an address that names an address book.
pub const BOOK: &str = "book";

/// The parameter of an address that names the label whose contacts are listed.
pub const LABEL: &str = "label";

/// The parameter of an address that lists favourites only: `1`.
pub const FAVOURITES: &str = "favourites";

/// The parameter of an address that names the order of the list.
pub const SORT: &str = "sort";

/// The parameter of an address that names the field that a form begins at.
pub const FIELD: &str = "field";

/// One page of `/contacts`: the list with its search on one side, a pane on the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    pub pane: PaneRoute,
    /// The id of the address book; empty for the one that the reader begins with.
    pub book: String,
    /// What the list is searched for, as typed; empty without a search.
    pub search: String,
    pub filter: ListFilter,
    /// Where the list starts, for readers without JavaScript who follow "next page".
    pub cursor: Option<String>,
    /// The contact that was just moved to the trash, so that this page can offer to undo it.
    pub deleted: Option<ContactId>,
    /// The name or the address that the form for a new contact starts with; empty for an empty form.
    pub name: String,
    /// The name of the field that the form of a contact begins at; empty for its first one.
    pub field: String,
}

/// Which contacts the list is about, apart from the search, and in which order they are.
/// A page of an earlier release does not know all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", serde(default))]
pub struct ListFilter {
    /// The id of a label; empty for contacts with and without labels.
    pub label: String,
    /// Only favourites.
    pub favourites: bool,
    /// The order, as in the API; empty for the usual one.
    pub sort: String,
}

/// What the pane beside the list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaneRoute {
    #[default]
    Nothing,
    New,
    Contact(ContactId),
    Edit(ContactId),
}

impl PaneRoute {
    /// The contact that this pane is about.
    pub fn contact(self) -> Option<ContactId> {
        match self {
            Self::Nothing | Self::New => None,
            Self::Contact(id) | Self::Edit(id) => Some(id),
        }
    }
}

impl Location {
    /// Reads a path such as `/contacts/new` and a query string without its question mark.
    /// Returns `None` when the path is no page of contacts, and ignores
    /// unknown parameters.
    pub fn parse(path: &str, query: &str) -> Option<Self> {
        let rest = path.strip_prefix("/contacts")?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        let mut segments = rest.split('/').filter(|segment| !segment.is_empty());
        let pane = match (segments.next(), segments.next(), segments.next()) {
            (None, ..) => PaneRoute::Nothing,
            (Some("new"), None, _) => PaneRoute::New,
            (Some(id), None, _) => PaneRoute::Contact(id.parse().ok()?),
            (Some(id), Some("edit"), None) => PaneRoute::Edit(id.parse().ok()?),
            _ => return None,
        };
        let query = Query::parse(query);
        Some(Self {
            pane,
            book: query.get(BOOK).unwrap_or_default(),
            search: query.get("q").unwrap_or_default(),
            filter: ListFilter {
                label: query.get(LABEL).unwrap_or_default(),
                favourites: query.get(FAVOURITES).is_some_and(|value| value == "1"),
                sort: query.get(SORT).unwrap_or_default(),
            },
            cursor: query.get("cursor").filter(|cursor| !cursor.is_empty()),
            deleted: query.get("deleted").and_then(|id| id.parse().ok()),
            name: query.get("name").unwrap_or_default(),
            field: query.get(FIELD).unwrap_or_default(),
        })
    }

    /// The address of this location, from the root of the site.
    pub fn url(&self) -> String {
        let mut url = match self.pane {
            PaneRoute::Nothing => "/contacts".to_owned(),
            PaneRoute::New => "/contacts/new".to_owned(),
            PaneRoute::Contact(id) => ["/contacts/", &id.text()].concat(),
            PaneRoute::Edit(id) => ["/contacts/", &id.text(), "/edit"].concat(),
        };
        self.append_query(&mut url);
        url
    }

    /// Where a form posts to that applies `action`, such as `delete`, to a contact. The answer leads back
    /// to this list.
    pub fn action_url(&self, id: ContactId, action: &str) -> String {
        let mut url = ["/contacts/", &id.text(), "/", action].concat();
        self.append_query(&mut url);
        url
    }

    /// The page that prints all contacts that the search of this list finds. It is not itself a
    /// `Location`.
    pub fn print_url(&self) -> String {
        let mut url = PRINT_PATH.to_owned();
        let list = Self {
            book: self.book.clone(),
            search: self.search.clone(),
            filter: self.filter.clone(),
            ..Self::default()
        };
        list.append_query(&mut url);
        url
    }

    /// Where the form is sent that says how this list looks.
    #[cfg(feature = "ssr")]
    pub fn list_view_url(&self) -> String {
        self.print_url().replacen(PRINT_PATH, "/list-view", 1)
    }

    /// The page that takes in files for the book.
    pub fn import_url(&self) -> String {
        let mut url = "/import".to_owned();
        let book = Self {
            book: self.book.clone(),
            ..Self::default()
        };
        book.append_query(&mut url);
        url
    }

    /// The file with the contacts of this list.
    #[cfg(feature = "ssr")]
    pub fn export_url(&self) -> String {
        self.print_url()
            .replacen(PRINT_PATH, "/contacts/export.vcf", 1)
    }

    fn append_query(&self, url: &mut String) {
        let mut query = Query::default();
        if !self.book.is_empty() {
            query.append(BOOK, &self.book);
        }
        if !self.search.is_empty() {
            query.append("q", &self.search);
        }
        if !self.filter.label.is_empty() {
            query.append(LABEL, &self.filter.label);
        }
        if self.filter.favourites {
            query.append(FAVOURITES, "1");
        }
        if !self.filter.sort.is_empty() {
            query.append(SORT, &self.filter.sort);
        }
        if let Some(cursor) = &self.cursor {
            query.append("cursor", cursor);
        }
        if let Some(id) = self.deleted {
            query.append("deleted", &id.text());
        }
        if !self.name.is_empty() {
            query.append("name", &self.name);
        }
        if !self.field.is_empty() {
            query.append(FIELD, &self.field);
        }
        let query = query.text();
        if !query.is_empty() {
            url.push('?');
            url.push_str(&query);
        }
    }

    /// Where the form that creates a contact posts to. It is not the address of the page: a browser drops
    /// its stored copy of an address that it posts to. "Back" would then load the form again, with a new
    /// key and with everything that was typed, and that form would create the same contact twice.
    pub fn create_url(&self) -> String {
        let mut url = self.url();
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str("sent");
        url
    }

    /// The same page of the list with another pane. The notice is dropped.
    pub fn with_pane(&self, pane: PaneRoute) -> Self {
        Self {
            pane,
            book: self.book.clone(),
            search: self.search.clone(),
            filter: self.filter.clone(),
            cursor: self.cursor.clone(),
            deleted: None,
            name: String::new(),
            field: String::new(),
        }
    }

    /// The form of a contact beside the same list, which begins at a field.
    pub fn with_form_at(&self, pane: PaneRoute, field: String) -> Self {
        Self {
            field,
            ..self.with_opened_pane(pane)
        }
    }

    /// The form for a new contact, which starts with what was searched for and not found.
    pub fn new_contact_from_search(&self) -> Self {
        Self {
            name: self.search.trim().to_owned(),
            ..self.with_pane(PaneRoute::New)
        }
    }

    /// What the form for a new contact starts with. Kith understands an address that stands as the name.
    pub fn prefilled_inputs(&self) -> FormInputs {
        let name = if self.name.contains('@') {
            "emails.0"
        } else {
            "name"
        };
        vec![(name.to_owned(), self.name.clone())]
    }

    /// The same search with another pane. A pane with a contact shows the page of the list that holds
    /// this contact, so it drops the cursor.
    pub fn with_opened_pane(&self, pane: PaneRoute) -> Self {
        let same_page = self.with_pane(pane);
        Self {
            cursor: same_page.cursor.filter(|_| pane.contact().is_none()),
            ..same_page
        }
    }

    /// The first page of another search, with the same pane and notice. What is found is in the order of a search.
    pub fn with_search(&self, search: String) -> Self {
        Self {
            search,
            filter: ListFilter {
                sort: String::new(),
                ..self.filter.clone()
            },
            cursor: None,
            ..self.clone()
        }
    }

    /// The first page of the same list in another order.
    #[cfg(feature = "ssr")]
    pub fn with_sort(&self, sort: &str) -> Self {
        Self {
            filter: ListFilter {
                sort: sort.to_owned(),
                ..self.filter.clone()
            },
            ..self.with_cursor(None)
        }
    }

    /// Whether the list is that of all contacts.
    pub fn lists_all(&self) -> bool {
        self.search.is_empty() && self.filter.label.is_empty() && !self.filter.favourites
    }

    /// The page of the list that starts at `cursor`; the first when there is none.
    pub fn with_cursor(&self, cursor: Option<String>) -> Self {
        Self {
            cursor,
            ..self.with_pane(self.pane)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn panes() -> impl Strategy<Value = PaneRoute> {
        let id = any::<u128>().prop_map(|bits| ContactId::new(uuid::Uuid::from_u128(bits)));
        prop_oneof![
            Just(PaneRoute::Nothing),
            Just(PaneRoute::New),
            id.clone().prop_map(PaneRoute::Contact),
            id.prop_map(PaneRoute::Edit),
        ]
    }

    proptest! {
        #[test]
        fn a_url_is_parsed_to_its_location(
            pane in panes(),
            book in ".*",
            search in ".*",
            label in ".*",
            favourites in any::<bool>(),
            sort in ".*",
            cursor in proptest::option::of(".+"),
            deleted in proptest::option::of(any::<u128>()),
            name in ".*",
            field in ".*",
        ) {
            let deleted = deleted.map(|bits| ContactId::new(uuid::Uuid::from_u128(bits)));
            let filter = ListFilter { label, favourites, sort };
            let location = Location { pane, book, search, filter, cursor, deleted, name, field };
            let url = location.url();
            let (path, query) = url.split_once('?').unwrap_or((&url, ""));
            prop_assert_eq!(Location::parse(path, query), Some(location));
        }

        #[test]
        fn parsing_never_panics(path in ".*", query in ".*") {
            let _ = Location::parse(&format!("/contacts{path}"), &query);
        }
    }

    #[test]
    fn the_form_starts_with_the_search_that_found_nothing() {
        let location = |query| {
            Location::parse("/contacts", query)
                .expect("a location")
                .new_contact_from_search()
        };
        assert_eq!(
            location("q=+xqzv+").url(),
            "/contacts/new?q=+xqzv+&name=xqzv"
        );
        // A later new contact starts without it.
        assert_eq!(
            location("q=x").with_pane(PaneRoute::New).url(),
            "/contacts/new?q=x"
        );
    }

    #[test]
    fn the_print_page_keeps_only_what_the_list_is_about() {
        let location = |query| Location::parse("/contacts/new", query).expect("a location");
        assert_eq!(location("").print_url(), "/contacts/print");
        assert_eq!(
            location("q=ada+l%26&label=l&favourites=1&cursor=x&deleted=y").print_url(),
            "/contacts/print?q=ada+l%26&label=l&favourites=1"
        );
        #[cfg(feature = "ssr")]
        assert_eq!(
            location("q=ada&label=l").export_url(),
            "/contacts/export.vcf?q=ada&label=l"
        );
        // The browser follows a link to it and loads its page.
        assert_eq!(Location::parse(PRINT_PATH, ""), None);
    }

    #[test]
    fn the_first_of_equal_parameters_counts() {
        let location = Location::parse("/contacts", "q=a&q=b&name=c&name=d").expect("a location");
        assert_eq!((&*location.search, &*location.name), ("a", "c"));
    }

    #[test]
    fn parsing_refuses_other_paths() {
        for path in [
            "/",
            "/contactsx",
            "/contacts/ada",
            "/contacts/new/edit",
            "/trash",
        ] {
            assert_eq!(Location::parse(path, ""), None, "{path}");
        }
    }
}
