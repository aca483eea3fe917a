//! What can be done with a contact: a row of links and buttons, the commonest first. `public/contact.js` shows the buttons
//! that need a script, where the browser can do what they say.

use leptos::prelude::*;

use crate::components::icon::ActionIcon;
use crate::components::view::view;
use crate::model::contact::Action;
use crate::model::contact::ContactId;
use crate::model::contact::DetailAction;
use crate::model::language::t;

#[component]
pub fn DetailActions(id: ContactId, links: Vec<DetailAction>) -> impl IntoView {
    let page = |name: &str| format!("/contacts/{id}/{name}");
    let card = page("card.vcf");
    view! {
        {links.into_iter().map(link).collect_view()}
        <button type="button" class="button" data-copy="contact">
            <ActionIcon name="copy"/>
            "Copy"
        </button>
        <a class="button" href=page("qr")>
            <ActionIcon name="qr"/>
            "QR code"
        </a>
        <a class="button" href=page("print")>
            <ActionIcon name="print"/>
            "Print"
        </a>
        <a class="button" href=card.clone() download>
            <ActionIcon name="download"/>
            "Download"
        </a>
        <button type="button" class="button" data-share=card>
            <ActionIcon name="share"/>
            "Share"
        </button>
    }
}

/// A link that does something with the contact.
fn link(action: DetailAction) -> impl IntoView {
    let (icon, label, class) = match action.kind {
        Action::Call => ("phone", t!("Call"), "button"),
        Action::Message => ("message", t!("Message"), "button is-for-phones"),
        Action::Mail => ("mail", t!("Mail"), "button"),
        Action::Map => ("map", t!("Map"), "button"),
        Action::Colleagues => ("people", t!("Colleagues"), "button"),
    };
    let is_page = action.kind == Action::Map;
    view! {
        <a
            class=class
            href=action.href
            target=is_page.then_some("_blank")
            rel=is_page.then_some("noreferrer")
        >
            <ActionIcon name=icon/>
            {label}
        </a>
    }
}
