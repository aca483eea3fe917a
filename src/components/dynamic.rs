//! Dynamic attributes and event handlers behind pointers.
//!
//! Leptos is generic: the compiler makes the code that draws, hydrates and updates an attribute anew for each
//! closure, and the code around a handler as well. Behind a pointer all closures are of one type, and a page
//! downloads that code once.

/// The value of a dynamic attribute; `None` leaves the attribute out.
pub type DynamicAttribute = Box<dyn FnMut() -> Option<String> + Send>;

/// An attribute that is there only sometimes.
pub fn attr<T: Into<String>>(
    mut value: impl FnMut() -> Option<T> + Send + 'static,
) -> DynamicAttribute {
    Box::new(move || value().map(Into::into))
}

/// An attribute with a text.
pub fn text<T: Into<String>>(mut value: impl FnMut() -> T + Send + 'static) -> DynamicAttribute {
    Box::new(move || Some(value().into()))
}

/// An attribute without a value, such as `hidden`.
pub fn flag(mut is_set: impl FnMut() -> bool + Send + 'static) -> DynamicAttribute {
    Box::new(move || is_set().then(String::new))
}

/// A handler of an event.
pub fn on<E: 'static>(handler: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(handler)
}
