//! `/labels`: the labels of an address book, and the forms that change them. Plain forms do all of it.
//!
//! [`rail`] is the row of labels above the list of contacts.

pub mod rail;

use leptos::prelude::*;

use super::PageTitle;
use crate::components::label::class_of_label;
use crate::components::view::view;
use crate::model::language::t;
use crate::model::language::t_plural;
use crate::model::language::t_view;
use crate::services::book::BookId;
use crate::services::contacts::details::label_list;
use crate::services::contacts::labels::Label;
use crate::services::contacts::labels::LabelChange;
use crate::services::contacts::labels::LabelChangeId;
use crate::services::contacts::labels::LabelChangeKind;
use crate::services::contacts::labels::LabelColour;
use crate::services::contacts::labels::LabelId;
use crate::services::format;
use crate::web::caller_contacts::in_book;

/// What the page shows.
#[derive(Clone)]
pub struct LabelsView {
    /// The book that the address asks for.
    pub book: Option<BookId>,
    pub part: LabelsPart,
}

#[derive(Clone)]
pub enum LabelsPart {
    All(LabelList),
    One(LabelForm),
    /// Asks whether the contacts of the first label go to the second one.
    Merge(Label, Label),
    /// Why there is nothing to show.
    Failed(String),
}

/// All labels.
#[derive(Clone)]
pub struct LabelList {
    pub labels: Vec<Label>,
    pub changes: Vec<LabelChange>,
    pub may_write: bool,
    /// The change that was just made, if it can be undone.
    pub removed: Option<LabelChangeId>,
    pub done: Option<&'static str>,
    pub problem: Option<String>,
    /// The name that was typed for a new label, and the color that was chosen.
    pub typed: String,
    pub colour: LabelColour,
}

impl LabelList {
    /// The change that has contacts left to do.
    pub fn unfinished(&self) -> Option<&LabelChange> {
        self.changes.iter().find(|change| !change.is_finished)
    }
}

/// The form of one label.
#[derive(Clone)]
pub struct LabelForm {
    pub label: Label,
    pub others: Vec<Label>,
    pub typed: String,
    pub colour: LabelColour,
    pub problem: Option<String>,
}

/// An address below `/labels`.
pub fn address(path: &str, book: Option<BookId>) -> String {
    in_book(&format!("/labels{path}"), book)
}

/// The class of what has a color.
pub fn class_of(colour: LabelColour) -> &'static str {
    class_of_label(colour.look())
}

/// The list of the contacts of a label.
fn contacts_of(label: LabelId, book: Option<BookId>) -> String {
    let book = book.map_or_else(String::new, |book| book.to_string());
    label_list(label, &book).url()
}

#[component]
pub fn LabelsPage() -> impl IntoView {
    let LabelsView { book, part } = use_context()?;
    let (title, content) = match part {
        LabelsPart::All(list) => (
            format!("{} · Kith", t!("Labels")),
            view! { <All list book/> },
        ),
        LabelsPart::One(form) => (
            format!("{} · {} · Kith", form.label.name, t!("Labels")),
            view! { <One form book/> },
        ),
        LabelsPart::Merge(label, target) => (
            format!("{} · Kith", t!("Merge labels")),
            view! { <MergeQuestion label target book/> },
        ),
        LabelsPart::Failed(why) => (
            format!("{} · Kith", t!("Labels")),
            view! {
                <h1 class="text-xl font-semibold tracking-tight">"Labels"</h1>
                <Problem text=Some(why)/>
                <a class="back" href=address("", book)>"Labels"</a>
            },
        ),
    };
    Some(view! {
        <PageTitle text=title/>
        <main id="main" tabindex="-1" class="page">{content}</main>
    })
}

#[component]
fn Problem(text: Option<String>) -> impl IntoView {
    text.map(|text| view! { <p class="problem mt-4" role="alert">{text}</p> })
}

#[component]
fn All(list: LabelList, book: Option<BookId>) -> impl IntoView {
    let unfinished = list.unfinished().cloned();
    // Others are refused while a change is under way.
    let may_change = list.may_write && unfinished.is_none();
    let notice = list.done.map(|done| {
        view! { <p id="notice" role="status" class="mt-2">{done}</p> }
    });
    let removals: Vec<LabelChange> = list
        .changes
        .into_iter()
        .filter(|change| change.is_finished)
        .collect();
    let is_new = |change: &&LabelChange| Some(change.id) == list.removed;
    let removed = removals.iter().find(is_new).cloned().map(|change| {
        view! {
            <div role="status" class="mt-2 flex flex-wrap items-center gap-3">
                <p>{t_view!("The label “{name}” is deleted.", name = view! { <bdi>{change.name.clone()}</bdi> })}</p>
                {may_change.then(|| view! { <Undo change book/> })}
            </div>
        }
    });
    let is_empty = list.labels.is_empty();
    let rows = list.labels.into_iter();
    let rows = rows
        .map(|label| view! { <Row label book may_change/> })
        .collect_view();
    view! {
        <h1 class="text-xl font-semibold tracking-tight">"Labels"</h1>
        {notice}
        {removed}
        <Problem text=list.problem.clone()/>
        {unfinished.map(|change| view! { <Progress change book/> })}
        <p class="mt-4 text-muted" hidden=!is_empty>
            "No labels yet. Contacts that belong together may have one, such as a family or a club."
        </p>
        <ul class="mt-4" id="labels" hidden=is_empty>{rows}</ul>
        {may_change.then(|| view! { <NewLabel typed=list.typed colour=list.colour book/> })}
        {may_change.then(|| view! { <Removals removals book/> })}
        <a class="back" href=in_book("/contacts", book)>"Contacts"</a>
    }
}

/// How far a change is. `public/import.js` asks for the numbers again; without scripts, a link does.
#[component]
fn Progress(change: LabelChange, book: Option<BookId>) -> impl IntoView {
    let LabelChange {
        kind,
        name,
        target,
        total,
        left,
        ..
    } = change;
    let done = total.saturating_sub(left);
    let words = t_plural!(
        total,
        "{done} of {count} contact done.",
        "{done} of {count} contacts done.",
        done = format::number(done),
    );
    let state = view! { <span id="state">{words}</span> };
    let name = view! { <bdi>{name}</bdi> };
    let what = match (kind, target) {
        (LabelChangeKind::Replace, Some(target)) => t_view!(
            "“{name}” becomes “{target}”: {state}",
            name = name,
            target = view! { <bdi>{target}</bdi> },
            state = state,
        ),
        (LabelChangeKind::GiveBack, _) => {
            t_view!("“{name}” comes back: {state}", name = name, state = state)
        }
        _ => t_view!(
            "“{name}” is being deleted: {state}",
            name = name,
            state = state,
        ),
    };
    view! {
        <script type="module" src="/import.js"></script>
        <div class="mt-4" data-at-work="">
            <p>{what}</p>
            <progress
                id="progress"
                class="mt-2 w-full"
                aria-label="Contacts done"
                max=total.to_string()
                value=done.to_string()
            ></progress>
            <noscript><p><a class="link" href=address("", book)>"Look again"</a></p></noscript>
        </div>
    }
}

#[component]
fn Row(label: Label, book: Option<BookId>, may_change: bool) -> impl IntoView {
    let Label {
        id,
        name,
        colour,
        contacts,
    } = label;
    let edit = may_change.then(|| {
        view! {
            <a class="button" href=address(&format!("/{id}"), book)>
                "Edit"
                <span class="sr-only">{format!(" {name}")}</span>
            </a>
        }
    });
    view! {
        <li class="flex items-center gap-3 border-b border-line py-2">
            <a class="flex min-w-0 grow flex-wrap items-center gap-3" href=contacts_of(id, book)>
                <bdi class=class_of(colour)>{name}</bdi>
                <span class="text-xs text-muted">{t_plural!(contacts, "{count} contact", "{count} contacts")}</span>
            </a>
            {edit}
        </li>
    }
}

#[component]
fn NewLabel(typed: String, colour: LabelColour, book: Option<BookId>) -> impl IntoView {
    view! {
        <section class="mt-8" aria-labelledby="new-title">
            <h2 id="new-title" class="font-semibold">"New label"</h2>
            <form method="post" action=address("", book) class="mt-2 flex max-w-sm flex-col gap-4">
                <NameField typed/>
                <ColourField selected=colour/>
                <div><button class="button-primary">"Add label"</button></div>
            </form>
        </section>
    }
}

#[component]
fn NameField(typed: String) -> impl IntoView {
    view! {
        <div class="field">
            <label for="name">"Name"</label>
            <input id="name" name="name" class="input" value=typed required maxlength="100" autocomplete="off"/>
        </div>
    }
}

#[component]
fn ColourField(selected: LabelColour) -> impl IntoView {
    let choices = LabelColour::ALL.map(|colour| {
        view! {
            <label class=class_of(colour)>
                <input type="radio" name="colour" value=colour.as_str() checked=colour == selected/>
                {name_of(colour)}
            </label>
        }
    });
    view! {
        <fieldset class="colours">
            <legend>"Color"</legend>
            <div>{choices}</div>
        </fieldset>
    }
}

/// What people call a color.
fn name_of(colour: LabelColour) -> &'static str {
    match colour {
        LabelColour::Grey => t!("Grey"),
        LabelColour::Red => t!("Red"),
        LabelColour::Orange => t!("Orange"),
        LabelColour::Yellow => t!("Yellow"),
        LabelColour::Green => t!("Green"),
        LabelColour::Teal => t!("Teal"),
        LabelColour::Blue => t!("Blue"),
        LabelColour::Purple => t!("Purple"),
        LabelColour::Pink => t!("Pink"),
    }
}

/// What can be undone.
#[component]
fn Removals(removals: Vec<LabelChange>, book: Option<BookId>) -> impl IntoView {
    let rows: Vec<_> = removals
        .into_iter()
        .map(|change| {
            let of_contacts = t_plural!(
                change.total,
                ", of {count} contact",
                ", of {count} contacts"
            );
            let name = change.name.clone();
            view! {
                <li class="flex items-center gap-3 border-b border-line py-2">
                    <p class="min-w-0 grow"><bdi>{name}</bdi>{of_contacts}</p>
                    <Undo change book/>
                </li>
            }
        })
        .collect();
    (!rows.is_empty()).then(|| {
        view! {
            <section class="mt-8" aria-labelledby="removed-title">
                <h2 id="removed-title" class="font-semibold">"Deleted in the last 30 days"</h2>
                <ul class="mt-2">{rows}</ul>
            </section>
        }
    })
}

/// Gives a label back.
#[component]
fn Undo(change: LabelChange, book: Option<BookId>) -> impl IntoView {
    let LabelChange { id, name, .. } = change;
    let action = address(&format!("/changes/{}/undo", id.0), book);
    view! {
        <form method="post" action=action>
            <button class="button">
                "Undo"
                <span class="sr-only">{t!(" the deletion of {name}", name = name)}</span>
            </button>
        </form>
    }
}

#[component]
fn One(form: LabelForm, book: Option<BookId>) -> impl IntoView {
    let LabelForm {
        label,
        others,
        typed,
        colour: chosen,
        problem,
    } = form;
    let Label {
        id,
        name,
        colour,
        contacts,
    } = label;
    let was = name.clone();
    let choices: Vec<_> = others
        .into_iter()
        .map(|label| view! { <option value=label.id.to_string()>{label.name}</option> })
        .collect();
    let merge = (!choices.is_empty()).then(|| {
        view! {
            <section class="mt-8" aria-labelledby="merge-title">
                <h2 id="merge-title" class="font-semibold">"Merge"</h2>
                <p class="mt-2">"The contacts get the other label instead. You cannot undo this."</p>
                <form method="post" action=address(&format!("/{id}/merge"), book) class="mt-2 flex max-w-sm flex-col gap-4">
                    <div class="field">
                        <label for="into">"Into"</label>
                        <select id="into" name="into" class="input">{choices}</select>
                    </div>
                    <div><button class="button">"Merge"</button></div>
                </form>
            </section>
        }
    });
    view! {
        <h1 class="text-xl font-semibold tracking-tight wrap-anywhere">
            {t_view!("Label {name}", name = view! { <bdi>{name}</bdi> })}
        </h1>
        <p class="mt-2 text-muted">{t_plural!(contacts, "{count} contact", "{count} contacts")}</p>
        <Problem text=problem/>
        <form method="post" action=address(&format!("/{id}"), book) class="mt-4 flex max-w-sm flex-col gap-4">
            // What others change meanwhile stays as they have left it.
            <input type="hidden" name="was" value=was/>
            <input type="hidden" name="was_colour" value=colour.as_str()/>
            <NameField typed/>
            <ColourField selected=chosen/>
            <div><button class="button-primary">"Save"</button></div>
        </form>
        {merge}
        <section class="mt-8" aria-labelledby="delete-title">
            <h2 id="delete-title" class="font-semibold">"Delete"</h2>
            <p class="mt-2">"The contacts stay, without this label. You can undo this for 30 days."</p>
            <form method="post" action=address(&format!("/{id}/remove"), book) class="mt-2">
                <button class="button-danger">"Delete label"</button>
            </form>
        </section>
        <a class="back" href=address("", book)>"Labels"</a>
    }
}

#[component]
fn MergeQuestion(label: Label, target: Label, book: Option<BookId>) -> impl IntoView {
    let action = address(&format!("/{}/merge", label.id), book);
    let question = t_view!(
        "Merge {name} into {target}?",
        name = view! { <bdi>{label.name.clone()}</bdi> },
        target = view! { <bdi>{target.name.clone()}</bdi> },
    );
    let why = t_view!(
        "There is a label “{target}” already. If you merge them, the {contacts} of “{name}” have that label instead.",
        target = view! { <bdi>{target.name.clone()}</bdi> },
        contacts = t_plural!(label.contacts, "{count} contact", "{count} contacts"),
        name = view! { <bdi>{label.name}</bdi> },
    );
    view! {
        <h1 class="text-xl font-semibold tracking-tight wrap-anywhere">{question}</h1>
        <p class="mt-2">{why}</p>
        <form method="post" action=action class="mt-4 flex flex-wrap gap-2">
            <input type="hidden" name="into" value=target.id.to_string()/>
            <button class="button-primary">"Merge"</button>
            <a class="button" href=address(&format!("/{}", label.id), book)>"Cancel"</a>
        </form>
    }
}
