//! `/sign-in`.

use leptos::prelude::*;

use super::NameField;
use super::PasswordField;
use super::ProblemLine;
use super::passkeys::PasskeySignIn;
use crate::components::view::view;
use crate::model::language::t;
use crate::model::language::t_view;
use crate::services::accounts::AccountService;
use crate::web::pages::PageTitle;

/// What the page shows.
#[derive(Clone, Default)]
pub struct SignInView {
    /// The name that was typed.
    pub name: String,
    /// The address that the sign-in leads to.
    pub next: String,
    /// Why the last attempt has failed.
    pub problem: Option<String>,
    /// What people call the provider that they may sign in with.
    pub provider: Option<String>,
    /// Where browsers have passkeys for Kith, if anywhere.
    pub passkey_host: Option<String>,
}

impl SignInView {
    /// The page with the ways to sign in that there are.
    pub fn of(accounts: &AccountService) -> Self {
        Self {
            provider: accounts.provider_label().map(str::to_owned),
            passkey_host: accounts.passkey_host().map(str::to_owned),
            ..Self::default()
        }
    }
}

#[component]
pub fn SignInPage() -> impl IntoView {
    let SignInView {
        name,
        next,
        problem,
        provider,
        passkey_host,
    } = use_context::<SignInView>()?;
    // The reader types the password again, and the name only if it was missing.
    let has_name = !name.is_empty();
    Some(view! {
        <PageTitle text=format!("{} · Kith", t!("Sign in"))/>
        <main id="main" tabindex="-1" class="page">
            <h1 class="text-xl font-semibold tracking-tight">"Sign in"</h1>
            <form method="post" action="/sign-in" class="mt-4 flex max-w-sm flex-col gap-4">
                <ProblemLine text=problem/>
                <input type="hidden" name="next" value=next.clone()/>
                <NameField value=name autofocus=!has_name/>
                <PasswordField
                    id="password"
                    label="Password"
                    autocomplete="current-password"
                />
                <div><button class="button-primary">"Sign in"</button></div>
            </form>
            {passkey_host.map(|host| view! { <PasskeySignIn host next=next.clone()/> })}
            {provider.map(|label| view! {
                <form method="post" action="/sign-in/provider" class="mt-4">
                    <input type="hidden" name="next" value=next/>
                    <button class="button">
                        {t_view!("Continue with {provider}", provider = view! { <bdi>{label}</bdi> })}
                    </button>
                </form>
            })}
            <p class="mt-4"><a class="link" href="/reset">"Forgotten password"</a></p>
        </main>
    })
}
