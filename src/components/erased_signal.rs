//! [`ErasedSignal`]: a signal with a value behind a pointer.
//!
//! `RwSignal` of Leptos brings its arena, its locks and its subscribers for each type of value. All values of
//! these signals are of one type for Leptos.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use leptos::prelude::*;

/// Like a `RwSignal`: copies share the value, which lives as long as the owner that has made it.
pub struct ErasedSignal<T> {
    content: StoredValue<Content>,
    value: PhantomData<fn() -> T>,
}

struct Content {
    value: Arc<dyn Any + Send + Sync>,
    changes: ArcTrigger,
}

impl<T> Clone for ErasedSignal<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ErasedSignal<T> {}

impl<T: Send + Sync + 'static> ErasedSignal<T> {
    pub fn new(value: T) -> Self {
        Self {
            content: StoredValue::new(Content {
                value: Arc::new(value),
                changes: ArcTrigger::new(),
            }),
            value: PhantomData,
        }
    }

    /// The value. An effect that calls this runs again when the value has changed.
    pub fn read(self) -> Arc<T> {
        track(self.content);
        self.read_untracked()
    }

    pub fn read_untracked(self) -> Arc<T> {
        self.try_read_untracked().expect("the signal has an owner")
    }

    /// The value; `None` after the end of its owner.
    pub fn try_read_untracked(self) -> Option<Arc<T>> {
        value(self.content)?.downcast().ok()
    }

    /// Changes the value and notifies; does nothing after the end of its owner.
    pub fn set(self, value: T) {
        set(self.content, Arc::new(value));
        notify(self.content);
    }
}

impl<T: PartialEq + Send + Sync + 'static> ErasedSignal<T> {
    /// Whether this is the value. No value is that of a signal whose owner has ended.
    pub fn is_now(self, value: T) -> bool {
        let now = self.try_read_untracked();
        now.is_some_and(|now| *now == value)
    }
}

impl<T: Clone + Send + Sync + 'static> ErasedSignal<T> {
    pub fn get(self) -> T {
        T::clone(&self.read())
    }

    pub fn get_untracked(self) -> T {
        T::clone(&self.read_untracked())
    }

    /// Changes the value and returns the former one.
    pub fn replace(self, value: T) -> T {
        let before = self.get_untracked();
        self.set(value);
        before
    }

    /// Changes a copy of the value, which becomes the value.
    pub fn update(self, change: impl FnOnce(&mut T)) {
        self.update_untracked(change);
        notify(self.content);
    }

    /// The same without a notification: what shows the value stays as it is.
    pub fn update_untracked(self, change: impl FnOnce(&mut T)) {
        if let Some(value) = self.try_read_untracked() {
            let mut value = T::clone(&value);
            change(&mut value);
            set(self.content, Arc::new(value));
        }
    }
}

fn track(content: StoredValue<Content>) {
    if let Some(changes) = content.try_with_value(|content| content.changes.clone()) {
        changes.track();
    }
}

fn value(content: StoredValue<Content>) -> Option<Arc<dyn Any + Send + Sync>> {
    content.try_with_value(|content| content.value.clone())
}

fn set(content: StoredValue<Content>, value: Arc<dyn Any + Send + Sync>) {
    content.try_update_value(|content| content.value = value);
}

fn notify(content: StoredValue<Content>) {
    if let Some(changes) = content.try_with_value(|content| content.changes.clone()) {
        changes.notify();
    }
}

/// Like a `Memo`: a value that is computed from signals, and that changes only where it differs.
pub struct ErasedMemo<T> {
    content: Memo<Computed>,
    value: PhantomData<fn() -> T>,
}

#[derive(Clone)]
struct Computed {
    value: Arc<dyn Any + Send + Sync>,
    equals: fn(&Computed, &Computed) -> bool,
}

impl PartialEq for Computed {
    fn eq(&self, other: &Self) -> bool {
        (self.equals)(self, other)
    }
}

impl<T> Clone for ErasedMemo<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ErasedMemo<T> {}

impl<T: Clone + PartialEq + Send + Sync + 'static> ErasedMemo<T> {
    pub fn new(compute: impl Fn() -> T + Send + Sync + 'static) -> Self {
        let compute: Box<dyn Fn(Option<&Computed>) -> Computed + Send + Sync> =
            Box::new(move |_| Computed {
                value: Arc::new(compute()),
                equals: |one, other| one.value.downcast_ref::<T>() == other.value.downcast_ref(),
            });
        Self {
            content: Memo::new(compute),
            value: PhantomData,
        }
    }

    pub fn get(self) -> T {
        of_type(&self.content.get())
    }

    pub fn get_untracked(self) -> T {
        of_type(&self.content.get_untracked())
    }
}

fn of_type<T: Clone + 'static>(computed: &Computed) -> T {
    let value = computed.value.downcast_ref::<T>();
    value.expect("a memo has its type").clone()
}
