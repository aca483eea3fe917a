//! `/dashboard/audit`: who did what, when and from where.

use std::sync::Arc;

use jiff::Timestamp;
use leptos::prelude::*;

use super::format;
use super::table::Table;
use crate::components::view::view;
use crate::model::error::AppError;
use crate::services::audit_log::Record;
use crate::web::pages::PageTitle;

/// What the page shows.
pub struct AuditView {
    /// The entries, and the cursor of the next page.
    pub found: Result<(Vec<Record>, Option<String>), AppError>,
    pub is_first: bool,
    pub now: Timestamp,
}

/// The whole page. What it shows is in its context.
#[component]
pub fn AuditPage() -> impl IntoView {
    let view = use_context::<Arc<AuditView>>()?;
    let content = match &view.found {
        Ok((records, next)) => view! {
            <Entries records=records.clone() now=view.now/>
            <p class="mt-4">
                {(!view.is_first).then(|| view! {
                    <a class="button" href="/dashboard/audit">"Latest entries"</a>" "
                })}
                {next.as_ref().map(|cursor| view! {
                    <a class="button" rel="next" href=format!("/dashboard/audit?cursor={cursor}")>
                        "Older entries"
                    </a>
                })}
            </p>
        },
        Err(error) => view! {
            <p class="problem mt-4" role="alert">{error.to_string()}</p>
        },
    };
    Some(view! {
        <PageTitle text="Audit log · Kith"/>
        <main id="main" tabindex="-1" class="dashboard">
            <h1 class="text-xl font-semibold tracking-tight">"Audit log"</h1>
            <section class="part" aria-label="Entries">{content}</section>
            <a class="back" href="/dashboard">"Dashboard"</a>
        </main>
    })
}

#[component]
fn Entries(records: Vec<Record>, now: Timestamp) -> impl IntoView {
    if records.is_empty() {
        return view! { <p class="note">"There are no entries."</p> };
    }
    let rows = records
        .into_iter()
        .map(|record| {
            let kind = format::sentence(&record.kind.replace('_', " "));
            view! {
                <tr>
                    <th scope="row"><format::Time at=record.at now/></th>
                    <td><bdi>{record.actor}</bdi></td>
                    <td>{record.action.unwrap_or(kind)}</td>
                    <td><code>{record.subject}</code></td>
                    <td>{record.network}</td>
                </tr>
            }
        })
        .collect_view();
    let heads = vec!["When (UTC)", "Who", "What", "Id", "From where"];
    view! { <Table label="Entries" heads words=true>{rows}</Table> }
}
