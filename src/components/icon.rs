//! Icons as inline SVG, which needs no request and no font and has the colour of the text.

use leptos::prelude::*;

use crate::components::view::view;

/// A decoration next to a text. It has no accessible name, because the text says what it means.
#[component]
pub fn Icon(name: &'static str) -> impl IntoView {
    let path = match name {
        "back" => "M15 5l-7 7 7 7",
        "close" => "M6 6l12 12M18 6L6 18",
        "edit" => "M4 20h4L19 9l-4-4L4 16v4zM13 7l4 4",
        "plus" => "M12 5v14M5 12h14",
        "search" => "M20 20l-4.5-4.5M10.5 17a6.5 6.5 0 1 1 0-13 6.5 6.5 0 0 1 0 13z",
        "star" => "M12 4l2.5 5 5.5.8-4 3.9.9 5.5L12 16.6l-4.9 2.6.9-5.5-4-3.9 5.5-.8z",
        "trash" => "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
        _ => unreachable!("there is no icon of this name"),
    };
    shape(path)
}

/// The same for what the server draws alone, so that no page downloads it.
#[cfg(feature = "ssr")]
#[component]
pub fn ActionIcon(name: &'static str) -> impl IntoView {
    let path = match name {
        "copy" => "M9 9h11v11H9zM5 15H4V4h11v1",
        "download" => "M12 4v11M8 11l4 4 4-4M5 20h14",
        "mail" => "M4 6h16v12H4zM4 7l8 6 8-6",
        "map" => {
            "M12 21s7-6.2 7-11a7 7 0 1 0-14 0c0 4.8 7 11 7 11zM12 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z"
        }
        "message" => "M4 5h16v11H10l-4 4v-4H4z",
        "people" => {
            "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2 20c0-4 3-6 7-6s7 2 7 6M16 4.5a3.5 3.5 0 0 1 0 6M18 14.5c2.5.7 4 2.5 4 5.5"
        }
        "phone" => {
            "M6 4h4l1 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 1v4a2 2 0 0 1-2 2A14 14 0 0 1 4 6a2 2 0 0 1 2-2z"
        }
        "print" => "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7z",
        "qr" => "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 14h2M14 20h2M20 18v2",
        "share" => "M12 15V4M8 8l4-4 4 4M5 12v8h14v-8",
        _ => unreachable!("there is no icon of this name"),
    };
    shape(path)
}

fn shape(path: &'static str) -> impl IntoView {
    view! {
        <svg
            aria-hidden="true"
            viewBox="0 0 24 24"
            class="size-4 shrink-0 fill-none stroke-current stroke-2"
            stroke-linecap="round"
            stroke-linejoin="round"
        >
            <path d=path></path>
        </svg>
    }
}
