//! The pages of accounts: the sign-in, the first account, links, one's own account, and all accounts for admins. Only the
//! server draws them, and all of them work without JavaScript.

mod account;
mod activity;
mod address;
mod books;
mod leave;
mod link;
mod management;
mod passkeys;
mod reset;
mod set_up;
mod sign_in;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use leptos::prelude::*;

use crate::components::view::view;
use crate::model::language::t;
use crate::model::language::t_view;

pub use self::account::AccountPage;
pub use self::account::AccountView;
pub use self::account::Notice;
pub use self::account::WhatAdmits;
pub use self::activity::ActivityPage;
pub use self::activity::ActivityView;
pub use self::address::AddressView;
pub use self::books::BooksNotice;
pub use self::books::BooksPage;
pub use self::books::BooksView;
pub use self::books::FormKind;
pub use self::books::TypedForm;
pub use self::leave::LeavePage;
pub use self::leave::LeaveView;
pub use self::link::LinkPage;
pub use self::link::LinkPageView;
pub use self::management::ManagementNotice;
pub use self::management::ManagementPage;
pub use self::management::ManagementView;
pub use self::reset::ResetPage;
pub use self::reset::ResetView;
pub use self::set_up::SetUpPage;
pub use self::set_up::SetUpView;
pub use self::sign_in::SignInPage;
pub use self::sign_in::SignInView;

/// Says what is wrong with a form.
#[component]
fn ProblemLine(text: Option<String>) -> impl IntoView {
    text.map(|text| view! { <p class="problem" role="alert" id="problem">{text}</p> })
}

/// A field for the name of an account.
#[component]
fn NameField(value: String, #[prop(optional)] autofocus: bool) -> impl IntoView {
    view! {
        <div class="field">
            <label for="name">"Name"</label>
            <input
                id="name"
                name="name"
                class="input"
                value=value
                required
                maxlength="200"
                autocomplete="username"
                autocapitalize="none"
                spellcheck="false"
                autofocus=autofocus
            />
        </div>
    }
}

/// A field for a password. Password managers know from `autocomplete` whether it is the present one.
#[component]
fn PasswordField(
    id: &'static str,
    label: &'static str,
    autocomplete: &'static str,
    #[prop(optional)] hint: Option<&'static str>,
) -> impl IntoView {
    let hint_id = hint.map(|_| format!("{id}-hint"));
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                id=id
                name=id
                type="password"
                class="input"
                required
                maxlength="1024"
                autocomplete=autocomplete
                aria-describedby=hint_id.clone()
            />
            {hint.map(|hint| view! { <p class="text-sm text-muted" id=hint_id>{hint}</p> })}
        </div>
    }
}

/// What a new password must be.
fn password_rule() -> &'static str {
    t!(
        "At least 8 characters. A few words that have nothing to do with you are easy to remember and hard to guess."
    )
}

/// When something that admits a person was last used.
fn last_used(at: Option<Timestamp>) -> impl IntoView {
    match at {
        Some(at) => t_view!(", last used {time}", time = view! { <Moment at/> }),
        None => t!(", not used yet").into_any(),
    }
}

/// A time in UTC. `public/times.js` rewrites it by the clock of the reader, in pages that have it.
#[component]
pub fn Moment(at: Timestamp) -> impl IntoView {
    let text = at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC");
    view! { <time datetime=at.to_string() data-age="">{text.to_string()}</time> }
}
