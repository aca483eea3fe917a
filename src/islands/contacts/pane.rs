//! The pane beside the list: one contact, the form, or a word when there is neither.

use leptos::either::EitherOf5;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::coming::Coming;
use super::conflict::Merged;
use super::form::ContactForm;
use super::state::State;
use crate::api::contacts as api;
use crate::components::avatar::LargeAvatar;
use crate::components::clock;
use crate::components::error_text::ErrorText;
use crate::components::icon::Icon;
use crate::components::reactive_text::reactive_text;
use crate::components::time::Time;
use crate::islands::browser;
use crate::model::contact;
use crate::model::contact::Activities;
use crate::model::contact::ContactDetails;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::model::place::PanePlace;
use crate::model::view::Pane;

#[component]
pub fn PaneView(state: State) -> impl IntoView {
    view! {
        <section
            aria-label="Details"
            class="pane"
            aria-busy=move || state.pane_busy.get().then_some("true")
        >
            {move || match state.pane.get() {
                Pane::Nothing => EitherOf5::A(view! { <Nothing state/> }),
                Pane::Contact(details) => EitherOf5::B(view! { <Details state details/> }),
                Pane::Form(form) => EitherOf5::C(view! { <ContactForm state form/> }),
                Pane::Failed(error) => EitherOf5::D(view! { <Failed state error/> }),
                Pane::Coming(row) => EitherOf5::E(view! { <Coming state row/> }),
            }}
        </section>
    }
}

#[component]
fn Nothing(state: State) -> impl IntoView {
    view! {
        <div class="empty h-full justify-center">
            <p class="print-hidden">
                // Where there is no row, the list says why.
                {reactive_text(move || {
                    let text = if state.list.read().rows.is_empty() {
                        ""
                    } else {
                        "Choose a contact to see it here."
                    };
                    text.to_owned()
                })}
            </p>
            <p class="print-only">
                "The list is printed from a page of its own: choose “Print” above it."
            </p>
        </div>
    }
}

#[component]
fn Failed(state: State, error: AppError) -> impl IntoView {
    let missing = error == AppError::NotFound;
    let waits = error.retry_after().is_some();
    let title = match (missing, waits) {
        (true, _) => "Not found",
        (_, true) => "One moment",
        _ => "This did not work",
    };
    // What is not there does not come by trying, and what comes by itself needs no button.
    let next = move || {
        let place = state.place.read();
        if missing {
            place.beside(PanePlace::Nothing).href()
        } else {
            place.href()
        }
    };
    view! {
        <BackToList state/>
        <div class="empty">
            <h1 id="pane-title" tabindex="-1" class="text-xl font-semibold text-ink">
                {title}
            </h1>
            <p role="alert"><ErrorText error then="Trying again"/></p>
            <div>
                <a class="button" href="/trash" hidden=!missing>"Look in the trash"</a>
                <a class="button" href=next hidden=waits>
                    {if missing { "Back to the list" } else { "Try again" }}
                </a>
            </div>
        </div>
    }
}

/// The way back to the list where a narrow screen shows one of the two.
#[component]
pub fn BackToList(state: State) -> impl IntoView {
    view! {
        <a
            class="back"
            href=move || state.place.read().beside(PanePlace::Nothing).href()
        >
            <Icon name="back"/>
            "Contacts"
        </a>
    }
}

#[component]
fn Details(state: State, details: ContactDetails) -> impl IntoView {
    let ContactDetails {
        contact,
        activities,
        merged,
    } = details;
    let id = contact.id;
    let edit = PanePlace::Edit(id);
    let deleted = contact.clone();
    let size = title_size(&contact.name);
    view! {
        <BackToList state/>
        <article class="sheet card">
            <Merged fields=merged/>
            <header class=size.0>
                <LargeAvatar id name=contact.name.clone()/>
                <div class="person-name">
                    <h1 id="pane-title" tabindex="-1" class=size.1>
                        <bdi>{contact.name.clone()}</bdi>
                    </h1>
                    {contact.company.clone().map(|company| {
                        view! { <p class="text-muted wrap-anywhere"><bdi>{company}</bdi></p> }
                    })}
                </div>
            </header>
            <div class="person-actions">
                {contact.phone.as_deref().map(|phone| {
                    let dialled = dialled(phone);
                    view! {
                        <a class="button" href=format!("tel:{dialled}")>
                            <Icon name="phone"/>
                            "Call"
                        </a>
                        <a class="button is-for-phones" href=format!("sms:{dialled}")>
                            <Icon name="message"/>
                            "Message"
                        </a>
                    }
                })}
                <a class="button" href=mailto(&contact.email)>
                    <Icon name="mail"/>
                    "Mail"
                </a>
                <div class="person-tools">
                    <a
                        class="button"
                        href=move || state.place.read().beside(edit).href()
                    >
                        <Icon name="edit"/>
                        "Edit"
                    </a>
                    <form
                        method="post"
                        action=move || state.place.read().act_on(id, "delete")
                        on:submit=move |event| {
                            event.prevent_default();
                            if !state.pane_busy.get_untracked() {
                                state.delete(deleted.clone());
                            }
                        }
                    >
                        <button
                            class="button"
                            aria-disabled=move || state.pane_busy.get().then_some("true")
                        >
                            <Icon name="trash"/>
                            "Delete"
                        </button>
                    </form>
                </div>
            </div>
            <dl class="details">
                <dt>"Email"</dt>
                <dd>
                    <a class="link" href=mailto(&contact.email)>
                        {contact.email.clone()}
                    </a>
                </dd>
                {contact.phone.clone().map(|phone| {
                    let href = format!("tel:{}", dialled(&phone));
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
            <Activity state id activities/>
        </article>
    }
}

/// The classes of the head of a contact and of the name in it: the longer, the smaller.
pub fn title_size(name: &str) -> (&'static str, &'static str) {
    match name.chars().count() {
        0..=40 => ("person", "text-xl font-semibold tracking-tight"),
        41..=80 => ("person is-long", "text-lg font-semibold"),
        _ => ("person is-long", "text-base font-semibold"),
    }
}

/// What has happened around the contact, as it happens.
#[component]
fn Activity(state: State, id: ContactId, activities: Activities) -> impl IntoView {
    let activities = RwSignal::new(activities);
    Effect::new(move |_| follow(state, id, activities, 0));
    let now = clock::current_time();
    let line = move |activity: &contact::Activity| {
        let at = activity.at.clone();
        view! {
            <li>
                <span>{activity.text.clone()}</span>
                <span class="text-muted tabular-nums"><Time at now/></span>
            </li>
        }
    };
    view! {
        <section class="activity" aria-labelledby="activity-title">
            <h2 id="activity-title" class="text-sm font-semibold">"Activity"</h2>
            <ol class="activities" aria-live="polite">
                {move || activities.read().list.iter().map(line).collect_view()}
            </ol>
        </section>
    }
}

/// Asks again while there is more to come and somebody looks: often at first, when something is about
/// to happen, and then less and less. `round` counts the questions.
fn follow(state: State, id: ContactId, activities: RwSignal<Activities>, round: u32) {
    let is_pending = move || activities.try_with_untracked(|known| known.pending) == Some(true);
    if !is_pending() {
        return;
    }
    browser::after((1 + round / 8).min(30), move || {
        if !is_pending() {
            return;
        }
        // What is being deleted has nothing more to tell.
        if document().hidden() || state.pane_busy.get_untracked() {
            return follow(state, id, activities, round);
        }
        spawn_local(async move {
            // Without an answer, what is known stays.
            if let Ok(details) = api::get_contact(id).await {
                activities.try_update(|known| {
                    if *known != details.activities {
                        *known = details.activities;
                    }
                });
            }
            follow(state, id, activities, round + 1);
        });
    });
}

/// The link that writes to an address. What an address may hold and a link gives a meaning, such
/// as the `?` before further headers, is escaped (RFC 6068).
fn mailto(email: &str) -> String {
    let mut href = "mailto:".to_owned();
    for c in email.chars() {
        match c {
            '%' | '?' | '&' | '=' | '#' | '/' | ',' | ';' => {
                href += &format!("%{:02X}", u32::from(c));
            }
            _ => href.push(c),
        }
    }
    href
}

/// A number as a telephone wants it (RFC 3966): without what groups it for the eye, without the
/// zero that is dialled at home only, and with its extension apart.
fn dialled(phone: &str) -> String {
    let digits = |part: &str| -> String {
        let dialled = |c: &char| c.is_ascii_digit() || matches!(c, '+' | '*' | '#' | ',');
        let digits = part.chars().filter(dialled).collect::<String>();
        // In a link, what follows a # would be another part.
        digits.replace('#', "%23")
    };
    let phone = match phone.split_once('(') {
        Some((country, rest)) if country.starts_with('+') => {
            [country, rest.strip_prefix("0)").unwrap_or(rest)].concat()
        }
        _ => phone.to_owned(),
    };
    let extension = phone.find(|c: char| c.is_ascii_alphabetic());
    let (number, extension) = phone.split_at(extension.unwrap_or(phone.len()));
    let (number, extension) = (digits(number), digits(extension));
    if extension.is_empty() {
        number
    } else {
        [&*number, ";ext=", &*extension].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::dialled;
    use super::mailto;

    #[test]
    fn a_telephone_is_told_what_to_dial() {
        for (written, dialled_as) in [
            ("+44 20 7946-0958", "+442079460958"),
            ("+44 (0)20 7946 0958", "+442079460958"),
            ("(0)20 7946 0958", "02079460958"),
            ("+44 20 7946 0958 ext. 12", "+442079460958;ext=12"),
            ("*100#", "*100%23"),
        ] {
            assert_eq!(dialled(written), dialled_as);
        }
    }

    #[test]
    fn an_address_adds_no_header_to_a_mail() {
        assert_eq!(mailto("ada+x@example.com"), "mailto:ada+x@example.com");
        assert_eq!(
            mailto("a?bcc=b&c%0D@example.com"),
            "mailto:a%3Fbcc%3Db%26c%250D@example.com"
        );
    }
}
