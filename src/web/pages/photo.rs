//! `/contacts/{id}/photo`: the photo of a contact, and the form for another one. `/contacts/{id}/photo/remove`: the
//! question before it is removed.

use leptos::prelude::*;

use super::PageTitle;
use crate::components::avatar::LargeAvatar;
use crate::components::view::view;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::model::language::t;
use crate::model::language::t_view;
use crate::services::book::BookId;

/// What the page shows. An error takes its place.
#[derive(Clone)]
pub struct PhotoView {
    pub id: ContactId,
    pub name: String,
    /// The address of the large picture.
    pub photo: Option<String>,
    /// The book of the contact.
    pub book: BookId,
    pub part: PhotoPart,
}

#[derive(Clone)]
pub enum PhotoPart {
    /// The form, and why the last file was refused.
    Choose(Option<String>),
    /// Whether the photo shall be removed.
    Remove,
}

#[component]
pub fn PhotoPage() -> impl IntoView {
    let view = use_context::<Result<PhotoView, AppError>>()?;
    let page = match view {
        Ok(view) => view! { <Shown view/> },
        Err(error) => view! {
            <h1 class="text-xl font-semibold tracking-tight">"Photo"</h1>
            <p class="problem mt-4" role="alert">{error.to_string()}</p>
            <a class="back" href="/contacts">"Contacts"</a>
        },
    };
    Some(view! {
        <PageTitle text=format!("{} · Kith", t!("Photo"))/>
        <main id="main" tabindex="-1" class="page">{page}</main>
    })
}

#[component]
fn Shown(view: PhotoView) -> impl IntoView {
    let PhotoView {
        id,
        name,
        photo,
        book,
        part,
    } = view;
    let contact = format!("/contacts/{id}?book={book}");
    let path = format!("/contacts/{id}/photo");
    let named = view! { <bdi>{name.clone()}</bdi> };
    let title = match part {
        PhotoPart::Choose(_) => t_view!("Photo of {name}", name = named),
        PhotoPart::Remove => t_view!("Remove the photo of {name}?", name = named),
    };
    let has_photo = photo.is_some();
    let shown = match photo {
        Some(address) => view! {
            <img class="photo" src=address alt="The present photo" width="160" height="160"/>
        },
        None => view! { <LargeAvatar id name photo=None/> },
    };
    let part = match part {
        PhotoPart::Choose(problem) => view! { <Choose path book problem has_photo/> },
        PhotoPart::Remove => view! {
            <form method="post" action=format!("{path}/remove?book={book}") class="mt-4 flex flex-wrap gap-2">
                <button class="button-danger">"Remove photo"</button>
                <a class="button" href=format!("{path}?book={book}")>"Cancel"</a>
            </form>
        },
    };
    view! {
        <h1 class="text-xl font-semibold tracking-tight wrap-anywhere">
            {title}
        </h1>
        <div class="mt-4">{shown}</div>
        {part}
        <a class="back" href=contact>"Back to the contact"</a>
    }
}

/// The form that a browser sends by itself. `public/photo.js` adds dropping, pasting, and the choice of the square.
#[component]
fn Choose(path: String, book: BookId, problem: Option<String>, has_photo: bool) -> impl IntoView {
    let remove = has_photo.then(|| {
        view! { <a class="button" href=format!("{path}/remove?book={book}")>"Remove photo…"</a> }
    });
    view! {
        <script type="module" src="/photo.js"></script>
        {problem.map(|text| view! { <p class="problem mt-4" role="alert">{text}</p> })}
        <form
            id="photo-form"
            method="post"
            action=format!("{path}?book={book}")
            enctype="multipart/form-data"
            class="mt-4 flex flex-col gap-4"
        >
            <div class="field">
                <label for="photo">"New photo"</label>
                <input
                    id="photo"
                    name="photo"
                    type="file"
                    accept="image/jpeg,image/png,image/webp"
                    required
                    aria-describedby="photo-hint"
                    class="input"
                />
                <p id="photo-hint" class="text-xs text-muted">
                    "JPEG, PNG or WebP, at most 10 MB. A square of it is kept."
                    <span data-scripted hidden>" You can also drop a file on this page, or paste one."</span>
                </p>
            </div>
            <div id="crop" class="flex flex-col gap-2" hidden>
                <canvas
                    width="320"
                    height="320"
                    class="photo"
                    tabindex="0"
                    role="application"
                    aria-label="The square that is kept"
                    aria-describedby="crop-hint"
                ></canvas>
                <p id="crop-hint" class="text-xs text-muted">
                    "Drag to move, or use the arrow keys. + and − change the size."
                </p>
                <div class="field">
                    <label for="zoom">"Zoom"</label>
                    <input id="zoom" type="range" min="1" max="8" step="0.1" value="1"/>
                </div>
            </div>
            <input type="hidden" name="x"/>
            <input type="hidden" name="y"/>
            <input type="hidden" name="size"/>
            <div class="flex flex-wrap gap-2">
                <button class="button-primary">"Save photo"</button>
                {remove}
            </div>
        </form>
    }
}
