//! [`Poller`]: requests the changing part of the page and shows the responses.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::HtmlFormElement;
use web_sys::MouseEvent;
use web_sys::SubmitEvent;
use web_sys::UrlSearchParams;

use super::dom;
use super::dom::Notices;
use super::fetch::Failure;
use super::fetch::Response;
use super::fetch::fetch;
use super::schedule::Schedule;
use crate::islands::browser;
use crate::islands::browser::HistoryUpdate;
use crate::model::language::t;

/// In milliseconds: how long the result of an action stays on the page.
const NOTICE_TTL: u64 = 20_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    Live,
    /// The reader has paused the page.
    Paused,
    Failing {
        /// A sentence.
        reason: String,
        /// When the next request is sent, by the clock of the browser.
        retry_at: u64,
    },
}

/// Times are milliseconds of the browser's clock.
#[derive(Clone, Copy)]
pub struct Poller {
    pub phase: RwSignal<Phase>,
    /// Why the last action failed.
    pub action_error: RwSignal<Option<String>>,
    /// When the server has sent what the page shows; `None` while it shows what it was loaded with.
    updated_at: RwSignal<Option<u64>>,
    now: RwSignal<u64>,
    schedule: StoredValue<Schedule>,
    /// Numbers the timers. A timer that is not the last one does nothing.
    timer_id: StoredValue<u32>,
    /// The server accepts no request before this.
    not_before: StoredValue<u64>,
    /// Until when the result of the last action stays.
    notices_until: StoredValue<u64>,
    is_polling: StoredValue<bool>,
    is_acting: StoredValue<bool>,
    /// Counts the starts and the ends of actions. A response to a request from before one is out of date.
    epoch: StoredValue<u32>,
}

impl Poller {
    pub fn new(period: u32) -> Self {
        Self {
            phase: RwSignal::new(Phase::Live),
            action_error: RwSignal::new(None),
            updated_at: RwSignal::new(None),
            now: RwSignal::new(0),
            schedule: StoredValue::new(Schedule::new(period)),
            timer_id: StoredValue::new(0),
            not_before: StoredValue::new(0),
            notices_until: StoredValue::new(0),
            is_polling: StoredValue::new(false),
            is_acting: StoredValue::new(false),
            epoch: StoredValue::new(0),
        }
    }

    /// Starts polling. The page may have been loaded with the result of an action, which stays as well.
    pub fn start(self) {
        self.notices_until.set_value(now() + NOTICE_TTL);
        self.handle_visibility();
    }

    /// Sends a request at once, unless one is outstanding.
    fn poll(self) {
        self.cancel_timer();
        if self.is_polling.get_value() {
            return;
        }
        self.is_polling.set_value(true);
        let epoch = self.epoch.get_value();
        spawn_local(async move {
            let started_at = now();
            let (path, query) = browser::current_address();
            let response = fetch(&format!("{path}?{query}"), None).await;
            self.is_polling.set_value(false);
            let elapsed = u32::try_from(now().saturating_sub(started_at)).unwrap_or(u32::MAX);
            let delay = match response.and_then(Response::part) {
                Ok(part) => {
                    if self.epoch.get_value() == epoch {
                        let keep = now() < self.notices_until.get_value();
                        self.show(
                            &part,
                            if keep {
                                Notices::Keep
                            } else {
                                Notices::Replace
                            },
                        );
                    }
                    self.action_error.set(None);
                    if *self.phase.read_untracked() != Phase::Paused {
                        self.phase.set(Phase::Live);
                    }
                    self.update_schedule(|schedule| schedule.succeeded(elapsed))
                }
                Err(failure) => self.handle_failure(failure),
            };
            self.now.set(now());
            self.set_timer(delay);
        });
    }

    /// Returns the delay of the next request.
    fn handle_failure(self, failure: Failure) -> u32 {
        let Failure {
            reason,
            retry_after,
        } = failure;
        let random = js_sys::Math::random();
        let delay = self.update_schedule(|schedule| schedule.failed(retry_after, random));
        let retry_at = now() + u64::from(delay);
        if retry_after.is_some() {
            self.not_before.set_value(retry_at);
        }
        if *self.phase.read_untracked() != Phase::Paused {
            self.phase.set(Phase::Failing { reason, retry_at });
        }
        delay
    }

    fn update_schedule(self, delay: impl FnOnce(&mut Schedule) -> u32) -> u32 {
        self.schedule.try_update_value(delay).unwrap_or(u32::MAX)
    }

    /// Sends a request after a delay, unless the page is hidden or paused.
    fn set_timer(self, milliseconds: u32) {
        self.cancel_timer();
        if is_hidden() || *self.phase.read_untracked() == Phase::Paused {
            return;
        }
        let timer_id = self.timer_id.get_value();
        let poll = move || {
            if self.timer_id.get_value() == timer_id {
                self.poll();
            }
        };
        set_timeout(poll, Duration::from_millis(milliseconds.into()));
    }

    fn cancel_timer(self) {
        self.timer_id.update_value(|id| *id = id.wrapping_add(1));
    }

    /// Stops while the page is hidden and goes on when it is visible again.
    pub fn handle_visibility(self) {
        if is_hidden() {
            self.cancel_timer();
        } else if *self.phase.read_untracked() != Phase::Paused {
            // A page that becomes visible waits as long as the server has said.
            match self.not_before.get_value().saturating_sub(now()) {
                0 => self.poll(),
                left => self.set_timer(u32::try_from(left).unwrap_or(u32::MAX)),
            }
        }
    }

    pub fn press_button(self) {
        let phase = self.phase.get_untracked();
        match phase {
            Phase::Live => {
                self.phase.set(Phase::Paused);
                self.cancel_timer();
            }
            Phase::Paused => {
                self.phase.set(Phase::Live);
                self.poll();
            }
            Phase::Failing { .. } => self.poll(),
        }
        self.now.set(now());
    }

    pub fn tick(self) {
        if !is_hidden() {
            self.now.set(now());
        }
    }

    /// The status in a sentence; `None` while it is the one that the page was loaded with.
    pub fn status(self) -> Option<String> {
        let now = self.now.get();
        let age = self
            .updated_at
            .get()
            .map(|at| now.saturating_sub(at) / 1000);
        let stale = || match age {
            Some(age) => t!("Figures are {age} old.", age = format_seconds(age)),
            None => t!("Figures are as old as the page.").to_owned(),
        };
        match &*self.phase.read() {
            Phase::Live => Some(match age? {
                0 => t!("Live · updated just now").to_owned(),
                age => t!("Live · updated {age} ago", age = format_seconds(age)),
            }),
            Phase::Paused => Some([t!("Paused."), " ", &stale()].concat()),
            Phase::Failing { reason, retry_at } => {
                let left = retry_at.saturating_sub(now).div_ceil(1000);
                let next = t!("Next try in {time}.", time = format_seconds(left));
                Some([&**reason, " ", &next, " ", &stale()].concat())
            }
        }
    }

    fn show(self, html: &str, notices: Notices) {
        if dom::show_part(html, notices).is_some() {
            let now = now();
            self.updated_at.set(Some(now));
            self.now.set(now);
        }
    }

    /// Follows a link to the same page with other parameters.
    pub fn follow_link(self, event: &MouseEvent) {
        let link = browser::closest(event.target(), "a[data-live]");
        let Some(href) = link.and_then(|link| link.get_attribute("href")) else {
            return;
        };
        if browser::is_plain_click(event) {
            event.prevent_default();
            if self.is_acting.get_value() {
                return;
            }
            HistoryUpdate::Replace.apply(&href);
            self.act(href, None, None);
        }
    }

    /// Sends a form.
    pub fn submit(self, event: &SubmitEvent) {
        if let Some((form, body)) = dom::form_data(event) {
            event.prevent_default();
            // Not the property `action`: a field of that name would take its place.
            let url = form.get_attribute("action").unwrap_or_default();
            self.act(url, Some(body), Some(form));
        }
    }

    /// Sends the request of a link or a form, one at a time.
    fn act(self, url: String, body: Option<UrlSearchParams>, form: Option<HtmlFormElement>) {
        if self.is_acting.get_value() {
            return;
        }
        self.is_acting.set_value(true);
        self.action_error.set(None);
        dom::clear_notices();
        self.epoch.update_value(|epoch| *epoch += 1);
        let section = form.as_ref().and_then(|form| form.closest("section").ok()?);
        spawn_local(async move {
            let response = fetch(&url, body.as_ref()).await;
            self.is_acting.set_value(false);
            let status = response.as_ref().map_or(0, |response| response.status);
            match response.and_then(Response::part) {
                Ok(part) => {
                    // A poll that began meanwhile may have been answered from before the action.
                    self.epoch.update_value(|epoch| *epoch += 1);
                    self.show(&part, Notices::Replace);
                    let is_refused = status >= 400;
                    let until = if is_refused {
                        u64::MAX
                    } else {
                        now() + NOTICE_TTL
                    };
                    self.notices_until.set_value(until);
                    if let Some(form) = form {
                        dom::finish_form(&form, is_refused);
                    }
                    dom::restore_focus(section);
                }
                Err(Failure { reason, .. }) => {
                    let next = if form.is_some() {
                        t!("Whether anything was changed shows once it answers.")
                    } else {
                        t!("Try again.")
                    };
                    self.action_error.set(Some([&*reason, " ", next].concat()));
                }
            }
        });
    }
}

fn is_hidden() -> bool {
    document().hidden()
}

fn now() -> u64 {
    js_sys::Date::now() as u64
}

fn format_seconds(seconds: u64) -> String {
    match seconds {
        0..120 => t!("{seconds} s", seconds = seconds),
        120..7200 => t!("{minutes} min", minutes = seconds / 60),
        _ => t!("{hours} h", hours = seconds / 3600),
    }
}
