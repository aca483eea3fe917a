//! The form that creates and edits contacts. Without JavaScript the browser posts it to the address of the
//! page. Once hydrated, it calls the server function, and an error leaves it as it is.

mod entries;
mod submission;

use leptos::prelude::*;

use super::back_link::BackToList;
use super::person::person;
use super::state::State;
use super::welcome::WelcomeChoice;
use crate::components::dynamic;
use crate::components::dynamic::attr;
use crate::components::dynamic::flag;
use crate::components::dynamic::on;
use crate::components::dynamic::text;
use crate::components::erased_signal::ErasedSignal;
use crate::components::error_text::ErrorText;
use crate::components::reactive_text::reactive_text;
use crate::components::view::view;
use crate::islands::browser;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::model::form::BASE;
use crate::model::form::FormView;
use crate::model::form::KEY;
use crate::model::form::Saved;
use crate::model::language::t;
use crate::model::language::t_around;
use crate::model::location::PaneRoute;
use submission::Submission;

#[component]
pub fn ContactForm(state: State, form: FormView) -> impl IntoView {
    let FormView {
        html,
        conflict,
        name,
        base,
        saved,
        error,
        key,
        welcome,
        ..
    } = form;
    let id = saved.as_ref().map(|saved| saved.row.id);
    let is_new = id.is_none();
    let here = id.map_or(PaneRoute::New, PaneRoute::Edit);
    let name = ErasedSignal::new(name);
    let error = ErasedSignal::new(error);
    let saving = ErasedSignal::new(false);
    let submission = Submission {
        state,
        id,
        saving,
        error,
    };
    let update_name = move |event: leptos::ev::Event| {
        if browser::closest(event.target(), "#name").is_some() {
            name.set(browser::input_value("name"));
        }
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
            on:click=on(entries::add_by_click)
        >
            {saved.map(|Saved { row, subtitle, .. }| person(t_around!("Edit {name}"), &row, &subtitle, ()))}
            {is_new.then(|| {
                view! {
                    <h1 id="pane-title" tabindex="-1" class="text-xl font-semibold tracking-tight">
                        "New contact"
                    </h1>
                }
            })}
            // `State::refresh` says here what others do to the contact.
            <div id="form-status" role="status"></div>
            <Problem state error conflict/>
            {(!is_new).then(|| view! { <input type="hidden" name=BASE value=base/> })}
            {is_new.then(|| view! { <input type="hidden" id=KEY name=KEY value=key/> })}
            <div class="form-parts" inner_html=html></div>
            <div class="form-end">
                {is_new.then(|| view! { <WelcomeChoice state ticked=welcome name/> })}
                {buttons(state, id, error, saving)}
            </div>
        </form>
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
                        (true, _) => t!("Saving…"),
                        (false, true) => t!("Add contact"),
                        (false, false) => t!("Save"),
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
    /// Drawn by the server; blank without one.
    conflict: String,
) -> impl IntoView {
    let is_hidden = conflict.is_empty();
    let problem = move || {
        let error = error.get().filter(|error| error.fields().is_empty())?;
        let created = match &error {
            AppError::AlreadyCreated { contact } => Some((contact.id, contact.name.clone())),
            _ => None,
        };
        let later = t_around!("Nothing is lost; you can save in {time}.");
        let (before, after) = t_around!("Open {name}");
        Some(view! {
            <div class="problem">
                <p><ErrorText error later/></p>
                {created.map(|(id, name)| {
                    let location = state.location.read().with_pane(PaneRoute::Contact(id));
                    view! { <p><a class="underline" href=location.url()>{before} <bdi>{name}</bdi> {after}</a></p> }
                })}
            </div>
        })
    };
    view! {
        <div id="form-problem" role="alert" tabindex="-1">
            <div class="problem" hidden=is_hidden inner_html=conflict></div>
            {dynamic::view(problem)}
        </div>
    }
}
