//! What is cached, and the form that invalidates it.

use std::sync::Arc;

use leptos::prelude::*;

use super::format;
use super::table::Table;
use crate::services::instances::TagFigures;
use crate::services::metrics::values::hit_rate;
use crate::web::pages::dashboard::view;
use crate::web::pages::dashboard::view::View;

#[component]
pub fn CachePart(view: Arc<View>) -> impl IntoView {
    let cache = &view.snapshot.figures.cache;
    let several = view.snapshot.has_several_instances();
    let query = view::query(view.snapshot.range, view.full);
    let local = format!(
        "In {}: {}, {} of {}; {} so far.",
        if several {
            "all instances"
        } else {
            "this process"
        },
        format::count(cache.entries, "value"),
        format::bytes(cache.bytes),
        format::bytes(cache.max_bytes),
        format::count(cache.evictions, "eviction")
    );
    let remote = if view.snapshot.has_remote_tier {
        "On Redis: shared by all instances, its memory below."
    } else {
        "No tier on Redis: each instance caches for itself."
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
    view! {
        <section class="part" tabindex="-1" aria-labelledby="cache-title">
            <h2 id="cache-title">"Cache"</h2>
            <p>{local}" "{remote}</p>
            <Table label="Cache by tag" heads=vec!["Tag", "Hit rate", "Hits here", "Hits on Redis", "Stale", "Misses"] heard="Action">{rows}</Table>
            <p class="note">
                {if several { "Counted by each instance since it started. " } else { "Counted by this process since it started. " }}
                "What is invalidated is read anew by all instances, and what was there before goes as room is needed."
            </p>
        </section>
    }
}
