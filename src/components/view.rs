//! The markup of components and pages.

/// As [`leptos::prelude::view`], with each text in the language of the reader (`kith_messages_macro::translate` says what
/// is a text). What the server draws has one type, [`AnyView`](leptos::prelude::AnyView): otherwise the
/// type of a page names every element of it, and the compiler needs twice the time for all pages. The browser half keeps
/// the types, because it would be larger without them. The HTML is the same.
#[cfg(feature = "ssr")]
macro_rules! view {
    ($($markup:tt)*) => {
        leptos::prelude::IntoAny::into_any(
            kith_messages_macro::translate! { $crate::model::language::text; $($markup)* }
        )
    };
}

#[cfg(not(feature = "ssr"))]
macro_rules! view {
    ($($markup:tt)*) => {
        kith_messages_macro::translate! { $crate::model::language::text; $($markup)* }
    };
}

pub(crate) use view;
