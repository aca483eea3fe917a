//! The processes that work with the database, side by side.

use std::sync::Arc;

use leptos::prelude::*;

use super::format;
use super::table::Table;
use crate::components::view::view;
use crate::model::language::t;
use crate::services::health::Components;
use crate::services::instances::Instance;
use crate::web::pages::dashboard::view::View;

/// Nothing where there is only one instance, which the rest of the page is about.
#[component]
pub fn InstancesPart(view: Arc<View>) -> impl IntoView {
    let snapshot = &view.snapshot;
    if !snapshot.has_several_instances() {
        return None;
    }
    let first = &snapshot.instances[0];
    let differ = |value: fn(&Instance) -> &String| {
        let mut others = snapshot.instances.iter();
        others.any(|other| value(other) != value(first))
    };
    let settings = differ(|instance| &instance.config_hash).then(|| {
        view! {
            <p class="problem" id="settings-warning">
                "Instances have different settings, so the same request gets different answers. \
                 Compare what kith --print-config prints on their machines."
            </p>
        }
    });
    let versions = differ(|instance| &instance.version).then(|| {
        view! { <p class="note">"Instances have different versions: an update is under way."</p> }
    });
    let row = |instance: &Instance| {
        let figures = &instance.figures;
        let memory = figures.memory.map(format::bytes);
        view! {
            <tr>
                <th scope="row">{instance.address.clone()}</th>
                <td>{instance.version.clone()}</td>
                <td>{format::duration(instance.uptime)}</td>
                <td>{memory.unwrap_or_else(|| "–".to_owned())}</td>
                <td>{format::number(figures.cache.entries)}</td>
                <td>{instance.config_hash.clone()}</td>
                <td>{figures.components.as_ref().map(state)}</td>
            </tr>
        }
    };
    let rows = snapshot.instances.iter().map(row).collect_view();
    let heads = vec![
        t!("Address"),
        t!("Version"),
        t!("Uptime"),
        t!("Memory"),
        t!("Cached"),
        t!("Settings"),
        t!("State"),
    ];
    Some(view! {
        <section id="instances" class="part" tabindex="-1" aria-labelledby="instances-title">
            <h2 id="instances-title">"Instances"</h2>
            {settings}
            {versions}
            <Table label="Instances" heads>{rows}</Table>
            <p class="note">
                "Each instance tells of itself every five seconds. Two with the same settings have the same sixteen digits."
            </p>
        </section>
    })
}

/// Whether an instance misses something.
fn state(components: &Components) -> impl IntoView + use<> {
    let down: Vec<&str> = components.down().collect();
    match down.is_empty() {
        true => view! { <span class="state-up">"up"</span> },
        false => {
            let down = t!("{names} down", names = down.join(", "));
            view! { <span class="state-down">{down}</span> }
        }
    }
}
