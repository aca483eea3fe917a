//! A part of a page that the server draws again and again: the dashboard.
//!
//! The island holds no figures and draws none. It asks for the part of the page that changes, as
//! HTML, and makes what is on the page like it; forms and links in it are sent the same way. So what
//! the page shows costs the browser nothing to know, and is the same with and without JavaScript.
//!
//! Invariants: one question is under way at a time; none while the page is hidden or paused; what is
//! on the page stays there whatever goes wrong.

mod ask;
mod morph;
mod schedule;

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use web_sys::Element;
use web_sys::FormData;
use web_sys::HtmlElement;
use web_sys::HtmlFormElement;
use web_sys::HtmlTemplateElement;
use web_sys::MouseEvent;
use web_sys::SubmitEvent;
use web_sys::UrlSearchParams;

use crate::components::clock;
use crate::components::reactive_text::reactive_text;
use crate::islands::browser;
use crate::islands::browser::HistoryUpdate;
use crate::islands::checked::Checked;
use ask::Failure;
use ask::fetch;
use schedule::Schedule;

/// The part of the page that changes.
const PART: &str = "live";

/// What came of an action, within it.
const NOTICES: &str = "notices";

/// For how many milliseconds that is news.
const NEWS: u64 = 20_000;

const SECOND: Duration = Duration::from_secs(1);

/// What the island is at.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Live,
    /// By hand.
    Paused,
    Failing {
        why: String,
        /// When it is tried again, by the browser's clock.
        again_at: u64,
    },
}

/// Keeps the part of the page that is drawn behind it up to date, asking every `period` milliseconds.
/// `as_of` says when it was drawn.
#[island]
pub fn Live(period: u32, as_of: String) -> impl IntoView {
    let poller = Poller::new(period);
    Effect::new(move |_| {
        if let Some(part) = document().get_element_by_id(PART) {
            clock::localize_times(&part);
        }
        // What the page came with is news as well.
        poller.told_until.set_value(clock() + NEWS);
        poller.seen_or_not();
    });
    let seen = window_event_listener(ev::visibilitychange, move |_| poller.seen_or_not());
    on_cleanup(move || seen.remove());
    Effect::new(move |_| {
        let ticking = set_interval_with_handle(move || poller.tick(), SECOND);
        on_cleanup(move || ticking.map_or((), |ticking| ticking.clear()));
    });
    let is_failing = move || matches!(*poller.phase.read(), Phase::Failing { .. });
    let clicks = window_event_listener(ev::click, move |event| poller.follow(&event));
    on_cleanup(move || clicks.remove());
    let forms = window_event_listener(ev::submit, move |event| poller.submit(&event));
    on_cleanup(move || forms.remove());
    Checked(view! {
        <div class="live-bar">
            <p class="live-status" class:text-danger=is_failing>
                {reactive_text(move || poller.words().unwrap_or_else(|| as_of.clone()))}
                <noscript>" Reload the page to see newer figures."</noscript>
            </p>
            <button class="button" type="button" on:click=move |_| poller.press()>
                {reactive_text(move || {
                    let label = match *poller.phase.read() {
                        Phase::Live => "Pause",
                        Phase::Paused => "Resume",
                        Phase::Failing { .. } => "Try now",
                    };
                    label.to_owned()
                })}
            </button>
        </div>
        <div class="dashboard-notices" role="alert">
            {move || poller.trouble.get().map(|trouble| view! { <p class="is-refused">{trouble}</p> })}
        </div>
    })
}

/// Asks, and shows what is answered. Times are milliseconds of the browser's clock.
#[derive(Clone, Copy)]
struct Poller {
    phase: RwSignal<Phase>,
    /// Why the last action could not be done.
    trouble: RwSignal<Option<String>>,
    /// When what the page shows was answered; `None` while it shows what it came with.
    updated_at: RwSignal<Option<u64>>,
    now: RwSignal<u64>,
    schedule: StoredValue<Schedule>,
    /// Counts waits. One that another has taken the place of leads to nothing.
    waits: StoredValue<u32>,
    /// The server wants no question before this.
    not_before: StoredValue<u64>,
    /// Until when what came of the last action stays.
    told_until: StoredValue<u64>,
    /// Whether a question is under way.
    asking: StoredValue<bool>,
    /// Whether an action is.
    acting: StoredValue<bool>,
    /// Counts actions and moves. An answer to a question from before one is out of date.
    epoch: StoredValue<u32>,
}

impl Poller {
    fn new(period: u32) -> Self {
        Self {
            phase: RwSignal::new(Phase::Live),
            trouble: RwSignal::new(None),
            updated_at: RwSignal::new(None),
            now: RwSignal::new(0),
            schedule: StoredValue::new(Schedule::new(period)),
            waits: StoredValue::new(0),
            not_before: StoredValue::new(0),
            told_until: StoredValue::new(0),
            asking: StoredValue::new(false),
            acting: StoredValue::new(false),
            epoch: StoredValue::new(0),
        }
    }

    /// Asks at once, unless that is under way.
    fn ask(self) {
        self.stop_waiting();
        if self.asking.get_value() {
            return;
        }
        self.asking.set_value(true);
        let epoch = self.epoch.get_value();
        spawn_local(async move {
            let asked_at = clock();
            let (path, query) = browser::current_address();
            let answer = fetch(&format!("{path}?{query}"), None).await;
            self.asking.set_value(false);
            let took = u32::try_from(clock().saturating_sub(asked_at)).unwrap_or(u32::MAX);
            let wait = match answer.and_then(ask::Answer::part) {
                Ok(part) => {
                    if self.epoch.get_value() == epoch {
                        let news = clock() < self.told_until.get_value();
                        self.show(&part, if news { Told::Keep } else { Told::Replace });
                    }
                    self.trouble.set(None);
                    if *self.phase.read_untracked() != Phase::Paused {
                        self.phase.set(Phase::Live);
                    }
                    self.in_schedule(|schedule| schedule.answered(took))
                }
                Err(Failure { why, retry_after }) => {
                    let random = js_sys::Math::random();
                    let wait = self.in_schedule(|schedule| schedule.failed(retry_after, random));
                    let again_at = clock() + u64::from(wait);
                    if retry_after.is_some() {
                        self.not_before.set_value(again_at);
                    }
                    if *self.phase.read_untracked() != Phase::Paused {
                        self.phase.set(Phase::Failing { why, again_at });
                    }
                    wait
                }
            };
            self.now.set(clock());
            self.wait(wait);
        });
    }

    fn in_schedule(self, wait: impl FnOnce(&mut Schedule) -> u32) -> u32 {
        self.schedule.try_update_value(wait).unwrap_or(u32::MAX)
    }

    /// Asks after a while, if anybody looks then.
    fn wait(self, milliseconds: u32) {
        self.stop_waiting();
        if is_hidden() || *self.phase.read_untracked() == Phase::Paused {
            return;
        }
        let this = self.waits.get_value();
        let ask = move || {
            if self.waits.get_value() == this {
                self.ask();
            }
        };
        set_timeout(ask, Duration::from_millis(milliseconds.into()));
    }

    fn stop_waiting(self) {
        self.waits
            .update_value(|waits| *waits = waits.wrapping_add(1));
    }

    fn seen_or_not(self) {
        if is_hidden() {
            self.stop_waiting();
        } else if *self.phase.read_untracked() != Phase::Paused {
            // Who was told to wait waits, whoever looks.
            match self.not_before.get_value().saturating_sub(clock()) {
                0 => self.ask(),
                left => self.wait(u32::try_from(left).unwrap_or(u32::MAX)),
            }
        }
    }

    fn press(self) {
        let phase = self.phase.get_untracked();
        match phase {
            Phase::Live => {
                self.phase.set(Phase::Paused);
                self.stop_waiting();
            }
            Phase::Paused => {
                self.phase.set(Phase::Live);
                self.ask();
            }
            Phase::Failing { .. } => self.ask(),
        }
        self.now.set(clock());
    }

    fn tick(self) {
        if !is_hidden() {
            self.now.set(clock());
        }
    }

    /// How it goes, in a sentence. `None` until there is more to say than when the page was drawn.
    fn words(self) -> Option<String> {
        let now = self.now.get();
        let age = self
            .updated_at
            .get()
            .map(|at| now.saturating_sub(at) / 1000);
        let old = || match age {
            Some(age) => format!("Figures are {} old.", in_words(age)),
            None => "Figures are as old as the page.".to_owned(),
        };
        match &*self.phase.read() {
            Phase::Live => Some(match age? {
                0 => "Live · updated just now".to_owned(),
                age => format!("Live · updated {} ago", in_words(age)),
            }),
            Phase::Paused => Some(format!("Paused. {}", old())),
            Phase::Failing { why, again_at } => {
                let left = again_at.saturating_sub(now).div_ceil(1000);
                Some(format!("{why} Next try in {}. {}", in_words(left), old()))
            }
        }
    }

    /// Makes the page like what the server has drawn.
    fn show(self, html: &str, told: Told) {
        let template = document().create_element("template").ok();
        let Some(template) = template.and_then(|new| new.dyn_into::<HtmlTemplateElement>().ok())
        else {
            return;
        };
        template.set_inner_html(html);
        let new = template.content().first_element_child();
        if let (Some(old), Some(new)) = (document().get_element_by_id(PART), new) {
            if told == Told::Keep {
                keep(&old, &new);
            }
            // Before they are compared: on the page there are no others.
            clock::localize_times(&new);
            morph::morph(&old, &new);
            let now = clock();
            self.updated_at.set(Some(now));
            self.now.set(now);
        }
    }

    /// Follows a link to the same page with another choice.
    fn follow(self, event: &MouseEvent) {
        let link = browser::closest(event.target(), "a[data-live]");
        let Some(href) = link.and_then(|link| link.get_attribute("href")) else {
            return;
        };
        if browser::is_plain_click(event) {
            event.prevent_default();
            if self.acting.get_value() {
                return;
            }
            HistoryUpdate::Replace.apply(&href);
            self.act(href, None, None);
        }
    }

    /// Sends a form.
    fn submit(self, event: &SubmitEvent) {
        let form = event
            .target()
            .and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
        let Some(form) = form else { return };
        let Ok(data) = FormData::new_with_form(&form) else {
            return;
        };
        event.prevent_default();
        // The button that was pressed says what to do.
        if let Some(button) = event.submitter() {
            let name = button.get_attribute("name").unwrap_or_default();
            let value = button.get_attribute("value").unwrap_or_default();
            if !name.is_empty() {
                let _ = data.append_with_str(&name, &value);
            }
        }
        let Ok(body) = UrlSearchParams::new_with_str_sequence_sequence(&data) else {
            return;
        };
        // Not the property, which a field of that name would stand for.
        let url = form.get_attribute("action").unwrap_or_default();
        self.act(url, Some(body), Some(form));
    }

    /// Asks for something else than the next figures, one at a time.
    fn act(self, url: String, body: Option<UrlSearchParams>, form: Option<HtmlFormElement>) {
        if self.acting.get_value() {
            return;
        }
        self.acting.set_value(true);
        self.trouble.set(None);
        if let Some(notices) = document().get_element_by_id(NOTICES) {
            notices.set_inner_html("");
        }
        self.epoch.update_value(|epoch| *epoch += 1);
        let section = form.as_ref().and_then(|form| form.closest("section").ok()?);
        spawn_local(async move {
            let answer = fetch(&url, body.as_ref()).await;
            self.acting.set_value(false);
            let status = answer.as_ref().map_or(0, |answer| answer.status);
            match answer.and_then(ask::Answer::part) {
                Ok(part) => {
                    // A question that began meanwhile may have been answered from before.
                    self.epoch.update_value(|epoch| *epoch += 1);
                    self.show(&part, Told::Replace);
                    let refused = status >= 400;
                    let until = if refused { u64::MAX } else { clock() + NEWS };
                    self.told_until.set_value(until);
                    if let Some(form) = form {
                        settle(&form, refused);
                    }
                    // The button that was pressed may be gone with what it was about.
                    let section =
                        section.and_then(|section| section.dyn_into::<HtmlElement>().ok());
                    if let Some(section) = section.filter(|_| browser::is_focus_lost()) {
                        let _ = section.focus();
                    }
                }
                Err(Failure { why, .. }) => {
                    let next = if form.is_some() {
                        "Whether anything was changed shows once it answers."
                    } else {
                        "Try again."
                    };
                    self.trouble.set(Some(format!("{why} {next}")));
                }
            }
        });
    }
}

/// What becomes of what the page tells about the last action.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Keep,
    Replace,
}

/// What stays until there is another action: what came of the last, and what is to be corrected.
const KEPT: &str = "#notices, [aria-invalid]";

/// Makes `new` have what stays of `old`, as it is.
fn keep(old: &Element, new: &Element) {
    let Ok(kept) = old.query_selector_all(KEPT) else {
        return;
    };
    for place in 0..kept.length() {
        let Some(element) = kept
            .get(place)
            .and_then(|node| node.dyn_into::<Element>().ok())
        else {
            continue;
        };
        let other = new.query_selector(&format!("#{}", element.id()));
        if let (Ok(Some(other)), Ok(copy)) = (other, element.clone_node_with_deep(true)) {
            let _ = other.replace_with_with_node_1(&copy);
        }
    }
}

/// Empties a form that was accepted, and closes what was opened in it. Leads to what is to be corrected
/// in one that was refused.
fn settle(form: &HtmlFormElement, refused: bool) {
    if refused {
        if let Ok(Some(wrong)) = form.query_selector("[aria-invalid]")
            && let Some(wrong) = wrong.dyn_ref::<HtmlElement>()
        {
            let _ = wrong.focus();
        }
        return;
    }
    form.reset();
    if let Ok(Some(open)) = form.query_selector("details.confirm[open]") {
        let _ = open.remove_attribute("open");
    }
}

fn is_hidden() -> bool {
    document().hidden()
}

fn clock() -> u64 {
    js_sys::Date::now() as u64
}

fn in_words(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}
