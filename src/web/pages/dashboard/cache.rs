//! What is cached, and the form that invalidates it.

use std::sync::Arc;

use leptos::prelude::*;

use super::format;
use super::table::Table;
use crate::model::language::t;
use crate::model::language::t_plural;
use crate::services::instances::CacheFigures;
use crate::services::instances::TagFigures;
use crate::services::metrics::values::hit_rate;
use crate::web::pages::dashboard::view;
use crate::web::pages::dashboard::view::View;

#[component]
pub fn CachePart(view: Arc<View>) -> impl IntoView {
    let cache = &view.snapshot.figures.cache;
    let several = view.snapshot.has_several_instances();
    let query = view::query(view.snapshot.range, view.full);
    let remote = if view.snapshot.has_remote_tier {
        t!("On Redis: shared by all instances, its memory below.")
    } else {
        t!("No tier on Redis: each instance caches for itself.")
    };
    let counted = if several {
        t!("Counted by each instance since it started.")
    } else {
        t!("Counted by this process since it started.")
    };
    let row = |tag: &TagFigures| {
        let hits = tag.local_hits + tag.remote_hits + tag.stale_hits;
        let rate = hit_rate(hits, tag.misses);
        let name = tag.tag.clone();
        view! {
            <tr id=format!("tag-{name}")>
                <th scope="row">{name.clone()}</th>
                <td>{rate.map_or_else(|| "–".to_owned(), format::percent)}</td>
                <td>{format::number(tag.local_hits)}</td>
                <td>{format::number(tag.remote_hits)}</td>
                <td>{format::number(tag.stale_hits)}</td>
                <td>{format::number(tag.misses)}</td>
                <td>
                    <form method="post" action=format!("/dashboard/cache/{name}{query}")>
                        <button class="button">
                            "Invalidate"<span class="sr-only">{format!(" {name}")}</span>
                        </button>
                    </form>
                </td>
            </tr>
        }
    };
    let rows = cache.tags.iter().map(row).collect_view();
    let heads = vec![
        t!("Tag"),
        t!("Hit rate"),
        t!("Hits here"),
        t!("Hits on Redis"),
        t!("Stale"),
        t!("Misses"),
    ];
    view! {
        <section class="part" tabindex="-1" aria-labelledby="cache-title">
            <h2 id="cache-title">"Cache"</h2>
            <p>{held(cache, several)}" "{remote}</p>
            <Table label="Cache by tag" heads heard=t!("Action")>{rows}</Table>
            <p class="note">
                {counted}
                " "
                "What is invalidated is read anew by all instances, and what was there before goes as room is needed."
            </p>
        </section>
    }
}

/// What the cache holds in memory.
fn held(cache: &CacheFigures, several: bool) -> String {
    let values = t_plural!(cache.entries, "{count} value", "{count} values");
    let evictions = t_plural!(cache.evictions, "{count} eviction", "{count} evictions");
    let used = format::bytes(cache.bytes);
    let max = format::bytes(cache.max_bytes);
    if several {
        t!(
            "In all instances: {values}, {used} of {max}; {evictions} so far.",
            values = values,
            used = used,
            max = max,
            evictions = evictions
        )
    } else {
        t!(
            "In this process: {values}, {used} of {max}; {evictions} so far.",
            values = values,
            used = used,
            max = max,
            evictions = evictions
        )
    }
}
