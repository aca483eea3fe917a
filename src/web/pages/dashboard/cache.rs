//! What is cached, and the form that invalidates it.

use std::sync::Arc;

use kith_cache::Totals;
use leptos::prelude::*;

use super::format;
use super::table::Table;
use crate::services::metrics::values::hit_rate;
use crate::web::pages::dashboard::view;
use crate::web::pages::dashboard::view::View;

#[component]
pub fn CachePart(view: Arc<View>) -> impl IntoView {
    let cache = &view.snapshot.cache;
    let usage = &cache.usage;
    let query = view::query(view.snapshot.range, view.full);
    let local = format!(
        "In this process: {}, {} of {}; {} so far.",
        format::count(usage.entries, "value"),
        format::bytes(usage.bytes),
        format::bytes(cache.max_local_bytes),
        format::count(usage.evictions, "eviction")
    );
    let remote = if cache.has_remote_tier {
        "On Redis: shared by all instances, its memory below."
    } else {
        "No tier on Redis: this process caches for itself."
    };
    let row = |tag: &Totals| {
        let rate = hit_rate(tag.hits() + tag.stale_hits, tag.misses);
        let name = tag.tag.0;
        view! {
            <tr id=format!("tag-{name}")>
                <th scope="row">{name}</th>
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
    view! {
        <section class="part" tabindex="-1" aria-labelledby="cache-title">
            <h2 id="cache-title">"Cache"</h2>
            <p>{local}" "{remote}</p>
            <Table label="Cache by tag" heads=vec!["Tag", "Hit rate", "Hits here", "Hits on Redis", "Stale", "Misses"] heard="Action">{rows}</Table>
            <p class="note">
                "Counted by this process since it started. What is invalidated is read anew by all instances, and what was there before goes as room is needed."
            </p>
        </section>
    }
}
