//! The mails in the morning about whose day it is: begun and ended.

use leptos::prelude::*;

use super::PATH;
use crate::components::view::view;
use crate::model::language::t;
use crate::model::language::t_view;
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
                        {t_view!(
                            "Kith writes you in the morning when someone has a birthday, once your {account} has a confirmed address.",
                            account = view! { <a class="link" href="/account">"account"</a> },
                        )}
                    </p>
                </section>
            });
        }
        BirthdayMails::Off => (
            t!(
                "Kith can write you in the morning when someone in one of your address books has a birthday or another date."
            ),
            "1",
            t!("Write me in the morning"),
        ),
        BirthdayMails::On => (
            t!(
                "Kith writes you in the morning when someone in one of your address books has a birthday or another date."
            ),
            "0",
            t!("Stop the mails"),
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
