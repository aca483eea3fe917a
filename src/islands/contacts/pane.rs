//! The pane beside the list: one contact, the form, or a word when there is neither.

use leptos::either::EitherOf4;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::conflict::Merged;
use super::form::ContactForm;
use super::state::Pane;
use super::state::State;
use crate::api::contacts as api;
use crate::components::avatar::LargeAvatar;
use crate::components::day::Day;
use crate::components::error_text::ErrorText;
use crate::components::icon::Icon;
use crate::components::words::words;
use crate::contact;
use crate::contact::Activities;
use crate::contact::ContactDetails;
use crate::contact::ContactId;
use crate::error::AppError;
use crate::islands::browser;
use crate::place::PanePlace;

#[component]
pub fn PaneView(state: State) -> impl IntoView {
    view! {
        <section
            aria-label="Details"
            class="pane"
            aria-busy=move || state.pane_busy.get().then_some("true")
        >
            {move || match state.pane.get() {
                Pane::Nothing => EitherOf4::A(view! { <Nothing state/> }),
                Pane::Contact(details) => EitherOf4::B(view! { <Details state details/> }),
                Pane::Form(form) => EitherOf4::C(view! { <ContactForm state form/> }),
                Pane::Failed(error) => EitherOf4::D(view! { <Failed state error/> }),
            }}
        </section>
    }
}

#[component]
fn Nothing(state: State) -> impl IntoView {
    view! {
        <div class="empty h-full justify-center">
            <p>
                {words(move || {
                    let text = if !state.rows.read().is_empty() {
                        "Choose a contact to see it here."
                    } else if state.place.read().search.is_empty() {
                        "Add someone you know with “New”."
                    } else {
                        "What you find can be seen here."
                    };
                    text.to_owned()
                })}
            </p>
        </div>
    }
}

#[component]
fn Failed(state: State, error: AppError) -> impl IntoView {
    let title = if error == AppError::NotFound {
        "Not found"
    } else {
        "This did not work"
    };
    view! {
        <BackToList state/>
        <div class="empty">
            <h1 id="pane-title" tabindex="-1" class="text-xl font-semibold text-ink">
                {title}
            </h1>
            <p role="alert"><ErrorText error then="Trying again"/></p>
            <div class="flex gap-2">
                <a class="button" href=move || state.place.read().href()>
                    "Try again"
                </a>
                <a class="button" href="/trash">"Look in the trash"</a>
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
            on:click=move |event| {
                if browser::is_plain_click(&event) {
                    event.prevent_default();
                    state.open(PanePlace::Nothing);
                }
            }
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
    view! {
        <BackToList state/>
        <article class="mx-auto max-w-2xl px-5 py-6 md:px-10 md:py-10">
            <Merged fields=merged/>
            <header class="flex flex-wrap items-center gap-x-5 gap-y-4">
                <LargeAvatar id name=contact.name.clone()/>
                <div class="min-w-0 grow basis-48">
                    <h1
                        id="pane-title"
                        tabindex="-1"
                        class="text-xl font-semibold tracking-tight wrap-anywhere"
                    >
                        <bdi>{contact.name.clone()}</bdi>
                    </h1>
                    {contact.company.clone().map(|company| {
                        view! { <p class="text-muted wrap-anywhere"><bdi>{company}</bdi></p> }
                    })}
                </div>
                <div class="flex gap-2">
                    <a
                        class="button"
                        href=move || state.place.read().beside(edit).href()
                        on:click=move |event| {
                            if browser::is_plain_click(&event) {
                                event.prevent_default();
                                state.open(edit);
                            }
                        }
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
            </header>
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
            <p class="mt-8 border-t border-line pt-4 text-xs text-muted">
                "Added on " <Day at=contact.created_at.clone()/>
                {(contact.updated_at != contact.created_at).then(|| {
                    view! { ", changed on " <Day at=contact.updated_at.clone()/> }
                })}
            </p>
            <Activity id activities/>
        </article>
    }
}

/// What has happened around the contact, as it happens.
#[component]
fn Activity(id: ContactId, activities: Activities) -> impl IntoView {
    let activities = RwSignal::new(activities);
    Effect::new(move |_| follow(id, activities, 0));
    let line = |activity: &contact::Activity| {
        let at = activity.at.clone();
        let time = at.get(11..16).map(|time| format!(", {time} UTC"));
        view! {
            <li>
                <span>{activity.text.clone()}</span>
                <span class="text-muted tabular-nums"><Day at/>{time}</span>
            </li>
        }
    };
    view! {
        <section class="mt-6" aria-labelledby="activity-title">
            <h2 id="activity-title" class="text-sm font-semibold">"Activity"</h2>
            <ol class="activities" aria-live="polite">
                {move || activities.read().list.iter().map(line).collect_view()}
            </ol>
        </section>
    }
}

/// Asks again while there is more to come and somebody looks: often at first, when something is about
/// to happen, and then less and less. `round` counts the questions.
fn follow(id: ContactId, activities: RwSignal<Activities>, round: u32) {
    let is_pending = move || activities.try_with_untracked(|known| known.pending) == Some(true);
    if !is_pending() {
        return;
    }
    browser::after((1 + round / 8).min(30), move || {
        if !is_pending() {
            return;
        }
        if document().hidden() {
            return follow(id, activities, round);
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
            follow(id, activities, round + 1);
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
    let phone = match phone.split_once("(0)") {
        Some((country, rest)) if country.starts_with('+') => [country, rest].concat(),
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
