//! `/contacts/{id}/history`: what has changed in a contact, and who has changed it. `/contacts/{id}/history/{version}`: what
//! would change if a version was brought back. Plain forms do all of it.

use leptos::prelude::*;

use super::PageTitle;
use crate::components::view::view;
use crate::model::contact::ContactId;
use crate::model::format::utc_timestamp;
use crate::model::language::t;
use crate::model::language::t_view;
use crate::model::location::BOOK;
use crate::services::book::BookId;
use crate::services::contacts::History;
use crate::services::contacts::Restoration;
use crate::services::contacts::Version;
use crate::services::contacts::history::Change;

/// The longest text of a list, in characters.
const MAX_LISTED_CHARS: usize = 300;

/// What the page shows.
#[derive(Clone)]
pub struct HistoryView {
    pub id: ContactId,
    /// The book of the contact.
    pub book: Option<BookId>,
    pub may_write: bool,
    pub part: HistoryPart,
}

#[derive(Clone)]
pub enum HistoryPart {
    List(History),
    Version(VersionView),
    /// Why there is nothing to show.
    Failed(String),
}

/// A version that may be brought back.
#[derive(Clone)]
pub struct VersionView {
    pub version: u32,
    pub restoration: Restoration,
    /// The contact has changed since the page was shown last.
    pub has_changed: bool,
}

/// Where the pages of a history are.
#[derive(Clone, Copy)]
struct Addresses {
    id: ContactId,
    book: Option<BookId>,
}

impl Addresses {
    fn contact(self) -> String {
        self.address("", "")
    }

    fn history(self) -> String {
        self.address("/history", "")
    }

    fn version(self, version: u32) -> String {
        self.address(&format!("/history/{version}"), "")
    }

    fn next_page(self, cursor: u32) -> String {
        self.address("/history", &format!("cursor={cursor}"))
    }

    fn address(self, path: &str, query: &str) -> String {
        let book = self.book.map(|book| format!("{BOOK}={book}"));
        let query = [book.as_deref().unwrap_or_default(), query];
        let query: Vec<&str> = query.into_iter().filter(|part| !part.is_empty()).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("/contacts/{}{path}{mark}{}", self.id, query.join("&"))
    }
}

#[component]
pub fn HistoryPage() -> impl IntoView {
    let HistoryView {
        id,
        book,
        may_write,
        part,
    } = use_context()?;
    let addresses = Addresses { id, book };
    let (title, back, content) = match part {
        HistoryPart::List(history) => (
            format!(
                "{} · Kith",
                t!("History of {name}", name = history.contact.name)
            ),
            (addresses.contact(), t!("Back to the contact")),
            view! { <Changes history addresses may_write/> },
        ),
        HistoryPart::Version(view) => (
            format!(
                "{} · Kith",
                t!("History of {name}", name = view.restoration.contact.name)
            ),
            (addresses.history(), t!("History")),
            view! { <Question view addresses may_write/> },
        ),
        HistoryPart::Failed(problem) => (
            format!("{} · Kith", t!("History")),
            (addresses.contact(), t!("Back to the contact")),
            view! {
                <h1 class="text-xl font-semibold tracking-tight">"History"</h1>
                <p class="problem mt-4" role="alert">{problem}</p>
            },
        ),
    };
    let (href, label) = back;
    Some(view! {
        <PageTitle text=title/>
        <main id="main" tabindex="-1" class="page">
            {content}
            <a class="back" href=href>{label}</a>
        </main>
    })
}

#[component]
fn Changes(history: History, addresses: Addresses, may_write: bool) -> impl IntoView {
    let History {
        contact,
        versions,
        next,
    } = history;
    let about = match versions.is_empty() {
        true => t!("Kith keeps no former version of this contact."),
        false => t!("What has changed, the latest change first."),
    };
    let rows = versions
        .into_iter()
        .map(|version| view! { <Row version addresses may_write/> })
        .collect_view();
    let next = next.map(|cursor| {
        view! { <a class="more" rel="next" href=addresses.next_page(cursor)>"Earlier changes"</a> }
    });
    view! {
        <script type="module" src="/times.js"></script>
        <h1 class="text-xl font-semibold tracking-tight wrap-anywhere">
            {t_view!("History of {name}", name = view! { <bdi>{contact.name}</bdi> })}
        </h1>
        <p class="mt-2 text-muted">{about}</p>
        <ol class="mt-4">{rows}</ol>
        {next}
    }
}

#[component]
fn Row(version: Version, addresses: Addresses, may_write: bool) -> impl IntoView {
    let Version {
        version,
        at,
        by,
        changes,
    } = version;
    let words = utc_timestamp(&at).unwrap_or_else(|| at.clone());
    let time = view! { <time datetime=at data-age="">{words.clone()}</time> };
    let when = match by {
        Some(name) => t_view!(
            "{time} by {name}",
            time = time,
            name = view! { <bdi>{name}</bdi> },
        ),
        None => time,
    };
    let label = match may_write {
        true => t!("Restore the version before…"),
        false => t!("Show the version before"),
    };
    let changes = changes.into_iter().map(|change| listed(&change));
    let changes = changes
        .map(|change| view! { <li><ChangeText change/></li> })
        .collect_view();
    view! {
        <li class="border-b border-line py-3">
            <p class="text-sm text-muted">{when}</p>
            <ul class="mt-1">{changes}</ul>
            <a class="button mt-2" href=addresses.version(version)>
                {label}
                <span class="sr-only">{t!(" the change of {time}", time = words)}</span>
            </a>
        </li>
    }
}

/// A change whose long texts are shortened.
fn listed(change: &Change) -> Change {
    let shortened = |text: &Option<String>| {
        text.as_ref()
            .map(|text| match text.char_indices().nth(MAX_LISTED_CHARS) {
                Some((end, _)) => format!("{}…", &text[..end]),
                None => text.clone(),
            })
    };
    Change {
        from: shortened(&change.from),
        to: shortened(&change.to),
        ..*change
    }
}

/// A change in words, so that it is understood without seeing it.
#[component]
fn ChangeText(change: Change) -> impl IntoView {
    let quoted =
        |text: String| view! { <q class="whitespace-pre-wrap wrap-anywhere" dir="auto">{text}</q> };
    let label = view! { <span class="font-medium">{change.label}</span> };
    match (change.from, change.to) {
        (Some(from), Some(to)) => t_view!(
            "{field} changed from {from} to {to}",
            field = label,
            from = quoted(from),
            to = quoted(to),
        ),
        (None, Some(to)) => t_view!("{field} added: {to}", field = label, to = quoted(to)),
        (Some(from), None) => t_view!(
            "{field} removed: {from}",
            field = label,
            from = quoted(from),
        ),
        (None, None) => t_view!("{field} changed", field = label),
    }
}

#[component]
fn Question(view: VersionView, addresses: Addresses, may_write: bool) -> impl IntoView {
    let VersionView {
        version,
        restoration,
        has_changed,
    } = view;
    let Restoration { contact, changes } = restoration;
    let problem = has_changed.then(|| {
        view! {
            <p class="problem mt-4" role="alert">
                "The contact has changed in the meantime. This is what would change now."
            </p>
        }
    });
    let about = match changes.is_empty() {
        true => t!("The contact is as it was then."),
        false => t!("If the contact becomes what it was then, this changes:"),
    };
    let form = (may_write && !changes.is_empty()).then(|| {
        view! {
            <form
                method="post"
                action=addresses.version(version)
                class="mt-4 flex flex-wrap gap-2"
            >
                <input type="hidden" name="expected" value=contact.version.to_string()/>
                <button class="button-primary">"Restore this version"</button>
                <a class="button" href=addresses.history()>"Cancel"</a>
            </form>
        }
    });
    let changes = changes
        .into_iter()
        .map(|change| view! { <li><ChangeText change/></li> })
        .collect_view();
    view! {
        <h1 class="text-xl font-semibold tracking-tight wrap-anywhere">
            {t_view!("A former version of {name}", name = view! { <bdi>{contact.name}</bdi> })}
        </h1>
        {problem}
        <p class="mt-2">{about}</p>
        <ul class="mt-2">{changes}</ul>
        {form}
    }
}
