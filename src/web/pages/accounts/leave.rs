//! `/sign-in/provider`: leads to the provider where a person signs in.

use leptos::prelude::*;

use crate::components::view::view;
use crate::model::language::t;
use crate::model::language::t_view;
use crate::web::pages::PageTitle;

/// What the page shows.
#[derive(Clone)]
pub struct LeaveView {
    /// What people call the provider.
    pub provider: String,
    /// Its address for this sign-in.
    pub url: String,
}

#[component]
pub fn LeavePage() -> impl IntoView {
    let LeaveView { provider, url } = use_context::<LeaveView>()?;
    Some(view! {
        <PageTitle text=format!("{} · Kith", t!("Sign in"))/>
        <main id="main" tabindex="-1" class="page">
            <h1 class="text-xl font-semibold tracking-tight">"Sign in"</h1>
            <p class="mt-2">
                {t_view!(
                    "You sign in with {provider}, and come back from there.",
                    provider = view! { <bdi>{provider}</bdi> },
                )}
            </p>
            <p class="mt-2"><a class="link" href=url>"Continue"</a></p>
        </main>
    })
}
