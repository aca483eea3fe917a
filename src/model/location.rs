//! Where a person is among the contacts: the address of a page, read and written alike by the
//! server that renders it and by the browser that moves between pages without asking for them.
//!
//! Invariant: `Location::parse` of what [`Location::href`] wrote is the same location again.

use serde::Deserialize;
use serde::Serialize;

use crate::model::contact::ContactDraft;
use crate::model::contact::ContactId;

/// The list as on paper.
pub const PRINT: &str = "/contacts/print";

/// One page of `/contacts`: the list with its search on one side, a pane on the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    pub pane: PaneRoute,
    /// What the list is searched for, as typed; empty when it is not.
    pub search: String,
    /// Where the list starts, for readers without JavaScript who follow "next page".
    pub cursor: Option<String>,
    /// The contact that was just moved to the trash, so that this page can offer to undo it.
    pub deleted: Option<ContactId>,
    /// The name or the address of the contact that is added, as far as it is known before the form is
    /// filled in; empty when it is not.
    pub name: String,
}

/// What stands beside the list.
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
    /// `None` when the path is none of ours; unknown parameters are passed over.
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
        let mut location = Self {
            pane,
            ..Self::default()
        };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "q" => location.search = value.into_owned(),
                "cursor" if !value.is_empty() => location.cursor = Some(value.into_owned()),
                "deleted" => location.deleted = value.parse().ok(),
                "name" => location.name = value.into_owned(),
                _ => {}
            }
        }
        Some(location)
    }

    /// The address of this location, from the root of the site.
    pub fn href(&self) -> String {
        let mut href = match self.pane {
            PaneRoute::Nothing => "/contacts".to_owned(),
            PaneRoute::New => "/contacts/new".to_owned(),
            PaneRoute::Contact(id) => format!("/contacts/{id}"),
            PaneRoute::Edit(id) => format!("/contacts/{id}/edit"),
        };
        self.append_query(&mut href);
        href
    }

    /// Where a form posts to that does `action` to a contact and then comes back to this list.
    pub fn act_on(&self, id: ContactId, action: &str) -> String {
        let mut href = format!("/contacts/{id}/{action}");
        self.append_query(&mut href);
        href
    }

    /// Where all contacts of this list, searched for the same, stand as on paper: a page beside this one
    /// that is no place of it.
    pub fn print_href(&self) -> String {
        let mut href = PRINT.to_owned();
        let list = Self {
            search: self.search.clone(),
            ..Self::default()
        };
        list.append_query(&mut href);
        href
    }

    fn append_query(&self, href: &mut String) {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.search.is_empty() {
            query.append_pair("q", &self.search);
        }
        if let Some(cursor) = &self.cursor {
            query.append_pair("cursor", cursor);
        }
        if let Some(id) = self.deleted {
            query.append_pair("deleted", &id.to_string());
        }
        if !self.name.is_empty() {
            query.append_pair("name", &self.name);
        }
        let query = query.finish();
        if !query.is_empty() {
            href.push('?');
            href.push_str(&query);
        }
    }

    /// Where the form that creates a contact here posts to. It is not the page's own address: a browser
    /// forgets what it has kept of an address that it posts to, and "back" would bring the form anew,
    /// with another key and with everything that was typed, to create the same contact again.
    pub fn create_at(&self) -> String {
        let mut href = self.href();
        href.push(if href.contains('?') { '&' } else { '?' });
        href.push_str("sent");
        href
    }

    /// The same list with another pane beside it. A notice does not outlive the move.
    pub fn beside(&self, pane: PaneRoute) -> Self {
        Self {
            pane,
            search: self.search.clone(),
            cursor: self.cursor.clone(),
            deleted: None,
            name: String::new(),
        }
    }

    /// The form for somebody who was searched for and is not there.
    pub fn adding_searched(&self) -> Self {
        Self {
            name: self.search.trim().to_owned(),
            ..self.beside(PaneRoute::New)
        }
    }

    /// What stands in the form for a new contact at first.
    pub fn draft(&self) -> ContactDraft {
        let mut draft = ContactDraft::default();
        if self.name.contains('@') {
            draft.email.clone_from(&self.name);
        } else {
            draft.name.clone_from(&self.name);
        }
        draft
    }

    /// The same search with another pane beside it. A contact brings the page of the list along that
    /// it stands on.
    pub fn opening(&self, pane: PaneRoute) -> Self {
        let beside = self.beside(pane);
        Self {
            cursor: beside.cursor.filter(|_| pane.contact().is_none()),
            ..beside
        }
    }

    /// Another search from its first page, with the same pane and notice beside it.
    pub fn searching(&self, search: String) -> Self {
        Self {
            search,
            cursor: None,
            ..self.clone()
        }
    }

    /// The page of the list that starts at `cursor`; the first when there is none.
    pub fn starting(&self, cursor: Option<String>) -> Self {
        Self {
            cursor,
            ..self.beside(self.pane)
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
        fn an_address_leads_back_to_its_place(
            pane in panes(),
            search in ".*",
            cursor in proptest::option::of(".+"),
            deleted in proptest::option::of(any::<u128>()),
            name in ".*",
        ) {
            let deleted = deleted.map(|bits| ContactId::new(uuid::Uuid::from_u128(bits)));
            let location = Location { pane, search, cursor, deleted, name };
            let href = location.href();
            let (path, query) = href.split_once('?').unwrap_or((&href, ""));
            prop_assert_eq!(Location::parse(path, query), Some(location));
        }

        #[test]
        fn no_address_is_too_strange_to_read(path in ".*", query in ".*") {
            let _ = Location::parse(&format!("/contacts{path}"), &query);
        }
    }

    #[test]
    fn who_was_searched_for_in_vain_is_in_the_form() {
        let location = |query| {
            Location::parse("/contacts", query)
                .expect("a location")
                .adding_searched()
        };
        assert_eq!(
            location("q=+xqzv+").href(),
            "/contacts/new?q=+xqzv+&name=xqzv"
        );
        assert_eq!(location("q=+xqzv+").draft().name, "xqzv");
        assert_eq!(location("q=x%40example.com").draft().email, "x@example.com");
        assert_eq!(location("q=x%40example.com").draft().name, "");
        // It is said once, and not of the next one.
        assert_eq!(
            location("q=x").beside(PaneRoute::New).href(),
            "/contacts/new?q=x"
        );
        assert_eq!(location("").draft(), ContactDraft::default());
    }

    #[test]
    fn what_is_printed_is_what_the_list_is_searched_for() {
        let location = |query| Location::parse("/contacts/new", query).expect("a location");
        assert_eq!(location("").print_href(), "/contacts/print");
        assert_eq!(
            location("q=ada+l%26&cursor=x&deleted=y").print_href(),
            "/contacts/print?q=ada+l%26"
        );
        // Its own page draws it, and a link to it is followed by the browser.
        assert_eq!(Location::parse(PRINT, ""), None);
    }

    #[test]
    fn what_is_not_ours_is_refused() {
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
