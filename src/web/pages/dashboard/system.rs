//! The components that Kith is made of, and what admins have done.

use std::sync::Arc;

use jiff::Timestamp;
use leptos::prelude::*;

use super::format;
use crate::components::view::view;
use crate::services::backup::BackupStatus;
use crate::services::dashboard::redis_info::RedisInfo;
use crate::services::health::Component;
use crate::services::health::ComponentStatus;
use crate::web::pages::dashboard::view::View;

#[component]
pub fn System(view: Arc<View>) -> impl IntoView {
    let snapshot = &view.snapshot;
    let components = snapshot.figures.components.as_ref()?;
    let now = snapshot.at;
    let redis = match &components.redis {
        Some(component) => Ok(component),
        None => Err("not used: each instance limits and caches for itself".to_owned()),
    };
    let qstash = match (&components.qstash, snapshot.uses_qstash) {
        (Some(component), _) => Ok(component),
        (None, true) => Err("not asked for anything yet".to_owned()),
        (None, false) => Err("not used: the broker in this process delivers".to_owned()),
    };
    let mail = match &components.mail {
        Some(component) if snapshot.has_mail_server || component.state == ComponentStatus::Down => {
            Ok(component)
        }
        _ if !snapshot.has_mail_server => Err(format!(
            "no mail server is set up; mails go {}",
            snapshot.mail
        )),
        _ => Err("nothing sent yet".to_owned()),
    };
    let log = match &components.log {
        Some(component) => Ok(component),
        None => Err("every line was written".to_owned()),
    };
    let info = snapshot
        .stored
        .as_ref()
        .and_then(|stored| stored.redis.clone());
    let memory = snapshot.figures.memory;
    let memory = memory.map_or_else(|| "–".to_owned(), format::bytes);
    let processes = match &*snapshot.instances {
        [only] => format!("Kith {}, {memory} of memory", only.version),
        several => format!("{} instances, {memory} of memory together", several.len()),
    };
    Some(view! {
        <section class="part" tabindex="-1" aria-labelledby="system-title">
            <h2 id="system-title">"System"</h2>
            <dl class="parts">
                <ComponentLine id="database" name="Database" component=Ok(&components.database) now/>
                <ComponentLine id="redis" name="Redis" component=redis now/>
                <ComponentLine id="qstash" name="QStash" component=qstash now/>
                <ComponentLine id="mail" name="Mail" component=mail now/>
                <ComponentLine id="log" name="Log" component=log now/>
                {snapshot.stored.as_ref().map(|stored| view! { <Backup status=&stored.backup now/> })}
                <div id="system-process">
                    <dt>{if snapshot.has_several_instances() { "Processes" } else { "This process" }}</dt>
                    <dd>{processes}</dd>
                </div>
            </dl>
            {info.map(|info| view! { <RedisView info/> })}
        </section>
    })
}

/// A component, or why there is none.
#[component]
fn ComponentLine<'a>(
    id: &'static str,
    name: &'static str,
    component: Result<&'a Component, String>,
    now: Timestamp,
) -> impl IntoView + use<> {
    let text = match component {
        Err(why) => view! { <span class="text-muted">{why}</span> },
        Ok(component) => {
            let (class, state) = match component.state {
                ComponentStatus::Up => ("state-up", "up"),
                ComponentStatus::Down => ("state-down", "down"),
            };
            let since = component.since;
            view! {
                <span class=class>{state}</span>
                " since "
                <format::Time at=since now/>
                <format::Utc/>
                {component.reason.clone().map(|reason| format!(". {reason}"))}
                {component.effect.clone().map(|effect| format!(" {effect}"))}
            }
        }
    };
    view! {
        <div id=format!("system-{id}")>
            <dt>{name}</dt>
            <dd>{text}</dd>
        </div>
    }
}

/// The last backup, and why there is no newer one.
#[component]
fn Backup<'a>(status: &'a BackupStatus, now: Timestamp) -> impl IntoView + use<> {
    let schedule = match (status.is_possible, status.interval) {
        (false, _) => {
            " Tools of PostgreSQL make them: `kith backup FILE` names the command.".to_owned()
        }
        (true, None) => {
            " None are scheduled: set backup.interval, or run `kith backup FILE`.".to_owned()
        }
        (true, Some(interval)) => format!(" One is made every {}.", format::duration(interval)),
    };
    let last = status.last.as_ref().map(|last| {
        view! {
            <format::Time at=last.at() now/>
            <format::Utc/>
            {format!(", {} in {}.", format::bytes(last.bytes), last.file)}
        }
    });
    let none = (last.is_none() && status.is_possible).then_some("none yet.");
    view! {
        <div id="system-backup">
            <dt>"Last backup"</dt>
            <dd>
                {last}
                {none}
                {schedule}
                {status.warning().map(|warning| view! {
                    " "
                    <strong class="text-danger" id="backup-warning">{warning}</strong>
                })}
            </dd>
        </div>
    }
}

#[component]
fn RedisView(info: RedisInfo) -> impl IntoView {
    let known = |words: Option<String>| words.unwrap_or_else(|| "–".to_owned());
    let warning = info.may_forget_limits();
    let policy = info.eviction_policy.clone();
    let rate = info
        .hits
        .filter(|(_, reads)| *reads > 0)
        .map(|(hits, reads)| format::percent(hits as f64 / reads as f64));
    let limit = match (info.limit, info.used) {
        (Some(limit), _) => format::bytes(limit),
        (None, Some(_)) => "none".to_owned(),
        (None, None) => "–".to_owned(),
    };
    let counts = [
        ("Version", known(info.version)),
        ("Memory", known(info.used.map(format::bytes))),
        ("At most so far", known(info.peak.map(format::bytes))),
        ("Limit", limit),
        ("Evicted", known(info.evicted.map(format::number))),
        ("Hit rate", known(rate)),
        ("Clients", known(info.clients.map(format::number))),
        (
            "Answers in",
            format::milliseconds(info.latency.as_secs_f64() * 1000.0),
        ),
    ];
    let counts = counts.map(|(name, value)| {
        view! {
            <div>
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    });
    view! {
        <h3>"Redis"</h3>
        <dl class="counts" id="redis-info">{counts.collect_view()}</dl>
        {warning.then(|| view! {
            <p class="problem" id="eviction-warning">
                {format!(
                    "Redis may drop limits before their time: its maxmemory-policy is {}. Set it to noeviction.",
                    policy.unwrap_or_default()
                )}
            </p>
        })}
    }
}

/// What admins have done last.
#[component]
pub fn Actions(view: Arc<View>) -> impl IntoView {
    let stored = view.snapshot.stored.clone()?;
    let now = view.snapshot.at;
    let rows = stored
        .audit_log
        .iter()
        .map(|entry| {
            view! {
                <li>
                    <format::Time at=entry.at now/>
                    <span>{entry.action.clone()}</span>
                    <span class="text-muted">{format!("by {}", entry.admin)}</span>
                </li>
            }
        })
        .collect_view();
    let none = stored.audit_log.is_empty();
    Some(view! {
        <section class="part" tabindex="-1" aria-labelledby="actions-title">
            <h2 id="actions-title">"Last actions"</h2>
            {none.then(|| view! { <p class="note">"Nobody has changed anything yet."</p> })}
            <ol class="actions">{rows}</ol>
            <a class="button" href="/dashboard/audit">"Audit log"</a>
        </section>
    })
}
