//! The text of an error.

use std::time::Duration;

use leptos::either::Either;
use leptos::prelude::*;

use crate::components::dynamic::effect;
use crate::components::erased_signal::ErasedSignal;
use crate::components::reactive_text::reactive_text;
use crate::components::view::view;
use crate::model::error::AppError;
use crate::model::language::t;

/// The sentence of an error and, where the request is allowed later, a countdown. `later` is what stands before and after
/// the time in a sentence on what happens at its end, for example "Trying again in" and a full stop.
#[component]
pub fn ErrorText(error: AppError, later: (&'static str, &'static str)) -> impl IntoView {
    let Some(seconds) = error.retry_after() else {
        return Either::Left(error.to_string());
    };
    let left = ErasedSignal::new(seconds);
    // Effects run only in the browser.
    effect(move |_| {
        let tick = move || {
            left.update(|left| *left = left.saturating_sub(1));
        };
        if let Ok(timer) = set_interval_with_handle(tick, Duration::from_secs(1)) {
            on_cleanup(move || timer.clear());
        }
    });
    let (before, after) = later;
    // A screen reader announces the text once and not every second.
    Either::Right(view! {
        "Too many requests at once. " {before}
        <span class="sr-only">{t!("{seconds} seconds", seconds = seconds)}</span>
        <span aria-hidden="true" class="tabular-nums">
            {reactive_text(move || t!("{seconds} s", seconds = left.get()))}
        </span>
        {after}
    })
}
