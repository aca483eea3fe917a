//! What is in the queue, and the forms for dead letters.

use std::sync::Arc;

use jiff::Timestamp;
use kith_queue::broker::overview::Message;
use kith_queue::broker::overview::Overview;
use kith_queue::broker::overview::Schedule;
use kith_queue::broker::overview::Step;
use leptos::prelude::*;

use super::format;
use super::table::Table;
use crate::services::jobs;
use crate::services::jobs::DailyReport;
use crate::services::metrics::Counter;
use crate::services::pause::Pause;
use crate::web::pages::dashboard::view;
use crate::web::pages::dashboard::view::View;

#[component]
pub fn QueuePart(view: Arc<View>) -> impl IntoView {
    let stored = view.snapshot.stored.clone()?;
    let now = view.snapshot.at;
    let overview = &stored.overview;
    let total = |counter| format::number(stored.totals.get(counter));
    let counts = [
        ("outbox", "In the outbox", format::number(overview.outbox)),
        (
            "waiting",
            "Waiting for delivery",
            format::number(overview.created),
        ),
        (
            "delivering",
            "Being delivered",
            format::number(overview.active),
        ),
        (
            "retrying",
            "Waiting for a retry",
            format::number(overview.retry),
        ),
        ("dead", "Dead letters", format::number(overview.dead)),
        ("delivered", "Delivered so far", total(Counter::Deliveries)),
        ("retried", "Retries planned so far", total(Counter::Retries)),
        ("mails", "Mails so far", total(Counter::Mails)),
    ];
    let counts = counts.map(|(id, name, value)| {
        view! {
            <div id=format!("queue-{id}")>
                <dt>{name}</dt>
                <dd>{value}</dd>
            </div>
        }
    });
    let who = if view.snapshot.uses_qstash {
        "QStash delivers what is published; what stands here of deliveries is the broker's of this process."
    } else {
        "The broker in this process delivers."
    };
    Some(view! {
        <section class="part" tabindex="-1" aria-labelledby="queue-title">
            <h2 id="queue-title">"Queue"</h2>
            {stored.pause.clone().map(|pause| view! { <Paused pause view=&view/> })}
            <p>{who}</p>
            <dl class="counts">{counts.collect_view()}</dl>
            <DeadLetters overview now view=&view/>
            <Schedules schedules=&overview.schedules view=&view/>
            <Messages messages=&overview.messages now/>
        </section>
    })
}

/// Why the queue is paused, and the button that resumes it.
#[component]
fn Paused<'a>(pause: Pause, view: &'a View) -> impl IntoView + use<> {
    let query = view::query(view.snapshot.range, view.full);
    let now = view.snapshot.at;
    view! {
        <form method="post" action=format!("/dashboard/queue{query}") id="queue-paused" class="problem">
            <p>
                <strong>"The queue is paused"</strong>
                " since "
                <format::Time at=pause.since now/>
                <format::Utc/>
                ". "
                {pause.why}
                " Nothing is delivered, and no schedule fires. Look at what waits below: cancel it if it was sent before, \
                 and resume the queue."
            </p>
            <div class="letter-actions">
                <button class="button" name="do" value="resume">"Resume the queue"</button>
                <details class="confirm" id="cancel-waiting">
                    <summary class="button">"Cancel what waits…"</summary>
                    <div>
                        <p>"Messages from before the pause are not sent any more."</p>
                        <button class="button-danger" name="do" value="cancel">"Cancel what waits"</button>
                    </div>
                </details>
            </div>
        </form>
    }
}

#[component]
fn DeadLetters<'a>(
    overview: &'a Overview,
    now: Timestamp,
    view: &'a View,
) -> impl IntoView + use<> {
    let letters = &overview.dead_letters;
    if letters.is_empty() {
        return view! {
            <h3>"Dead letters"</h3>
            <p class="note">"There are none: every delivery has come through, or still may."</p>
        }
        .into_any();
    }
    let query = view::query(view.snapshot.range, view.full);
    let rows = letters
        .iter()
        .map(|letter| {
            let id = letter.dead_letter_id.clone().unwrap_or_default();
            view! {
                <li id=format!("letter-{id}")>
                    <label class="letter-tick">
                        <input type="checkbox" name="letter" value=id.clone()/>
                        <span class="sr-only">{format!("Dead letter to {}", letter.destination)}</span>
                    </label>
                    <MessageView message=letter now prefix="letter"/>
                </li>
            }
        })
        .collect_view();
    let hidden = overview.dead.saturating_sub(letters.len() as u64);
    let all = format!("all {}", format::number(overview.dead));
    view! {
        <h3>"Dead letters"</h3>
        <form method="post" action=format!("/dashboard/dead-letters{query}") id="dead-letters">
            <ul class="messages">{rows}</ul>
            {(hidden > 0).then(|| view! {
                <p class="note">{format::count(hidden, "older one")}" not shown."</p>
            })}
            <div class="letter-actions">
                <button class="button" name="do" value="retry">"Retry ticked"</button>
                <button class="button" name="do" value="retry-all">{format!("Retry {all}")}</button>
                <details class="confirm" id="delete-letters">
                    <summary class="button">"Delete…"</summary>
                    <div>
                        <p>"What is deleted is gone for good."</p>
                        <button class="button-danger" name="do" value="delete">"Delete ticked"</button>
                        <button class="button-danger" name="do" value="delete-all">
                            {format!("Delete {all}")}
                        </button>
                    </div>
                </details>
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn Schedules<'a>(schedules: &'a [Schedule], view: &'a View) -> impl IntoView + use<> {
    let now = view.snapshot.at;
    let report_to = |schedule: &Schedule| {
        let to = view.snapshot.report_to.as_ref();
        let to = to.filter(|_| schedule.id == DailyReport::SCHEDULE_ID);
        to.map(|to| format!(", mailed to {to}"))
    };
    let row = |schedule: &Schedule| {
        let when = schedule.description.as_deref().map(format::sentence);
        let time = |at: Option<Timestamp>| match at {
            Some(at) => view! { <format::Time at now/> }.into_any(),
            None => "–".into_any(),
        };
        view! {
            <tr id=format!("schedule-{}", schedule.id)>
                <th scope="row">{schedule.id.clone()}</th>
                <td>
                    <span title=schedule.cron.clone()>
                        {when.unwrap_or_else(|| schedule.cron.clone())}
                    </span>
                    {schedule.paused.then_some(" (paused)")}
                    {report_to(schedule)}
                </td>
                <td>{time(schedule.next.filter(|_| !schedule.paused))}</td>
                <td>{time(schedule.last)}</td>
            </tr>
        }
    };
    let rows = schedules.iter().map(row).collect_view();
    if schedules.is_empty() {
        return view! {
            <h3>"Schedules"</h3>
            <p class="note">"There are none here."</p>
        }
        .into_any();
    }
    view! {
        <h3>"Schedules"</h3>
        <Table label="Schedules" heads=vec!["Schedule", "When", "Next (UTC)", "Last (UTC)"] words=true>{rows}</Table>
    }
    .into_any()
}

#[component]
fn Messages<'a>(messages: &'a [Message], now: Timestamp) -> impl IntoView + use<> {
    let rows = messages
        .iter()
        .map(|message| {
            view! {
                <li id=format!("message-{}", message.id)>
                    <MessageView message now prefix="message"/>
                </li>
            }
        })
        .collect_view();
    let none = messages.is_empty();
    view! {
        <h3>"Last messages"</h3>
        {none.then(|| view! {
            <p class="note">"There are none yet. Adding a contact sends the first."</p>
        })}
        <ul class="messages">{rows}</ul>
    }
}

/// The label of a state.
fn state(message: &Message) -> &'static str {
    match &*message.state {
        "created" => "waiting",
        "active" => "being delivered",
        "retry" => "will be tried again",
        "delivered" => "delivered",
        "failed" if message.dead_letter_id.is_some() => "dead letter",
        "failed" => "given up, and dealt with",
        "canceled" => "cancelled",
        _ => "unknown",
    }
}

/// The label of a job; a message to elsewhere is called by its address.
fn name(destination: &str) -> String {
    jobs::label(destination).map_or_else(|| destination.to_owned(), str::to_owned)
}

/// When a message is tried again, otherwise when the last thing happened to it.
fn when(message: &Message) -> Timestamp {
    let last = message.timeline.last();
    let next = last.and_then(|step| step.next);
    next.or(last.map(|step| step.at)).unwrap_or(message.created)
}

/// A message in a line, which opens to its timeline. The line of a dead letter says why it failed.
#[component]
fn MessageView<'a>(
    message: &'a Message,
    now: Timestamp,
    prefix: &'static str,
) -> impl IntoView + use<> {
    let steps = message
        .timeline
        .iter()
        .map(|step| view! { <StepLine step now/> })
        .collect_view();
    let dead = message.dead_letter_id.is_some();
    let why = message
        .timeline
        .iter()
        .rev()
        .find_map(|step| step.error.clone());
    let text = match why {
        Some(why) if prefix == "letter" => why,
        _ => state(message).to_owned(),
    };
    let class = if dead || message.state == "retry" {
        "message-state text-danger"
    } else {
        "message-state"
    };
    let again = (message.state == "retry").then_some(" at");
    view! {
        <details id=format!("{prefix}-{}-timeline", message.id)>
            <summary>
                <span class="message-to">{name(&message.destination)}</span>
                <span class=class>{text}{again}</span>
                <format::Time at=when(message) now/>
            </summary>
            <ol class="timeline">{steps}</ol>
        </details>
    }
}

#[component]
fn StepLine<'a>(step: &'a Step, now: Timestamp) -> impl IntoView + use<> {
    let what = match &*step.state {
        "CREATED" => "Accepted",
        "ACTIVE" => "Attempt begun",
        "ERROR" => "Attempt failed",
        "RETRY" => "Will be tried again",
        "FAILED" => "Given up",
        "DELIVERED" => "Delivered",
        "CANCELED" => "Cancelled",
        other => other,
    };
    let error = step.error.clone().filter(|_| step.state == "ERROR");
    view! {
        <li>
            <format::Time at=step.at now/>
            <span>
                {what.to_owned()}
                {error.map(|error| format!(": {error}"))}
                {step.next.map(|at| view! { " at "<format::Time at now/> })}
            </span>
        </li>
    }
}
