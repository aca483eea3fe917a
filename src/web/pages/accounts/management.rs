//! `/accounts`: all accounts and invitations, for admins.

use leptos::prelude::*;

use super::Moment;
use super::ProblemLine;
use crate::components::view::view;
use crate::model::language::t;
use crate::model::language::t_view;
use crate::services::accounts::AccountInfo;
use crate::services::accounts::InvitationInfo;
use crate::services::client::AccountId;
use crate::services::client::Role;
use crate::web::pages::PageTitle;

/// What the page shows.
#[derive(Clone)]
pub struct ManagementView {
    /// The account of the reader.
    pub own: AccountId,
    pub accounts: Vec<AccountInfo>,
    pub invitations: Vec<InvitationInfo>,
    /// Whether Kith has a mail server.
    pub sends_mail: bool,
    /// What came of the last form.
    pub notice: Option<ManagementNotice>,
    /// The address that was typed for an invitation that could not be made.
    pub address: String,
}

/// What came of a form.
#[derive(Clone)]
pub enum ManagementNotice {
    Done(&'static str),
    Refused(String),
    /// A link, which is shown once.
    Link {
        what: String,
        url: String,
    },
}

#[component]
pub fn ManagementPage() -> impl IntoView {
    let view = use_context::<ManagementView>()?;
    let own = view.own;
    let accounts = view
        .accounts
        .into_iter()
        .map(|account| view! { <AccountItem account own/> })
        .collect_view();
    Some(view! {
        <PageTitle text=format!("{} · Kith", t!("Accounts"))/>
        <main id="main" tabindex="-1" class="page">
            <h1 class="text-xl font-semibold tracking-tight">"Accounts"</h1>
            <NoticeLine notice=view.notice/>
            <ul class="mt-2" id="accounts">{accounts}</ul>
            <Invitations invitations=view.invitations/>
            <Invite sends_mail=view.sends_mail address=view.address/>
            <a class="back" href="/account">"Account"</a>
        </main>
    })
}

#[component]
fn NoticeLine(notice: Option<ManagementNotice>) -> impl IntoView {
    notice.map(|notice| match notice {
        ManagementNotice::Done(text) => {
            view! { <p id="notice" role="status" class="mt-2">{text}</p> }
        }
        ManagementNotice::Refused(text) => {
            view! { <div class="mt-2"><ProblemLine text=Some(text)/></div> }
        }
        ManagementNotice::Link { what, url } => view! {
            <div role="status" class="mt-2" id="new-link">
                <p>{what}" Copy it now and pass it on: Kith keeps no copy and cannot show it again."</p>
                <p class="mt-2"><code class="break-all">{url}</code></p>
            </div>
        },
    })
}

#[component]
fn AccountItem(account: AccountInfo, own: AccountId) -> impl IntoView {
    let AccountInfo { id, name, role, .. } = account;
    let is_disabled = account.disabled_at.is_some();
    let role_name = match role {
        Role::Admin => t!("admin"),
        Role::Member => t!("member"),
    };
    let state = if is_disabled { t!(", disabled") } else { "" };
    view! {
        <li class="border-b border-line py-2">
            <bdi class="font-medium">{name.clone()}</bdi>
            {(id == own).then(|| t!(" (you)"))}
            " – "{role_name}{state}
            <span class="block text-xs text-muted">
                {t_view!("Since {time}", time = view! { <Moment at=account.created_at/> })}
                {match account.seen_at {
                    Some(at) => t_view!(", last used {time}", time = view! { <Moment at/> }),
                    None => t!(", no session").into_any(),
                }}
                {account.email.map(|email| view! { ", "<bdi>{email}</bdi> })}
            </span>
            <Actions id name role is_disabled/>
        </li>
    }
}

#[component]
fn Actions(id: AccountId, name: String, role: Role, is_disabled: bool) -> impl IntoView {
    let path = |action: &str| format!("/accounts/{id}/{action}");
    let of = |name: &str| format!(" {name}");
    let (other, promotion) = match role {
        Role::Admin => (Role::Member, t!("Make a member")),
        Role::Member => (Role::Admin, t!("Make an admin")),
    };
    let (toggle, toggle_label) = match is_disabled {
        true => ("enable", t!("Enable")),
        false => ("disable", t!("Disable")),
    };
    view! {
        <div class="mt-2 flex flex-wrap gap-2">
            <form method="post" action=path("role")>
                <input type="hidden" name="role" value=other.as_str()/>
                <button class="button">
                    {promotion}<span class="sr-only">{t!(" of {name}", name = name)}</span>
                </button>
            </form>
            <form method="post" action=path(toggle)>
                <button class="button">{toggle_label}<span class="sr-only">{of(&name)}</span></button>
            </form>
            <form method="post" action=path("reset-link")>
                <button class="button">
                    "Link for a new password"<span class="sr-only">{t!(" of {name}", name = name)}</span>
                </button>
            </form>
            <details>
                <summary class="button">"Remove…"<span class="sr-only">{of(&name)}</span></summary>
                <form method="post" action=path("remove") class="mt-2 flex max-w-sm flex-col gap-2">
                    <fieldset>
                        <legend>"Address books that no one else owns"</legend>
                        <label class="flex min-h-11 items-center gap-2">
                            <input type="radio" name="books" value="give" checked/>
                            "go to another account"
                        </label>
                        <label class="flex min-h-11 items-center gap-2">
                            <input type="radio" name="books" value="delete"/>
                            "are deleted with all their contacts"
                        </label>
                    </fieldset>
                    <label class="field">
                        <span>"Name of the other account"</span>
                        <input class="input" name="heir" maxlength="200" autocapitalize="none" autocomplete="off"/>
                    </label>
                    <button class="button-danger">"Remove for good"<span class="sr-only">{of(&name)}</span></button>
                </form>
            </details>
        </div>
    }
}

#[component]
fn Invitations(invitations: Vec<InvitationInfo>) -> impl IntoView {
    let row = |invitation: InvitationInfo| {
        let action = format!("/accounts/invitations/{}/revoke", invitation.id);
        let role = match invitation.role {
            Role::Admin => t!("An admin"),
            Role::Member => t!("A member"),
        };
        view! {
            <li class="flex items-center gap-3 border-b border-line py-2">
                <span class="min-w-0 grow">
                    {role}
                    {match invitation.address {
                        Some(address) => t_view!(
                            ", by mail to {address}",
                            address = view! { <bdi class="break-all">{address}</bdi> },
                        ),
                        None => t!(", by a link that was passed on").into_any(),
                    }}
                    <span class="block text-xs text-muted">
                        {t_view!(
                            "Made {time}, valid until {end}",
                            time = view! { <Moment at=invitation.created_at/> },
                            end = view! { <Moment at=invitation.expires_at/> },
                        )}
                    </span>
                </span>
                <form method="post" action=action>
                    <button class="button">"Revoke"<span class="sr-only">" the invitation"</span></button>
                </form>
            </li>
        }
    };
    (!invitations.is_empty()).then(|| {
        view! {
            <section class="mt-8" aria-labelledby="invitations-title">
                <h2 id="invitations-title" class="font-semibold">"Invitations"</h2>
                <ul class="mt-2" id="invitations">{invitations.into_iter().map(row).collect_view()}</ul>
            </section>
        }
    })
}

#[component]
fn Invite(sends_mail: bool, address: String) -> impl IntoView {
    let address = sends_mail.then(|| {
        view! {
            <div class="field">
                <label for="address">"Address (optional)"</label>
                <input
                    id="address"
                    name="address"
                    type="email"
                    class="input"
                    value=address
                    maxlength="254"
                    autocomplete="off"
                    aria-describedby="address-hint"
                />
                <p class="text-sm text-muted" id="address-hint">
                    "Kith sends the link there. Without an address, it shows the link to you."
                </p>
            </div>
        }
    });
    view! {
        <section class="mt-8" aria-labelledby="invite-title">
            <h2 id="invite-title" class="font-semibold">"Invite"</h2>
            <form method="post" action="/accounts/invitations" class="mt-2 flex max-w-sm flex-col gap-4">
                {address}
                <div class="field">
                    <label for="role">"What the account may do"</label>
                    <select id="role" name="role" class="input">
                        <option value="member">"uses contacts (member)"</option>
                        <option value="admin">"also manages Kith (admin)"</option>
                    </select>
                </div>
                <div><button class="button-primary">"Make an invitation"</button></div>
            </form>
        </section>
    }
}
