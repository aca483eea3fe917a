//! What the pages show of passkeys. The forms are hidden until `passkeys.js` knows that the browser has passkeys here.

use leptos::prelude::*;

use super::Moment;
use super::last_used;
use crate::components::view::view;
use crate::model::language::t;
use crate::model::language::t_view;
use crate::services::accounts::PasskeyInfo;

/// The script that asks the browser.
#[component]
fn Script() -> impl IntoView {
    view! { <script type="module" src="/passkeys.js"></script> }
}

/// Signs in with a passkey of this host, and leads to a page.
#[component]
pub fn PasskeySignIn(host: String, next: String) -> impl IntoView {
    view! {
        <form
            method="post"
            action="/sign-in/passkey"
            class="mt-4"
            hidden
            data-passkey="get"
            data-host=host
            data-options="/sign-in/passkey/options"
        >
            <input type="hidden" name="next" value=next/>
            <input type="hidden" name="credential"/>
            <button class="button">"Use a passkey"</button>
            <p class="problem mt-2" role="alert" hidden></p>
        </form>
        <Script/>
    }
}

/// The passkeys of the account, unless there are none and there can be none.
#[component]
pub fn Passkeys(passkeys: Vec<PasskeyInfo>, host: Option<String>) -> impl IntoView {
    if passkeys.is_empty() && host.is_none() {
        return None;
    }
    let row = |passkey: PasskeyInfo| {
        let action = format!("/account/passkeys/{}/remove", passkey.id);
        let label = passkey.name.clone();
        view! {
            <li class="flex items-center gap-3 border-b border-line py-2">
                <span class="min-w-0 grow">
                    <bdi>{passkey.name}</bdi>
                    <span class="block text-xs text-muted">
                        {t_view!("Added {time}", time = view! { <Moment at=passkey.created_at/> })}
                        {last_used(passkey.last_used_at)}
                    </span>
                </span>
                <form method="post" action=action>
                    <button class="button">"Remove"<span class="sr-only">{t!(" the passkey {name}", name = label)}</span></button>
                </form>
            </li>
        }
    };
    Some(view! {
        <section class="mt-8" aria-labelledby="passkeys-title">
            <h2 id="passkeys-title" class="font-semibold">"Passkeys"</h2>
            <p class="mt-2">
                "A passkey signs in without a name and a password: your device or your password manager keeps it."
            </p>
            <ul class="mt-2" id="passkeys">{passkeys.into_iter().map(row).collect_view()}</ul>
            {host.map(|host| view! { <NewPasskey host/> })}
        </section>
    })
}

#[component]
fn NewPasskey(host: String) -> impl IntoView {
    view! {
        <noscript><p class="mt-2">"Adding a passkey needs JavaScript."</p></noscript>
        <p class="mt-2" hidden data-passkeys-missing>
            {t!(
                "This browser has no passkeys for this address. They need https, or http://localhost, and the name {host}.",
                host = host,
            )}
        </p>
        <form
            method="post"
            action="/account/passkeys"
            class="mt-4"
            hidden
            data-passkey="create"
            data-host=host
            data-options="/account/passkeys/options"
        >
            <div class="flex max-w-sm flex-col gap-4">
                <p class="problem" role="alert" hidden></p>
                <div class="field">
                    <label for="passkey-name">"Name of the device"</label>
                    <input id="passkey-name" name="name" class="input" required maxlength="100" autocomplete="off"/>
                </div>
                <input type="hidden" name="credential"/>
                <div><button class="button">"Add a passkey"</button></div>
            </div>
        </form>
        <Script/>
    }
}
