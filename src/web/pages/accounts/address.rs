//! The part of `/account` about the address to which its owner gets mail.

use leptos::prelude::*;

use super::PasswordField;
use super::ProblemLine;
use crate::components::view::view;
use crate::model::language::t;
use crate::model::language::t_view;

/// What the part shows.
#[derive(Clone)]
pub struct AddressView {
    pub address: Option<String>,
    /// Whether Kith has a mail server.
    pub sends_mail: bool,
}

/// `refused` is why a form was refused, and the address that was typed.
#[component]
pub fn Address(view: AddressView, refused: Option<(String, String)>) -> impl IntoView {
    let (problem, typed) = refused.unzip();
    let form = view.sends_mail.then(|| {
        view! {
            <form method="post" action="/account/address" class="mt-2 flex max-w-sm flex-col gap-4">
                <ProblemLine text=problem/>
                <div class="field">
                    <label for="address">"New address"</label>
                    <input
                        id="address"
                        name="address"
                        type="email"
                        class="input"
                        value=typed
                        required
                        maxlength="254"
                        autocomplete="email"
                    />
                </div>
                <PasswordField id="password" label="Your password" autocomplete="current-password"/>
                <div><button class="button">"Send a link that confirms it"</button></div>
            </form>
        }
    });
    let remove = view.address.is_some().then(|| {
        view! {
            <form method="post" action="/account/address/remove" class="mt-2">
                <button class="button">"Remove the address"</button>
            </form>
        }
    });
    let text = match (view.address, view.sends_mail) {
        (Some(address), _) => t_view!(
            "Kith sends mail about your account to {address}.",
            address = view! { <bdi id="own-address">{address}</bdi> },
        ),
        (None, true) => {
            t!("With an address, you can choose a new password if you forget yours.").into_any()
        }
        (None, false) => {
            t!("This Kith sends no mail. If you forget your password, ask an admin.").into_any()
        }
    };
    view! {
        <section class="mt-8" aria-labelledby="address-title">
            <h2 id="address-title" class="font-semibold">"Address"</h2>
            <p class="mt-2">{text}</p>
            {remove}
            {form}
        </section>
    }
}
