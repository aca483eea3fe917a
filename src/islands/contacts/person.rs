//! The head of a pane about a contact. It stands in the same place while the contact is read, edited and loaded.

use leptos::prelude::*;

use crate::components::avatar::LargeAvatar;
use crate::components::view::view;
use crate::model::contact::ContactRow;

/// A screen reader says what is `around` the name before and after it. The page shows `star` beside the name.
pub fn person<S: IntoView>(
    around: (&'static str, &'static str),
    row: &ContactRow,
    subtitle: &str,
    star: S,
) -> impl IntoView + use<S> {
    let ContactRow {
        id, name, photo, ..
    } = row.clone();
    // A longer name is smaller.
    let classes = match name.chars().count() {
        0..=40 => ("person", "text-xl font-semibold tracking-tight"),
        41..=80 => ("person is-long", "text-lg font-semibold"),
        _ => ("person is-long", "text-base font-semibold"),
    };
    let subtitle = subtitle.to_owned();
    let (before, after) = around;
    let after = (!after.is_empty()).then(|| view! { <span class="sr-only">{after}</span> });
    view! {
        <header class=classes.0>
            <LargeAvatar id name=name.clone() photo/>
            <div class="person-name">
                <h1 id="pane-title" tabindex="-1" class=classes.1>
                    <span class="sr-only">{before}</span>
                    <bdi>{name}</bdi>
                    {after}
                </h1>
                <p class="text-muted wrap-anywhere" hidden=subtitle.is_empty()>
                    <bdi>{subtitle.clone()}</bdi>
                </p>
            </div>
            {star}
        </header>
    }
}
