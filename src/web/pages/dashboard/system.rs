//! The components that Kith is made of, and what admins have done.

use std::sync::Arc;

use jiff::Timestamp;
use leptos::prelude::*;

use super::format;
use crate::components::view::view;
use crate::model::language::t;
use crate::model::language::t_plural;
use crate::model::language::t_view;
use crate::services::backup::BackupStatus;
use crate::services::dashboard::redis_info::RedisInfo;
use crate::services::health;
use crate::services::health::Component;
use crate::services::health::ComponentStatus;
use crate::services::instances::Instance;
use crate::web::pages::dashboard::view::View;

#[component]
pub fn System(view: Arc<View>) -> impl IntoView {
    let snapshot = &view.snapshot;
    let components = snapshot.figures.components.as_ref()?;
    let now = snapshot.at;
    let redis = match &components.redis {
        Some(component) => Ok(component),
        None => Err(t!("not used: each instance limits and caches for itself").to_owned()),
    };
    let qstash = match (&components.qstash, snapshot.uses_qstash) {
        (Some(component), _) => Ok(component),
        (None, true) => Err(t!("not asked for anything yet").to_owned()),
        (None, false) => Err(t!("not used: the broker in this process delivers").to_owned()),
    };
    let mail = match &components.mail {
        Some(component) if snapshot.has_mail_server || component.state == ComponentStatus::Down => {
            Ok(component)
        }
        _ if !snapshot.has_mail_server => Err(t!(
            "no mail server is set up; mails go {place}",
            place = snapshot.mail
        )),
        _ => Err(t!("nothing sent yet").to_owned()),
    };
    let log = match &components.log {
        Some(component) => Ok(component),
        None => Err(t!("every line was written").to_owned()),
    };
    let info = snapshot
        .stored
        .as_ref()
        .and_then(|stored| stored.redis.clone());
    let memory = snapshot.figures.memory;
    let memory = memory.map_or_else(|| "–".to_owned(), format::bytes);
    let processes = match snapshot.has_several_instances() {
        true => t!("Processes"),
        false => t!("This process"),
    };
    Some(view! {
        <section class="part" tabindex="-1" aria-labelledby="system-title">
            <h2 id="system-title">"System"</h2>
            <dl class="parts">
                <ComponentLine id="database" name=t!("Database") component=Ok(&components.database) now/>
                <ComponentLine id="redis" name="Redis" component=redis now/>
                <ComponentLine id="qstash" name="QStash" component=qstash now/>
                <ComponentLine id="mail" name=t!("Mail") component=mail now/>
                <ComponentLine id="log" name=t!("Log") component=log now/>
                {snapshot.stored.as_ref().map(|stored| view! { <Backup status=&stored.backup now/> })}
                <div id="system-process">
                    <dt>{processes}</dt>
                    <dd>{described(&snapshot.instances, &memory)}</dd>
                </div>
            </dl>
            {info.map(|info| view! { <RedisView info/> })}
        </section>
    })
}

/// The processes in a line, with the memory of all.
fn described(instances: &[Instance], memory: &str) -> String {
    match instances {
        [only] => t!(
            "Kith {version}, {memory} of memory",
            version = only.version,
            memory = memory
        ),
        several => t_plural!(
            several.len(),
            "{count} instance, {memory} of memory together",
            "{count} instances, {memory} of memory together",
            memory = memory
        ),
    }
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
                ComponentStatus::Up => ("state-up", t!("up")),
                ComponentStatus::Down => ("state-down", t!("down")),
            };
            let since = component.since;
            let state = t_view!(
                "{state} since {time}",
                state = view! { <span class=class>{state}</span> },
                time = view! { <format::Time at=since now/><format::Utc/> }
            );
            let reason = component.reason.as_deref().map(health::for_reader);
            let effect = component.effect.as_deref().map(health::for_reader);
            view! {
                {state}
                {reason.map(|reason| format!(". {reason}"))}
                {effect.map(|effect| format!(" {effect}"))}
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
            t!("Tools of PostgreSQL make them: `kith backup FILE` names the command.").to_owned()
        }
        (true, None) => {
            t!("None are scheduled: set backup.interval, or run `kith backup FILE`.").to_owned()
        }
        (true, Some(interval)) => t!(
            "One is made every {interval}.",
            interval = format::duration(interval)
        ),
    };
    let last = status.last.as_ref().map(|last| {
        t_view!(
            "{time}, {size} in {file}.",
            time = view! { <format::Time at=last.at() now/><format::Utc/> },
            size = format::bytes(last.bytes),
            file = last.file.clone()
        )
    });
    let none = (last.is_none() && status.is_possible).then(|| t!("none yet."));
    view! {
        <div id="system-backup">
            <dt>"Last backup"</dt>
            <dd>
                {last}
                {none}
                " "
                {schedule}
                {status.warning().map(|warning| view! {
                    " "
                    <strong class="text-danger" id="backup-warning">{health::for_reader(warning)}</strong>
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
        (None, Some(_)) => t!("none").to_owned(),
        (None, None) => "–".to_owned(),
    };
    let counts = [
        (t!("Version"), known(info.version)),
        (t!("Memory"), known(info.used.map(format::bytes))),
        (t!("At most so far"), known(info.peak.map(format::bytes))),
        (t!("Limit"), limit),
        (t!("Evicted"), known(info.evicted.map(format::number))),
        (t!("Hit rate"), known(rate)),
        (t!("Clients"), known(info.clients.map(format::number))),
        (
            t!("Answers in"),
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
        <h3>{"Redis"}</h3>
        <dl class="counts" id="redis-info">{counts.collect_view()}</dl>
        {warning.then(|| view! {
            <p class="problem" id="eviction-warning">
                {t!(
                    "Redis may drop limits before their time: its maxmemory-policy is {policy}. Set it to noeviction.",
                    policy = policy.unwrap_or_default()
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
                    <span class="text-muted">{t!("by {name}", name = entry.admin)}</span>
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
