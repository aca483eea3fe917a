//! `/account/activity`: what happened to one's own account.

use leptos::prelude::*;

use super::Moment;
use crate::components::view::view;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::model::language::t_context;
use crate::model::language::t_view;
use crate::services::audit_log::Kind;
use crate::services::audit_log::Record;
use crate::services::client::AccountId;
use crate::web::pages::PageTitle;
use crate::web::pages::dashboard::audit::kind_words;

/// What the page shows.
#[derive(Clone)]
pub struct ActivityView {
    /// The account of the reader.
    pub account: AccountId,
    /// The entries, and the cursor of the next page.
    pub found: Result<(Vec<Record>, Option<String>), AppError>,
    pub is_first: bool,
}

#[component]
pub fn ActivityPage() -> impl IntoView {
    let view = use_context::<ActivityView>()?;
    let account = view.account;
    let content = match view.found {
        Ok((records, next)) => {
            let entries = records
                .into_iter()
                .map(|record| view! { <Activity record account/> })
                .collect_view();
            view! {
                <script type="module" src="/times.js"></script>
                <ul class="mt-2" id="activity">{entries}</ul>
                <p class="mt-4">
                    {(!view.is_first).then(|| view! {
                        <a class="button" href="/account/activity">"Latest entries"</a>" "
                    })}
                    {next.map(|cursor| view! {
                        <a class="button" rel="next" href=format!("/account/activity?cursor={cursor}")>
                            "Older entries"
                        </a>
                    })}
                </p>
            }
        }
        Err(error) => {
            view! { <p class="problem mt-4" role="alert">{error.to_string()}</p> }
        }
    };
    Some(view! {
        <PageTitle text=format!("{} · Kith", t!("Activity"))/>
        <main id="main" tabindex="-1" class="page">
            <h1 class="text-xl font-semibold tracking-tight">"Activity"</h1>
            <p class="mt-2">"What you have done, and what others have done to your account."</p>
            {content}
            <a class="back" href="/account">"Account"</a>
        </main>
    })
}

#[component]
fn Activity(record: Record, account: AccountId) -> impl IntoView {
    let is_own = record.account == Some(account.0);
    let kind = kind_words(&record.kind);
    let who = if is_own {
        t_context!("by", "you").to_owned()
    } else {
        record.actor
    };
    // Where an admin works is no matter of others.
    let is_shown = is_own || record.kind == Kind::SignInFailed.name();
    let network = record.network.filter(|network| is_shown && *network != who);
    view! {
        <li class="border-b border-line py-2">
            {record.action.unwrap_or(kind)}
            <span class="block text-xs text-muted">
                {t_view!(
                    "{time}, by {who}",
                    time = view! { <Moment at=record.at/> },
                    who = view! { <bdi>{who}</bdi> },
                )}
                {network.map(|network| t_view!(", from {network}", network = view! { <bdi>{network}</bdi> }))}
            </span>
        </li>
    }
}
