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
use crate::model::language::Language;
use crate::model::language::t;
use crate::model::language::t_plural;
use crate::model::language::t_view;
use crate::services::health;
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
    let total = |counter| stored.totals.get(counter);
    let counts = [
        ("outbox", t!("In the outbox"), overview.outbox),
        ("waiting", t!("Waiting for delivery"), overview.created),
        ("delivering", t!("Being delivered"), overview.active),
        ("retrying", t!("Waiting for a retry"), overview.retry),
        ("dead", t!("Dead letters"), overview.dead),
        (
            "delivered",
            t!("Delivered so far"),
            total(Counter::Deliveries),
        ),
        (
            "retried",
            t!("Retries planned so far"),
            total(Counter::Retries),
        ),
        ("mails", t!("Mails so far"), total(Counter::Mails)),
    ];
    let counts = counts.map(|(id, name, value)| {
        view! {
            <div id=format!("queue-{id}")>
                <dt>{name}</dt>
                <dd>{format::number(value)}</dd>
            </div>
        }
    });
    let who = if view.snapshot.uses_qstash {
        t!(
            "QStash delivers what is published; what stands here of deliveries is the broker's of this process."
        )
    } else {
        t!("The broker in this process delivers.")
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
    let since = t_view!(
        "{paused} since {time}.",
        paused = view! { <strong>"The queue is paused"</strong> },
        time = view! { <format::Time at=pause.since now/><format::Utc/> }
    );
    let why = health::for_reader(&pause.why).into_owned();
    view! {
        <form method="post" action=format!("/dashboard/queue{query}") id="queue-paused" class="problem">
            <p>
                {since}
                " "
                {why}
                " "
                "Nothing is delivered, and no schedule fires. Look at what waits below: cancel it if it was sent before, \
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
                        <span class="sr-only">
                            {t!("Dead letter to {destination}", destination = letter.destination)}
                        </span>
                    </label>
                    <MessageView message=letter now prefix="letter"/>
                </li>
            }
        })
        .collect_view();
    let hidden = overview.dead.saturating_sub(letters.len() as u64);
    let older = (hidden > 0).then(|| {
        t_plural!(
            hidden,
            "{count} older one not shown.",
            "{count} older ones not shown."
        )
    });
    let all = format::number(overview.dead);
    view! {
        <h3>"Dead letters"</h3>
        <form method="post" action=format!("/dashboard/dead-letters{query}") id="dead-letters">
            <ul class="messages">{rows}</ul>
            {older.map(|older| view! { <p class="note">{older}</p> })}
            <div class="letter-actions">
                <button class="button" name="do" value="retry">"Retry ticked"</button>
                <button class="button" name="do" value="retry-all">{t!("Retry all {count}", count = all)}</button>
                <details class="confirm" id="delete-letters">
                    <summary class="button">"Delete…"</summary>
                    <div>
                        <p>"What is deleted is gone for good."</p>
                        <button class="button-danger" name="do" value="delete">"Delete ticked"</button>
                        <button class="button-danger" name="do" value="delete-all">
                            {t!("Delete all {count}", count = all)}
                        </button>
                    </div>
                </details>
            </div>
        </form>
    }
    .into_any()
}

/// When a schedule fires. The queue describes that in English; in other languages, only what fires each day is described.
fn fires(schedule: &Schedule) -> String {
    let description = schedule.description.as_deref();
    let daily = description.and_then(|words| words.strip_prefix("every day at "));
    match (daily, description) {
        (Some(time), _) => t!("Every day at {time}", time = time),
        (None, Some(words)) if Language::current() == Language::English => format::sentence(words),
        _ => schedule.cron.clone(),
    }
}

#[component]
fn Schedules<'a>(schedules: &'a [Schedule], view: &'a View) -> impl IntoView + use<> {
    let now = view.snapshot.at;
    let report_to = |schedule: &Schedule| {
        let to = view.snapshot.report_to.as_ref();
        let to = to.filter(|_| schedule.id == DailyReport::SCHEDULE_ID);
        to.map(|to| t!(", mailed to {address}", address = to))
    };
    let row = |schedule: &Schedule| {
        let time = |at: Option<Timestamp>| match at {
            Some(at) => view! { <format::Time at now/> }.into_any(),
            None => "–".into_any(),
        };
        view! {
            <tr id=format!("schedule-{}", schedule.id)>
                <th scope="row">{schedule.id.clone()}</th>
                <td>
                    <span title=schedule.cron.clone()>
                        {fires(schedule)}
                    </span>
                    {schedule.paused.then(|| format!(" {}", t!("(paused)")))}
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
    let heads = vec![
        t!("Schedule"),
        t!("When"),
        t!("Next (UTC)"),
        t!("Last (UTC)"),
    ];
    view! {
        <h3>"Schedules"</h3>
        <Table label="Schedules" heads words=true>{rows}</Table>
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

/// The label of a state, before its time.
fn state(message: &Message) -> &'static str {
    match &*message.state {
        "created" => t!("waiting"),
        "active" => t!("being delivered"),
        "retry" => t!("will be tried again at"),
        "delivered" => t!("delivered"),
        "failed" if message.dead_letter_id.is_some() => t!("dead letter"),
        "failed" => t!("given up, and dealt with"),
        "canceled" => t!("cancelled"),
        _ => t!("unknown"),
    }
}

/// The label of a job; a message to elsewhere is called by its address.
fn name(destination: &str) -> &str {
    match jobs::label(destination) {
        None => destination,
        Some("Welcome email") => t!("Welcome email"),
        Some("Welcome email that failed") => t!("Welcome email that failed"),
        Some("Daily report") => t!("Daily report"),
        Some("Mail about an account") => t!("Mail about an account"),
        Some("Mails about birthdays") => t!("Mails about birthdays"),
        Some("Mail about birthdays") => t!("Mail about birthdays"),
        Some(other) => other,
    }
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
    view! {
        <details id=format!("{prefix}-{}-timeline", message.id)>
            <summary>
                <span class="message-to">{name(&message.destination).to_owned()}</span>
                <span class=class>{text}</span>
                <format::Time at=when(message) now/>
            </summary>
            <ol class="timeline">{steps}</ol>
        </details>
    }
}

#[component]
fn StepLine<'a>(step: &'a Step, now: Timestamp) -> impl IntoView + use<> {
    let what = match &*step.state {
        "CREATED" => t!("Accepted"),
        "ACTIVE" => t!("Attempt begun"),
        "ERROR" => t!("Attempt failed"),
        "RETRY" => t!("Will be tried again"),
        "FAILED" => t!("Given up"),
        "DELIVERED" => t!("Delivered"),
        "CANCELED" => t!("Cancelled"),
        other => other,
    };
    let error = step.error.clone().filter(|_| step.state == "ERROR");
    view! {
        <li>
            <format::Time at=step.at now/>
            <span>
                {what.to_owned()}
                {error.map(|error| format!(": {error}"))}
                {step.next.map(|at| {
                    let next = t_view!("at {time}", time = view! { <format::Time at now/> });
                    view! { " "{next} }
                })}
            </span>
        </li>
    }
}
