//! The page for an address that leads nowhere.

use leptos::prelude::*;

use super::PageTitle;
use super::set_status;
use crate::components::view::view;
use crate::model::error::AppError;
use crate::model::language::t;

#[component]
pub fn NotFoundPage() -> impl IntoView {
    set_status(&AppError::NotFound);
    view! {
        <PageTitle text=format!("{} · Kith", t!("Not found"))/>
        <main id="main" tabindex="-1" class="page">
            <div class="empty">
                <h1 class="text-xl font-semibold text-ink">"There is nothing at this address"</h1>
                <p>"It may be mistyped, or what was here is gone."</p>
                <a class="button" href="/contacts">"Go to your contacts"</a>
            </div>
        </main>
    }
}
