//! The fields of a contact, as people read them.

use leptos::prelude::*;

use crate::components::dynamic;
use crate::components::dynamic::Erased;
use crate::components::icon::ActionIcon;
use crate::components::label::class_of_label;
use crate::components::view::view;
use crate::model::contact::DetailEntry;
use crate::model::contact::DetailField;
use crate::model::contact::Piece;
use crate::model::language::t;

#[component]
pub fn DetailFields(fields: Vec<DetailField>) -> impl IntoView {
    view! { <dl class="details">{fields.into_iter().map(field).collect_view()}</dl> }
}

fn field(field: DetailField) -> impl IntoView {
    view! {
        <dt>{field.label}</dt>
        <dd>{field.entries.into_iter().map(entry).collect_view()}</dd>
    }
}

fn entry(entry: DetailEntry) -> impl IntoView {
    let DetailEntry {
        label,
        pieces,
        is_copied,
        remark,
    } = entry;
    let copy = is_copied.then(|| copy_button(&pieces));
    let label = (!label.is_empty()).then(|| view! { <span class="entry-label">{label}</span> });
    let remark = (!remark.is_empty()).then(|| view! { <p class="text-sm text-muted">{remark}</p> });
    view! {
        <div class="detail-entry">
            <span class="whitespace-pre-wrap" dir="auto">
                {pieces.into_iter().map(piece).collect_view()}
            </span>
            {label}
            {copy}
            {remark}
        </div>
    }
}

/// Shown by `public/contact.js`.
fn copy_button(pieces: &[Piece]) -> impl IntoView + use<> {
    let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
    view! {
        <button type="button" class="copy-value" data-copy="value" aria-label=t!("Copy {text}", text = text)>
            <ActionIcon name="copy"/>
        </button>
    }
}

/// A text, or a link.
fn piece(piece: Piece) -> Erased {
    let Piece {
        text, href, label, ..
    } = piece;
    if href.is_empty() {
        return dynamic::erase(text);
    }
    let class = label.map_or("link", class_of_label);
    let is_page = href.starts_with("http");
    dynamic::erase(view! {
        <a
            class=class
            href=href
            target=is_page.then_some("_blank")
            rel=is_page.then_some("noreferrer")
        >
            <bdi>{text}</bdi>
        </a>
    })
}
