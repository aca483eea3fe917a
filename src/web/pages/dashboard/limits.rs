//! What the limiter does, and the forms that change it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kith_limit::Algorithm;
use kith_limit::Quota;
use leptos::prelude::*;

use super::format;
use super::table::Table;
use crate::model::language::t;
use crate::model::language::t_plural;
use crate::services::admin;
use crate::services::config;
use crate::services::dashboard::PolicyState;
use crate::services::instances::RefusedClient;
use crate::services::policies::RequestClass;
use crate::web::pages::dashboard::view;
use crate::web::pages::dashboard::view::View;

/// The most networks of the deny list that are shown.
const MAX_DENIED_NETWORKS: usize = 20;

#[component]
pub fn Limits(view: Arc<View>) -> impl IntoView {
    let policies = view
        .snapshot
        .policies
        .iter()
        .map(|policy| view! { <PolicyRow policy view=&view/> })
        .collect_view();
    view! {
        <section class="part" tabindex="-1" aria-labelledby="limits-title">
            <h2 id="limits-title">"Limits"</h2>
            <ul class="policies">{policies}</ul>
            <div class="columns">
                <MostRefused view=view.clone()/>
                <Denied view/>
            </div>
        </section>
    }
}

/// What the class is about.
fn what(class: RequestClass) -> &'static str {
    match class {
        RequestClass::Api => t!("the REST API, for each address"),
        RequestClass::Ui => t!("pages and their forms, for each address"),
        RequestClass::Dashboard => t!("this page and the figures, which do not count in them"),
        RequestClass::Token => t!("the REST API, for each token"),
        RequestClass::Calendar => t!("calendars that read dates"),
    }
}

fn algorithm(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::FixedWindow => t!("fixed window"),
        Algorithm::SlidingWindow => t!("sliding window"),
        Algorithm::SlidingLog => t!("sliding log"),
        Algorithm::TokenBucket => t!("token bucket"),
    }
}

/// A quota, for example `10 requests in 1m`.
fn quota_words(quota: Quota) -> String {
    let window = Duration::from_millis(quota.window());
    t_plural!(
        quota.limit(),
        "{count} request in {window}",
        "{count} requests in {window}",
        window = config::format_duration(window)
    )
}

#[component]
fn PolicyRow<'a>(policy: &'a PolicyState, view: &'a View) -> impl IntoView + use<> {
    let name = policy.class.name();
    let changed = policy.quota != policy.configured;
    let configured = quota_words(policy.configured);
    let [used, shadow, local] = usage(policy, view);
    let note = changed.then(|| t!("Changed; {quota} are configured.", quota = configured));
    view! {
        <li id=format!("policy-{name}")>
            <div>
                <h3>{name}</h3>
                <p class="text-muted">{what(policy.class)}" · "{algorithm(policy.algorithm)}</p>
                <p>{used}{shadow}{local}</p>
                {note.map(|note| view! { <p class="note">{note}</p> })}
            </div>
            <LimitForm policy view/>
        </li>
    }
}

/// What a policy has done.
fn usage(policy: &PolicyState, view: &View) -> [Option<String>; 3] {
    let used = view.snapshot.of_class(policy.class);
    let used = used.map(|(requests, refused)| {
        let part = if requests == 0 {
            0.0
        } else {
            refused as f64 / requests as f64
        };
        t_plural!(
            requests,
            "{count} request so far, {refused} refused ({part}).",
            "{count} requests so far, {refused} refused ({part}).",
            refused = format::number(refused),
            part = format::percent(part)
        )
    });
    let figures = &view.snapshot.figures;
    let mut known = figures.policies.iter();
    let counted = known.find(|known| known.policy == policy.class.name());
    let (shadowed, local) = counted.map_or((0, 0), |counted| (counted.shadowed, counted.local));
    let shadow = (policy.shadow || shadowed > 0).then(|| {
        let sentence = t_plural!(
            shadowed,
            "In shadow mode: {count} request would have been refused since the start.",
            "In shadow mode: {count} requests would have been refused since the start."
        );
        format!(" {sentence}")
    });
    let local = (view.snapshot.has_remote_tier && local > 0).then(|| {
        let sentence = t!(
            "{count} decided without Redis since the start.",
            count = format::number(local)
        );
        format!(" {sentence}")
    });
    [used, shadow, local]
}

/// Changes the limit of a policy, or takes the change back.
#[component]
fn LimitForm<'a>(policy: &'a PolicyState, view: &'a View) -> impl IntoView + use<> {
    let name = policy.class.name();
    let action = format!("/dashboard/limits/{name}");
    let window = config::format_duration(Duration::from_millis(policy.quota.window()));
    let typed = |field: &str, now: String| view.typed(&action, field).unwrap_or(now);
    let limit = typed("limit", policy.quota.limit().to_string());
    let window = typed("window", window);
    let refused = view.refused(&action);
    let query = view::query(view.snapshot.range, view.full);
    let changed = policy.quota != policy.configured;
    let configured = quota_words(policy.configured);
    view! {
        <form method="post" action=format!("{action}{query}") class="limit-form">
            <label for=format!("limit-{name}")>
                "Requests"<span class="sr-only">{format!(" {}", t!("of {name}", name = name))}</span>
            </label>
            <input
                class="input"
                id=format!("limit-{name}")
                name="limit"
                inputmode="numeric"
                autocomplete="off"
                value=limit
                aria-invalid=refused
                aria-describedby=refused.map(|_| "notice")
            />
            <label for=format!("window-{name}")>
                "in"<span class="sr-only">{format!(" {}", t!("window of {name}", name = name))}</span>
            </label>
            <input
                class="input"
                id=format!("window-{name}")
                name="window"
                autocomplete="off"
                value=window
                aria-invalid=refused
                aria-describedby=refused.map(|_| "notice")
            />
            <button class="button">
                "Change"<span class="sr-only">{format!(" {}", t!("the limit of {name}", name = name))}</span>
            </button>
            {changed.then(|| view! {
                <button
                    class="button-quiet"
                    name="configured"
                    value="1"
                    title=t!("Back to {quota}, as configured", quota = configured)
                >
                    "Reset"
                    <span class="sr-only">
                        {format!(" {}", t!("the limit of {name} to {quota}", name = name, quota = configured))}
                    </span>
                </button>
            })}
        </form>
    }
}

/// The first half of an address: enough to tell clients apart, too little to find one. The id of a token names no one.
fn shortened(subject: &str) -> String {
    if subject.starts_with("token ") {
        return subject.to_owned();
    }
    let (separator, kept) = if subject.contains(':') {
        (':', 2)
    } else {
        ('.', 2)
    };
    let parts: Vec<&str> = subject.split(separator).take(kept).collect();
    format!("{}{separator}…", parts.join(&separator.to_string()))
}

#[component]
fn MostRefused(view: Arc<View>) -> impl IntoView {
    let refused = &view.snapshot.figures.most_refused;
    let (full, now) = (view.full, view.snapshot.at);
    let row = |refused: &RefusedClient| {
        let client = if full {
            refused.client.clone()
        } else {
            shortened(&refused.client)
        };
        let last = Timestamp::from_millisecond(refused.last as i64).unwrap_or(now);
        view! {
            <tr>
                <th scope="row">{client}</th>
                <td>{refused.policy.clone()}</td>
                <td>{format::number(refused.count)}</td>
                <td><format::Time at=last now/></td>
            </tr>
        }
    };
    let rows = refused.iter().map(row).collect_view();
    let other = view::href(view.snapshot.range, !full);
    let switch = if full {
        t!("Shorten addresses")
    } else {
        t!("Show full addresses")
    };
    let heads = vec![t!("Client"), t!("Policy"), t!("Refused"), t!("Last (UTC)")];
    let list = if refused.is_empty() {
        view! { <p class="note">"Nobody was refused since the start."</p> }.into_any()
    } else {
        view! {
            <Table label="Most refused clients" heads>{rows}</Table>
            <p class="note"><a class="link" href=other data-live="">{switch}</a></p>
        }
        .into_any()
    };
    view! {
        <div>
            <h3>"Most refused clients"</h3>
            {list}
        </div>
    }
}

/// How many networks of the deny list are left out.
fn not_shown(count: u64) -> String {
    t_plural!(
        count,
        "{count} older one not shown; type it to allow it.",
        "{count} older ones not shown; type it to allow it."
    )
}

/// How often denied clients have asked.
fn denied_requests(count: u64) -> String {
    t_plural!(
        count,
        "{count} request of denied clients since the start.",
        "{count} requests of denied clients since the start."
    )
}

#[component]
fn Denied(view: Arc<View>) -> impl IntoView {
    const FORM: &str = "/dashboard/denied";
    let query = view::query(view.snapshot.range, view.full);
    let action = format!("{FORM}{query}");
    let typed = view.typed(FORM, "network").unwrap_or_default();
    let refused = view.refused(FORM);
    // The last that were added, the latest first.
    let denied = &view.snapshot.denied;
    let rows = denied
        .iter()
        .rev()
        .take(MAX_DENIED_NETWORKS)
        .map(|network| {
            let network = admin::describe_network(*network);
            view! {
                <li id=format!("denied-{network}")>
                    <span>{network.clone()}</span>
                    <form method="post" action=action.clone()>
                        <input type="hidden" name="network" value=network.clone()/>
                        <button class="button-quiet" name="do" value="allow">
                            "Remove"<span class="sr-only">{format!(" {network}")}</span>
                        </button>
                    </form>
                </li>
            }
        })
        .collect_view();
    let none = denied.is_empty();
    let hidden = denied.len().saturating_sub(MAX_DENIED_NETWORKS) as u64;
    let denials = view.snapshot.figures.denials;
    view! {
        <div>
            <h3>"Deny list"</h3>
            {none.then(|| view! { <p class="note">"Nobody is denied."</p> })}
            <ul class="denied">{rows}</ul>
            {(hidden > 0).then(|| view! { <p class="note">{not_shown(hidden)}</p> })}
            {(denials > 0).then(|| view! { <p class="note">{denied_requests(denials)}</p> })}
            <form method="post" action=action class="deny-form">
                <label for="network">"Address or network"</label>
                <input
                    class="input"
                    id="network"
                    name="network"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder="203.0.113.0/24"
                    value=typed
                    aria-invalid=refused
                    aria-describedby=refused.map(|_| "notice")
                />
                <button class="button" name="do" value="deny">"Deny"</button>
                {(hidden > 0).then(|| view! {
                    <button class="button" name="do" value="allow">"Allow"</button>
                })}
            </form>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn half_of_an_address_stays_hidden() {
        assert_eq!(shortened("203.0.113.7"), "203.0.…");
        assert_eq!(shortened("2001:db8:1:2::/64"), "2001:db8:…");
        assert_eq!(shortened("::/64"), "::…");
    }
}
