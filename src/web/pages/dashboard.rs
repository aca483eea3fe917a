//! `/dashboard`: how Kith is doing, and what an admin can do about it. Only the server draws it, from one
//! [snapshot](crate::services::dashboard::Snapshot). The island on the page asks again and again for the part
//! of the page that changes.

pub mod audit;
mod cache;
mod chart;
mod format;
mod instances;
mod limits;
mod metrics;
mod queue;
mod system;
mod table;
pub mod view;

use std::sync::Arc;

use axum::http::request::Parts;
use jiff::tz::TimeZone;
use leptos::prelude::*;

use super::PageTitle;
use super::wake::Wake;
use crate::components::view::view;
use crate::islands::live::Live;
use crate::islands::page_data::PageData;
use crate::model::language::t;
use crate::model::view::LiveView;
use crate::web::audience::Audience;
use crate::web::site::Site;
use view::Notice;
use view::View;

/// The whole page. What it shows is in its context.
#[component]
pub fn DashboardPage() -> impl IntoView {
    let view = use_context::<Arc<View>>()?;
    let site = use_context::<Site>()?;
    let audience = use_context::<Parts>().map(|parts| Audience::of(&parts.extensions));
    let is_local = audience == Some(Audience::Local);
    let now = view.snapshot.at.to_zoned(TimeZone::UTC);
    let as_of = t!(
        "As of {time} UTC, like all times here.",
        time = now.strftime("%H:%M:%S")
    );
    Some(view! {
        <PageTitle text=format!("{} · Kith", t!("Dashboard"))/>
        <Wake half=site.dashboard/>
        <main id="main" tabindex="-1" class="dashboard">
            <h1 class="text-xl font-semibold tracking-tight">"Dashboard"</h1>
            <PageData data=LiveView { period: view.period, as_of }>
                <Live/>
            </PageData>
            <Part view/>
            {is_local.then(|| view! {
                <p class="note">
                    "Kith has no accounts, so all people on this machine see and change everything. "
                    <a class="link" href="/set-up">"Set up accounts"</a>
                </p>
            })}
        </main>
    })
}

/// The part of the page that changes, as HTML.
pub fn dashboard_part(view: &Arc<View>) -> String {
    let view = view.clone();
    view! { <Part view/> }.to_html()
}

#[component]
fn Part(view: Arc<View>) -> impl IntoView {
    let missing = view.snapshot.stored.is_none();
    view! {
        <div id="live">
            <NoticeLine view=view.clone()/>
            {missing.then(|| view! {
                <p class="problem" role="alert">
                    "The database does not answer. Figures are missing until it does; what Kith \
                     knows without it stands below."
                </p>
            })}
            <metrics::Headlines view=view.clone()/>
            <metrics::Charts view=view.clone()/>
            <limits::Limits view=view.clone()/>
            <cache::CachePart view=view.clone()/>
            <queue::QueuePart view=view.clone()/>
            <instances::InstancesPart view=view.clone()/>
            <system::System view=view.clone()/>
            <system::Actions view/>
        </div>
    }
}

/// The result of the last action.
#[component]
fn NoticeLine(view: Arc<View>) -> impl IntoView {
    let notice = view.notice.clone().map(|notice| match notice {
        Notice::Done(what) => view! {
            <p id="notice" role="status">{what}</p>
        },
        Notice::Refused { error, .. } => view! {
            <p class="is-refused" id="notice" role="alert">{error.to_string()}</p>
        },
    });
    view! { <div class="dashboard-notices" id="notices">{notice}</div> }
}
