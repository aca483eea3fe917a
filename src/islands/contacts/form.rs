//! The form that creates and edits contacts. Without JavaScript the browser posts it to the
//! page's own address; alive, it calls the server function and stays where it is on an error.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::pane::BackToList;
use super::state::FormView;
use super::state::Saved;
use super::state::State;
use crate::api::contacts as api;
use crate::components::error_text::ErrorText;
use crate::components::field::TextArea;
use crate::components::field::TextField;
use crate::contact::Contact;
use crate::contact::ContactDraft;
use crate::contact::Field;
use crate::error::AppError;
use crate::islands::browser;
use crate::place::PanePlace;

#[component]
pub fn ContactForm(state: State, form: FormView) -> impl IntoView {
    let FormView {
        draft,
        error,
        saved,
        key,
        welcome,
    } = form;
    let is_new = saved.is_none();
    let back = saved
        .as_ref()
        .map_or(PanePlace::Nothing, |saved| PanePlace::Contact(saved.id));
    let (error, set_error) = signal(error);
    let (saving, set_saving) = signal(false);
    // What the next save replaces: after a conflict, the version that the writer has now seen.
    let saved = RwSignal::new(saved.map(|saved| match error.get_untracked() {
        Some(AppError::Changed { current }) => Saved {
            version: current.version,
            ..saved
        },
        _ => saved,
    }));

    let submit_key = key.clone();
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        if saving.get_untracked() {
            return;
        }
        let draft = browser::read_draft(&event_target(&event));
        let key = submit_key.clone();
        let welcome = browser::is_ticked("welcome");
        let from = state.place.read_untracked().pane;
        set_saving.set(true);
        spawn_local(async move {
            let answer = match saved.get_untracked() {
                None => api::create_contact(draft, welcome, key).await,
                Some(saved) => api::update_contact(saved.id, saved.version, draft).await,
            };
            set_saving.try_set(false);
            let Some(error) = state.form_answered(from, answer) else {
                return;
            };
            if let AppError::Changed { current } = &error {
                saved.update(|saved| {
                    if let Some(saved) = saved {
                        saved.version = current.version;
                    }
                });
            }
            let nothing_to_mend = error.fields().is_empty();
            set_error.set(Some(error));
            browser::focus_soon(if nothing_to_mend {
                "#form-problem"
            } else {
                "#contact-form [aria-invalid=true]"
            });
        });
    };
    let cancel = move |event: leptos::ev::MouseEvent| {
        if browser::is_plain_click(&event) {
            event.prevent_default();
            state.drop_draft();
            state.open(back);
        }
    };

    let value = |field: Field| draft_value(&draft, field);
    view! {
        <BackToList state/>
        <form
            id="contact-form"
            method="post"
            action=move || state.place.read().href()
            novalidate
            class="mx-auto flex max-w-xl flex-col gap-5 px-5 py-6 md:px-10 md:py-10"
            on:submit=submit
        >
            <h1 id="pane-title" tabindex="-1" class="text-xl font-semibold tracking-tight">
                {if is_new { "New contact" } else { "Edit contact" }}
            </h1>
            <Problem error/>
            {move || {
                saved.get().map(|saved| {
                    view! { <input type="hidden" name="version" value=saved.version.to_string()/> }
                })
            }}
            {is_new.then(|| view! { <input type="hidden" name="key" value=key/> })}
            <TextField field=Field::Name label="Name" value=value(Field::Name) error autocomplete="name"/>
            <TextField
                field=Field::Email
                label="Email"
                value=value(Field::Email)
                error
                kind="email"
                autocomplete="email"
            />
            <TextField
                field=Field::Phone
                label="Phone"
                value=value(Field::Phone)
                error
                kind="tel"
                autocomplete="tel"
                optional=true
            />
            <TextField
                field=Field::Company
                label="Company"
                value=value(Field::Company)
                error
                autocomplete="organization"
                optional=true
            />
            <TextArea field=Field::Notes label="Notes" value=value(Field::Notes) error/>
            {is_new.then(|| view! {
                <label class="tick">
                    <input type="checkbox" id="welcome" name="welcome" value="true" checked=welcome/>
                    "Send a welcome email"
                </label>
            })}
            <div class="flex gap-2 pt-1">
                <button class="button-primary" aria-disabled=move || saving.get().then_some("true")>
                    {move || match (saving.get(), is_new) {
                        (true, _) => "Saving…",
                        (false, true) => "Add contact",
                        (false, false) => "Save",
                    }}
                </button>
                <a class="button" href=move || state.place.read().beside(back).href() on:click=cancel>
                    "Cancel"
                </a>
            </div>
        </form>
    }
}

fn draft_value(draft: &ContactDraft, field: Field) -> String {
    match field {
        Field::Name => &draft.name,
        Field::Email => &draft.email,
        Field::Phone => &draft.phone,
        Field::Company => &draft.company,
        Field::Notes => &draft.notes,
    }
    .clone()
}

/// What is wrong with the form as a whole. Errors of fields stand beside them.
#[component]
fn Problem(error: ReadSignal<Option<AppError>>) -> impl IntoView {
    view! {
        <div id="form-problem" role="alert" tabindex="-1">
            {move || {
                let error = error.get().filter(|error| error.fields().is_empty())?;
                let current = match &error {
                    AppError::Changed { current } => Some((**current).clone()),
                    _ => None,
                };
                Some(
                    view! {
                        <div class="problem">
                            <p><ErrorText error then="Nothing is lost; you can save"/></p>
                            {current.map(|current| view! { <Current current/> })}
                        </div>
                    },
                )
            }}
        </div>
    }
}

/// What the contact says now, for a writer whose own words differ from it.
#[component]
fn Current(current: Contact) -> impl IntoView {
    let fields = [
        ("Name", Some(current.name)),
        ("Email", Some(current.email)),
        ("Phone", current.phone),
        ("Company", current.company),
        ("Notes", current.notes),
    ];
    let entries = fields.into_iter().map(|(label, value)| {
        let value = value.unwrap_or_else(|| "empty".to_owned());
        view! {
            <dt>{label}</dt>
            <dd class="whitespace-pre-wrap"><bdi>{value}</bdi></dd>
        }
    });
    view! {
        <p>"It now says:"</p>
        <dl class="current">{entries.collect_view()}</dl>
    }
}
