//! The form that creates and edits contacts. Without JavaScript the browser posts it to the address of the
//! page. Once hydrated, it calls the server function, and an error leaves it as it is.

mod submission;

use leptos::either::Either;
use leptos::prelude::*;

use super::back_link::BackToList;
use super::conflict::Conflict;
use super::conflict::Conflicts;
use super::state::KEY_ID;
use super::state::State;
use super::welcome::WelcomeChoice;
use crate::components::avatar::LargeAvatar;
use crate::components::dynamic;
use crate::components::dynamic::attr;
use crate::components::dynamic::flag;
use crate::components::dynamic::on;
use crate::components::dynamic::text;
use crate::components::erased_signal::ErasedSignal;
use crate::components::error_text::ErrorText;
use crate::components::field::TextArea;
use crate::components::field::TextField;
use crate::components::reactive_text::reactive_text;
use crate::islands::browser;
use crate::model::contact::ContactDraft;
use crate::model::contact::ContactId;
use crate::model::contact::Field;
use crate::model::error::AppError;
use crate::model::location::PaneRoute;
use crate::model::view::FormView;
use submission::Submission;
use submission::base_id;
use submission::rebase;

#[component]
pub fn ContactForm(state: State, form: FormView) -> impl IntoView {
    let FormView {
        mut draft,
        error,
        saved,
        key,
        welcome,
    } = form;
    let id = saved.as_ref().map(|saved| saved.id);
    let is_new = id.is_none();
    let here = id.map_or(PaneRoute::New, PaneRoute::Edit);
    let mut base = saved.map(|saved| saved.base).unwrap_or_default();
    let mut conflicts = Vec::new();
    if let Some(AppError::Changed { current }) = &error {
        (draft, base, conflicts) = rebase(&base, &draft, current);
    }
    let error = ErasedSignal::new(error);
    let conflicts = ErasedSignal::new(conflicts);
    let saving = ErasedSignal::new(false);

    let submission = Submission {
        state,
        id,
        saving,
        error,
        conflicts,
    };
    let name = ErasedSignal::new(draft.name.clone());
    let update_name = move |event: leptos::ev::Event| {
        if browser::closest(event.target(), "#name").is_some() {
            name.set(browser::input_value("name"));
        }
    };
    let hidden = |field: Field| {
        let id = base_id(field);
        view! { <input type="hidden" id=id.clone() name=id value=base.get(field).to_owned()/> }
    };
    view! {
        <BackToList state/>
        <form
            id="contact-form"
            method="post"
            action=text(move || {
                let location = state.location.read().with_pane(here);
                if is_new { location.create_url() } else { location.url() }
            })
            novalidate
            autocomplete="off"
            class="sheet contact-form"
            on:submit=on(move |event| submission.submit(event))
            on:input=update_name
        >
            <header class="person">
                {id.map(|id| view! { <LargeAvatar id name=draft.name.clone()/> })}
                <h1
                    id="pane-title"
                    tabindex="-1"
                    class="text-xl font-semibold tracking-tight"
                    class:person-name=!is_new
                >
                    {if is_new { "New contact" } else { "Edit contact" }}
                </h1>
            </header>
            // `State::refresh` says here what others do to the contact.
            <div id="form-status" role="status"></div>
            <Problem state error conflicts/>
            {(!is_new).then(|| Field::ALL.map(hidden))}
            {is_new.then(|| view! { <input type="hidden" id=KEY_ID name="key" value=key/> })}
            {text_fields(&draft, error, saving)}
            <div class="form-end">
                {is_new.then(|| view! { <WelcomeChoice state ticked=welcome name/> })}
                {buttons(state, id, error, saving)}
            </div>
        </form>
    }
}

fn text_fields(
    draft: &ContactDraft,
    error: ErasedSignal<Option<AppError>>,
    saving: ErasedSignal<bool>,
) -> impl IntoView + use<> {
    let value = |field: Field| draft.get(field).to_owned();
    view! {
        <TextField
            field=Field::Name
            label="Name"
            value=value(Field::Name)
            error
            saving
            capitals=true
        />
        <TextField
            field=Field::Email
            label="Email"
            value=value(Field::Email)
            error
            saving
            kind="email"
        />
        <TextField
            field=Field::Phone
            label="Phone"
            value=value(Field::Phone)
            error
            saving
            kind="tel"
        />
        <TextField
            field=Field::Company
            label="Company"
            value=value(Field::Company)
            error
            saving
            capitals=true
        />
        <TextArea field=Field::Notes label="Notes" value=value(Field::Notes) error saving/>
    }
}

fn buttons(
    state: State,
    id: Option<ContactId>,
    error: ErasedSignal<Option<AppError>>,
    saving: ErasedSignal<bool>,
) -> impl IntoView {
    let is_new = id.is_none();
    let back = id.map_or(PaneRoute::Nothing, PaneRoute::Contact);
    let cancel = move |event: leptos::ev::MouseEvent| {
        if browser::is_plain_click(&event) {
            event.prevent_default();
            state.discard_draft();
            state.open(back);
        }
    };
    view! {
        <div class="flex flex-wrap gap-2">
            <button class="button-primary" aria-disabled=attr(move || saving.get().then_some("true"))>
                {reactive_text(move || {
                    let label = match (saving.get(), is_new) {
                        (true, _) => "Saving…",
                        (false, true) => "Add contact",
                        (false, false) => "Save",
                    };
                    label.to_owned()
                })}
            </button>
            // Enter in a field presses the first button of a form, and must not restore.
            <button
                class="button"
                name="restore"
                value="true"
                hidden=flag(move || is_new || *error.read() != Some(AppError::NotFound))
            >
                "Restore and save"
            </button>
            <a class="button" href=text(move || state.location.read().with_pane(back).url()) on:click=cancel>
                "Cancel"
            </a>
        </div>
    }
}

/// The error of the form as a whole. The error of a field is shown with the field.
#[component]
fn Problem(
    state: State,
    error: ErasedSignal<Option<AppError>>,
    conflicts: ErasedSignal<Vec<Conflict>>,
) -> impl IntoView {
    view! {
        <div id="form-problem" role="alert" tabindex="-1">
            {dynamic::view(move || {
                let error = error.get().filter(|error| error.fields().is_empty())?;
                let content = match error {
                    AppError::Changed { .. } => {
                        Either::Left(view! { <Conflicts conflicts=conflicts.get()/> })
                    }
                    error => {
                        let created = match &error {
                            AppError::AlreadyCreated { contact } => {
                                Some((contact.id, contact.name.clone()))
                            }
                            _ => None,
                        };
                        Either::Right(
                            view! {
                                <p><ErrorText error then="Nothing is lost; you can save"/></p>
                                {created.map(|(id, name)| {
                                    let location = state.location.read().with_pane(PaneRoute::Contact(id));
                                    view! { <p><a class="underline" href=location.url()>"Open " <bdi>{name}</bdi></a></p> }
                                })}
                            },
                        )
                    }
                };
                Some(view! { <div class="problem">{content}</div> })
            })}
        </div>
    }
}
