//! One contact in the pane.

use leptos::prelude::*;

use super::activity::Activity;
use super::back_link::BackToList;
use super::conflict::Merged;
use super::links::mailto;
use super::links::tel_number;
use super::state::State;
use crate::components::avatar::LargeAvatar;
use crate::components::dynamic::attr;
use crate::components::dynamic::on;
use crate::components::dynamic::text;
use crate::components::icon::Icon;
use crate::model::contact::Contact;
use crate::model::contact::ContactDetails;
use crate::model::location::PaneRoute;

#[component]
pub fn Details(state: State, details: ContactDetails) -> impl IntoView {
    let ContactDetails {
        contact,
        activities,
        merged,
    } = details;
    state.activities.set(activities);
    let classes = title_classes(&contact.name);
    view! {
        <BackToList state/>
        <article class="sheet card">
            <Merged fields=merged/>
            <header class=classes.0>
                <LargeAvatar id=contact.id name=contact.name.clone()/>
                <div class="person-name">
                    <h1 id="pane-title" tabindex="-1" class=classes.1>
                        <bdi>{contact.name.clone()}</bdi>
                    </h1>
                    {contact.company.clone().map(|company| {
                        view! { <p class="text-muted wrap-anywhere"><bdi>{company}</bdi></p> }
                    })}
                </div>
            </header>
            {actions(state, &contact)}
            {fields(&contact)}
            <Activity state/>
        </article>
    }
}

fn actions(state: State, contact: &Contact) -> impl IntoView + use<> {
    let id = contact.id;
    let edit = PaneRoute::Edit(id);
    let deleted = contact.clone();
    view! {
        <div class="person-actions">
            {contact.phone.as_deref().map(|phone| {
                let tel_number = tel_number(phone);
                view! {
                    <a class="button" href=["tel:", &tel_number].concat()>
                        <Icon name="phone"/>
                        "Call"
                    </a>
                    <a class="button is-for-phones" href=["sms:", &tel_number].concat()>
                        <Icon name="message"/>
                        "Message"
                    </a>
                }
            })}
            {contact.email.as_deref().map(|email| {
                view! {
                    <a class="button" href=mailto(email)>
                        <Icon name="mail"/>
                        "Mail"
                    </a>
                }
            })}
            <a class="button" href=["/contacts/", &id.text(), "/card.vcf"].concat() download>
                "Download"
            </a>
            <div class="person-tools">
                <a
                    class="button"
                    href=text(move || state.location.read().with_pane(edit).url())
                >
                    <Icon name="edit"/>
                    "Edit"
                </a>
                <a class="button needs-books" href=["/contacts/", &id.text(), "/move"].concat()>
                    "Move"
                </a>
                <form
                    method="post"
                    action=text(move || state.location.read().action_url(id, "delete"))
                    on:submit=on(move |event: leptos::ev::SubmitEvent| {
                        event.prevent_default();
                        if !state.pane_busy.get_untracked() {
                            state.delete(deleted.clone());
                        }
                    })
                >
                    <button
                        class="button"
                        aria-disabled=attr(move || state.pane_busy.get().then_some("true"))
                    >
                        <Icon name="trash"/>
                        "Delete"
                    </button>
                </form>
            </div>
        </div>
    }
}

fn fields(contact: &Contact) -> impl IntoView + use<> {
    view! {
        <dl class="details">
            {contact.email.clone().map(|email| {
                let href = mailto(&email);
                view! {
                    <dt>"Email"</dt>
                    <dd>
                        <a class="link" href=href>
                            {email}
                        </a>
                    </dd>
                }
            })}
            {contact.phone.clone().map(|phone| {
                let href = ["tel:", &tel_number(&phone)].concat();
                view! {
                    <dt>"Phone"</dt>
                    <dd>
                        <a class="link tabular-nums" href=href>
                            <bdi>{phone}</bdi>
                        </a>
                    </dd>
                }
            })}
            {contact.notes.clone().map(|notes| {
                view! {
                    <dt>"Notes"</dt>
                    <dd class="whitespace-pre-wrap" dir="auto">{notes}</dd>
                }
            })}
        </dl>
    }
}

/// The classes of the header and of the name in it. A longer name is smaller.
pub fn title_classes(name: &str) -> (&'static str, &'static str) {
    match name.chars().count() {
        0..=40 => ("person", "text-xl font-semibold tracking-tight"),
        41..=80 => ("person is-long", "text-lg font-semibold"),
        _ => ("person is-long", "text-base font-semibold"),
    }
}
