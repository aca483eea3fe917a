//! `/contacts` and the addresses below it: what the server reads before it draws the island.

use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::request::Parts;
use futures_util::join;
use leptos::prelude::*;

use super::PageTitle;
use super::forbid_storing;
use super::frequent::Frequent;
use super::labels::rail::LabelRail;
use super::order_bar::OrderBar;
use super::set_status;
use super::set_status_code;
use super::wake::Wake;
use crate::components::drawn;
use crate::components::view::view;
use crate::islands::contacts::Contacts;
use crate::islands::page_data::PageData;
use crate::model::contact::ContactDetails;
use crate::model::contact::ContactId;
use crate::model::contact::ContactList;
use crate::model::contact::ContactRow;
use crate::model::error::AppError;
use crate::model::location::Location;
use crate::model::location::PaneRoute;
use crate::model::view::ContactsView;
use crate::model::view::Notice;
use crate::model::view::Pane;
use crate::services::book::BookRole;
use crate::services::contacts;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::catalogue::in_words;
use crate::services::contacts::labels::Labels;
use crate::services::contacts::letters::Letter;
use crate::services::contacts::list_view::ListView;
use crate::services::welcome::WelcomeService;
use crate::web::caller_contacts;
use crate::web::cookies;
use crate::web::live;
use crate::web::query;
use crate::web::site::Site;

/// What the page draws beside the list when a form was refused. It comes in the context of the page.
#[derive(Clone)]
pub struct RefusedPane(pub Pane);

/// In the address of a contact that was just saved: the fields that others had changed meanwhile.
const MERGED: &str = "merged";

/// The parameter of an address that names merged fields.
pub fn merged_parameter(fields: &[Field]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.spec().name).collect();
    format!("{MERGED}={}", names.join("."))
}

/// The fields that an address names as merged, as a list in words.
fn merged_fields(uri: &Uri) -> String {
    let names = query::parameter(uri, MERGED).unwrap_or_default();
    let fields: Vec<Field> = names.split('.').filter_map(Field::of_name).collect();
    in_words(&fields)
}

#[component]
pub fn ContactsPage() -> impl IntoView {
    view! {
        <Suspense>
            {move || {
                let sources = Sources::from_context();
                let site = use_context::<Site>();
                let request = use_context::<Parts>();
                let refused = use_context::<RefusedPane>();
                Suspend::new(async move {
                    let site = site?;
                    let sources = sources?;
                    if let Some(url) = elsewhere(&sources.contacts, &request.as_ref()?.uri).await {
                        leptos_axum::redirect(&url);
                    }
                    let view = load(&sources, request.as_ref()?, refused).await;
                    let contacts = sources.contacts;
                    let list_view = cookies::list_view(&request?.headers);
                    if let Some(error) = failure(&view) {
                        set_status(error);
                    }
                    if has_conflict(&view.pane) {
                        set_status_code(StatusCode::PRECONDITION_FAILED);
                    }
                    if view.notice.is_some() {
                        forbid_storing();
                    }
                    let class = classes(&contacts, list_view);
                    let above = above(&contacts, &view).await;
                    let Above { labels, searches, letters, frequent } = above;
                    let location = view.location.clone();
                    let is_kept = searches.contains(&location.search);
                    let is_search = !location.search.is_empty();
                    let has_list = view.list.as_ref().is_ok_and(|list| list.total > 1 || is_search);
                    Some(
                        view! {
                            <PageTitle text=view.pane.title()/>
                            <Wake half=site.contacts/>
                            // A script that came with a contact from the server would not run.
                            <script type="module" src="/contact.js"></script>
                            <div class=class>
                                <LabelRail labels searches location=location.clone()/>
                                <Frequent contacts=frequent location=location.clone()/>
                                {has_list.then(|| view! { <OrderBar letters is_kept list_view location/> })}
                                <PageData data=view>
                                    <Contacts/>
                                </PageData>
                            </div>
                        },
                    )
                })
            }}
        </Suspense>
    }
}

/// What stands above the list. The page is worth showing without any of it.
struct Above {
    labels: Labels,
    searches: Vec<String>,
    letters: Vec<Letter>,
    frequent: Vec<ContactRow>,
}

async fn above(contacts: &contacts::Contacts, view: &ContactsView) -> Above {
    let (labels, searches, letters, frequent) = join!(
        contacts.labels(),
        contacts.saved_searches(),
        letters(contacts, view),
        frequent(contacts, view),
    );
    Above {
        labels: labels.map_or_else(|_| Labels::default(), |labels| Labels::clone(&labels)),
        searches: searches.unwrap_or_default(),
        letters,
        frequent,
    }
}

/// The headings of a list that is longer than a page.
async fn letters(contacts: &contacts::Contacts, view: &ContactsView) -> Vec<Letter> {
    let Location { search, filter, .. } = &view.location;
    if filter.favourites || !filter.label.is_empty() || !is_long(view) {
        return Vec::new();
    }
    let letters = contacts.letters(search, &filter.sort).await;
    letters.unwrap_or_default()
}

/// The contacts that are used most, above the first page of a long list of all.
async fn frequent(contacts: &contacts::Contacts, view: &ContactsView) -> Vec<ContactRow> {
    let Location { pane, cursor, .. } = &view.location;
    let is_start = *pane == PaneRoute::Nothing && cursor.is_none();
    if !is_start || !view.location.lists_all() || !is_long(view) {
        return Vec::new();
    }
    contacts.frequent().await.unwrap_or_default()
}

/// Whether the list is longer than a page.
fn is_long(view: &ContactsView) -> bool {
    let is_long = |list: &ContactList| list.total > list.rows.len() as u64;
    view.list.as_ref().is_ok_and(is_long)
}

/// The address of a contact that is in another book than the address says, so that the list beside it is that of its
/// book.
async fn elsewhere(contacts: &contacts::Contacts, uri: &Uri) -> Option<String> {
    let (location, _) = requested_location(uri);
    let id = location.pane.contact()?;
    if contacts.caller().books().len() < 2 {
        return None;
    }
    let book = contacts.book_of(id, BookRole::Viewer).await.ok()?;
    let is_shown = contacts.book().is_ok_and(|shown| shown.id == book.id);
    let elsewhere = Location {
        book: book.id.to_string(),
        ..location
    };
    (!is_shown).then(|| elsewhere.url())
}

/// What the style sheet knows of the reader, and of how lists look.
fn classes(contacts: &contacts::Contacts, list_view: ListView) -> String {
    let density = if list_view.is_compact {
        " is-compact"
    } else {
        ""
    };
    [class_of_reader(contacts), density].concat()
}

/// What the style sheet knows of the reader: it hides what a reader cannot do in the book, and what takes a second book.
fn class_of_reader(contacts: &contacts::Contacts) -> &'static str {
    let may_write = contacts
        .book()
        .is_ok_and(|book| book.role >= BookRole::Editor);
    match (may_write, contacts.caller().books().len() > 1) {
        (false, _) => "reader-of-contacts is-viewer",
        (true, true) => "reader-of-contacts",
        (true, false) => "reader-of-contacts has-one-book",
    }
}

/// Whether two people have changed the same.
fn has_conflict(pane: &Pane) -> bool {
    matches!(pane, Pane::Form(form) if !form.conflict.is_empty())
}

/// The error of the page: that of the pane, otherwise that of the list.
fn failure(view: &ContactsView) -> Option<&AppError> {
    match &view.pane {
        Pane::Failed(error) => Some(error),
        Pane::Form(form) if form.error.is_some() => form.error.as_ref(),
        _ => view.list.as_ref().err(),
    }
}

/// The location that the address names, and whether it names one. An address with a malformed id names only the
/// list.
fn requested_location(uri: &Uri) -> (Location, bool) {
    let query = uri.query().unwrap_or_default();
    match Location::parse(uri.path(), query) {
        Some(location) => (location, true),
        None => (
            Location::parse("/contacts", query).unwrap_or_default(),
            false,
        ),
    }
}

/// The services that the page reads.
struct Sources {
    contacts: contacts::Contacts,
    welcome: WelcomeService,
}

impl Sources {
    fn from_context() -> Option<Self> {
        Some(Self {
            contacts: caller_contacts::of_page()?,
            welcome: use_context()?,
        })
    }
}

async fn load(sources: &Sources, request: &Parts, refused: Option<RefusedPane>) -> ContactsView {
    let (location, known) = requested_location(&request.uri);
    let Sources { contacts, welcome } = sources;
    // Before everything that the page shows: the browser asks for changes after it.
    let generation = match contacts.book() {
        Ok(book) => contacts
            .generation()
            .await
            .map(|state| live::id(book.id, state)),
        Err(_) => None,
    };
    let welcome = welcome.offer(cookies::welcome_choice(&request.headers));
    let list = contacts
        .list_beside(
            location.pane.contact(),
            &location.search,
            &location.filter,
            location.cursor.as_deref(),
            None,
        )
        .await;
    let details = |id| contacts.details(id);
    let merged = merged_fields(&request.uri);
    let pane = match (refused, location.pane) {
        (Some(RefusedPane(pane)), _) => Ok(pane),
        _ if !known => Err(AppError::NotFound),
        (None, PaneRoute::Nothing) => Ok(Pane::Nothing),
        (None, PaneRoute::New) => {
            let typed = location.prefilled_inputs();
            Ok(Pane::Form(contacts::Contacts::new_form(
                &typed,
                welcome.ticked,
            )))
        }
        (None, PaneRoute::Contact(id)) => details(id)
            .await
            .map(|details| Pane::Contact(ContactDetails { merged, ..details })),
        (None, PaneRoute::Edit(id)) => contacts.edit_form(id, &Vec::new()).await.map(Pane::Form),
    };
    let notice = match location.deleted {
        Some(id) => notice(contacts, id).await,
        None => None,
    };
    ContactsView {
        generation: generation.unwrap_or_default(),
        welcome,
        list,
        pane: drawn::pane(pane.unwrap_or_else(Pane::Failed), &location),
        location,
        notice,
    }
}

/// What can be undone: nothing once the contact is back, or gone for good.
async fn notice(contacts: &contacts::Contacts, id: ContactId) -> Option<Notice> {
    let contact = contacts.get_deleted(id).await.ok()?;
    Some(Notice {
        id,
        name: contact.name,
    })
}
