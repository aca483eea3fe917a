//! The markup of components and pages.

/// As [`leptos::prelude::view`]. What the server draws has one type, [`AnyView`](leptos::prelude::AnyView): otherwise the
/// type of a page names every element of it, and the compiler needs twice the time for all pages. The browser half keeps
/// the types, because it would be larger without them. The HTML is the same.
#[cfg(feature = "ssr")]
macro_rules! view {
    ($($markup:tt)*) => {
        leptos::prelude::IntoAny::into_any(leptos::prelude::view! { $($markup)* })
    };
}

#[cfg(not(feature = "ssr"))]
pub(crate) use leptos::prelude::view;
#[cfg(feature = "ssr")]
pub(crate) use view;
