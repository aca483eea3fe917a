//! The mails in the morning about whose day it is: begun and ended.

use leptos::prelude::*;

use super::PATH;
use crate::components::view::view;
use crate::services::accounts::BirthdayMails;
use crate::services::book::BookId;
use crate::web::caller_contacts::in_book;

#[component]
pub fn MailSection(mails: BirthdayMails, book: Option<BookId>) -> impl IntoView {
    let (words, wanted, label) = match mails {
        BirthdayMails::Impossible => return None,
        BirthdayMails::NoAddress => {
            return Some(view! {
                <section class="mt-8" aria-labelledby="mail-title">
                    <h2 id="mail-title" class="font-semibold">"By mail"</h2>
                    <p class="mt-2">
                        "Kith writes you in the morning when someone has a birthday, once your "
                        <a class="link" href="/account">"account"</a>" has a confirmed address."
                    </p>
                </section>
            });
        }
        BirthdayMails::Off => (
            "Kith can write you in the morning when someone in one of your address books has a birthday or another date.",
            "1",
            "Write me in the morning",
        ),
        BirthdayMails::On => (
            "Kith writes you in the morning when someone in one of your address books has a birthday or another date.",
            "0",
            "Stop the mails",
        ),
    };
    Some(view! {
        <section class="mt-8" aria-labelledby="mail-title">
            <h2 id="mail-title" class="font-semibold">"By mail"</h2>
            <p class="mt-2">{words}</p>
            <form method="post" action=in_book(&format!("{PATH}/mail"), book) class="mt-4">
                <input type="hidden" name="wanted" value=wanted/>
                <button class="button">{label}</button>
            </form>
        </section>
    })
}
