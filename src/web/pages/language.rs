//! `/language`: in which language Kith speaks to this browser.

use leptos::prelude::*;

use super::PageTitle;
use crate::components::view::view;
use crate::model::language::Language;
use crate::model::language::t;

/// What the page shows.
#[derive(Clone)]
pub struct LanguageView {
    /// The choice of the person; `None` for what the browser asks for.
    pub chosen: Option<Language>,
    /// Whether the choice was just made.
    pub is_done: bool,
}

#[component]
pub fn LanguagePage() -> impl IntoView {
    let LanguageView { chosen, is_done } = use_context()?;
    let choice = |language: Option<Language>| {
        let tag = language.map_or("", Language::tag);
        let name = language.map_or(t!("As the browser asks for"), Language::name);
        view! {
            <label class="tick">
                <input type="radio" name="language" value=tag checked=language == chosen/>
                <span lang=language.map(Language::tag)>{name}</span>
            </label>
        }
    };
    let choices = [None]
        .into_iter()
        .chain(Language::ALL.map(Some))
        .map(choice);
    let notice = is_done
        .then(|| view! { <p id="notice" role="status" class="mt-2">"The language is chosen."</p> });
    Some(view! {
        <PageTitle text=format!("{} · Kith", t!("Language"))/>
        <main id="main" tabindex="-1" class="page">
            <h1 class="text-xl font-semibold tracking-tight">"Language"</h1>
            {notice}
            <form method="post" action="/language" class="mt-4 flex max-w-sm flex-col gap-4">
                <fieldset class="flex flex-col gap-2">
                    <legend class="mb-2">"Kith speaks to this browser in"</legend>
                    {choices.collect_view()}
                </fieldset>
                <div><button class="button-primary">"Choose"</button></div>
            </form>
            <a class="back" href="/contacts">"Contacts"</a>
        </main>
    })
}
