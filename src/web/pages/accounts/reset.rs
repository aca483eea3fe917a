//! `/reset`: asks for a link for a new password.

use leptos::prelude::*;

use super::ProblemLine;
use crate::components::view::view;
use crate::model::language::t;
use crate::web::pages::PageTitle;

/// What the page shows.
#[derive(Clone, Default)]
pub struct ResetView {
    /// Whether Kith has a mail server.
    pub sends_mail: bool,
    /// Whether a request was taken.
    pub was_sent: bool,
    /// What was typed.
    pub name: String,
    /// Why the last attempt has failed.
    pub problem: Option<String>,
}

#[component]
pub fn ResetPage() -> impl IntoView {
    let ResetView {
        sends_mail,
        was_sent,
        name,
        problem,
    } = use_context::<ResetView>()?;
    let form = view! {
        <form method="post" action="/reset" class="mt-4 flex max-w-sm flex-col gap-4">
            <ProblemLine text=problem/>
            <p>"Kith sends a link to the address that is confirmed for the account. It works once, within an hour."</p>
            <div class="field">
                <label for="name">"Name or address"</label>
                <input
                    id="name"
                    name="name"
                    class="input"
                    value=name
                    required
                    maxlength="254"
                    autocomplete="username"
                    autocapitalize="none"
                    spellcheck="false"
                />
            </div>
            <div><button class="button-primary">"Send a link"</button></div>
        </form>
    };
    let sent = view! {
        <p id="notice" role="status" class="mt-2">
            "If there is such an account and it has an address, a link is on its way. If none comes, ask an admin for one."
        </p>
    };
    let no_mail = view! {
        <p class="mt-2">"This Kith sends no mail. Ask an admin for a link with which you choose a new password."</p>
    };
    Some(view! {
        <PageTitle text=format!("{} · Kith", t!("Forgotten password"))/>
        <main id="main" tabindex="-1" class="page">
            <h1 class="text-xl font-semibold tracking-tight">"Forgotten password"</h1>
            {match (sends_mail, was_sent) {
                (false, _) => no_mail.into_any(),
                (true, true) => sent.into_any(),
                (true, false) => form.into_any(),
            }}
            <a class="back" href="/sign-in">"Sign in"</a>
        </main>
    })
}
