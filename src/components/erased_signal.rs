//! [`ErasedSignal`] and [`ErasedMemo`]: signals with their values behind pointers.
//!
//! The signals of Leptos are generic: a page downloads their arena, their locks and their lists of subscribers
//! once for each type of value. Behind a pointer all values are of one type.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use leptos::prelude::*;

/// A value of any type.
type Erased = Arc<dyn Any + Send + Sync>;

/// Like a `RwSignal`: copies share the value, which lives as long as the owner in which it was made.
pub struct ErasedSignal<T> {
    content: StoredValue<Content>,
    value: PhantomData<fn() -> T>,
}

struct Content {
    value: Erased,
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

    /// The value. An effect that reads it runs again when it changes.
    ///
    /// # Panics
    /// After the end of the owner, as do the other methods that return a value without an `Option`.
    pub fn read(self) -> Arc<T> {
        track(self.content);
        self.read_untracked()
    }

    pub fn read_untracked(self) -> Arc<T> {
        self.try_read_untracked()
            .expect("the owner of the signal is there")
    }

    /// The value; `None` after the end of the owner.
    pub fn try_read_untracked(self) -> Option<Arc<T>> {
        value(self.content)?.downcast().ok()
    }

    /// Changes the value; does nothing after the end of the owner, as do the other methods that change it.
    pub fn set(self, value: T) {
        set(self.content, Arc::new(value));
        notify(self.content);
    }
}

impl<T: PartialEq + Send + Sync + 'static> ErasedSignal<T> {
    /// Whether the value is this one; `false` after the end of the owner.
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

    /// Takes the value out without a copy, unless what was read of it is still held. The signal has the default
    /// until it is set.
    pub fn take(self) -> T
    where
        T: Default,
    {
        let value = self.read_untracked();
        set(self.content, Arc::new(T::default()));
        Arc::unwrap_or_clone(value)
    }

    /// Changes a copy of the value, which then takes its place. [`take`](Self::take) spares a large value the copy.
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

fn value(content: StoredValue<Content>) -> Option<Erased> {
    content.try_with_value(|content| content.value.clone())
}

fn set(content: StoredValue<Content>, value: Erased) {
    content.try_update_value(|content| content.value = value);
}

fn notify(content: StoredValue<Content>) {
    if let Some(changes) = content.try_with_value(|content| content.changes.clone()) {
        changes.notify();
    }
}

/// Like a `Memo`: a value that is computed from signals. What reads it runs again only when the value differs.
pub struct ErasedMemo<T> {
    content: Memo<Computed>,
    value: PhantomData<fn() -> T>,
}

#[derive(Clone)]
struct Computed {
    value: Erased,
    is_equal: fn(&Erased, &Erased) -> bool,
}

impl PartialEq for Computed {
    fn eq(&self, other: &Self) -> bool {
        (self.is_equal)(&self.value, &other.value)
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
        let compute = move || Computed {
            value: Arc::new(compute()),
            is_equal: |one, other| one.downcast_ref::<T>() == other.downcast_ref::<T>(),
        };
        Self {
            content: memo(Box::new(compute)),
            value: PhantomData,
        }
    }

    pub fn get(self) -> T {
        cloned(&self.content.get())
    }

    pub fn get_untracked(self) -> T {
        cloned(&self.content.get_untracked())
    }
}

fn memo(compute: Box<dyn Fn() -> Computed + Send + Sync>) -> Memo<Computed> {
    Memo::new(move |_| compute())
}

fn cloned<T: Clone + 'static>(computed: &Computed) -> T {
    let value = computed.value.downcast_ref::<T>();
    value.expect("a memo keeps the type of its value").clone()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_signal_has_its_last_value_until_its_owner_ends() {
        let owner = Owner::new();
        let signal = owner.with(|| ErasedSignal::new("a".to_owned()));
        signal.update(|text| text.push('b'));
        assert_eq!(signal.get_untracked(), "ab");
        assert_eq!(signal.replace("c".to_owned()), "ab");
        assert!(signal.is_now("c".to_owned()));
        assert_eq!(signal.take(), "c");
        assert_eq!(signal.get_untracked(), "");
        signal.set("c".to_owned());
        let read = signal.read_untracked();
        signal.set("d".to_owned());
        assert_eq!(*read, "c", "what was read stays as it was");

        owner.cleanup();
        assert!(signal.try_read_untracked().is_none());
        assert!(!signal.is_now("d".to_owned()));
        signal.set("e".to_owned());
        signal.update(|text| text.push('f'));
    }

    #[test]
    fn a_memo_follows_signals_and_reports_only_other_values() {
        let owner = Owner::new();
        owner.with(|| {
            let number = ErasedSignal::new(1);
            let is_odd = ErasedMemo::new(move || number.get() % 2 == 1);
            let runs = ErasedSignal::new(0);
            let text = ErasedMemo::new(move || {
                runs.update_untracked(|runs| *runs += 1);
                if is_odd.get() { "odd" } else { "even" }
            });
            assert_eq!(text.get_untracked(), "odd");
            number.set(3);
            assert_eq!(text.get_untracked(), "odd");
            assert_eq!(runs.get_untracked(), 1);
            number.set(4);
            assert_eq!(text.get_untracked(), "even");
            assert_eq!(runs.get_untracked(), 2);
        });
    }
}
