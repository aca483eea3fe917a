//! `/link`: what a link is for, and the form that does it.

use leptos::prelude::*;

use super::NameField;
use super::PasswordField;
use super::ProblemLine;
use super::password_rule;
use crate::components::view::view;
use crate::model::language::t;
use crate::model::language::t_view;
use crate::services::accounts::LinkView;
use crate::services::client::Role;
use crate::web::pages::PageTitle;

/// What the page shows.
#[derive(Clone, Default)]
pub struct LinkPageView {
    /// `None` for a link that is not valid, or has been used just now.
    pub link: Option<LinkView>,
    /// The name that was typed.
    pub name: String,
    /// Why the last attempt has failed.
    pub problem: Option<String>,
    /// What was done with the link.
    pub done: Option<&'static str>,
}

#[component]
pub fn LinkPage() -> impl IntoView {
    let view = use_context::<LinkPageView>()?;
    let title = match &view.link {
        Some(LinkView::Invitation { .. }) => t!("Make your account"),
        Some(LinkView::Password { .. }) => t!("Choose a new password"),
        Some(LinkView::Address { .. }) => t!("Confirm your address"),
        None => t!("Link"),
    };
    let LinkPageView {
        link,
        name,
        problem,
        done,
    } = view;
    let has_form = link.is_some();
    let form = link.map(|link| {
        view! {
            <form method="post" action="/link" class="mt-4 flex max-w-sm flex-col gap-4">
                <ProblemLine text=problem.clone()/>
                <Fields link name/>
            </form>
        }
    });
    Some(view! {
        <PageTitle text=format!("{title} · Kith")/>
        <main id="main" tabindex="-1" class="page">
            <h1 class="text-xl font-semibold tracking-tight">{title}</h1>
            {done.map(|text| view! { <p id="notice" role="status" class="mt-2">{text}</p> })}
            {form}
            {(!has_form).then(|| view! {
                <div class="mt-4"><ProblemLine text=problem/></div>
                <p class="mt-4"><a class="link" href="/contacts">"Go to Kith"</a></p>
            })}
        </main>
    })
}

#[component]
fn Fields(link: LinkView, name: String) -> impl IntoView {
    match link {
        LinkView::Invitation { role } => {
            let role = match role {
                Role::Admin => t!(" It is that of an admin."),
                Role::Member => "",
            };
            view! {
                <p>"You are invited to this Kith. Choose a name and a password for your account."{role}</p>
                <NameField value=name/>
                <PasswordField
                    id="password"
                    label="Password"
                    autocomplete="new-password"
                    hint=password_rule()
                />
                <div><button class="button-primary">"Make the account"</button></div>
            }
        }
        LinkView::Password { name } => view! {
            <p>
                {t_view!(
                    "The new password for the account {name}. All of its sessions end.",
                    name = view! { <bdi>{name.clone()}</bdi> },
                )}
            </p>
            // Password managers keep the new password under this name.
            <input type="text" name="username" value=name autocomplete="username" hidden/>
            <PasswordField
                id="password"
                label="New password"
                autocomplete="new-password"
                hint=password_rule()
            />
            <div><button class="button-primary">"Change the password"</button></div>
        },
        LinkView::Address { name, address } => view! {
            <p>
                {t_view!(
                    "The account {name} gets mail at {address} from now on.",
                    name = view! { <bdi>{name}</bdi> },
                    address = view! { <bdi>{address}</bdi> },
                )}
            </p>
            <div><button class="button-primary">"Confirm the address"</button></div>
        },
    }
}
