//! `/import`: the form that takes in files of vCards, and the last imports. `/imports/{id}`: how far an import is, and what
//! has become of it. `/imports/{id}/undo`: the question before an undo. `public/import.js` keeps the numbers fresh.

use leptos::prelude::*;

use super::PageTitle;
use crate::components::view::view;
use crate::model::format::utc_timestamp;
use crate::model::language::t;
use crate::model::language::t_plural;
use crate::model::language::t_view;
use crate::model::location::BOOK;
use crate::services::book::BookId;
use crate::services::format;
use crate::services::imports;
use crate::services::imports::Import;
use crate::services::imports::ImportState;
use crate::services::imports::Limits;
use crate::services::imports::Problem;

/// The parts of a file that the page lists.
pub const MAX_PROBLEMS: u32 = 500;

/// An address of these pages, about the book that was asked for.
pub fn address(path: &str, book: Option<BookId>) -> String {
    match book {
        Some(book) => format!("{path}?{BOOK}={book}"),
        None => path.to_owned(),
    }
}

/// What the page shows.
#[derive(Clone)]
pub struct ImportsView {
    /// The book that the address asks for.
    pub book: Option<BookId>,
    pub part: ImportsPart,
}

#[derive(Clone)]
pub enum ImportsPart {
    Form {
        imports: Vec<Import>,
        limits: Limits,
        /// The name of the book, where there are several.
        into: Option<String>,
    },
    One {
        import: Import,
        problems: Vec<Problem>,
    },
    /// Whether this import shall be undone.
    Undo(Import),
}

#[component]
pub fn ImportsPage() -> impl IntoView {
    let ImportsView { book, part } = use_context()?;
    let (title, back, content) = match part {
        ImportsPart::Form {
            imports,
            limits,
            into,
        } => (
            format!("{} · Kith", t!("Import")),
            (address("/contacts", book), t!("Contacts")),
            view! { <Form imports limits into book/> },
        ),
        ImportsPart::One { import, problems } => (
            format!("{} · Kith", t!("Import")),
            (address("/import", book), t!("All imports")),
            view! { <One import problems book/> },
        ),
        ImportsPart::Undo(import) => (
            format!("{} · Kith", t!("Undo an import")),
            (address("/import", book), t!("All imports")),
            view! { <Question import book/> },
        ),
    };
    let (href, back) = back;
    Some(view! {
        <PageTitle text=title/>
        <main id="main" tabindex="-1" class="page">
            {content}
            <a class="back" href=href>{back}</a>
        </main>
    })
}

#[component]
fn Form(
    imports: Vec<Import>,
    limits: Limits,
    into: Option<String>,
    book: Option<BookId>,
) -> impl IntoView {
    let bytes = limits.max_file.bytes() as u64;
    let most = t_plural!(
        limits.max_cards.get(),
        "At most {size} and {count} card.",
        "At most {size} and {count} cards.",
        size = format::bytes(bytes),
    );
    let into = into.map(|name| {
        view! { <p class="mt-2">{t_view!("Into {book}.", book = view! { <bdi>{name}</bdi> })}</p> }
    });
    // `public/import.js` loads the page again when all of them are done.
    let are_at_work = imports.iter().any(|import| import.state.is_at_work());
    let rows = imports
        .into_iter()
        .map(|import| view! { <Row import book/> })
        .collect_view();
    let earlier = (!rows.is_empty()).then(|| {
        view! {
            <h2 class="mt-8 font-semibold">"Earlier imports"</h2>
            <ul class="mt-2" data-at-work=are_at_work.then_some("")>{rows}</ul>
        }
    });
    view! {
        <script type="module" src="/import.js"></script>
        <h1 class="text-xl font-semibold tracking-tight">"Import contacts"</h1>
        {into}
        <p class="mt-2 text-muted">
            "Choose files of vCards (.vcf), as other programs export them. What is here already is not added again, and you \
             can undo an import."
        </p>
        <form
            method="post"
            action=address("/import", book)
            enctype="multipart/form-data"
            class="mt-4 flex max-w-sm flex-col gap-4"
        >
            <div class="field">
                <label for="files">"Files"</label>
                <input
                    id="files"
                    name="files"
                    type="file"
                    accept=".vcf,.vcard,text/vcard,text/x-vcard,text/directory"
                    multiple
                    required
                    class="input"
                    aria-describedby="most"
                    data-max=bytes.to_string()
                />
                <p id="most" class="text-xs text-muted">{most}</p>
            </div>
            <label class="flex items-center gap-2">
                <input type="checkbox" name="welcome"/>
                "Send each new contact a welcome email"
            </label>
            <div><button class="button-primary">"Import"</button></div>
        </form>
        {earlier}
    }
}

/// What an import is called.
fn name(import: &Import) -> String {
    match import.file.as_str() {
        "" => t!("vCards from a program").to_owned(),
        file => file.to_owned(),
    }
}

/// Where an import is, in words.
fn state(import: &Import) -> String {
    match import.state {
        ImportState::Receiving => t!("The file is arriving").to_owned(),
        ImportState::Running => t!(
            "Under way, {percent} read",
            percent = format::percent(part(import))
        ),
        ImportState::Done => t!("Done").to_owned(),
        ImportState::Failed => t!("Ended early").to_owned(),
        ImportState::Cancelled => t!("Cancelled").to_owned(),
        ImportState::Undoing => t!("Being undone").to_owned(),
        ImportState::Undone => t!("Undone").to_owned(),
    }
}

/// How much of the file is read, from 0 to 1.
fn part(import: &Import) -> f64 {
    match import.bytes {
        0 => 0.0,
        bytes => (import.processed as f64 / bytes as f64).min(1.0),
    }
}

#[component]
fn Row(import: Import, book: Option<BookId>) -> impl IntoView {
    let href = address(&format!("/imports/{}", import.id), book);
    let detail = t!(
        "{state}. {added} added, {known} known, {broken} not readable.",
        state = state(&import),
        added = format::number(import.added),
        known = format::number(import.known),
        broken = format::number(import.broken),
    );
    let name = name(&import);
    let title = name.clone();
    view! {
        <li class="border-b border-line">
            <a class="block py-2" href=href>
                <bdi class="row-name" title=title>{name}</bdi>
                <span class="block text-xs text-muted">{detail}</span>
                <span class="block text-xs text-muted"><Moment at=import.created_at/></span>
            </a>
        </li>
    }
}

/// A time. `public/import.js` rewrites it by the clock of the reader.
#[component]
fn Moment(at: String) -> impl IntoView {
    let words = utc_timestamp(&at).unwrap_or_else(|| at.clone());
    view! { <time datetime=at data-local="">{words}</time> }
}

#[component]
fn One(import: Import, problems: Vec<Problem>, book: Option<BookId>) -> impl IntoView {
    let is_at_work = import.state.is_at_work();
    let percent = (part(&import) * 100.0).round();
    let again = address(&format!("/imports/{}", import.id), book);
    let progress = is_at_work.then(|| {
        view! {
            <progress id="progress" class="mt-2 w-full" max="100" value=percent aria-label="Read"></progress>
            <noscript><p><a class="link" href=again>"Look again"</a></p></noscript>
        }
    });
    let why = import
        .why
        .as_deref()
        .map(imports::for_reader)
        .map(|why| view! { <p class="problem mt-2" role="alert">{why}</p> });
    let is_undone = matches!(import.state, ImportState::Undoing | ImportState::Undone);
    let undone = is_undone.then(|| {
        view! {
            <dt>"Removed again"</dt>
            <dd id="removed">{format::number(import.removed)}</dd>
        }
    });
    let kept = (import.kept > 0).then(|| {
        view! {
            <dt>"Left, because they were changed since"</dt>
            <dd id="kept">{format::number(import.kept)}</dd>
        }
    });
    view! {
        <script type="module" src="/import.js"></script>
        <h1 class="text-xl font-semibold tracking-tight wrap-anywhere"><bdi>{name(&import)}</bdi></h1>
        <p class="mt-2" id="state" role="status" data-at-work=is_at_work.then_some("")>{state(&import)}</p>
        {progress}
        {why}
        <dl class="details">
            <dt>"Added"</dt>
            <dd id="added">{format::number(import.added)}</dd>
            <dt>"Known already"</dt>
            <dd id="known">{format::number(import.known)}</dd>
            <dt>"Not readable"</dt>
            <dd id="broken">{format::number(import.broken)}</dd>
            {undone}
            {kept}
            <dt>"Sent by"</dt>
            <dd><bdi>{import.actor.clone()}</bdi>", "<Moment at=import.created_at.clone()/></dd>
        </dl>
        <Actions import=import.clone() book/>
        <Problems import problems book/>
    }
}

#[component]
fn Actions(import: Import, book: Option<BookId>) -> impl IntoView {
    let path = format!("/imports/{}", import.id);
    let cancel = (import.state == ImportState::Running).then(|| {
        view! {
            <form method="post" action=address(&format!("{path}/cancel"), book)>
                <button class="button">"Cancel"</button>
            </form>
        }
    });
    let has_added = import.added > 0 || import.state == ImportState::Running;
    let undo = (import.state.can_be_undone() && has_added).then(|| {
        view! { <a class="button" href=address(&format!("{path}/undo"), book)>"Undo this import…"</a> }
    });
    let contacts = (import.added > import.removed).then(|| {
        view! { <a class="button" href=address("/contacts", book)>"Go to your contacts"</a> }
    });
    view! { <div class="mt-4 flex flex-wrap gap-2">{contacts}{cancel}{undo}</div> }
}

/// What could not be read.
#[component]
fn Problems(import: Import, problems: Vec<Problem>, book: Option<BookId>) -> impl IntoView {
    if problems.is_empty() {
        return ().into_any();
    }
    let file = address(&format!("/imports/{}/broken.vcf", import.id), book);
    let more = import.broken.saturating_sub(problems.len() as u64);
    let more = (more > 0).then(|| {
        let text = t_plural!(
            more,
            "And {count} more, which are in the file.",
            "And {count} more, which are in the file.",
        );
        view! { <p class="mt-2 text-muted">{text}</p> }
    });
    let rows = problems.into_iter().map(|problem| {
        let line = t!("Line {number}", number = format::number(problem.line));
        let reason = imports::for_reader(&problem.reason);
        view! { <li class="py-1"><b>{line}</b>": "{reason}"."</li> }
    });
    view! {
        <h2 class="mt-8 font-semibold">"What could not be read"</h2>
        <p class="mt-2 text-muted">"Put it right in the file, and import that."</p>
        <p class="mt-2"><a class="button" href=file download>"Download these cards"</a></p>
        <ul class="mt-2" id="problems">{rows.collect_view()}</ul>
        {more}
    }
}

#[component]
fn Question(import: Import, book: Option<BookId>) -> impl IntoView {
    let path = format!("/imports/{}", import.id);
    let what = t_plural!(
        import.added,
        "{count} contact that it has added are removed for ever. Those that were changed, moved or deleted since stay.",
        "{count} contacts that it has added are removed for ever. Those that were changed, moved or deleted since stay.",
    );
    let form = import.state.can_be_undone().then(|| {
        view! {
            <p class="mt-2">{what}</p>
            <form
                method="post"
                action=address(&format!("{path}/undo"), book)
                class="mt-4 flex flex-wrap gap-2"
            >
                <button class="button-danger">"Undo the import"</button>
                <a class="button" href=address(&path, book)>"Keep it"</a>
            </form>
        }
    });
    let is_over = form.is_none();
    let over = is_over.then(|| view! { <p class="mt-2">"This import is undone already."</p> });
    view! {
        <h1 class="text-xl font-semibold tracking-tight wrap-anywhere">
            {t_view!("Undo the import of {name}?", name = view! { <bdi>{name(&import)}</bdi> })}
        </h1>
        {form}
        {over}
    }
}
