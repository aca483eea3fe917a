//! `/set-up`: makes the first account.

use leptos::prelude::*;

use super::NameField;
use super::PasswordField;
use super::ProblemLine;
use super::password_rule;
use crate::components::view::view;
use crate::model::language::t;
use crate::web::pages::PageTitle;

/// What the page shows.
#[derive(Clone, Default)]
pub struct SetUpView {
    /// The name that was typed.
    pub name: String,
    /// The code that was typed.
    pub code: String,
    /// Whether the server has just printed a code.
    pub printed: bool,
    /// Why the last attempt has failed.
    pub problem: Option<String>,
}

#[component]
pub fn SetUpPage() -> impl IntoView {
    let SetUpView {
        name,
        code,
        printed,
        problem,
    } = use_context::<SetUpView>()?;
    Some(view! {
        <PageTitle text=format!("{} · Kith", t!("Set up accounts"))/>
        <main id="main" tabindex="-1" class="page">
            <h1 class="text-xl font-semibold tracking-tight">"Set up accounts"</h1>
            <p class="mt-2">
                "Without accounts, all people on this machine see and change everything. Once there is an account, \
                 everyone signs in. The first account is that of an admin."
            </p>
            <form method="post" action="/set-up/code" class="mt-4">
                <p>"Kith asks for a code, to be sure that you run this server. It prints the code where it was started."</p>
                <button class="button mt-2">"Print a code"</button>
                {printed.then(|| view! {
                    <p role="status" class="mt-2">"The code stands in the output of the server. It is valid for an hour."</p>
                })}
            </form>
            <form method="post" action="/set-up" class="mt-4 flex max-w-sm flex-col gap-4">
                <ProblemLine text=problem/>
                <div class="field">
                    <label for="code">"Code"</label>
                    <input
                        id="code"
                        name="code"
                        class="input"
                        value=code
                        required
                        maxlength="200"
                        autocomplete="one-time-code"
                        autocapitalize="none"
                        spellcheck="false"
                    />
                </div>
                <NameField value=name/>
                <PasswordField
                    id="password"
                    label="Password"
                    autocomplete="new-password"
                    hint=password_rule()
                />
                <div><button class="button-primary">"Make the account"</button></div>
            </form>
        </main>
    })
}
