//! Keeps the page up to date with what others change: when the server says that contacts have changed, the page
//! requests again what it shows.
//!
//! Invariants: only a visible page has a stream, because a browser has six connections for all its pages; a page has
//! one refresh outstanding at a time, and starts none while it is hidden.

mod pace;

use std::cell::Cell;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::closure::Closure;
use web_sys::Event;
use web_sys::EventSource;
use web_sys::MessageEvent;

use super::state::State;
use crate::components::dynamic::effect;
use crate::islands::browser;
use pace::Pace;

/// The property of the window with the stream. `wake.js` closes it when the page stops.
const STREAM: &str = "kithStream";

/// In milliseconds. Pages start at different moments of a second and so refresh at different moments.
const TICK: f64 = 1000.0;

/// Follows the changes after `generation`, the one that the server has drawn.
pub fn follow(state: State, generation: String) {
    let updates = Updates(Rc::new(Inner {
        state,
        last_id: RefCell::new(generation),
        pace: RefCell::default(),
        is_ticking: Cell::new(true),
        stream: RefCell::default(),
    }));
    let shown = updates.clone();
    let visibility =
        window_event_listener(ev::visibilitychange, move |_| shown.update_visibility());
    on_cleanup(move || visibility.remove());
    effect(move |_| updates.tick_in(js_sys::Math::random() * TICK));
}

/// A stream, and what it calls.
type Stream = (EventSource, Closure<dyn FnMut(Event)>);

#[derive(Clone)]
struct Updates(Rc<Inner>);

struct Inner {
    state: State,
    /// The id of the last event: the generation that the page shows, or is about to show.
    last_id: RefCell<String>,
    pace: RefCell<Pace>,
    /// Whether a timer is set.
    is_ticking: Cell<bool>,
    stream: RefCell<Option<Stream>>,
}

impl Updates {
    fn tick_in(&self, milliseconds: f64) {
        let updates = self.clone();
        let tick = move || updates.tick();
        set_timeout(tick, Duration::from_millis(milliseconds as u64));
    }

    fn tick(&self) {
        self.0.is_ticking.set(!document().hidden());
        if !self.0.is_ticking.get() {
            return;
        }
        let stream = self.0.stream.borrow();
        let state = stream.as_ref().map(|(stream, _)| stream.ready_state());
        drop(stream);
        let step = self.0.pace.borrow_mut().tick(state);
        if step.closes {
            self.close();
        }
        if step.opens {
            self.open();
        }
        if step.refreshes {
            let updates = self.clone();
            browser::spawn(async move {
                let wait = updates.0.state.refresh().await;
                updates.0.pace.borrow_mut().refreshed(wait);
            });
        }
        self.tick_in(TICK);
    }

    fn update_visibility(&self) {
        if document().hidden() {
            return self.close();
        }
        self.0.pace.borrow_mut().show();
        if !self.0.is_ticking.get() {
            self.tick();
        }
    }

    fn open(&self) {
        let address = ["/live?since=", &self.0.last_id.borrow()].concat();
        // A browser without streams polls.
        let Ok(stream) = EventSource::new(&address) else {
            return self.0.pace.borrow_mut().poll();
        };
        let updates = self.clone();
        let hear: Box<dyn FnMut(Event)> = Box::new(move |event| updates.hear(&event));
        let listener = Closure::wrap(hear);
        for name in ["hello", "changed"] {
            let _ =
                stream.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
        }
        let _ = js_sys::Reflect::set(&window(), &STREAM.into(), &stream);
        self.0.stream.replace(Some((stream, listener)));
    }

    fn close(&self) {
        if let Some((stream, _)) = self.0.stream.take() {
            stream.close();
        }
    }

    fn hear(&self, event: &Event) {
        let message: &MessageEvent = event.unchecked_ref();
        self.0.last_id.replace(message.last_event_id());
        let is_changed = event.type_() == "changed";
        self.0.pace.borrow_mut().hear(is_changed);
    }
}
